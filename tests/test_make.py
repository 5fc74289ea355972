"""`make run` and `make test` on machines that lack something, and after a run that was interrupted."""

import shutil
import signal
from pathlib import Path

import pytest

from tests.support.fake_python import Machine
from tests.support.waiting import DEADLINE, wait_for

PROJECT = Path(__file__).parent.parent
INSTALLING = "installing requirements.txt into .venv ..."
WORKS = (0, [INSTALLING, "donebase runs"])
AT_ONCE = (0, ["donebase runs"])


@pytest.fixture
def machine(folder: Path) -> Machine:
    """A machine of this test's own."""
    return Machine(folder, PROJECT)


def test_a_first_run_installs_and_a_second_has_nothing_to_do(machine: Machine) -> None:
    assert machine.make("run") == WORKS
    assert machine.make("run") == AT_ONCE


def test_the_tests_may_be_what_is_run_first(machine: Machine) -> None:
    status, lines = machine.make("test")
    assert (status, lines[:2]) == (0, [INSTALLING, "installing requirements-dev.txt into .venv ..."])
    assert "pytest runs" in lines
    assert machine.make("run") == AT_ONCE


def test_without_python3_venv_the_package_is_named(machine: Machine) -> None:
    status, lines = machine.make("run", fake="no-ensurepip")
    assert status == 2
    assert lines[0] == "donebase: python3 has no module ensurepip. On Debian and Ubuntu: apt install python3-venv"
    assert machine.make("run") == WORKS


def test_a_python_of_another_name_has_a_package_of_its_own(machine: Machine) -> None:
    machine.has("python3.14")
    _, lines = machine.make("run", "PYTHON=python3.14", fake="no-ensurepip")
    assert lines[0].endswith(": apt install python3.14-venv")


def test_without_python_the_package_is_named(machine: Machine) -> None:
    machine.lacks("python3")
    status, lines = machine.make("run")
    assert status == 2
    assert lines[0] == "donebase: python3 is not installed. On Debian and Ubuntu: apt install python3-venv"


def test_an_old_python_is_refused_unless_a_newer_one_is_there(machine: Machine) -> None:
    status, lines = machine.make("run", fake="3.10")
    assert status == 2
    assert lines[0].startswith("donebase: Python 3.11 or later is needed, and python3 is Python 3.10.13.")
    machine.lacks("python3")
    machine.has("python3.12")
    assert machine.make("run") == WORKS


@pytest.mark.parametrize("where", ["stop-venv", "stop-pip"])
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_run_does_not_spoil_the_next(machine: Machine, where: str, stop: signal.Signals) -> None:
    machine.interrupt(stop, where)
    assert (machine.folder / ".venv" / "half-made").exists()
    assert machine.make("run") == WORKS
    assert not (machine.folder / ".venv" / "half-made").exists()


def test_a_package_index_that_is_away_may_come_back(machine: Machine) -> None:
    status, lines = machine.make("run", fake="no-index")
    assert status == 2
    assert lines[1:3] == [
        "ERROR: No matching distribution found for alembic",
        "donebase: the packages could not be installed: see pip's messages above. Run make again to retry.",
    ]
    assert machine.make("run") == WORKS


def test_a_failure_while_the_tests_requirements_are_installed_is_made_good(machine: Machine) -> None:
    assert machine.make("run") == WORKS
    status, _ = machine.make("test", fake="no-index")
    assert status == 2
    assert machine.make("run") == WORKS, "pip stopped in the middle of what donebase needs as well"


def test_a_folder_that_was_moved_is_set_up_anew(machine: Machine) -> None:
    assert machine.make("run") == WORKS
    shutil.copytree(machine.folder, machine.folder.parent / "a copy", symlinks=True)
    machine.folder = machine.folder.parent / "a copy"
    assert machine.make("run") == WORKS
    assert str(machine.folder) in (machine.folder / ".venv" / "bin" / "donebase").read_text()


@pytest.mark.parametrize("replacement", ["/nowhere/python3", "a newer one"])
def test_a_python_that_was_replaced_is_noticed(machine: Machine, replacement: str) -> None:
    assert machine.make("run") == WORKS
    python = machine.folder / ".venv" / "bin" / "python"
    python.unlink()
    if replacement.startswith("/"):
        python.symlink_to(replacement)
    else:
        python.write_text(f"#!/bin/sh\necho 3 99 '{python.parent.parent}'\n")
        python.chmod(0o755)
    assert machine.make("run") == WORKS


def test_new_requirements_are_installed_into_the_same_environment(machine: Machine) -> None:
    assert machine.make("run") == WORKS
    mark = machine.folder / ".venv" / "mark"
    mark.touch()
    with (machine.folder / "requirements.txt").open("a") as requirements:
        requirements.write("# one more\n")
    assert machine.make("run") == WORKS
    assert mark.exists()


def test_of_two_at_once_one_installs_and_the_other_waits(machine: Machine) -> None:
    first = machine.start("run", fake="stop-pip")
    wait_for((machine.folder / "stopped").exists)
    second = machine.start("run")
    assert second.stdout
    assert second.stdout.readline() == "another make is installing into .venv: waiting for it ...\n"
    (machine.folder / "go").touch()
    assert first.communicate(timeout=DEADLINE)[0].splitlines() == WORKS[1]
    assert second.communicate(timeout=DEADLINE)[0].splitlines() == AT_ONCE[1]
    assert (first.returncode, second.returncode) == (0, 0)
    assert len((machine.folder / "pip-was-called").read_text().splitlines()) == 2
