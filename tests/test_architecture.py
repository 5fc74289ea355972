"""What the architecture promises of the source tree and no linter checks."""

import ast
from collections import defaultdict
from pathlib import Path

import donebase

_SOURCE = Path(donebase.__file__).parent


def test_no_two_things_share_a_name() -> None:
    """A handler in routes/ has the name of the function in core/ that it calls; each migration has the same two."""
    places = defaultdict(list)
    for file in _SOURCE.rglob("*.py"):
        place = str(file.relative_to(_SOURCE))
        if not place.startswith(("routes/", "postgres/migrations/versions/")):
            for name in _names(ast.parse(file.read_text())):
                places[name].append(place)
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
