"""What the families share beside the tasks themselves: tags, what has changed, its live stream, the history, undo."""

from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from donebase.core import changes, history, undo
from donebase.core.tags import TagList
from donebase.http.change_list import (
    ChangesAnswer,
    HistoryAnswer,
    UndoneAnswer,
    changes_page,
    history_page,
    place_in_history,
    undone,
)
from donebase.http.event_stream import EventStream, EventStreams
from donebase.http.family import Answer, Line
from donebase.http.parameters import (
    MAX_LIMIT,
    AfterChange,
    ChangeNumber,
    Database,
    IfNoneMatch,
    LastEventId,
    OfAction,
    OfTask,
    Owner,
    PageLimit,
    RequestKey,
    RequestPath,
    RequestQuery,
    Since,
    SinceOrNow,
)
from donebase.http.providers import FromApp
from donebase.http.tag_list import TagsAnswer, tag_list

_Streams = Annotated[EventStreams, Depends(FromApp("event_streams"))]
_EventsAnswer = Annotated[Response, Answer(200, EventStream, "A stream of events (WHATWG HTML, server-sent events).")]


async def list_tags(database: Database, owner: Owner, if_none_match: IfNoneMatch = ()) -> TagsAnswer:
    """List the tags of this user's tasks, each with how many open and how many completed tasks have it."""
    return await tag_list(TagList(database, owner, if_none_match))


async def list_changes(database: Database, owner: Owner, since: Since, limit: PageLimit = MAX_LIMIT) -> ChangesAnswer:
    """List what has changed since a number: each task once, as it is now, and the ids of those that are gone.

    Applied to a copy that was made at this number, it gives the list at `latest`. A page ends with a change, and may be
    longer than `limit` for it.
    """
    return changes_page(since, await changes.changes_since(database, owner, since, limit))


async def list_history(
    path: RequestPath,
    query: RequestQuery,
    database: Database,
    owner: Owner,
    task_id: OfTask = None,
    action: OfAction = None,
    limit: PageLimit = 50,
    after: AfterChange = None,
) -> HistoryAnswer:
    """List what was done to this user's tasks, newest first. A deleted task is there with all of its fields."""
    page = await history.list_history(database, owner, task_id, action, limit, place_in_history(after))
    return history_page(path, query, owner, page)


async def undo_change(database: Database, owner: Owner, number: ChangeNumber, key: RequestKey) -> UndoneAnswer:
    """Put back what a change did, in every task that it touched, as a new change.

    Created tasks go, deleted ones come back under their own id, changed fields get their former values. If something is
    no longer as the change left it, nothing is done (409). To undo an undo is to redo.
    """
    return undone(await undo.undo_change(database, owner, number, key))


async def stream_events(
    streams: _Streams, owner: Owner, since: SinceOrNow = None, last_event_id: LastEventId = None
) -> _EventsAnswer:
    """Send an event for each change of this user's tasks, from now on or after a number."""
    return await streams.open(owner, since if last_event_id is None else last_event_id)


TABLE: list[Line] = [
    ("GET", "/tags", list_tags),
    ("GET", "/changes", list_changes),
    ("GET", "/history", list_history),
    ("POST", "/history/{change}/undo", undo_change),
    ("GET", "/events", stream_events),
]
