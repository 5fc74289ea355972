"""Whatever is written, to undo it in reverse order leads back through every state that there was, and again forward."""

from contextlib import closing
from typing import Any, NamedTuple

import httpx
from hypothesis import given
from hypothesis import strategies as st

from tests.properties.budget import rounds
from tests.properties.writes import Draw, Writer, succeeded
from tests.support.families import FAMILIES, Json
from tests.support.processes import Service

families = st.sampled_from(FAMILIES)


class Made(NamedTuple):
    """A change, and the tasks as they were before it."""

    number: int
    before: list[Json]


def test_what_is_undone_in_reverse_is_as_it_was(service: Service, client: httpx.Client, database_url: str) -> None:
    def holds(data: st.DataObject) -> None:
        writer = Writer(client, database_url)
        with closing(writer.psql):
            changes: list[Made] = []
            for _ in range(data.draw(st.integers(1, 10))):
                before = tasks(writer)
                writer.write(data.draw)
                changes += [Made(number, before) for number in range(len(changes) + 1, writer.clock() + 1)]
            after = tasks(writer)
            undone = undo(writer, data.draw, changes)
            undo(writer, data.draw, undone)
            assert tasks(writer) == after

    for round_ in rounds(service, 0.1, examples=20):
        round_(given(st.data())(holds))()


def undo(writer: Writer, draw: Draw, changes: list[Made]) -> list[Made]:
    """Undo changes, the last one first, and return the changes that this has made."""
    made = []
    for change in reversed(changes):
        before = tasks(writer)
        response = succeeded(writer.undo(change.number, draw(families)))
        assert tasks(writer) == change.before
        if before == change.before:  # a transaction has put back what it had changed itself
            assert "change" not in response.headers
        else:
            made.append(Made(int(response.headers["change"]), before))
    return made


def tasks(writer: Writer) -> list[Any]:
    """Return the tasks without what tells of their last change."""
    return [{**task, "version": 0, "updated_at": ""} for task in writer.listed()]
