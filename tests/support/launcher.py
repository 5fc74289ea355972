"""Starts commands of donebase by fork: one process of a run imports what each would import anew, most of a start.

Its argument is the path of a socket, which it makes. Once it is ready it goes on in the background, until the process
TEST_RUN ends. A message is JSON, the arguments, a folder and an environment, with the descriptors of the command's
standard output and standard error, and of a pipe for its process id and, in the end, its exit status.

A busy PostgreSQL may take longer than the two seconds in which /health has to answer. TEST_HEALTH_TIMEOUT in the
environment says how long /health waits instead.
"""

import gc
import json
import os
import select
import signal
import socket
import struct
import sys
from multiprocessing import util
from typing import Any, NoReturn

from tests.support.forked_worker import start_forked_worker

REPORT = struct.Struct("i")


def main(requests: socket.socket, run: int) -> None:
    """Start a command for each message, until the process `run` has ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for who waits for a command
    end = os.pidfd_open(run)
    poll = select.poll()
    for each in (requests.fileno(), end):
        poll.register(each, select.POLLIN)
    while [ready for ready, _ in poll.poll()] == [requests.fileno()]:
        message, descriptors, _, _ = socket.recv_fds(requests, 2**18, 3)
        if os.fork() == 0:
            requests.close()
            os.close(end)
            _start(json.loads(message), *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def _start(wanted: dict[str, Any], output: int, errors: int, report: int) -> NoReturn:
    """Start a command, and report its process id and its exit status."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    process = os.fork()
    if process == 0:
        os.close(report)
        _run(wanted, output, errors)
    os.close(output)
    os.close(errors)
    os.write(report, REPORT.pack(process))
    _, status = os.waitpid(process, 0)
    os.write(report, REPORT.pack(os.waitstatus_to_exitcode(status)))
    os._exit(0)


def _run(wanted: dict[str, Any], output: int, errors: int) -> NoReturn:
    """Do what `donebase` does with these arguments in a folder and an environment."""
    for descriptor, standard in ((output, 1), (errors, 2)):
        os.dup2(descriptor, standard)
        os.close(descriptor)
    os.chdir(wanted["folder"])
    os.environ.clear()
    os.environ.update(wanted["environment"])
    if timeout := os.environ.pop("TEST_HEALTH_TIMEOUT", ""):
        from donebase.postgres import database

        database._HEALTH_TIMEOUT = float(timeout)
    sys.argv = ["donebase", *wanted["arguments"]]
    # What a service itself starts, its workers, imports nothing of this module.
    this = sys.modules["__main__"]
    this.__spec__ = None
    del this.__file__
    util.spawnv_passfds = start_forked_worker  # type: ignore[assignment]
    from donebase.__main__ import run

    sys.exit(run())


if __name__ == "__main__":
    gc.disable()
    import donebase.app
    import donebase.cli
    import donebase.serving.http_server
    import donebase.serving.process  # noqa: F401 - what a command imports
    from donebase.routes import FAMILIES, GUARDED_FAMILIES, every_route

    for families in (FAMILIES, GUARDED_FAMILIES):
        every_route(families)  # so that no service analyses the parameters of all handlers anew
    gc.freeze()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as own:
        own.bind(sys.argv[1])
        if os.fork() == 0:
            main(own, int(os.environ["TEST_RUN"]))
