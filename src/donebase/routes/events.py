"""The live stream of an owner's changes, which the families share."""

from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from donebase.http.event_stream import EventStream
from donebase.http.family import Answer
from donebase.http.open_streams import EventStreams
from donebase.http.parameters import LastEventId, Owner, SinceOrNow
from donebase.http.providers import FromApp

Streams = Annotated[EventStreams, Depends(FromApp("event_streams"))]
EventsAnswer = Annotated[Response, Answer(200, EventStream, "A stream of events (WHATWG HTML, server-sent events).")]


async def stream_events(
    streams: Streams, owner: Owner, since: SinceOrNow = None, last_event_id: LastEventId = None
) -> EventsAnswer:
    """Send an event for each change of this user's tasks, from now on or after a number.

    An event has the number of the change as `id`, `change` as `event`, and as `data` an object such as
    `{"change": 58, "tasks": [{"id": 1, ...}], "deleted": [7]}`: the tasks as the change left them, and the ids of those
    that it deleted. The answer does not end: `curl -N` shows events as they come, the page of the documentation none.
    """
    return await streams.open(owner, since if last_event_id is None else last_event_id)
