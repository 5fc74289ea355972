"""The commands that a page of the documentation shows, run as a reader runs them, and what the page says they write."""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import NamedTuple, Self

from tests.support.waiting import DEADLINE, wait_for

_ROOT = Path(__file__).parent.parent.parent


class Step(NamedTuple):
    """A command, and what it writes; … stands for any text."""

    command: str
    output: str


def code(page: str, heading: str, language: str) -> str:
    """Return the first code of a language after a heading, or another sentence, of a page such as "README.md"."""
    text = (_ROOT / page).read_text()
    [found] = re.findall(rf"{re.escape(heading)}.*?```{language}\n(.*?)```", text, re.DOTALL)[:1]
    assert isinstance(found, str)
    return found


def steps(page: str) -> list[Step]:
    """Return the steps of all `console` code of a page: each begins with a dollar sign."""
    return steps_in((_ROOT / page).read_text())


class Session(NamedTuple):
    """The settings that a page starts a service with, and the steps with that service."""

    settings: dict[str, str]
    steps: list[Step]


def sessions(page: str) -> dict[str, list[Session]]:
    """Return the sessions of a page by the section that starts the service; those of a section are over the same data.

    A session is all that follows, until a service is started again.
    """
    before, *parts = re.split(r"```sh\n((?:\w+=.*? )*)donebase serve\n```", (_ROOT / page).read_text())
    assert "```console" not in before
    found: dict[str, list[Session]] = {}
    heading = ""
    for start, text in zip(parts[::2], parts[1::2], strict=True):
        heading = (re.findall(r"^##? (.*)", before, re.MULTILINE) or [heading])[-1]
        settings = dict(each.split("=", 1) for each in shlex.split(start))
        found.setdefault(heading, []).append(Session(settings, steps_in(text)))
        before = text
    return found


def steps_in(text: str) -> list[Step]:
    """Return the steps of all `console` code of a text."""
    blocks = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    before, *found = re.split(r"^\$ ", "".join(blocks).replace("\\\n", " "), flags=re.MULTILINE)
    assert found
    assert not before
    return [Step(*step.partition("\n")[::2]) for step in found]


def at(address: str, text: str) -> str:
    """Return code that was written for the usual address for the address of a service."""
    assert "localhost:8000" in text
    return text.replace("localhost:8000", address.removeprefix("http://"))


def matches(shown: str, written: str) -> bool:
    """Tell whether a command has written what a page shows."""
    pattern = ".*?".join(map(re.escape, shown.strip().split("…")))
    return re.fullmatch(pattern, written.strip(), re.DOTALL) is not None


class Command:
    """A command that runs against a service until it ends, or until the test does what Ctrl-C does."""

    def __init__(self, address: str, command: str) -> None:
        self._output = TemporaryFile()  # noqa: SIM115 - closed at the exit
        self._process = subprocess.Popen(
            ["bash", "-c", at(address, command)], stdout=self._output, stderr=subprocess.DEVNULL, start_new_session=True
        )

    def ended(self) -> str:
        """Wait for its end and return what it wrote. Raises AssertionError unless it succeeded."""
        assert self._process.wait(DEADLINE) == 0
        return self.written()

    def shows(self, output: str) -> None:
        """Wait until it has written what a page shows. Raises AssertionError if it ends without that."""
        wait_for(lambda: matches(output, self.written()) or self._process.poll() is not None, self.written)
        assert matches(output, self.written()), f"{self.written()} instead of {output}"

    def written(self) -> str:
        """Return what it has written so far."""
        size = os.fstat(self._output.fileno()).st_size
        return os.pread(self._output.fileno(), size, 0).decode().replace("\r\n", "\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGINT)
            self._process.wait(DEADLINE)
        self._output.close()


def run_together(address: str, commands: Sequence[str], folder: Path, **environment: str) -> list[str]:
    """Run commands one after the other in one shell, so that variables stay, and return what each wrote.

    `python3` is the one that runs the tests, and `donebase` is beside it.
    """
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    script = "".join(
        f"{command.replace('localhost:8000', address.removeprefix('http://'))}\nprintf '\\0'\n" for command in commands
    )
    ran = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=os.environ | {"PATH": path} | environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=DEADLINE,
    )
    return [each.replace("\r\n", "\n") for each in ran.stdout.split("\0")[:-1]]


def run(address: str, command: str) -> str:
    """Run a command against a service to its end, and return what it wrote."""
    with Command(address, command) as running:
        return running.ended()
