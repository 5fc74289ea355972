"""What SIGTERM, SIGINT and SIGHUP do: they end the process in order, and are deferred where they would interrupt."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

STOP = (signal.SIGTERM, signal.SIGINT)


def exit_on_signals(status: int | None = None) -> None:
    """Let SIGTERM and SIGINT end the process by SystemExit, so that `finally` blocks run.

    The exit status is `status`, or if that is None 143 for SIGTERM and 130 for SIGINT, as in a shell.
    """

    def leave(number: int, _frame: FrameType | None) -> NoReturn:
        ignore_signals()
        raise SystemExit(128 + number if status is None else status)

    for each in STOP:
        signal.signal(each, leave)
    stop_with_terminal()


def ignore_signals() -> None:
    """Ignore SIGTERM, SIGINT and SIGHUP from now on: a second signal must not interrupt the work of the first."""
    ignored = (*STOP, signal.SIGHUP)
    # Python reports one as an error that has arrived before it is ignored, and whose handler has not been called yet.
    # Within the handler of another signal, it calls these handlers when the next one arrives.
    for each in ignored:
        signal.signal(each, lambda _number, _frame: None)
    signal.raise_signal(signal.SIGHUP)
    blocked_before = signal.pthread_sigmask(signal.SIG_BLOCK, ignored)
    for each in ignored:
        signal.signal(each, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, blocked_before)


def stop_with_terminal() -> None:
    """Let SIGHUP (the terminal was closed) do what SIGTERM does, unless it is ignored, as under `nohup`."""
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, lambda _number, _frame: signal.raise_signal(signal.SIGTERM))


@contextmanager
def signals_deferred() -> Iterator[None]:
    """Handle SIGTERM and SIGINT only after the `with` block, which would be incomplete otherwise."""
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
