"""Clients that generators make from the document compile under `tsc --strict`, and work against the service."""

import json
import shutil
from pathlib import Path

import pytest

from donebase.app import create_app
from donebase.settings import Settings
from tests.support.made_once import made_once
from tests.support.npm import SOURCES, node_modules, run_node, run_package
from tests.support.processes import Service

PROGRAMS = ["openapi_fetch", "hey_api"]


def made(folder: Path, program: str, *arguments: str) -> None:
    """Run a generator or the compiler in a folder, and see that it has nothing to complain about."""
    ended = run_package(program, *arguments, cwd=folder)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def compile_clients(folder: Path) -> None:
    """Generate both clients in a folder, and compile them with the programs that use them."""
    (folder / "node_modules").symlink_to(node_modules())
    for file in SOURCES.iterdir():
        shutil.copy(file, folder)
    document = create_app(Settings.read(database_url="postgresql://localhost/none")).openapi()
    (folder / "openapi.json").write_text(json.dumps(document))
    made(folder, "openapi-typescript", "openapi.json", "--output", "schema.ts")
    made(folder, "openapi-ts", "--silent", "--no-log-file")
    made(folder, "tsc", "--project", ".")


@pytest.mark.long
@pytest.mark.parametrize("program", PROGRAMS)
def test_a_front_end_on_it_compiles_and_works(program: str, service: Service, alice: int) -> None:
    folder = made_once("typescript", compile_clients)
    owner = alice % 2**53  # the numbers of JavaScript
    call = f"import {{ roundTrip }} from './out/{program}.js'; await roundTrip('{service.address}', {owner})"
    ended = run_node("--input-type=module", "--eval", call, cwd=folder)
    assert ended.returncode == 0, ended.stdout + ended.stderr
