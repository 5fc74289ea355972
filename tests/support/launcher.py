"""Starts commands of donebase by fork: one process imports what each would import anew, which is most of a start.

Its argument is the number of a socket. A message is JSON, the arguments, a folder and an environment, with the
descriptors of the command's standard output and standard error, and of a pipe for its process id and, in the end, its
exit status.

A busy PostgreSQL may take longer than the two seconds in which /health has to answer. TEST_HEALTH_TIMEOUT in the
environment says how long /health waits instead.
"""

import gc
import json
import os
import signal
import socket
import struct
import sys
from typing import Any, NoReturn

REPORT = struct.Struct("i")


def main(requests: socket.socket) -> None:
    """Start a command for each message, until nobody can send one."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for who waits for a command
    while True:
        message, descriptors, _, _ = socket.recv_fds(requests, 2**18, 3)
        if not message:
            return
        if os.fork() == 0:
            requests.close()
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
    with socket.socket(fileno=int(sys.argv[1])) as each:
        main(each)
