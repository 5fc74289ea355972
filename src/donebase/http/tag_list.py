"""Responses that are lists of tags: complete if they are short, otherwise streamed as fast as the client reads."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated

from pydantic import BaseModel, Field
from starlette.responses import Response, StreamingResponse

from donebase.core.database import Row
from donebase.core.tags import TagBatch, TagList
from donebase.http.bytes_response import JSON, BytesResponse, encoded
from donebase.http.entity_tags import change_header, weak_tag
from donebase.http.family import Answer
from donebase.http.responses import NOT_MODIFIED_LIST, not_modified

_AT_ONCE = 250  # tags that are encoded together, of up to 0.4 KB each


class TagCount(BaseModel):
    """A tag, and how many tasks have it."""

    tag: str = Field(description="The tag.", examples=["shop"])
    open: int = Field(description="How many tasks with it are not completed.", examples=[3])
    completed: int = Field(description="How many tasks with it are completed.", examples=[9])


TagsAnswer = Annotated[
    Response,
    Answer(200, list[TagCount], "The tags, in order of their code points.", ["ETag", "Change"]),
    NOT_MODIFIED_LIST,
]


async def tag_list(tags: TagList) -> Response:
    """Return the response for the tags of an owner. Raises DatabaseFailed or Overloaded."""
    first = await tags.first()
    headers = [weak_tag(tags.clock), change_header(tags.clock)]
    if tags.is_known:
        return not_modified(headers)
    if len(first.rows) <= _AT_ONCE:
        return BytesResponse(200, b"[%b]" % _members(first.rows), JSON, headers)
    response = StreamingResponse(_streamed(tags, first), media_type="application/json")
    response.raw_headers += headers
    return response


async def _streamed(tags: TagList, batch: TagBatch) -> AsyncIterator[bytes]:
    separator = b"["
    while True:
        rows, more = batch
        for begin in range(0, len(rows), _AT_ONCE):
            yield separator + _members(rows[begin : begin + _AT_ONCE])
            separator = b","
        if not more:
            break
        yield b""  # returns when the client has read what was sent
        batch = await tags.read(rows[-1]["tag"])
    yield b"]"


def _members(rows: Sequence[Row]) -> bytes:
    return encoded([{"tag": row["tag"], "open": row["open"], "completed": row["completed"]} for row in rows])[1:-1]
