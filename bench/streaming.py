"""The whole list of a user with very many tasks: what it costs the server, and what it costs everybody else."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from statistics import median
from typing import Any

from bench import RunFailed, processes
from bench.load import Tasks, press
from bench.postgres import Postgres
from bench.results import spread
from bench.servers import DONEBASE, Server

SLOW_READERS = 50
_FIRST_BYTES = 10
_SAMPLE = 0.02
_STALLED = 1.0
_BUSY = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'donebase' AND state <> 'idle'"


def streaming(
    database: Postgres, long: Tasks, others: Tasks, cores: set[int], rounds: int, seconds: int
) -> dict[str, Any]:
    """Return MB that the server grows by, ms to the first byte, and the p99 of other requests, alone and meanwhile."""
    path = f"/users/{long.first_user}/tasks"
    with Server(DONEBASE, database.url, cores) as server:
        press(server.port, "mixed", others, 32, 1)
        return {
            "tasks": long.each,
            "memory": _memory(server, path),
            "first_byte_ms": spread([_first_byte_ms(server, path) for _ in range(_FIRST_BYTES)]),
            "others": {str(each): _others(server, path, others, each, rounds, seconds) for each in (1, 32)},
        }


def slow_readers(database: Postgres, long: Tasks, others: Tasks, cores: set[int], seconds: int) -> dict[str, Any]:
    """Let many ask for the whole list and read one byte, with a pool of two; see what is left for others.

    Raises RunFailed if a request of somebody else's fails meanwhile.
    """
    path = f"/users/{long.first_user}/tasks"
    with Server(DONEBASE, database.url, cores, DATABASE_POOL_SIZE="2") as server, ExitStack() as stack:
        press(server.port, "mixed", others, 8, 1)
        before = server.memory_mb()
        readers = [stack.enter_context(_reading(server.port, path)) for _ in range(SLOW_READERS)]
        began = [reader.read(1) for reader in readers]
        time.sleep(_STALLED)
        busy, memory = database.value(_BUSY), server.memory_mb()
        meanwhile = press(server.port, "get", others, 8, seconds)
        whole = json.loads(began[0] + readers[0].read())
        assert len(whole) == long.each, "a slow reader gets the whole list as well"
        return {
            "readers": SLOW_READERS,
            "connections_held": busy,
            "grown_mb": round(memory - before, 1),
            "others_per_second": round(meanwhile.requests / meanwhile.seconds),
        }


def _memory(server: Server, path: str) -> dict[str, Any]:
    before = server.memory_mb()
    processes.forget_peak(server.process)
    began = time.perf_counter()
    samples = []
    with _streaming_on(server.port, path, times=3) as streaming:
        while streaming.is_alive():
            samples.append([round(time.perf_counter() - began, 3), round(server.memory_mb() - before, 2)])
            time.sleep(_SAMPLE)
    return {
        "idle_mb": round(before, 1),
        "grown_mb": round(processes.peak_mb(server.process) - before, 1),
        "seen": samples,
    }


def _first_byte_ms(server: Server, path: str) -> float:
    began = time.perf_counter()
    with _reading(server.port, path) as response:
        response.read(1)
        return (time.perf_counter() - began) * 1000


def _others(server: Server, path: str, others: Tasks, connections: int, rounds: int, seconds: int) -> dict[str, Any]:
    alone, meanwhile = [], []
    for _ in range(rounds):
        alone.append(press(server.port, "get", others, connections, seconds).latency_ms["99"])
        with _streaming_on(server.port, path):
            meanwhile.append(press(server.port, "get", others, connections, seconds).latency_ms["99"])
    ratio = median(meanwhile) / median(alone)
    return {"p99_alone_ms": spread(alone), "p99_meanwhile_ms": spread(meanwhile), "ratio": round(ratio, 2)}


@contextmanager
def _streaming_on(port: int, path: str, times: int = 1_000_000) -> Iterator[threading.Thread]:
    """Read the whole list, and again, as fast as it comes, so many times or until the end of the block."""
    enough = threading.Event()

    def read() -> None:
        room = bytearray(1 << 18)  # without looking at it: the reader must not take the load's core
        for _ in range(times):
            with socket.create_connection(("127.0.0.1", port)) as connection:
                connection.sendall(f"GET {path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n".encode())
                while not enough.is_set() and connection.recv_into(room):
                    pass
            if enough.is_set():
                return

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield thread
    finally:
        enough.set()
        thread.join()


@contextmanager
def _reading(port: int, path: str) -> Iterator[http.client.HTTPResponse]:
    """Ask for a path, and yield the answer with its body still on the way."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.connect()
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        connection.request("GET", path)
        response = connection.getresponse()
        if response.status != 200:
            raise RunFailed(f"GET {path} was answered with {response.status}")
        yield response
    finally:
        connection.close()
