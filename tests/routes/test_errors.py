"""One tree of errors, one table that answers them, and the same list in the documentation."""

import re
from collections.abc import Iterator
from pathlib import Path

from donebase.core.errors import BackupFailed, ClaimRefused, DonebaseError, UserNotFound
from donebase.http.errors import ERROR_SPECS

API = Path(__file__).parents[2] / "docs/api.md"
NEVER_ANSWERED = {BackupFailed, ClaimRefused, UserNotFound}  # they end commands


def below(kind: type[DonebaseError]) -> Iterator[type[DonebaseError]]:
    for each in kind.__subclasses__():
        yield each
        yield from below(each)


def test_every_error_of_the_tree_has_one_answer() -> None:
    of_donebase = {kind for kind in below(DonebaseError) if kind.__module__.startswith("donebase.")}
    assert of_donebase - NEVER_ANSWERED == ERROR_SPECS.keys()


def test_every_answer_is_documented_with_its_status_and_code() -> None:
    documented = set(re.findall(r"^\| (\d{3}) \| `([A-Z_]+)` \|", API.read_text(), re.MULTILINE))
    assert documented == {(str(spec.status), spec.code) for spec in ERROR_SPECS.values()}


def test_a_code_has_one_status() -> None:
    assert len({spec.code for spec in ERROR_SPECS.values()}) == len({spec[:2] for spec in ERROR_SPECS.values()})
