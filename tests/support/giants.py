"""The largest that a client can send within the limits, in each form that takes a parser long: whole requests."""

from collections.abc import Iterator
from itertools import count

_BODY = 2**20  # MAX_BODY_BYTES
_HEAD = 2**15 - 200  # MAX_HEADER_BYTES, without the request line
_READ = 2**18  # what the event loop reads at once

# What an array is filled with, in a member that is ignored.
_ITEMS = """{} [] 1 1000 -1.5 1e1 1.7976931348623157e308 "" "a" "é" true {"":1} {"a":{}} [[[[[[]]]]]]""".split()
_ITEMS += ["9" * 19, "9" * 600, "9" * 4300, f"0.{'1' * 700}e-300", "[" * 900 + "]" * 900]
_TEXTS = [
    "x",
    " ",
    "\u00a0",
    "\u00ad",
    "\u200b",
    " \u200b",
    "\u0301",
    "😀",
    "\x7f",
    "\\n",
    "x\\n",
    "\\u200b",
    "\\ud800",
]
_TEXTS += ["\\ud83d\\ude00", "\\\\", '\\"', ",", "[", "\\u0000"]


def bodies() -> Iterator[tuple[str, bytes]]:
    """Yield bodies of a size that is just within the limit, each with a name."""
    for item in _ITEMS:
        yield f"an array of {item[:20]}", _filled('{"title":"x","id":[', f"{item},", "1]}")
    for text in _TEXTS:
        yield f"a title of {text!a}", _filled('{"title":"', text, '"}')
        yield f"a description of {text!a}", _filled('{"title":"x","description":"', text, '"}')
        yield f"a name of {text!a}", _filled('{"title":"x","', text, '":1}')
    for value in ("1", "{}", '"x"', "9" * 4300):
        yield f"members of {value[:20]}", _numbered('{"title":"x"', f',"#":{value}', "}")
        yield f"members of {value[:20]} inside", _numbered('{"title":"x","id":{"a":1', f',"#":{value}', "}}")
    for opening in ("[", '{"a":', '"', "\\", "x", "1", " ", '{"a":1,"a":1},'):
        yield f"nothing but {opening}", _filled("", opening, "")
    yield "white space in between", _filled('{"title":', " ", '"x"}')
    yield "white space behind", _filled('{"title":"x"}', "\n", "")
    yield "a byte that UTF-8 never has, at the end", _filled('{"title":"', "x", '"}')[:-1] + b"\xff"
    yield "16 KiB of arrays", _filled('{"id":[', "[],", "1]}", 2**14)
    yield "16 KiB of brackets", _filled('{"id":[', f"{'[' * 900}{']' * 900},", "1]}", 2**14)
    yield "16 KiB of members", _numbered('{"title":"x"', ',"#":{}', "}", 2**14)
    yield "16 KiB of numbers", _filled('{"id":[', f"{'9' * 4300},", "1]}", 2**14)


def arrays() -> Iterator[tuple[str, bytes]]:
    """Yield bodies that are arrays of new tasks, of a size that is just within the limit, each with a name."""
    for item in ("[]", '{"a":{}}', "1", "9" * 4_300, "[" * 900 + "]" * 900, '{"title":"x"}'):
        yield f"nothing but {item[:20]}", _filled("[", f"{item},", "1]")
        ignored = _filled('{"title":"x","id":[', f"{item},", "1]}", 2**14 - 100).decode()
        yield f"tasks with an array of {item[:20]}", _filled("[", f"{ignored},", '{"title":"x"}]')
        larger = ignored.replace('{"title":"x"', f'{{"title":"x","created_at":"{"x" * 2**13}"')
        yield f"larger tasks with an array of {item[:20]}", _filled("[", f"{larger},", '{"title":"x"}]')
    for text in ("x", "\u200b", "\\n", '\\"'):
        task = _filled('{"title":"x","description":"', text, '"},', 1_040).decode()
        yield f"a thousand tasks of {text!a}", _filled("[", task, '{"title":"x"}]', 1_000_000)
        yield f"one task of {text!a}", _filled('[{"title":"x","description":"', text, '"}]')
    for number in (98, 99, 200):
        unknown = _numbered("{", ',"#":1', "}", 10 * number).decode().replace("{,", "{")
        yield f"tasks with {number} unknown fields", _filled("[", f"{unknown},", "{}]")
    yield "a thousand wrong tasks", _filled("[", '{"title":" ","priority":"x","completed":1},', "1]", 43_000)


