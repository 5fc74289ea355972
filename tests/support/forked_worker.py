"""The workers of a service that was forked: each is forked as well, from its supervisor, and imports nothing anew."""

import atexit
import os
import signal
import sys
import threading
from collections.abc import Sequence
from multiprocessing import util
from typing import Any, NoReturn

_execute = util.spawnv_passfds


def start_forked_worker(path: Any, arguments: Sequence[str], descriptors: Sequence[int]) -> int:
    """Do what multiprocessing.util.spawnv_passfds does, a worker being forked, and return the process id."""
    # A thread would not be there in the fork, but what it has locked.
    if "--multiprocessing-fork" not in arguments or threading.active_count() > 1:
        process: int = _execute(path, arguments, descriptors)
        return process
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    process = os.fork()
    if process == 0:
        _forget(descriptors)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        _run(arguments)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return process


def _forget(descriptors: Sequence[int]) -> None:
    """Leave nothing open and nothing to be called at a signal that would not be there in a new program."""
    kept = sorted({0, 1, 2, *map(int, descriptors)})
    for one, next_one in zip(kept, [*kept[1:], os.sysconf("SC_OPEN_MAX")], strict=True):
        os.closerange(one + 1, next_one)
    signal.set_wakeup_fd(-1)
    for each in signal.valid_signals():
        if callable(signal.getsignal(each)):
            signal.signal(each, signal.default_int_handler if each == signal.SIGINT else signal.SIG_DFL)


def _run(arguments: Sequence[str]) -> NoReturn:
    """Do what Python does with `-c`. What is on the stack is the supervisor's, and is never returned to."""
    at = list(arguments).index("-c")
    sys.argv = ["-c", *arguments[at + 2 :]]
    program: dict[str, Any] = {"__name__": "__main__"}
    status = 1
    try:
        exec(arguments[at + 1], program)  # noqa: S102 - multiprocessing wrote it
    except SystemExit as ended:
        status = int(ended.code or 0)
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
