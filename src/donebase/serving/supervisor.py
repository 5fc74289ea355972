"""Starts several worker processes on one listener, replaces those that end or hang, and stops them within the grace."""

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import connection

from donebase.serving.worker import LOOK, WorkerProcess
from donebase.settings import Settings
from donebase.signals import STOP
from donebase.telemetry import logs
from donebase.telemetry.worker_counts import forget_pool

_PAUSES = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)  # seconds before each try to replace a worker; the last one for ever
_STEADY = 60.0  # seconds of work after which earlier failures of a worker count no more
_CLOSING, _LAST_TRACES = 1.0, 10.0  # seconds beyond the grace, to close what is held and to send the last traces


class Supervisor:
    """Runs WORKERS processes on a listener until SIGTERM or SIGINT."""

    def __init__(
        self,
        settings: Settings,
        service: str,
        listener: socket.socket,
        announce: Callable[[], None],
        stopping: Callable[[int], None],
    ) -> None:
        self._listener = listener
        self._tell_stopping = stopping
        self._announce: Callable[[], None] | None = announce
        self._grace = settings.shutdown_grace + _CLOSING + (_LAST_TRACES if settings.traces else 0)
        self._workers = [
            _Worker(f"worker-{number}", settings, service, listener) for number in range(1, settings.workers + 1)
        ]
        self._signal: int | None = None

    def run(self) -> bool:
        """Serve until a signal says to stop, and return False where no worker could start.

        A worker that ends is replaced. The start of one that fails is retried after growing pauses, while the others
        continue; if no worker can start, the method returns.
        """
        with self._until_signalled() as signalled:
            while self._signal is None and not self._hopeless():
                for worker in self._workers:
                    worker.look_after()
                self._announce_once()
                connection.wait([signalled, *(event for worker in self._workers for event in worker.events())], LOOK)
            self._stop()
        return not self._hopeless()

    def _hopeless(self) -> bool:
        return all(worker.failed and not worker.served for worker in self._workers)

    def _announce_once(self) -> None:
        """Log that the service listens, after each worker has started or failed to."""
        if self._announce and all(worker.served or worker.failed for worker in self._workers):
            if not self._hopeless():
                self._announce()
            self._announce = None

    def _stop(self) -> None:
        if self._signal is not None:
            self._tell_stopping(self._signal)
        self._listener.close()  # else new clients would wait for workers that accept no more
        for worker in self._workers:
            worker.terminate()
        deadline = time.monotonic() + self._grace
        for worker in self._workers:
            worker.end_by(deadline)

    @contextmanager
    def _until_signalled(self) -> Iterator[int]:
        """Yield a file descriptor that becomes readable with a signal to stop."""
        reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

        def stop(number: int, _frame: object) -> None:
            self._signal = self._signal or number

        before = {each: signal.signal(each, stop) for each in STOP}
        signal.set_wakeup_fd(writer)
        try:
            yield reader
        finally:
            signal.set_wakeup_fd(-1)
            for each, handler in before.items():
                signal.signal(each, handler)
            os.close(reader)
            os.close(writer)


class _Worker:
    """One of the workers: its current process, or the time at which the next process is started."""

    def __init__(self, name: str, settings: Settings, service: str, listener: socket.socket) -> None:
        self._name = name
        self._settings = settings
        self._service = service
        self._listener = listener
        self._process: WorkerProcess | None = None
        self._start_at = 0.0
        self._failures = 0
        self.served = False  # it has been ready at least once

    @property
    def failed(self) -> bool:
        """Whether its last process ended soon after its start."""
        return self._failures > 0

    def events(self) -> list[int | connection.Connection]:
        """Return the objects that become readable when its process ends or becomes ready."""
        return self._process.events() if self._process else []

    def look_after(self) -> None:
        """Start a process if none runs and it is time; otherwise check the one that runs."""
        if self._process is None:
            if time.monotonic() >= self._start_at:
                self._start()
            return
        was_ready = self._process.ready
        if self._process.hangs():
            logs.error("worker.hangs", worker=self._name, pid=self._process.pid)
            self._process.kill()
        if self._process.ready and not was_ready:
            if self.failed:
                logs.info("worker.replaced", worker=self._name, pid=self._process.pid)
            self.served = True
        if self._process.ended:
            self._ended(self._process)
            self._process = None

    def terminate(self) -> None:
        """Send SIGTERM to its process."""
        if self._process:
            self._process.terminate()

    def end_by(self, deadline: float) -> None:
        """Wait for its process to end, and kill it at `deadline`, a time of the monotonic clock."""
        if self._process and not self._process.join(max(0.0, deadline - time.monotonic())):
            logs.warning("worker.killed", worker=self._name, pid=self._process.pid, cause="did not stop in time")
            self._process.kill()

    def _start(self) -> None:
        try:
            self._process = WorkerProcess(self._name, self._settings, self._service, self._listener)
        except OSError as failure:
            self._retry("worker.start_failed", cause=failure.strerror)

    def _ended(self, process: WorkerProcess) -> None:
        forget_pool(self._name)
        if process.ready and process.age() >= _STEADY:
            self._failures = 0
        event = "worker.died" if process.ready else "worker.start_failed"
        self._retry(event, pid=process.pid, exit_status=process.exit_status)

    def _retry(self, event: str, **fields: object) -> None:
        pause = _PAUSES[min(self._failures, len(_PAUSES) - 1)]
        self._failures += 1
        self._start_at = time.monotonic() + pause
        logs.error(event, worker=self._name, **fields, retry_in=pause)
