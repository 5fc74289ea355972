"""Programs that stand beside donebase in a test and that pip does not bring."""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest


def program(name: str, package: str, *folders: str, installer: str = "apt") -> Path:
    """Return where a program is. A test that needs one that is missing is skipped, and fails where CI is set."""
    found = shutil.which(name) or shutil.which(name, path=os.pathsep.join(folders))
    if not found:
        missing(f"{name} is not installed here: {installer} install {package}")
    return Path(found)


def missing(sentence: str) -> NoReturn:
    """Skip the test with a sentence that says what is missing. Where CI is set, it fails."""
    if os.environ.get("CI"):
        pytest.fail(sentence)
    pytest.skip(sentence)
