"""A connection by itself, with a small application behind it and a transport that keeps what is written."""

import asyncio
import errno
import gc
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.server import ServerState

from donebase.http.headers import common_headers
from donebase.http.middleware import ClientGone
from donebase.serving.connection import Connection
from donebase.serving.connection_limit import ConnectionLimit
from donebase.serving.first_requests import AT_A_TIME, FirstRequests
from donebase.serving.pipeline import Pipeline
from donebase.serving.request_parser import RequestParser
from donebase.serving.stream import Stream
from donebase.settings import Settings
from donebase.telemetry import logs
from tests.support.waiting import until

KEEP_ALIVE = 75
SETTINGS = Settings.read(database_url="postgresql://127.0.0.1:1/nothing")
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


class Transport(asyncio.Transport):
    """A transport whose other end takes everything, unless it is told not to."""

    def __init__(self) -> None:
        super().__init__({"sockname": ("127.0.0.1", 8000), "peername": ("127.0.0.1", 50_000), "socket": self})
        self.writes: list[bytes] = []
        self.unsent = 0
        self.end = ""
        self.reads = True

    def write(self, data: Any) -> None:
        self.writes.append(bytes(data))

    def writelines(self, list_of_data: Any) -> None:
        self.writes += list_of_data

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def setsockopt(self, *_option: object) -> None:
        """Take SO_LINGER, as the socket would."""

    def is_closing(self) -> bool:
        return bool(self.end)

    def close(self) -> None:
        self.end = self.end or "closed"

    def abort(self) -> None:
        self.end = "reset"  # of one that is closing as well

    def write_eof(self) -> None:
        self.end = self.end or "closed in order"

    def pause_reading(self) -> None:
        assert self.reads
        self.reads = False

    def resume_reading(self) -> None:
        assert not self.reads
        self.reads = True


async def connected(app: ASGIApp, first_requests: FirstRequests | None = None) -> tuple[Connection, Transport]:
    state = {
        "settings": SETTINGS,
        "common_headers": common_headers(SETTINGS.cors_origins),
        "connection_limit": ConnectionLimit(SETTINGS),
        "first_requests": first_requests or FirstRequests(),
        "end_streams": lambda: None,
        "end_statements_within": lambda _seconds: None,
    }
    config = Config(app, http=Connection, ws="none", log_config=None, timeout_keep_alive=KEEP_ALIVE)
    config.load()
    connection, transport = Connection(config, ServerState(), state), Transport()
    connection.connection_made(transport)
    return connection, transport


def told(app: ASGIApp, *pieces: bytes) -> Transport:
    """Return the transport of a connection that has read these pieces, one after the other, and answered."""

    async def story() -> Transport:
        connection, transport = await connected(app)
        for piece in pieces:
            connection.data_received(piece)
            await asyncio.sleep(0)
        await until(lambda: asyncio.sleep(0, connection.answering()), wanted=False)
        return transport

    return asyncio.run(story())


def answers(*messages: Message) -> ASGIApp:
    """Return an application that answers with these messages."""

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)

    return app


def start(*headers: tuple[bytes, bytes]) -> Message:
    return {"type": "http.response.start", "status": 200, "headers": list(headers)}


