"""The wheel and the source archive: what is in them, what they require, and that the wheel runs with that alone."""

import ast
import json
import os
import re
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, PathDistribution, distribution, packages_distributions
from pathlib import Path

import pytest
from flit_core.buildapi import build_sdist, build_wheel
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from donebase import __version__
from donebase.routes.web import read_release
from tests.support.page_sources import VENDOR, libraries
from tests.support.processes import clean_environment

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "donebase"


@pytest.fixture
def wheel(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A wheel of donebase as it is."""
    monkeypatch.chdir(ROOT)
    return folder / str(build_wheel(str(folder)))


def required(distribution: Distribution, extra: str = "") -> Iterator[Requirement]:
    """Return what it requires on this machine."""
    for requirement in map(Requirement, distribution.requires or ()):
        if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
            yield requirement


def test_the_wheel_has_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.startswith(f"donebase-{__version__}.dist-info/")}
    there = {path.relative_to(PACKAGE.parent).as_posix() for path in PACKAGE.rglob("*") if path.is_file()}
    assert names == {name for name in there if "__pycache__" not in name}
    assert {"donebase/py.typed", "donebase/postgres/migrations/env.py", "donebase/web/index.html"} <= names


def test_the_wheel_names_the_licence_of_everything_in_it(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        metadata = archive.read(f"donebase-{__version__}.dist-info/METADATA").decode()
        named = re.findall("^License-File: (.*)$", metadata, re.MULTILINE)
        texts = [archive.read(f"donebase-{__version__}.dist-info/licenses/{name}") for name in named]
    [expression] = re.findall("^License-Expression: (.*)$", metadata, re.MULTILINE)
    assert set(expression.split(" AND ")) == {"MIT", *(each["license"] for each in libraries().values())}
    files = [ROOT / "LICENSE", *(VENDOR / name / "LICENSE" for name in libraries())]
    assert sorted(texts) == sorted(file.read_bytes() for file in files)


def test_every_requirement_has_an_upper_bound_that_the_pinned_version_keeps() -> None:
    pinned = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    for requirement in map(Requirement, distribution("donebase").requires or ()):
        assert any(each.operator == "<" for each in requirement.specifier), f"{requirement} has none"
        assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)]), requirement


def test_every_package_that_is_imported_is_required() -> None:
    """A package that another one happens to bring is missing on the day that the other one does not."""
    declared = {canonicalize_name(each.name) for each in map(Requirement, distribution("donebase").requires or ())}
    comes_with = {"pydantic_core": "pydantic"}  # which requires one version of it
    distributions = packages_distributions()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            modules = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                modules = [node.module or ""]
            for name in {module.partition(".")[0] for module in modules} - {"donebase"} - sys.stdlib_module_names:
                owners = {canonicalize_name(owner) for owner in distributions[comes_with.get(name, name)]}
                assert owners & declared, f"{path} imports {name}"


def test_the_pythons_of_the_metadata_are_those_that_the_readme_names() -> None:
    classifiers = distribution("donebase").metadata.get_all("Classifier") or []
    pythons = [each.rpartition(" ")[2] for each in classifiers if each.startswith("Programming Language :: Python ::")]
    assert f"Python {pythons[0]} to {pythons[-1]}" in (ROOT / "README.md").read_text()
    assert distribution("donebase").metadata["Requires-Python"] == f">={pythons[0]}"


def test_the_source_archive_is_enough_to_build_install_and_test(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    # tarfile has no filter in the first releases of Python 3.11, and warns without one in later versions.
    subprocess.run(["tar", "-xzf", folder / build_sdist(str(folder)), "-C", folder], check=True)
    source = folder / f"donebase-{__version__}"
    for name in ("Makefile", "scripts/install.sh", "requirements-dev.txt", ".env.example", "tests/conftest.py"):
        assert (source / name).exists()
    assert os.access(source / "scripts" / "install.sh", os.X_OK)
    for link in re.findall(r"\]\(([^):#]+)\)", (source / "README.md").read_text()):
        assert (source / link).exists(), link
    assert not list(source.rglob("__pycache__"))
    monkeypatch.chdir(source)
    names = [zipfile.ZipFile(folder / build_wheel(str(folder))).namelist()]
    monkeypatch.chdir(ROOT)
    names.append(zipfile.ZipFile(folder / build_wheel(str(folder))).namelist())
    assert names[0] == names[1]


@pytest.mark.long
def test_the_wheel_runs_with_what_it_requires_and_no_extra(wheel: Path, folder: Path) -> None:
    """In an environment that has nothing else: not the extras, not what only the tests require."""
    venv.create(folder / "venv", with_pip=False)
    [packages] = (folder / "venv" / "lib").glob("python3.*/site-packages")
    installer = [sys.executable, "-m", "pip", "--python", str(folder / "venv" / "bin" / "python"), "install"]
    subprocess.run([*installer, "--quiet", "--no-deps", "--no-index", "--no-compile", wheel], check=True)
    [installed] = packages.glob("donebase-*.dist-info")
    link_requirements(PathDistribution(installed), packages)

    def run(*arguments: str, program: str = "donebase") -> subprocess.CompletedProcess[str]:
        command = [str(folder / "venv" / "bin" / program), *arguments]
        environment = clean_environment(DATA_DIR=str(folder / "data"), PORT="0")
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)

    assert "migrate" in run("--help").stdout
    assert json.loads(run("openapi").stdout)["info"]["version"] == __version__
    served = run("-c", "from donebase.routes import web; print(web.read_release().name)", program="python")
    assert served.stdout.strip() == read_release().name
    refused = run("serve")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("donebase: DATABASE_URL is not set")
    assert refused.stderr.count("\n") == 1


def link_requirements(wanted: Distribution, packages: Path) -> None:
    """Put what it requires, and what that requires, into an environment: from the one that these tests run in."""
    queue, seen = list(required(wanted)), set()
    while queue:
        requirement = queue.pop()
        if requirement.name in seen:
            continue
        seen.add(requirement.name)
        found = distribution(requirement.name)
        queue += [each for extra in {"", *requirement.extras} for each in required(found, extra)]
        for file in found.files or ():
            if ".." not in file.parts:
                (packages / file).parent.mkdir(parents=True, exist_ok=True)
                if not (packages / file).exists():
                    (packages / file).symlink_to(file.locate())
