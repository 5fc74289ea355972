"""deploy/donebase.service, read by systemd: with the path of donebase changed, which is not in /opt here."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from donebase.cli import WRONG
from donebase.settings import Settings
from tests.support.programs import program

UNIT = (Path(__file__).parent.parent.parent / "deploy" / "donebase.service").read_text()
INSTALLED = "/opt/donebase/bin/donebase"


@pytest.fixture
def unit(folder: Path) -> Path:
    """The unit for a program that is there."""
    assert UNIT.count(INSTALLED) == 1
    path = folder / "donebase.service"
    path.write_text(UNIT.replace(INSTALLED, shutil.which("true") or ""))
    return path


def analyze(*arguments: str | Path) -> tuple[int, str]:
    """Return the exit status of systemd-analyze, and what it wrote."""
    command = [program("systemd-analyze", "systemd"), "--no-pager", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout


def test_systemd_understands_every_line(unit: Path) -> None:
    assert analyze("verify", unit) == (0, "")
    unit.write_text(UNIT)
    _, output = analyze("verify", unit)
    assert INSTALLED in output, "it does say what is wrong"


def test_the_service_may_do_little(unit: Path) -> None:
    """systemd's own scale goes from 0 to 10, times ten here; a unit without these lines has 9.6."""
    status, output = analyze("security", "--offline=yes", "--threshold=20", unit)
    assert status == 0, output


def test_systemd_and_the_service_agree() -> None:
    output = dict(re.findall(r"^(\w+)=(.*)$", UNIT, re.MULTILINE))
    defaults = {name: field.default for name, field in Settings.model_fields.items()}
    assert int(output["TimeoutStopSec"]) > defaults["shutdown_grace"]
    assert int(output["LimitNOFILE"]) > 2 * defaults["max_connections"]
    assert int(output["RestartPreventExitStatus"]) == WRONG
    assert output["KillMode"] == "mixed", "the main process stops its workers"
