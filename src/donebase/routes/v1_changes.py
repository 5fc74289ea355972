"""Tags, what has changed, the history and undo, where a parameter of the query names the user."""

from donebase.http.change_list import ChangesAnswer, HistoryAnswer, UndoneAnswer
from donebase.http.parameters import (
    MAX_LIMIT,
    AfterChange,
    ChangeNumber,
    Database,
    IfNoneMatch,
    LastEventId,
    OfAction,
    OfTask,
    PageLimit,
    QueryOwner,
    RequestKey,
    RequestPath,
    RequestQuery,
    Since,
    SinceOrNow,
)
from donebase.http.tag_list import TagsAnswer
from donebase.routes import changes, events, tags
from donebase.routes.events import EventsAnswer, Streams


async def list_tags(database: Database, owner: QueryOwner, if_none_match: IfNoneMatch = ()) -> TagsAnswer:
    """List the tags of a user's tasks, each with how many open and how many completed tasks have it."""
    return await tags.list_tags(database, owner, if_none_match)


async def list_changes(
    database: Database, owner: QueryOwner, since: Since, limit: PageLimit = MAX_LIMIT
) -> ChangesAnswer:
    """List what has changed for a user since a number: each task once, as it is now, and the ids of those gone.

    Applied to a copy that was made at this number, it gives the list at `latest`. A page ends with a change, and may be
    longer than `limit` for it.
    """
    return await changes.list_changes(database, owner, since, limit)


async def list_history(
    path: RequestPath,
    query: RequestQuery,
    database: Database,
    owner: QueryOwner,
    task_id: OfTask = None,
    action: OfAction = None,
    limit: PageLimit = 50,
    after: AfterChange = None,
) -> HistoryAnswer:
    """List what was done to the tasks of a user, newest first. A deleted task is there with all of its fields."""
    return await changes.list_history(path, query, database, owner, task_id, action, limit, after)


async def undo_change(database: Database, owner: QueryOwner, number: ChangeNumber, key: RequestKey) -> UndoneAnswer:
    """Put back what a change of a user did, in every task that it touched, as a new change.

    Created tasks go, deleted ones come back under their own id, changed fields get their former values. If something is
    no longer as the change left it, nothing is done (409). To undo an undo is to redo.
    """
    return await changes.undo_change(database, owner, number, key)


async def stream_events(
    streams: Streams, owner: QueryOwner, since: SinceOrNow = None, last_event_id: LastEventId = None
) -> EventsAnswer:
    """Send an event for each change of a user's tasks, from now on or after a number.

    An event has the number of the change as `id`, `change` as `event`, and as `data` an object such as
    `{"change": 58, "tasks": [{"id": 1, ...}], "deleted": [7]}`: the tasks as the change left them, and the ids of those
    that it deleted. The answer does not end: `curl -N` shows events as they come, the page of the documentation none.
    """
    return await events.stream_events(streams, owner, since, last_event_id)