def heads() -> Iterator[tuple[str, bytes]]:
    """Yield requests without a body whose line or headers are just within the limit, each with a name."""
    for path in ("/openapi.json", "/docs", "/docs/swagger-ui-bundle.js", "/metrics", "/health"):
        yield path, _get(path)
    for target in ("/", "/0", "/%41", "/users/", "%2F", "/é"):
        yield f"a path of {target}", _get("/x" + target * (_HEAD // len(target.encode())))
    yield "an id of digits", _get(f"/users/{'1' * _HEAD}/tasks")
    yield "an id of escapes", _get(f"/users/{'%31' * (_HEAD // 3)}/tasks")
    for query in ("&", "a&", "a=1&", "limit=1&", "limit=%31&", "=", "%26", "+", ";", "limit=1", "%ff"):
        for path in ("/users/7/tasks", "/livez"):
            yield f"a query of {query} to {path}", _get(f"{path}?{query * (_HEAD // len(query))}")
    names = ("X-Request-ID", "Origin", "Host", "Cookie", "Accept", "Connection", "Expect", "Content-Length", "Range")
    for name in (*names, "Transfer-Encoding", "Upgrade", "Content-Type", "Content-Encoding", "traceparent"):
        for value in ("x", ",", "a,", "1", ";a=b", "."):
            yield f"{name} of {value}", _get("/users/7/tasks", f"{name}: {value * (_HEAD // len(value))}")
    for line in ("a:", "a:b", "Origin:x", "Content-Type:x", "Cookie:x", "X-Request-ID:-"):
        yield f"headers {line}", _get("/users/7/tasks", *[line] * (_HEAD // (len(line) + 2)))
    for value in ("a,", ",", "x", "*,"):
        asked = f"Access-Control-Request-Headers: {value * (_HEAD // len(value) - 100)}"
        line = "Origin: http://localhost:3000\r\nAccess-Control-Request-Method: POST"
        yield f"a preflight for {value}", _get("/users/7/tasks", line, asked).replace(b"GET", b"OPTIONS", 1)


def streams() -> Iterator[tuple[str, bytes]]:
    """Yield what fills one read with as many small things as it can hold, each with a name."""
    head = b"POST /users/7/tasks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    head += b"Transfer-Encoding: chunked\r\n\r\n"
    yield "chunks of a byte", head + b"1\r\n \r\n" * (_READ // 6) + b"0\r\n\r\n"
    yield "chunks with an extension", head + b"1;a=b\r\n \r\n" * (_READ // 10) + b"0\r\n\r\n"
    yield "trailers", head + b"1\r\n1\r\n0\r\n" + b"a:b\r\n" * (_HEAD // 10) + b"\r\n"
    yield "pipelined requests", _get("/livez") * (_READ // len(_get("/livez")))
    yield "pipelined requests that are wrong", _get("/users/{}/tasks") * (_READ // len(_get("/users/{}/tasks")))
    yield "empty lines", b"\r\n" * (_READ // 2) + _get("/livez")


def _get(path: str, *headers: str) -> bytes:
    lines = [f"GET {path} HTTP/1.1", *headers]
    if not any(header.startswith("Host:") for header in headers):
        lines.append("Host: x")
    return "\r\n".join([*lines, "", ""]).encode()


def _filled(head: str, unit: str, tail: str, size: int = _BODY) -> bytes:
    first, each, last = head.encode(), unit.encode(), tail.encode()
    return first + each * ((size - len(first) - len(last)) // len(each)) + last


def _numbered(head: str, unit: str, tail: str, size: int = _BODY) -> bytes:
    parts = [head]
    left = size - len(head) - len(tail)
    for number in count():
        parts.append(unit.replace("#", f"{number:x}"))
        left -= len(parts[-1])
        if left < 0:
            return "".join([*parts[:-1], tail]).encode()
    raise AssertionError
