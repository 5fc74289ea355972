"""Writes lines to standard output; lines that cannot be written at once wait in a buffer of limited size.

Nothing here waits for the reader: a pipe that is not read must not stop the service. docs/decisions/0011-logs.md gives
the reasons.
"""

import fcntl
import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable

BUFFER_BYTES = 2**20
MAX_WRITE = select.PIPE_BUF
"""The most that a pipe takes whole or not at all, with nothing of another process in between (POSIX, write)."""
_LOOK_AGAIN = 0.01


class LogWriter:
    """Writes lines to a file descriptor, in order. Lines that the buffer cannot hold are dropped and counted.

    `tell_dropped` makes the line that says how many were dropped; it follows once writing works again. Every thread
    may call every method.
    """

    def __init__(self, descriptor: int, tell_dropped: Callable[[int], bytes]) -> None:
        self._descriptor = _never_blocking(descriptor)
        self._tell_dropped = tell_dropped
        self._poll = select.poll()
        self._poll.register(self._descriptor, select.POLLOUT)
        self._lock = threading.Lock()
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._unreported = 0
        self.dropped = 0
        """How many lines were dropped."""
        self.shared = True
        """Whether other workers write there as well. Without them two system calls less are needed."""
        self._in_line = False  # the lock is held: other workers wait for the rest of a long line

    def write(self, lines: list[bytes]) -> bool:
        """Take all lines out of a list, each with its line feed, and write what can be written now, what waits first.

        Tell whether everything is written. Other threads may append to the list meanwhile.
        """
        with self._lock:
            taken = lines[:]
            del lines[: len(taken)]
            for data in _chunks(taken):
                self._add(data)
            return self._write_waiting()

    def flush(self, seconds: float) -> None:
        """Wait until everything is written, at most so many seconds."""
        end = time.monotonic() + seconds
        while not self.write([]) and time.monotonic() < end:
            time.sleep(_LOOK_AGAIN)

    def _add(self, data: bytes) -> None:
        if self._size + len(data) > BUFFER_BYTES:
            number = data.count(b"\n")
            self.dropped += number
            self._unreported += number
        else:
            self._waiting.append(data)
            self._size += len(data)

    def _write_waiting(self) -> bool:
        while self._waiting or self._unreported:
            if not self._waiting:
                self._add(self._tell_dropped(self._unreported))
                self._unreported = 0
            data = self._waiting[0]
            written = self._write_some(data)
            if not written:
                return False
            self._size -= written
            if written == len(data):
                self._waiting.popleft()
            else:
                self._waiting[0] = data[written:]
        return True

    def _write_some(self, data: bytes) -> int:
        """Write as much as can be written now, and return how many bytes that was."""
        if self.shared and not self._in_line and not self._lock_out_others():
            return 0
        written = 0
        try:
            # Where there is room at all, there is room for MAX_WRITE bytes, and no other worker takes it meanwhile.
            if self._poll.poll(0):
                written = os.write(self._descriptor, data[:MAX_WRITE])
        except OSError:  # the reader has closed the pipe, or the disk is full
            pass
        self._in_line = written < len(data) and (self._in_line or written > 0)
        if not self._in_line and self.shared:
            fcntl.lockf(self._descriptor, fcntl.LOCK_UN)
        return written

    def _lock_out_others(self) -> bool:
        """Try to lock other workers out. Return False if one of them is writing."""
        try:
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):  # POSIX names both
            return False
        except OSError:  # a file system without locks
            self.shared = False
        return True


def _never_blocking(descriptor: int) -> int:
    """Return a new descriptor of the terminal with O_NONBLOCK, or the same one if it is no terminal of this user.

    A terminal may accept less than MAX_WRITE bytes, and then block. O_NONBLOCK on the descriptor itself would affect
    the shell as well, which shares it.
    """
    try:
        return os.open(os.ttyname(descriptor), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:  # no terminal, or one that belongs to another user
        return descriptor


def _chunks(lines: list[bytes]) -> Iterable[bytes]:
    """Join lines into chunks of at most MAX_WRITE bytes; a longer line is a chunk of its own."""
    together = b"".join(lines)
    if len(together) <= MAX_WRITE:
        return (together,) if together else ()
    chunks = [b""]
    for line in lines:
        if chunks[-1] and len(chunks[-1]) + len(line) > MAX_WRITE:
            chunks.append(b"")
        chunks[-1] += line
    return chunks
