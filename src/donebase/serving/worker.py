"""One of several worker processes: the function that it runs, and the object with which the supervisor controls it."""

import asyncio
import gc
import os
import signal
import socket
import time
from contextlib import suppress
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, Pipe

from donebase.settings import Settings
from donebase.signals import stop_with_terminal
from donebase.telemetry import logs

LOOK = 1.0  # seconds from one look of the supervisor at a worker to the next
# How many looks a worker may take to start, and be silent for afterwards. Looks and not seconds: the supervisor may
# have been stopped together with its workers, and look again before they speak again.
_START_LOOKS, _SILENT_LOOKS = 120, 20
_READY, _ALIVE = b"r", b"a"

_spawn = get_context("spawn")


def serve_for_supervisor(settings: Settings, service: str, listener: socket.socket, supervisor: Connection) -> None:
    """Serve in a worker process, until a signal to stop.

    Writes to the pipe `supervisor` when the listener accepts connections, and each second while the event loop runs.
    Stops when the supervisor's process has ended, because nothing would then stop this worker, which holds the port.
    """
    _prepare_process(settings)
    os.set_blocking(supervisor.fileno(), False)
    from donebase.serving.http_server import serve_http  # FastAPI and uvicorn, which the supervisor does without

    parent = parent_process()
    assert parent
    gone = parent.sentinel

    def tell(word: bytes) -> None:
        with suppress(OSError):  # the supervisor is gone, or stopped and its pipe is full
            os.write(supervisor.fileno(), word)

    def stop_without_supervisor() -> None:
        asyncio.get_running_loop().remove_reader(gone)
        signal.raise_signal(signal.SIGTERM)

    def ready() -> None:
        asyncio.get_running_loop().add_reader(gone, stop_without_supervisor)
        tell(_READY)

    serve_http(settings, service, listener, ready, lambda: tell(_ALIVE))


def _prepare_process(settings: Settings) -> None:
    gc.disable()  # what is imported now is kept; the app turns it on again once it has started
    # The supervisor blocked it: a Ctrl-C in a terminal reaches every process, those that are starting as well.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    stop_with_terminal()
    logs.configure(settings.log_format)
    logs.take_over()


class WorkerProcess:
    """Starts a worker process, and controls it from the supervisor's process.

    Raises OSError if the system has no process, no file or no memory left.
    """

    def __init__(self, name: str, settings: Settings, service: str, listener: socket.socket) -> None:
        self._status, theirs = Pipe(duplex=False)
        arguments = (settings, service, listener, theirs)
        self._process = _spawn.Process(target=serve_for_supervisor, name=name, args=arguments)
        # Its first half second is Python's own, and would end a Ctrl-C with a traceback.
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
            theirs.close()
        os.set_blocking(self._status.fileno(), False)
        self._ready_at = 0.0
        self._silent_looks = 0
        self._next_look = time.monotonic() + LOOK
        self._says_no_more = False

    @property
    def pid(self) -> int | None:
        """The process's id."""
        return self._process.pid

    @property
    def ready(self) -> bool:
        """Whether it has reported that it accepts connections."""
        return self._ready_at > 0

    @property
    def ended(self) -> bool:
        """Whether the process has ended."""
        return self._process.exitcode is not None

    @property
    def exit_status(self) -> int | None:
        """Its exit status, or the signal that ended it as a negative number."""
        return self._process.exitcode

    def age(self) -> float:
        """Return the seconds since it became ready."""
        return time.monotonic() - self._ready_at

    def events(self) -> list[int | Connection]:
        """Return the objects that become readable when it ends, or when it first reports that it is ready."""
        waits_for_ready = not (self.ready or self._says_no_more)
        return [self._process.sentinel, self._status] if waits_for_ready else [self._process.sentinel]

    def hangs(self) -> bool:
        """Read what it has reported since the last call, and return whether it has been silent for too long."""
        now = time.monotonic()
        told = self._read()
        if _READY in told:
            self._ready_at = now
        if told:
            self._silent_looks = 0
        elif now >= self._next_look:
            self._silent_looks += 1
            self._next_look = now + LOOK
        return self._silent_looks > (_SILENT_LOOKS if self.ready else _START_LOOKS)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self._process.terminate()

    def kill(self) -> None:
        """Send SIGKILL, and wait until the process has ended."""
        self._process.kill()
        self._process.join()

    def join(self, seconds: float) -> bool:
        """Wait at most so many seconds for the process to end, and return whether it has."""
        self._process.join(seconds)
        return self.ended

    def _read(self) -> bytes:
        try:
            told = os.read(self._status.fileno(), 1024)
        except BlockingIOError:
            return b""
        self._says_no_more = not told  # it has closed its end: it is about to end
        return told
