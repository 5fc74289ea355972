"""How an operation reads requests: on routes made for it, whose parameters are of every kind that is supported.

FastAPI is the oracle of each request. A kind that is not supported ends the start with the name of the route.
"""
# mypy: disable-error-code="empty-body"

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from types import SimpleNamespace
from typing import Annotated, Any

import pytest
from fastapi import (
    BackgroundTasks,
    Body,
    Cookie,
    Depends,
    File,
    Form,
    Header,
    Path,
    Query,
    Request,
    Security,
    WebSocket,
)
from fastapi.security import HTTPBearer
from pydantic import AliasChoices, BaseModel, Field, Json
from starlette.datastructures import State
from starlette.responses import Response

from donebase.core.errors import TaskNotFound
from donebase.http.access import Access
from donebase.http.family import Family, Handler
from donebase.http.operation import OperationTable
from donebase.http.parameters import Database, Owner, RequestPath, RequestQuery
from donebase.http.providers import FromRequest, header_provider, provider, query_provider
from donebase.http.readers import Unsupported
from donebase.http.request_parts import RequestParts
from donebase.settings import Settings
from tests.support.oracle import Oracle, Outcome, Sent
from tests.support.rows import Rows

Number = Annotated[int, Query(ge=1)]
Key = Annotated[str | None, Header(alias="Idempotency-Key", max_length=3)]
JSON = (b"content-type", b"application/json")
KEY = b"idempotency-key"
called: list[str] = []


class Shape(BaseModel):
    """A body."""

    title: str
    number: int = 0


@provider
async def guard(authorization: Annotated[str | None, Header()] = None) -> None:
    """Refuse whoever says nothing."""
    called.append("guard")
    if authorization is None:
        raise TaskNotFound


@provider
async def session(database: Database, session: Annotated[int, Cookie()]) -> tuple[object, int]:
    """Return something that another function depends on."""
    called.append("session")
    return database, session


@provider
async def caller(session: Annotated[tuple[object, int], Depends(session)], x_name: Annotated[str, Header()]) -> str:
    """Return something that depends on something."""
    called.append("caller")
    return f"{x_name} {session[1]}"


@provider
async def as_sent(request: Annotated[RequestParts, Depends(FromRequest())]) -> bytes:
    """Return the body before it was parsed."""
    return request.content


@header_provider
async def span(x_span: Annotated[int | None, Header()] = None) -> str | None:
    """Return something that a header says."""
    called.append("span")
    return None if x_span is None else f"span {x_span}"


@header_provider
async def wide_span(number: Number, x_span: Annotated[int | None, Header()] = None) -> int | None:
    """Read more than headers."""
    return x_span and number


@query_provider(absent=())
async def colours(colour: Annotated[tuple[str, ...], Query(max_length=2)] = (), shade: int = 0) -> tuple[object, ...]:
    """Return something that a query says."""
    called.append("colours")
    return (*colour, shade) if colour or shade else ()


@query_provider(absent=None)
async def traced_number(number: int = 0, x_span: Annotated[int | None, Header()] = None) -> int | None:
    """Read more than a query."""
    return x_span and number


Session = Annotated[tuple[object, int], Depends(session)]
Caller = Annotated[str, Depends(caller)]
Again = Annotated[tuple[object, int], Depends(session, use_cache=False)]


async def header(key: Key = None, x_trace: Annotated[int, Header()] = 7) -> Response: ...
async def headers(
    x_tag: Annotated[tuple[str, ...], Header(max_length=2)] = (), x_size: Annotated[list[int] | None, Header()] = None
) -> Response: ...
async def spanned(span: Annotated[str | None, Depends(span)], x_trace: Annotated[int, Header()] = 7) -> Response: ...
async def coloured(
    colours: Annotated[tuple[object, ...], Depends(colours)],
    span: Annotated[str | None, Depends(span)],
    size: Annotated[int, Query()] = 1,
) -> Response: ...
async def cookie(theme: Annotated[str, Cookie(max_length=5)] = "dark") -> Response: ...
async def query(number: Number, size: Annotated[int, Query(alias="page-size")] = 50) -> Response: ...
async def several(
    tag: Annotated[tuple[str, ...], Query(max_length=2)] = (), priority: Annotated[Sequence[int], Query()] = ()
) -> Response: ...
async def nested(caller: Caller, session: Session, number: Number) -> Response: ...
async def twice(first: Session, second: Again, third: Caller) -> Response: ...
async def body(item: Annotated[int, Path()], shape: Shape, number: Number, key: Key = None) -> Response: ...
async def optional(shape: Shape | None = None) -> Response: ...
async def scope(path: RequestPath, query: RequestQuery, database: Database) -> Response: ...
async def content(sent: Annotated[bytes, Depends(as_sent)], shape: Shape | None = None) -> Response: ...
async def no_content(sent: Annotated[bytes, Depends(as_sent)]) -> Response: ...


