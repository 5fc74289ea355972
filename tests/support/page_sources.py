"""The sources of the page: which they are, what imports what, and the programs that read them.

`python -m tests.support.page_sources` formats them; `make format` does so where node and npm are installed.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import Any

from tests.support.npm import node_modules, run_node, run_package

WEB = Path(str(files("donebase") / "web"))
VENDOR = WEB / "vendor"
MANIFEST = VENDOR / "manifest.json"
WORKER = "service_worker.js"
"""The one module that runs without a document."""
_PROGRAMS = Path(__file__).parents[1] / "data" / "page"
_SUFFIXES = {".css", ".html", ".js", ".json", ".webmanifest"}
_PRETTIER = ["--print-width", "120", "--no-config", "--no-editorconfig", "--ignore-path", "none"]
_IMPORT = re.compile(
    r"""(?:^|;)\s*(?:import|export)\b(?:[^"'`;]*?\bfrom)?\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']""",
    re.MULTILINE,
)
_TYPES = re.compile(r"/\*\*.*?\*/", re.DOTALL)
_COMPILER = (
    "--noEmit --allowJs --checkJs --strict --noUnusedLocals --noUnusedParameters --noImplicitReturns"
    " --noFallthroughCasesInSwitch --skipLibCheck --target es2022 --module esnext --moduleResolution bundler"
).split()


def own_files() -> list[str]:
    """Return the paths of the sources that are donebase's, from the folder of the page."""
    paths = (path for path in WEB.rglob("*") if path.suffix in _SUFFIXES)
    return sorted(path.relative_to(WEB).as_posix() for path in paths if VENDOR not in path.parents)


def own_modules() -> list[str]:
    """Return those of them that are modules."""
    return [path for path in own_files() if path.endswith(".js")]


def modules() -> list[str]:
    """Return the paths of all modules, also of libraries, but for the service worker."""
    return sorted({path.relative_to(WEB).as_posix() for path in WEB.rglob("*.js")} - {WORKER})


def libraries() -> dict[str, Any]:
    """Return what the manifest says of each library, by the name of its folder."""
    libraries: dict[str, Any] = json.loads(MANIFEST.read_text())
    return libraries


def code(path: str) -> str:
    """Return a module without its comments about types, which import modules as well."""
    return _TYPES.sub("", (WEB / path).read_text())


def imports(path: str) -> set[str]:
    """Return the paths of the modules that a module imports, its own names of packages as they are."""
    named = [one or other for one, other in _IMPORT.findall(code(path))]
    folder = (WEB / path).parent
    return {(folder / name).resolve().relative_to(WEB).as_posix() if name.startswith(".") else name for name in named}


def reachable(*roots: str) -> set[str]:
    """Return these modules and all that they import, directly or not."""
    found: set[str] = set()
    new = set(roots)
    while new:
        found |= new
        new = set().union(*(imports(path) for path in new)) - found
    return found


def prettier(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run prettier on the sources that are donebase's."""
    return run_package("prettier", *_PRETTIER, *arguments, *own_files(), cwd=WEB)


def compiled(folder: Path, modules: Iterable[str], *scopes: str) -> subprocess.CompletedProcess[str]:
    """Check the types of modules in a copy of the page, which has the packages of npm in place of the vendored files.

    `scopes` are what TypeScript knows to be there where the modules run.
    """
    if not folder.exists():
        shutil.copytree(WEB, folder, ignore=shutil.ignore_patterns("vendor"))
        (folder / "vendor").mkdir()
        for name, library in libraries().items():
            (folder / "vendor" / name).symlink_to(node_modules() / library["package"])
    return run_package("tsc", *_COMPILER, "--lib", ",".join(scopes), *modules, cwd=folder)


def tokens(folder: Path, modules: Iterable[str]) -> str:
    """Return the tokens of modules in a folder, as a JavaScript parser reads them, with the line of each."""
    ran = run_node(_PROGRAMS / "tokens.mjs", node_modules(), *modules, cwd=folder)
    assert not ran.stderr, ran.stderr
    return ran.stdout


def words_in_templates() -> subprocess.CompletedProcess[str]:
    """Print each text that a module shows without asking texts.js for it, with its place."""
    modules = [path for path in own_modules() if path != "messages.js"]
    return run_node(_PROGRAMS / "words.mjs", node_modules(), *modules, cwd=WEB)


if __name__ == "__main__":
    if shutil.which("node") and shutil.which("npm"):
        prettier("--write").check_returncode()
    else:
        sys.stderr.write("The page is not formatted: node and npm are not installed.\n")
