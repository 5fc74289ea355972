"""The tables of tests/data/hostile, as requests and the answers that they have to get; its README says the notation."""

import gzip
import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

TABLES = ("bodies", "types", "headers", "ids", "queries", "paths")
METHODS = "GET HEAD POST PUT PATCH DELETE OPTIONS TRACE".split()

_FOLDER = Path(__file__).parents[1] / "data" / "hostile"
_TITLE = '"title": "x", '
_OWNER = '"user_id": {user_id}, '
_PLACE = '{"to": "first"}'
_SHORT = {
    "<<nothing>>": "",
    "<<GET>>": r"GET /users/{user_id}/tasks/{task_id} HTTP/1.1\r\nHost: x\r\n",
    "<<POST>>": r"POST /users/{user_id}/tasks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n",
}
_NOTATION = re.compile(r"<<(?:(\d+) \* (.*?)|([0-9a-f]{2}(?: [0-9a-f]{2})*)|(gzip|utf-[a-z0-9-]+) (.*?))>>", re.DOTALL)


class Ids(NamedTuple):
    """Who asks, for which task of theirs, and somebody else; and the version of that task, which is the last change."""

    user_id: int
    task_id: int
    another: int
    request_id: str = "the-only-one"
    version: int = 1

    def filled_in(self, text: str) -> str:
        """Return a cell with these ids in their places, and with what is short for something in full."""
        for short, full in _SHORT.items():
            text = text.replace(short, full)
        for name, value in {**self._asdict(), "change": self.version}.items():
            text = text.replace(f"{{{name}}}", str(value))
        return text


class Answer(NamedTuple):
    """What has to come back: a status and, of a refusal, the code and the fields at fault; of a task, some fields."""

    status: int
    code: str
    members: dict[str, Any]

    @classmethod
    def read(cls, cell: str) -> "Answer":
        """Read `404 NOT_FOUND`, `400 VALIDATION_ERROR {"title": "blank"}` or `201 {"title": "x"}`."""
        found = re.fullmatch(r"(\d{3})(?: ([A-Z_]+))?(?: (\{.*\}))?", cell, re.DOTALL)
        assert found, cell
        return cls(int(found[1]), found[2] or "", json.loads(found[3] or "{}"))


class Operation(NamedTuple):
    """A method at an address, what kind it is of, what a plain body has, its status when all is well, a plain query."""

    name: str
    method: str
    path: str
    kinds: str
    fields: str
    ok: str
    query: str = ""

    def words(self) -> set[str]:
        """Return what it is named by where a line says to what it is sent."""
        every = set() if self.kinds == "page" else {"every"}
        return {self.name, *self.kinds.split()} | every


class Request(NamedTuple):
    """A request as HTTP has it, the answer it has to get, and a line that the headers of that answer have to hold."""

    method: str
    path: str
    headers: list[bytes]
    body: bytes | None
    answer: Answer
    back: bytes

    @property
    def changes(self) -> bool:
        """Whether it is to be carried out and leaves something else behind than was there."""
        return self.answer.status < 300 and self.method not in ("GET", "HEAD", "OPTIONS")

    def written(self, *more: bytes) -> bytes:
        """Return the request as it is on the wire, with more headers in front of its own."""
        lines = [f"{self.method} {self.path} HTTP/1.1".encode(), b"Host: x", *more, *self.headers]
        if self.body is not None:
            lines.append(b"Content-Length: %d" % len(self.body))
        return b"\r\n".join([*lines, b"", self.body or b""])


