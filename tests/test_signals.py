"""Signals that end a process: several at once are one."""

import subprocess
import sys

_ALL_AT_ONCE = """
import signal, sys
from donebase.signals import exit_on_signals

sys.unraisablehook = lambda unraisable: print(unraisable.exc_value)
exit_on_signals(7)
every = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
signal.pthread_sigmask(signal.SIG_BLOCK, every)
for each in every:
    signal.raise_signal(each)
try:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, every)
finally:
    for each in every:
        signal.raise_signal(each)
    print([signal.getsignal(each).name for each in every])
"""


def test_signals_that_arrive_at_once_end_the_process_once_and_are_no_errors() -> None:
    ended = subprocess.run([sys.executable, "-c", _ALL_AT_ONCE], capture_output=True, text=True)
    assert (ended.stdout, ended.stderr, ended.returncode) == ("['SIG_IGN', 'SIG_IGN', 'SIG_IGN']\n", "", 7)