FAMILY = Family(
    "made",
    "/made",
    [
        ("GET", "/header", header),
        ("GET", "/headers", headers),
        ("GET", "/spanned", spanned),
        ("GET", "/coloured", coloured),
        ("GET", "/cookie", cookie),
        ("GET", "/query", query),
        ("GET", "/several", several),
        ("GET", "/nested", nested),
        ("GET", "/twice", twice),
        ("PUT", "/body/{item}", body),
        ("POST", "/optional", optional),
        ("GET", "/scope", scope),
        ("POST", "/content", content),
        ("POST", "/no-content", no_content),
    ],
    access=Access.FREE,
)
GUARDED = Family(
    "guarded",
    "/guarded",
    [("GET", "/{user_id}", scope), ("POST", "", optional)],
    access=Access.FREE,
    dependencies=[Depends(guard)],
)
ORACLE = Oracle(FAMILY, GUARDED)


def asked(method: str, path: str, *headers: tuple[bytes, bytes], body: bytes = b"") -> Outcome:
    """Return what becomes of a request, which is what becomes of it in FastAPI."""
    called.clear()
    return asyncio.run(ORACLE.agrees(Sent(method, path, headers, body)))


def places(outcome: Outcome) -> list[str]:
    return [f"{'.'.join(map(str, place))} {kind}" for place, kind in outcome.faults]


@pytest.mark.parametrize(
    ("sent", "arguments", "faults"),
    [
        (("/header",), {"key": None, "x_trace": 7}, []),
        (("/header", (KEY, b"a\xe9")), {"key": "aé", "x_trace": 7}, []),
        (("/header", (KEY, b"abcd")), None, ["header.Idempotency-Key string_too_long"]),
        (("/header", (b"x-trace", b"x")), None, ["header.x-trace int_parsing"]),
        (("/header", (b"x-trace", b"1"), (b"x-trace", b"2")), {"key": None, "x_trace": 1}, []),
        (("/headers",), {"x_tag": (), "x_size": None}, []),
        (("/headers", (b"x-size", b"1")), {"x_tag": (), "x_size": [1]}, []),
        (("/headers", (b"x-tag", b"a, b"), (KEY, b"k"), (b"x-tag", b"")), {"x_tag": ("a, b", ""), "x_size": None}, []),
        (("/headers", *[(b"x-tag", b"")] * 3), None, ["header.x-tag too_long"]),
        (("/headers", (b"x-size", b"1"), (b"x-size", b"x")), None, ["header.x-size.1 int_parsing"]),
        (("/cookie",), {"theme": "dark"}, []),
        (("/cookie", (b"cookie", b"a=b; theme=light")), {"theme": "light"}, []),
        (("/cookie", (b"cookie", b"theme=a"), (b"cookie", b"theme=b")), {"theme": "b"}, []),
        (("/cookie", (b"cookie", b"theme=daylight")), None, ["cookie.theme string_too_long"]),
        (("/query?number=1",), {"number": 1, "size": 50}, []),
        (("/query?page-size=%31%30&number=2",), {"number": 2, "size": 10}, []),
        (("/query",), None, ["query.number missing"]),
        (("/query?page-size=x&number=0",), None, ["query.number greater_than_equal", "query.page-size int_parsing"]),
        (("/query?size=1&number=1",), None, []),
        (("/several",), {"tag": (), "priority": ()}, []),
        (("/several?tag=a&priority=1&tag=b+c",), {"tag": ("a", "b c"), "priority": [1]}, []),
        (("/several?tag=1&tag=2&tag=3&priority=x",), None, ["query.tag too_long", "query.priority.0 int_parsing"]),
    ],
)  # fmt: skip
def test_parameters_are_read_as_fastapi_reads_them(
    sent: tuple[Any, ...], arguments: dict[str, Any] | None, faults: list[str]
) -> None:
    path, *headers = sent
    outcome = asked("GET", f"/made{path}", *headers)
    assert places(outcome) == faults
    assert [each for _, each in outcome.calls] == ([] if arguments is None else [arguments])


def test_a_body_is_read_with_everything_else() -> None:
    outcome = asked("PUT", "/made/body/7?number=2", JSON, (KEY, b"k"), body=b'{"title": "x"}')
    assert outcome.calls == [("body", {"item": 7, "shape": Shape(title="x"), "number": 2, "key": "k"})]


def test_faults_come_in_the_order_of_path_query_header_and_body() -> None:
    outcome = asked("PUT", "/made/body/x?number=0", JSON, (KEY, b"long"), body=b'{"number": "1x"}')
    assert [place[0] for place, _ in outcome.faults] == ["path", "query", "header", "body", "body"]
    assert places(outcome)[-2:] == ["body.title missing", "body.number int_parsing"]


