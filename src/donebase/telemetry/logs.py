"""The log: lines of JSON on standard output, readable text on a terminal.

One line for each request, which says what was done to a task, and one with the cause for every failure.
Every value is encoded as JSON, so text from a client cannot begin a line.
"""

import atexit
import json
import logging
import os
import sys
import textwrap
import threading
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Literal

import orjson

from donebase.telemetry.log_schedule import LogSchedule
from donebase.telemetry.log_writer import LogWriter

Format = Literal["auto", "json", "text"]

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

_STDOUT = 1
_LAST_LINES = 0.5
_as_json = True


def configure(form: Format, *, shared: bool = True) -> None:
    """Choose the form of the lines ("auto": readable on a terminal, else JSON) and take in Python's own logging.

    `shared` tells whether several processes of donebase write to the same standard output.
    """
    global _as_json
    _writer.shared = shared
    _as_json = form == "json" or (form == "auto" and not os.isatty(_STDOUT))
    logging.basicConfig(handlers=[_FromLogging()], level=logging.WARNING, force=True)


def take_over() -> None:
    """Log what Python would print on standard error while the service runs: a write there can wait for a reader."""
    logging.captureWarnings(True)
    threading.excepthook = lambda raised: crash("unhandled_exception", raised.exc_value)
    sys.unraisablehook = lambda raised: crash("unhandled_exception", raised.exc_value)


def flush(seconds: float = _LAST_LINES) -> None:
    """Wait until what was logged is written, so many seconds at most."""
    _schedule.flush(seconds)


def dropped_lines() -> int:
    """Return how many lines this process has dropped."""
    return _writer.dropped


def info(event: str, **fields: Any) -> None:
    """Write a line about something that went as it should."""
    _line("info", event, fields)


def announce(event: str, headline: str, **fields: Any) -> None:
    """Write a line like `info` does, or for people a headline with the fields below it."""
    if _as_json:
        info(event, **fields)
        return
    width = max(map(len, fields))
    below = "".join(f"  {name.capitalize():{width}}  {value}\n" for name, value in fields.items())
    _schedule.soon(f"{headline}\n{below}".encode(errors="backslashreplace"))


def warning(event: str, **fields: Any) -> None:
    """Write a line about something an operator should know."""
    _line("warning", event, fields)


def error(event: str, **fields: Any) -> None:
    """Write a line about a failure an operator has to act on."""
    _line("error", event, fields)


def crash(event: str, cause: BaseException | None) -> None:
    """Write a line about a fault in donebase itself: the exception and where it came from, all on the one line."""
    _line("error", event, {"cause": type(cause).__name__, "traceback": "".join(traceback.format_exception(cause))})


def log_request(
    method: str | None,
    route: str | None,
    status: int,
    seconds: float,
    event: tuple[str, int | None, int | None, int | None] | None,
) -> None:
    """Write the one line of a request: `route` is the address's pattern, never what a client made of it.

    What could not be read as a request has neither. `event` is what was done to a task ("task.created"), whose,
    which, and the number of the change if there was one; the line never holds the task's words.
    """
    fields = {
        "time": datetime.now(UTC),
        "level": "info",
        "event": "request",
        "request_id": request_id.get(),
        "method": method,
        "route": route,
        "status": status,
        "ms": int(seconds * 100_000) / 100,
    }
    if event is not None:
        fields["action"], fields["user_id"], fields["task_id"], change = event
        if change is not None:
            fields["change"] = change
    if _as_json:
        _schedule.together(_encoded(fields))
    else:  # people watch it
        _schedule.soon(_as_text(fields))


def _line(level: str, event: str, fields: dict[str, Any]) -> None:
    _schedule.soon(_formatted(level, event, request_id.get(), fields))


def _formatted(level: str, event: str, request: str | None, fields: dict[str, Any]) -> bytes:
    whole = {"time": datetime.now(UTC), "level": level, "event": event, "request_id": request, **fields}
    return _encoded(whole) if _as_json else _as_text(whole)


def _dropped(number: int) -> bytes:
    return _formatted("warning", "log.dropped", None, {"lines": number})


_writer = LogWriter(_STDOUT, _dropped)
_schedule = LogSchedule(_writer)
atexit.register(flush)


def _encoded(value: Any) -> bytes:
    try:
        return orjson.dumps(value, default=str, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # text that UTF-8 cannot carry: escaped it can be written
        return json.dumps(value, default=str).encode() + b"\n"


def _as_text(fields: dict[str, Any]) -> bytes:
    when = fields.pop("time").astimezone().strftime("%H:%M:%S")
    level, event = fields.pop("level"), fields.pop("event")
    trace = fields.pop("traceback", None)
    rest = " ".join(
        f"{name}={_encoded(value).decode().rstrip()}" for name, value in fields.items() if value is not None
    )
    line = f"{when} {level:7} {event} {rest}\n"
    whole = f"{line}{textwrap.indent(trace.rstrip(), '    ')}\n" if trace else line
    return whole.encode(errors="backslashreplace")


class _FromLogging(logging.Handler):
    """Turns what libraries log, uvicorn's errors among them, into lines of the same form."""

    def emit(self, record: logging.LogRecord) -> None:
        fields: dict[str, Any] = {"logger": record.name, "message": record.getMessage()}
        if record.exc_info and record.exc_info[1]:
            fields["traceback"] = "".join(traceback.format_exception(record.exc_info[1]))
        _line(record.levelname.lower(), "log", fields)
