"""What a verb did reaches whoever records it, and nobody else."""

import asyncio
from contextvars import Context, copy_context

import pytest

from donebase.core import events
from donebase.core.errors import TaskNotFound
from donebase.core.events import TaskEvent
from donebase.core.lists import TaskList
from donebase.core.tasks import delete_task, read_task
from tests.support.rows import Rows, task_row


def test_each_verb_that_was_carried_out_is_recorded() -> None:
    async def read_and_delete() -> list[TaskEvent]:
        recorded = events.start_recording()
        await read_task(Rows(1), None, 1)
        with pytest.raises(TaskNotFound):
            await delete_task(Rows(), 7, 2)
        return recorded

    [event] = asyncio.run(read_and_delete())
    assert event == ("task.read", task_row(1)["user_id"], 1, None)


def test_a_list_is_recorded_once_however_many_statements_it_takes() -> None:
    async def listed() -> list[TaskEvent]:
        recorded = events.start_recording()
        tasks = TaskList(Rows(1, 2), 7)
        rows, _ = await tasks.first()
        rest = await tasks.rest([1], tasks.place(rows[0]))
        await rest.read(1)
        return recorded

    assert asyncio.run(listed()) == [("task.listed", 7, None, None)]


def test_a_task_of_asyncio_records_for_the_request_that_started_it() -> None:
    async def request(number: int) -> list[TaskEvent]:
        recorded = events.start_recording()
        await asyncio.create_task(read_task(Rows(number), None, number))
        return recorded

    async def two_at_once() -> list[list[TaskEvent]]:
        return list(await asyncio.gather(request(1), request(2)))

    found = [[task_id for _action, _owner, task_id, _change in recorded] for recorded in asyncio.run(two_at_once())]
    assert found == [[1], [2]]


def test_nothing_is_recorded_of_one_request_for_the_next_in_the_same_context() -> None:
    def two_requests() -> tuple[list[TaskEvent], list[TaskEvent]]:
        first = events.start_recording()
        events.record("task.changed", 7, 1, 58)
        second = events.start_recording()
        return first, second

    assert copy_context().run(two_requests) == ([("task.changed", 7, 1, 58)], [])


def test_outside_of_a_request_nothing_is_recorded() -> None:
    Context().run(events.record, "task.read", 7, 1)