def test_a_body_that_may_be_left_out_is() -> None:
    assert asked("POST", "/made/optional").calls == [("optional", {"shape": None})]
    assert asked("POST", "/made/optional", JSON, body=b'{"title": "x"}').calls[0][1] == {"shape": Shape(title="x")}


def test_dependencies_come_first_each_after_its_own_and_once() -> None:
    outcome = asked("GET", "/made/nested?number=1", (b"cookie", b"session=3"), (b"x-name", b"alice"))
    [(_, arguments)] = outcome.calls
    assert arguments["caller"] == "alice 3"
    assert arguments["session"][1] == 3
    assert called == ["session", "caller"] * (len(called) // 2)


def test_a_provider_of_headers_is_called_only_where_there_is_a_header() -> None:
    assert asked("GET", "/made/spanned").calls == [("spanned", {"span": None, "x_trace": 7})]
    by_fastapi_alone = len(called)
    assert asked("GET", "/made/spanned", (b"x-span", b"3")).calls == [("spanned", {"span": "span 3", "x_trace": 7})]
    assert len(called) > by_fastapi_alone
    assert asked("GET", "/made/spanned", (b"x-trace", b"1")).calls == [("spanned", {"span": None, "x_trace": 1})]
    assert len(called) == by_fastapi_alone
    assert places(asked("GET", "/made/spanned", (b"x-span", b"x"))) == ["header.x-span int_parsing"]


def test_a_provider_of_a_query_is_called_only_where_there_is_one_of_its_parameters() -> None:
    nothing = {"colours": (), "span": None, "size": 1}
    assert asked("GET", "/made/coloured").calls == [("coloured", nothing)]
    assert asked("GET", "/made/coloured?&").calls == [("coloured", nothing)]
    by_fastapi_alone = called.count("colours")
    assert asked("GET", "/made/coloured?size=2").calls == [("coloured", nothing | {"size": 2})]
    assert asked("GET", "/made/coloured", (b"x-span", b"3")).calls == [("coloured", nothing | {"span": "span 3"})]
    assert called.count("colours") == by_fastapi_alone
    [(_, arguments)] = asked("GET", "/made/coloured?colour=red&shade=1&size=2", (b"x-span", b"3")).calls
    assert arguments == {"colours": ("red", 1), "span": "span 3", "size": 2}
    assert called.count("colours") > by_fastapi_alone
    outcome = asked("GET", "/made/coloured?colour=1&colour=2&colour=3&size=x")
    assert places(outcome) == ["query.colour too_long", "query.size int_parsing"]


def test_a_dependency_that_wants_no_cache_is_called_again() -> None:
    asked("GET", "/made/twice", (b"cookie", b"session=3"), (b"x-name", b"alice"))
    assert called == ["session", "session", "caller"] * (len(called) // 3)


def test_faults_of_dependencies_come_first_and_nothing_is_called() -> None:
    outcome = asked("GET", "/made/nested?number=0", (b"cookie", b"session=x"))
    assert places(outcome) == [
        "cookie.session int_parsing",  # of the caller's session
        "header.x-name missing",
        "cookie.session int_parsing",  # of the session itself
        "query.number greater_than_equal",
    ]
    assert called == []


def test_values_of_the_request_and_of_the_app_are_given() -> None:
    [(_, arguments)] = asked("GET", "/made/scope").calls
    assert (arguments["path"], arguments["query"]) == ("/made/scope", b"")
    assert isinstance(arguments["database"], Rows)


def test_a_body_is_also_given_as_it_was_sent() -> None:
    sent = b' {"title": "x"}\n'
    assert asked("POST", "/made/content", JSON, body=sent).calls == [
        ("content", {"sent": sent, "shape": Shape(title="x")})
    ]
    assert asked("POST", "/made/content").calls == [("content", {"sent": b"", "shape": None})]
    assert asked("POST", "/made/no-content", JSON, body=sent).calls == [("no_content", {"sent": b""})]


def test_a_guard_of_a_family_refuses_before_the_handler_is_read() -> None:
    refused = asked("GET", "/guarded/7")
    assert (refused.status, refused.code, refused.calls) == (404, "TASK_NOT_FOUND", [])
    assert asked("GET", "/guarded/x").faults == []
    assert called == ["guard"] * len(called) != []
    assert asked("GET", "/guarded/7", (b"authorization", b"Bearer x")).calls
    assert asked("POST", "/guarded").code == "TASK_NOT_FOUND"


class Parameters(BaseModel):
    """Parameters of a query as a model."""

    number: int = 0


class Other(Shape):
    """Another body."""


async def unregistered() -> int: ...
async def generator() -> AsyncIterator[int]:
    yield 1


async def handles_tasks(later: BackgroundTasks) -> Response: ...
async def handles_sockets(socket: WebSocket) -> Response: ...
async def handles_responses(answer: Response) -> Response: ...
async def handles_scopes(allowed: Annotated[None, Security(guard, scopes=["read"])]) -> Response: ...
async def handles_bearers(token: Annotated[Any, Depends(HTTPBearer())]) -> Response: ...
async def handles_unregistered(given: Annotated[int, Depends(unregistered)]) -> Response: ...
async def handles_generators(yielded: Annotated[int, Depends(generator)]) -> Response: ...
async def handles_functions(computed: Annotated[int, Depends(lambda: 1)]) -> Response: ...
async def handles_wide_spans(wide: Annotated[int | None, Depends(wide_span)]) -> Response: ...
async def handles_traced_numbers(traced: Annotated[int | None, Depends(traced_number)]) -> Response: ...
async def handles_scoped(scoped: Annotated[None, Depends(guard, scope="function")]) -> Response: ...
async def handles_two_bodies(one: Shape, two: Other) -> Response: ...
async def handles_embedded(inside: Annotated[Shape, Body(embed=True)]) -> Response: ...
async def handles_models(several: Annotated[Parameters, Query()]) -> Response: ...
async def handles_json(encoded: Annotated[Json[int], Query()]) -> Response: ...
async def handles_aliases(renamed: Annotated[int, Query(validation_alias=AliasChoices("a", "b"))]) -> Response: ...
async def handles_changing(changing: Annotated[list[int], Query()] = []) -> Response: ...  # noqa: B006
async def handles_computed(made: Annotated[int, Query(default_factory=int)]) -> Response: ...
async def handles_validated(checked: Annotated[int, Field(validate_default=True)] = 0) -> Response: ...
async def handles_many_cookies(many: Annotated[list[str], Cookie()]) -> Response: ...
async def handles_requests(whole: Request) -> Response: ...
def handles_in_a_thread(number: int) -> Response: ...


@pytest.mark.parametrize(
    ("handler", "named"),
    [
        (handles_tasks, "later"),
        (handles_sockets, "socket"),
        (handles_responses, "answer"),
        (handles_scopes, "read"),
        (handles_bearers, "token"),
        (handles_unregistered, "given"),
        (handles_generators, "yielded"),
        (handles_functions, "computed"),
        (handles_wide_spans, "number"),
        (handles_traced_numbers, "x_span"),
        (handles_scoped, "function"),
        (handles_two_bodies, "one, two"),
        (handles_embedded, "inside"),
        (handles_models, "several"),
        (handles_json, "encoded"),
        (handles_aliases, "renamed"),
        (handles_changing, "changing"),
        (handles_computed, "made"),
        (handles_validated, "checked"),
        (handles_many_cookies, "many"),
        (handles_requests, "whole"),
        (handles_in_a_thread, "handles_in_a_thread"),
    ],
)
def test_a_kind_that_is_not_supported_ends_the_start(handler: Handler, named: str) -> None:
    family = Family("made", "/made", [("POST", "/thing", handler)], access=Access.FREE)
    with pytest.raises(Unsupported, match=r"^POST /made/thing: ") as raised:
        compiled(family)
    assert named in str(raised.value)


def test_forms_and_files_end_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "python_multipart", SimpleNamespace(__version__="1.0"))  # FastAPI asks for it

    async def handles_forms(name: Annotated[str, Form()]) -> Response: ...
    async def handles_files(content: Annotated[bytes, File()]) -> Response: ...

    for handler, named in ((handles_forms, "name"), (handles_files, "content")):
        with pytest.raises(Unsupported, match=f"^POST /made: .*{named} has a form"):
            compiled(Family("made", "/made", [("POST", "", handler)], access=Access.FREE))


def test_an_unknown_guard_of_a_family_ends_the_start() -> None:
    family = Family("made", "/made", [("GET", "", scope)], access=Access.FREE, dependencies=[Depends(unregistered)])
    with pytest.raises(Unsupported, match=r"^GET /made: .*unregistered"):
        compiled(family)


def test_a_path_that_the_router_converts_ends_the_start() -> None:
    family = Family("made", "/made/{user_id:int}", [("GET", "", reads_a_user)], access=Access.FREE)
    with pytest.raises(Unsupported, match=r"^GET /made/\{user_id\}: .*user_id"):
        compiled(family)


async def reads_a_user(owner: Owner) -> Response: ...


def test_only_async_functions_are_registered() -> None:
    for function in (generator, lambda: None):
        with pytest.raises(TypeError, match="not an async function"):
            provider(function)  # type: ignore[type-var]


def compiled(family: Family) -> OperationTable:
    settings = Settings.read(database_url="postgresql://127.0.0.1:1/nothing")
    return OperationTable(family.routes(), State({"settings": settings, "database": Rows(), "authenticator": None}))
