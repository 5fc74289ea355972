"""What the service says while it works: lines of JSON on standard output, readable ones on a terminal.

One line for each request, one for each thing that was done to a task, one with the cause for every failure.
Every value is encoded as JSON, so nothing that a client sent can start a line of its own.
"""

import asyncio
import json
import logging
import sys
import textwrap
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Literal

import orjson

Format = Literal["auto", "json", "text"]

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)


class _Output:
    """Lines on their way to standard output; those of one turn of the event loop leave in one write."""

    def __init__(self) -> None:
        self.readable = False
        self._waiting: list[bytes] = []

    def write(self, fields: dict[str, Any]) -> None:
        self._waiting.append(_readable(fields) if self.readable else _encoded(fields))
        if len(self._waiting) > 1:
            return
        try:
            asyncio.get_running_loop().call_soon(self.flush)
        except RuntimeError:  # no event loop: before it starts and after it has ended
            self.flush()

    def flush(self) -> None:
        lines = b"\n".join([*self._waiting, b""])
        self._waiting.clear()
        try:
            sys.stdout.buffer.write(lines)
            sys.stdout.buffer.flush()
        except (OSError, ValueError):
            return  # whoever read the log has gone; the service has not


_output = _Output()


def configure(form: Format) -> None:
    """Choose the form of the lines ("auto": readable on a terminal, else JSON) and take in Python's own logging."""
    _output.readable = form == "text" or (form == "auto" and sys.stdout.isatty())
    logging.basicConfig(handlers=[_FromLogging()], level=logging.WARNING, force=True)


def info(event: str, **fields: Any) -> None:
    """Write a line about something that went as it should."""
    _line("info", event, fields)


def warning(event: str, **fields: Any) -> None:
    """Write a line about something an operator should know."""
    _line("warning", event, fields)


def error(event: str, **fields: Any) -> None:
    """Write a line about a failure an operator has to act on."""
    _line("error", event, fields)


def crash(event: str, cause: BaseException) -> None:
    """Write a line about a fault in donebase itself: the exception and where it came from, all on the one line."""
    _line("error", event, {"cause": type(cause).__name__, "traceback": "".join(traceback.format_exception(cause))})


def request(method: str | None, route: str | None, status: int, ms: float) -> None:
    """Write the one line of a request: `route` is the address's pattern, never what a client made of it.

    What could not be read as a request has neither.
    """
    _line("info", "request", {"method": method, "route": route, "status": status, "ms": round(ms, 2)})


def task_event(past: str, user_id: int | None, task_id: int | None) -> None:
    """Write the one line of what was done to a task: whose and which, never its words."""
    _line("info", f"task.{past}", {"user_id": user_id, "task_id": task_id})


def _line(level: str, event: str, fields: dict[str, Any]) -> None:
    head = {"time": datetime.now(UTC), "level": level, "event": event, "request_id": request_id.get()}
    _output.write(head | fields)


def _encoded(value: Any) -> bytes:
    try:
        return orjson.dumps(value, default=str)
    except TypeError:  # text that UTF-8 cannot carry: escaped it can be written
        return json.dumps(value, default=str).encode()


def _readable(fields: dict[str, Any]) -> bytes:
    when = fields.pop("time").astimezone().strftime("%H:%M:%S")
    level, event = fields.pop("level"), fields.pop("event")
    trace = fields.pop("traceback", None)
    rest = " ".join(f"{name}={_encoded(value).decode()}" for name, value in fields.items() if value is not None)
    line = f"{when} {level:7} {event} {rest}"
    return (f"{line}\n{textwrap.indent(trace.rstrip(), '    ')}" if trace else line).encode(errors="backslashreplace")


class _FromLogging(logging.Handler):
    """Turns what libraries log, uvicorn's errors among them, into lines of the same form."""

    def emit(self, record: logging.LogRecord) -> None:
        fields: dict[str, Any] = {"logger": record.name, "message": record.getMessage()}
        if record.exc_info and record.exc_info[1]:
            fields["traceback"] = "".join(traceback.format_exception(record.exc_info[1]))
        _line(record.levelname.lower(), "log", fields)
