"""What the families share whose address names the user: what has changed, the history, and undo."""

from donebase.core import changes, history, undo
from donebase.http.change_list import (
    ChangesAnswer,
    HistoryAnswer,
    UndoneAnswer,
    changes_page,
    history_page,
    place_in_history,
    undone,
)
from donebase.http.parameters import (
    MAX_LIMIT,
    AfterChange,
    ChangeNumber,
    Database,
    OfAction,
    OfTask,
    Owner,
    PageLimit,
    RequestKey,
    RequestPath,
    RequestQuery,
    Since,
)


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
