"""What the architecture promises of the source tree, beside the import contracts in pyproject.toml."""

import ast
import re
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest

import donebase

_SOURCE = Path(donebase.__file__).parent
_ROOT = Path(__file__).parent.parent
_CONTRACTS = tomllib.loads((_ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
LAYERS = {each["containers"][0]: each["layers"] for each in _CONTRACTS if each["type"] == "layers"}
FILES = {str(path.relative_to(_SOURCE)): path for path in _SOURCE.rglob("*.py") if "migrations" not in path.parts}


def drawn() -> list[str]:
    """Return the paths of the files and folders in the picture of the source tree, in its order."""
    page = (_ROOT / "docs" / "development" / "architecture.md").read_text()
    [tree] = re.findall(r"## The source tree\n\n```\nsrc/donebase/\n(.*?)^\S", page, re.DOTALL | re.MULTILINE)
    paths, folder = [], ""
    for indent, line in re.findall(r"^( +)((?:\w+(?:\.py|/) *)+)", tree, re.MULTILINE):
        names = line.split()
        if len(indent) == 2:
            folder = names[0] if names[0].endswith("/") else ""
            paths += names
        else:
            paths += [folder + name for name in names]
    return paths


def test_the_picture_of_the_tree_shows_every_file_and_nothing_else() -> None:
    shown = {path for path in drawn() if path.endswith(".py")}
    assert {path for path in FILES if not path.endswith("__.py")} - shown == set()
    assert shown - set(FILES) == set()


@pytest.mark.parametrize("package", LAYERS)
def test_the_picture_of_the_tree_is_in_the_order_of_the_layers(package: str) -> None:
    layer_of = {name: at for at, layer in enumerate(LAYERS[package]) for name in layer.split(" | ")}
    folder = package.removeprefix("donebase").replace(".", "/").removeprefix("/")
    inside = [path.removesuffix("/").removesuffix(".py") for path in drawn()]
    names = [path.rpartition("/")[2] for path in inside if path.rpartition("/")[0] == folder]
    layers = [layer_of[name] for name in names if name != "__init__"]
    assert len(layers) == len(layer_of)
    assert layers == sorted(layers)


def test_no_module_is_a_drawer_for_all_sorts_of_things() -> None:
    drawers = {"base", "common", "helpers", "misc", "shared", "tools", "types", "util", "utils"}
    assert {path for path in FILES if drawers & set(re.split(r"[/._]", path))} == set()


def test_routes_leave_errors_to_the_one_table() -> None:
    for path, file in FILES.items():
        if path.startswith("routes/"):
            for node in ast.walk(ast.parse(file.read_text())):
                assert not isinstance(node, ast.Try), path
                assert getattr(node, "id", "") != "HTTPException", path


def test_only_routes_contain_addresses_of_tasks() -> None:
    for path, file in FILES.items():
        if not path.startswith("routes/"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    assert not re.search(r"/(api|users|tasks|v\d)\b", node.value), path


def test_no_two_things_share_a_name() -> None:
    """A handler in routes/ has the name of the function in core/ that it calls."""
    places = defaultdict(list)
    for path, file in FILES.items():
        if not path.startswith("routes/"):
            for name in _names(ast.parse(file.read_text())):
                places[name].append(path)
    assert len(places) > 200
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def _names(module: ast.Module) -> set[str]:
    """Return the names of a module's classes and of its public functions."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {
        node.name
        for node in module.body
        if isinstance(node, ast.ClassDef) or (isinstance(node, functions) and not node.name.startswith("_"))
    }
