"""What was done to a task, recorded for the request that called the operation: core writes no log."""

from contextvars import ContextVar

TaskEvent = tuple[str, int | None, int | None, int | None]
"""What an operation did ("task.created"); the owner (None: any user); the task (None: a list); the change, if any."""

_recorded: ContextVar[list[TaskEvent] | None] = ContextVar("recorded", default=None)


def start_recording() -> list[TaskEvent]:
    """Return an empty list that `record` appends to, in this context and in each task that is started from it."""
    recorded: list[TaskEvent] = []
    _recorded.set(recorded)
    return recorded


def record(action: str, user_id: int | None, task_id: int | None, change: int | None = None) -> None:
    """Record what was done, where a request has called `start_recording`; elsewhere do nothing.

    `change` is the number of the change that was made, None if nothing has changed.
    """
    recorded = _recorded.get()
    if recorded is not None:
        recorded.append((action, user_id, task_id, change))