class Line(NamedTuple):
    """A line of a table: one fault, or one thing that is right, and where it is sent."""

    table: str
    number: int
    cells: dict[str, str]

    def __str__(self) -> str:
        return f"{self.table}.tsv:{self.number} {ascii(next(iter(self.cells.values())))[1:-1][:60]}"

    def requests(self, ids: Callable[[], Ids]) -> Iterator[Request]:
        """Yield the line's request for each operation that it is sent to; `ids` is asked anew for each."""
        for operation in self._operations():
            path = self.cells.get("path", operation.path).replace("<<path>>", operation.path)
            if query := self.cells.get("query", operation.query):
                path += f"?{query}"
            if "id" not in self.cells:
                yield self._request(operation, path, ids())
            for parameter in re.findall(r"{(\w+)}", path) if "id" in self.cells else ():
                wrong = path.replace(f"{{{parameter}}}", self.cells["id"])
                yield self._request(operation, wrong, ids(), parameter)

    def _operations(self) -> Iterator[Operation]:
        method, path = "GET", self.cells.get("path", "/")
        for word in self.cells["to"].split():
            if word in METHODS:
                method = word
                if "path" in self.cells:
                    yield Operation(word, word, path, "", "", "200")
            elif word.startswith("/"):
                yield Operation(word, method, word, "", "", "200")
            elif word == "anything":
                # What is added to an address of the page makes another one, or one of the same.
                there = {each.path for each in operations() if each.kinds != "page"}
                paths = sorted(there) if "<<path>>" in path else [path]
                yield from (Operation(each, each, one, "", "", "") for one in paths for each in METHODS)
            else:
                meant = [each for each in operations() if word in each.words()]
                assert meant, f"{self} is sent to {word}, which operations.tsv does not have"
                yield from meant

    def _request(self, operation: Operation, path: str, ids: Ids, parameter: str = "") -> Request:
        headers, body = self._content(operation, ids)
        cell = self.cells["answer"].replace("<<id>>", parameter)
        cell = operation.ok + cell[2:] if cell.startswith("ok") else cell
        return Request(
            operation.method,
            expanded(ids.filled_in(path)).decode("latin-1"),
            headers,
            body,
            Answer.read(expanded(ids.filled_in(cell)).decode()),
            wire(ids.filled_in(self.cells.get("back", "").replace("<<path>>", operation.path))),
        )

    def _content(self, operation: Operation, ids: Ids) -> tuple[list[bytes], bytes | None]:
        headers = self.cells.get("headers", "")
        body = None
        if operation.fields or "body" in operation.kinds.split():
            title = _TITLE if "title" in operation.fields else ""
            owner = _OWNER if "owner" in operation.fields else ""
            plain = _PLACE if "place" in operation.fields else '{<<title>><<owner>>"completed": true}'
            text = self.cells.get("body") or plain
            body = expanded(ids.filled_in(text.replace("<<title>>", title).replace("<<owner>>", owner)))
            headers = rf"{self.cells.get('type', 'Content-Type: application/json')}\r\n{headers}"
        return [line for line in wire(ids.filled_in(headers)).split(b"\r\n") if line], body


def lines(*tables: str) -> list[Line]:
    """Return the lines of tables."""
    return list(chain.from_iterable(_lines(table) for table in tables))


@cache
def operations() -> list[Operation]:
    """Return everything that the service does, as operations.tsv has it."""
    return [Operation(**line.cells) for line in _lines("operations")]


def addresses() -> dict[str, list[str]]:
    """Return the addresses there are, with all their methods, in order."""
    paths = {each.path for each in operations()}
    return {path: sorted(each.method for each in operations() if each.path == path) for path in sorted(paths)}


def _lines(table: str) -> Iterator[Line]:
    # Not by splitlines(): some texts hold characters that it takes for the end of a line.
    names, *rows = (_FOLDER / f"{table}.tsv").read_text("utf-8").removesuffix("\n").split("\n")
    columns = names.split("\t")
    for number, row in enumerate(rows, start=2):
        cells = row.split("\t")
        assert len(cells) <= len(columns), f"{table}.tsv:{number} has a column too many"
        cells += [""] * (len(columns) - len(cells))
        yield Line(table, number, dict(zip(columns, cells, strict=True)))


def expanded(text: str) -> bytes:
    """Return the bytes that a cell stands for: UTF-8, and what stands between << and >>."""
    content = b""
    rest = 0
    for found in _NOTATION.finditer(text):
        content += text[rest : found.start()].encode()
        times, repeated, octets, encoding, encoded = found.groups()
        if times:
            content += b"".join(_numbered(repeated.encode(), int(times)))
        elif octets:
            content += bytes.fromhex(octets)
        else:
            content += gzip.compress(encoded.encode(), mtime=0) if encoding == "gzip" else encoded.encode(encoding)
        rest = found.end()
    return content + text[rest:].encode()


def _numbered(text: bytes, times: int) -> Iterator[bytes]:
    if b"#" not in text:
        yield text * times
    else:
        yield from (text.replace(b"#", b"%d" % number) for number in range(times))


def wire(text: str) -> bytes:
    r"""Return the bytes that a cell of headers or of a whole connection stands for, where \r and \n are line ends."""
    return expanded(text.replace(r"\r", "\r").replace(r"\n", "\n"))
