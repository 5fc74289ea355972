"""When lines are written: those of requests together, all others in the turn of the event loop that logged them."""

import asyncio

from donebase.telemetry.log_writer import MAX_WRITE, LogWriter

HOLD_SECONDS = 0.1


class LogSchedule:
    """Gives lines to a LogWriter, in order. Every thread may call every method.

    Without an event loop (before it starts, after it has ended, in other threads) each line is written at once.
    """

    def __init__(self, writer: LogWriter) -> None:
        self._writer = writer
        self._lines: list[bytes] = []  # taken out by the writer, which has the lock
        self._held_bytes = 0
        self._timer: asyncio.AbstractEventLoop | None = None  # the event loop that has a timer to write

    def soon(self, line: bytes) -> None:
        """Write a line in this turn of the event loop, after the lines that are held."""
        self._lines.append(line)
        try:
            asyncio.get_running_loop().call_soon(self._write_or_retry)
        except RuntimeError:  # no event loop
            self.flush(HOLD_SECONDS)

    def together(self, line: bytes) -> None:
        """Hold a line until MAX_WRITE bytes are held, HOLD_SECONDS have passed or another line is written."""
        if self._held_bytes + len(line) > MAX_WRITE:
            self._write()
        self._lines.append(line)
        self._held_bytes += len(line)
        self._set_timer()

    def flush(self, seconds: float) -> None:
        """Wait until all lines are written, at most so many seconds."""
        self._write()
        self._writer.flush(seconds)

    def _write(self) -> bool:
        self._held_bytes = 0
        return self._writer.write(self._lines)

    def _write_or_retry(self) -> None:
        if not self._write():
            self._set_timer()

    def _set_timer(self) -> None:
        """Set a timer unless one is set: one for each line would cost more than to write it."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # no event loop
            self.flush(HOLD_SECONDS)
            return
        if self._timer is not loop:
            self._timer = loop
            loop.call_later(HOLD_SECONDS, self._end_timer)

    def _end_timer(self) -> None:
        self._timer = None
        self._write_or_retry()
