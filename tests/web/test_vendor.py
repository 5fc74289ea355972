"""The libraries of the page are those that their authors published, with their licences."""

import hashlib
import json
import re

import pytest

from donebase.routes import web
from tests.support.npm import SOURCES, node_modules
from tests.support.page_sources import MANIFEST, VENDOR, libraries

LICENCES = {
    "BSD-3-Clause": "Redistribution and use in source and binary forms",
    "ISC": "Permission to use, copy, modify, and/or distribute this software",
    "MIT": "Permission is hereby granted, free of charge",
}


def test_the_manifest_names_every_file_and_its_content() -> None:
    found = {path.relative_to(VENDOR).as_posix(): path.read_bytes() for path in VENDOR.rglob("*") if path.is_file()}
    del found[MANIFEST.name]
    named = {
        f"{folder}/{file}": digest for folder, each in libraries().items() for file, digest in each["files"].items()
    }
    assert {path: hashlib.sha256(content).hexdigest() for path, content in found.items()} == named


@pytest.mark.parametrize("folder", libraries())
def test_a_library_comes_with_its_licence(folder: str) -> None:
    """Browsers get it as well, below the same address: not every module names its author."""
    text = " ".join((VENDOR / folder / "LICENSE").read_text().split())
    assert LICENCES[libraries()[folder]["license"]] in text
    assert re.search(r"Copyright \(c\) (?:20\d\d-)?\w+", text)
    assert f"vendor/{folder}/LICENSE" in web.read_release().assets


@pytest.mark.parametrize("folder", libraries())
def test_the_files_are_the_published_ones(folder: str) -> None:
    library = libraries()[folder]
    published = node_modules() / library["package"]
    described = json.loads((published / "package.json").read_text())
    assert (described["version"], described["license"]) == (library["version"], library["license"])
    for file in library["files"]:
        assert (VENDOR / folder / file).read_bytes() == (published / file).read_bytes(), file


def test_the_versions_are_those_that_are_installed_for_tests() -> None:
    wanted = json.loads((SOURCES / "package.json").read_text())["dependencies"]
    assert {each["package"]: each["version"] for each in libraries().values()}.items() <= wanted.items()
