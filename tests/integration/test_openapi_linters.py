"""Redocly's and Spectral's recommended rules find nothing in the document."""

import json
from pathlib import Path

import pytest

from donebase.app import create_app
from donebase.settings import Settings
from tests.support.families import Json
from tests.support.npm import run_package

# Each names the documents in which it finds something, and no others.
RULES = {
    "redocly": ["lint", "--extends=recommended", "--format=checkstyle"],
    "spectral": ["lint", "--ruleset=rules.yaml", "--format=json", "--fail-severity=hint"],
}


def document(auth: str = "open") -> Json:
    settings = Settings.read(
        database_url="postgresql://localhost/none", public_url="https://todo.example.org", auth=auth
    )
    return create_app(settings).openapi()


@pytest.mark.long
@pytest.mark.parametrize("linter", RULES)
def test_a_linter_finds_nothing(linter: str, folder: Path) -> None:
    (folder / "rules.yaml").write_text("extends: ['spectral:oas']")
    documents = {
        "whole.json": document(),
        "guarded.json": document("required"),
        "without_servers.json": {"openapi": "3.1.0", "info": document()["info"], "paths": {}, "security": []},
    }
    for name, content in documents.items():
        (folder / name).write_text(json.dumps(content))
    ended = run_package(linter, *RULES[linter], *documents, cwd=folder)
    assert (ended.returncode, ended.stdout.count("without_servers.json")) == (1, 1), ended.stdout + ended.stderr
    assert [name for name in documents if name in ended.stdout] == ["without_servers.json"], ended.stdout
