"""SIGTERM and SIGINT: which end donebase in order, and when they have to wait."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

STOP = (signal.SIGTERM, signal.SIGINT)


def exit_on_signals(status: int | None = None) -> None:
    """Let SIGTERM and SIGINT end the process in order: `finally` runs.

    Without a `status` to exit with it is 143 or 130, as in a shell.
    """

    def leave(number: int, _frame: FrameType | None) -> NoReturn:
        ignore_signals()
        raise SystemExit(128 + number if status is None else status)

    for each in STOP:
        signal.signal(each, leave)
    stop_with_terminal()


def ignore_signals() -> None:
    """Take no further signal to stop: the first one is enough, and what is being ended is ended in order."""
    for each in (*STOP, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)


def stop_with_terminal() -> None:
    """Let SIGHUP do what SIGTERM does: the terminal was closed. `nohup` has it ignored, and it stays so."""
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, lambda _number, _frame: signal.raise_signal(signal.SIGTERM))


@contextmanager
def signals_deferred() -> Iterator[None]:
    """Handle SIGTERM and SIGINT only after what stands inside, which would otherwise be left half done."""
    if threading.current_thread() is not threading.main_thread():  # no handler runs in any other
        yield
        return
    arrived: list[int] = []
    handlers = {each: signal.signal(each, lambda number, _frame: arrived.append(number)) for each in STOP}
    try:
        yield
    finally:
        for each, handler in handlers.items():
            signal.signal(each, handler)
        for number in arrived:
            signal.raise_signal(number)
