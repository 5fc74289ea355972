"""Programs that stand beside donebase in a test and that pip does not bring."""

import os
import shutil
from pathlib import Path

import pytest


def program(name: str, package: str, *folders: str, installer: str = "apt") -> Path:
    """Return where a program is. A test that needs one that is missing is skipped, and fails where CI is set."""
    found = shutil.which(name) or shutil.which(name, path=os.pathsep.join(folders))
    if found:
        return Path(found)
    sentence = f"{name} is not installed here: {installer} install {package}"
    if os.environ.get("CI"):
        pytest.fail(sentence)
    pytest.skip(sentence)