def body(content: bytes, *, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": content, "more_body": more}


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the method, the path and the body."""
    content, more = b"", True
    while more:
        message = await receive()
        content += message["body"]
        more = message["more_body"]
    reply = b"%b %b %b" % (scope["method"].encode(), scope["raw_path"], content)
    await send(start((b"content-length", b"%d" % len(reply))))
    await send(body(reply))


def test_head_and_body_are_one_write() -> None:
    transport = told(answers(start((b"content-length", b"2")), body(b"ok")), GET)
    assert transport.writes == [b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"]


def test_a_large_body_that_many_clients_may_be_sent_is_not_copied() -> None:
    large = b"x" * 100_000
    transport = told(answers(start((b"content-length", b"100000")), body(large)), GET)
    assert transport.writes[1] is large


def test_a_body_without_a_length_is_sent_in_chunks() -> None:
    transport = told(answers(start(), body(b"a", more=True), body(b"", more=True), body(b"bc")), GET)
    assert transport.writes[0] == b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n"
    assert b"".join(transport.writes[1:]) == b"2\r\nbc\r\n0\r\n\r\n"


def test_a_response_that_is_none_is_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    crashes: list[object] = []
    monkeypatch.setattr(logs, "crash", lambda _event, error: crashes.append(type(error)))
    length = (b"content-length", b"2")
    for app, written, crash in (
        (answers(start((b"location", b"/\r\nset-cookie: x")), body(b"")), b"", ValueError),
        (answers(start((b"location", b"/\rx")), body(b"")), b"", ValueError),
        (answers(start(length), body(b"abc")), b"", ValueError),
        (answers(start(length), body(b"a")), b"", ValueError),
        (answers(start(length), body(b"a", more=True), body(b"")), b"a", ValueError),
        (answers(start(), start()), b"", RuntimeError),
        (answers(body(b"")), b"", RuntimeError),
    ):
        crashes.clear()
        transport = told_until_reset(app)
        assert b"".join(transport.writes).partition(b"\r\n\r\n")[2] == written
        assert crashes == [crash]
    assert told_until_reset(answers(start(), body(b"a", more=True))).writes[-1].endswith(b"a\r\n")


def told_until_reset(app: ASGIApp) -> Transport:
    async def story() -> Transport:
        connection, transport = await connected(app)
        connection.data_received(GET)
        await until(lambda: asyncio.sleep(0, len(transport.end)), wanted=len("reset"))
        return transport

    return asyncio.run(story())


def test_a_client_that_sends_its_body_at_once_is_not_told_to_go_on() -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    assert not told(echo, head + b"ok").writes[0].startswith(b"HTTP/1.1 100")
    assert told(echo, head, b"ok").writes[0] == b"HTTP/1.1 100 Continue\r\n\r\n"


def test_an_application_is_told_that_its_client_has_gone() -> None:
    told_in_the_end: list[object] = []

    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        told_in_the_end.append((await receive())["type"])
        await send(start())
        try:
            await send(body(b"a", more=True))
        except ClientGone:
            told_in_the_end.append(ClientGone)

    async def story() -> None:
        connection, transport = await connected(app)
        connection.data_received(GET)
        await asyncio.sleep(0)
        connection.connection_lost(None)
        await until(lambda: asyncio.sleep(0, len(told_in_the_end)), wanted=2)
        assert transport.writes == []

    asyncio.run(story())
    assert told_in_the_end == ["http.disconnect", ClientGone]


def test_no_more_is_read_of_a_body_than_the_application_takes() -> None:
    async def story() -> None:
        goes_on = asyncio.Event()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await goes_on.wait()
            await echo(scope, receive, send)

        connection, transport = await connected(app)
        connection.data_received(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + b"x" * 65_536)
        assert transport.reads
        connection.data_received(b"x")
        assert not transport.reads
        goes_on.set()
        await until(lambda: asyncio.sleep(0, transport.reads), wanted=True)
        connection.data_received(b"x" * (100_000 - 65_537))
        await until(lambda: asyncio.sleep(0, connection.answering()), wanted=False)
        assert b"".join(transport.writes).count(b"x") == 100_000

    asyncio.run(story())


def test_nothing_more_is_read_while_a_request_waits() -> None:
    async def story() -> None:
        connection, transport = await connected(answers(start((b"content-length", b"0")), body(b"")))
        connection.data_received(GET)
        assert transport.reads
        connection.data_received(GET)
        assert not transport.reads
        await until(lambda: asyncio.sleep(0, connection.answering()), wanted=False)
        assert transport.reads

    asyncio.run(story())


def test_a_response_waits_for_a_client_that_does_not_take_it() -> None:
    async def story() -> None:
        connection, transport = await connected(answers(start(), body(b"a", more=True), body(b"b")))
        connection.pause_writing()
        connection.data_received(GET)
        for _ in range(10):
            await asyncio.sleep(0)
        assert transport.writes == []
        connection.resume_writing()
        await until(lambda: asyncio.sleep(0, connection.answering()), wanted=False)
        assert transport.writes[-1] == b"1\r\nb\r\n0\r\n\r\n"

    asyncio.run(story())


def test_a_client_that_takes_nothing_is_reset() -> None:
    async def story() -> None:
        connection, transport = await connected(echo)
        late = SETTINGS.send_timeout
        for now, unsent in ((0, 10), (late - 1, 10), (late, 9), (2 * late - 1, 9)):
            transport.unsent = unsent
            connection.timeouts.look(now)
            assert transport.end != "reset"
        connection.timeouts.look(2 * late)
        assert transport.end == "reset"

    asyncio.run(story())


def test_a_client_that_has_gone_is_no_fault_when_it_is_reset(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_option: object) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    transport = Transport()
    monkeypatch.setattr(transport, "setsockopt", refused)
    Stream(transport).reset()
    assert transport.end == "reset"


def looked_at(before: Callable[[Connection], None], *moments: float) -> list[str]:
    """Return how a connection has ended after each look at its timeouts; `before` is called first."""

    async def story() -> list[str]:
        connection, transport = await connected(echo)
        before(connection)
        await until(lambda: asyncio.sleep(0, connection.answering()), wanted=False)
        ends = []
        for moment in moments:
            connection.timeouts.look(moment)
            ends.append(transport.end)
        return ends

    return asyncio.run(story())


def test_a_connection_that_is_idle_is_closed() -> None:
    assert looked_at(lambda connection: connection.data_received(GET), 0, KEEP_ALIVE - 1, KEEP_ALIVE) == [
        "",
        "",
        "closed",
    ]


def test_headers_that_do_not_come_are_refused_and_silence_is_not() -> None:
    late = SETTINGS.header_timeout
    assert looked_at(lambda _connection: None, 0, late - 1, late) == ["", "", "closed"]
    for sent in (GET[:10], GET + GET[:10]):
        ends = looked_at(lambda connection, sent=sent: connection.data_received(sent), 0, late - 1, late)  # type: ignore[misc]
        assert ends == ["", "", "closed in order"]


requests = st.builds(
    lambda method, path, content, chunked: (method, path, content, chunked),
    st.sampled_from([b"POST", b"PUT", b"PATCH"]),
    st.sampled_from([b"/", b"/a", b"/a/b"]),
    st.binary(max_size=20),
    st.booleans(),
)


def written(method: bytes, path: bytes, content: bytes, chunked: bool) -> bytes:
    head = b"%b %b HTTP/1.1\r\nHost: x\r\n" % (method, path)
    if not chunked:
        return head + b"Content-Length: %d\r\n\r\n%b" % (len(content), content)
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in content)
    return head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"


@settings(deadline=None, derandomize=True, database=None)
@given(st.lists(requests, max_size=8), st.data())
def test_however_requests_are_split_each_gets_its_response(
    asked: list[tuple[bytes, bytes, bytes, bool]], data: st.DataObject
) -> None:
    stream = b"".join(written(*each) for each in asked)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=10)))
    pieces = [stream[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    reply = [b"%b %b %b" % each[:3] for each in asked]
    expected = [b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(each), each) for each in reply]
    transport = told(echo, *pieces)
    assert transport.writes == expected
    assert transport.end == ""


async def until_gone(_scope: Scope, receive: Receive, _send: Send) -> None:
    """Answer nothing."""
    while (await receive())["type"] != "http.disconnect":
        pass


@pytest.mark.parametrize(
    ("app", "piece"),
    [(echo, b""), (echo, GET[:-3]), (echo, GET), (echo, b"no request\r\n\r\n"), (until_gone, GET)],
    ids=["idle", "in head", "answered", "refused", "not answered"],
)
def test_a_connection_that_is_lost_leaves_nothing_for_the_garbage_collection(app: ASGIApp, piece: bytes) -> None:
    async def story() -> None:
        connection, _transport = await connected(app)
        connection.data_received(piece)
        await until(lambda: asyncio.sleep(0, connection.answering()), wanted=app is until_gone)
        connection.connection_lost(None)
        await asyncio.sleep(0)

    gc.collect()
    gc.disable()
    try:
        asyncio.run(story())
        left = [each for each in gc.get_objects() if isinstance(each, RequestParser | Pipeline)]
        assert left == []
    finally:
        gc.enable()


async def arrive(app: ASGIApp, first_requests: FirstRequests) -> None:
    """Let as many clients send their first requests as may begin in one turn of the event loop."""
    for _ in range(AT_A_TIME):
        other, _ = await connected(app, first_requests)
        other.data_received(b"GET /other HTTP/1.1\r\nHost: x\r\n\r\n")
        assert other.answering()


async def a_crowd(app: ASGIApp, *pieces: bytes) -> tuple[Connection, Transport]:
    """Return a connection that has read these pieces, behind others whose first requests begin before its own."""
    first_requests = FirstRequests()
    await arrive(app, first_requests)
    connection, transport = await connected(app, first_requests)
    for piece in pieces:
        connection.data_received(piece)
    assert not connection.answering()
    assert not transport.reads
    return connection, transport


async def answered(connection: Connection, transport: Transport) -> bytes:
    await until(lambda: asyncio.sleep(0, bool(transport.writes) and not connection.answering()), wanted=True)
    return b"".join(transport.writes)


def test_in_a_crowd_a_first_request_waits_and_is_answered() -> None:
    async def story() -> None:
        connection, transport = await a_crowd(echo, b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Le")
        assert connection.waits_for() is None, "the client is not late"
        await until(lambda: asyncio.sleep(0, transport.reads), wanted=True)
        connection.data_received(b"ngth: 2\r\n\r\n12")
        assert (await answered(connection, transport)).endswith(b"POST /a 12")
        await arrive(echo, connection._first_requests)
        connection.data_received(b"GET /b HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.answering(), "a later request waits for nobody"

    asyncio.run(story())


def test_whoever_leaves_the_crowd_is_not_answered() -> None:
    async def story() -> None:
        connection, transport = await a_crowd(echo, b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
        connection.connection_lost(None)
        for _ in range(10):
            await asyncio.sleep(0)
        assert (transport.writes, transport.reads) == ([], False)

    asyncio.run(story())


def test_whoever_waits_in_a_crowd_at_a_shutdown_is_answered() -> None:
    async def story() -> None:
        connection, transport = await a_crowd(echo, b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
        connection.shutdown()
        connection._close_if_idle()
        assert not transport.end
        assert b"connection: close" in await answered(connection, transport)
        assert str(transport.end) == "closed"

    asyncio.run(story())
