"""Connections are accepted a few at a time, all of them, and again after the system had no room for another one."""

import asyncio
import errno
import os
import socket
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from donebase.serving import acceptor
from donebase.serving.acceptor import AT_A_TIME, Acceptor
from donebase.telemetry import logs
from tests.support.waiting import DEADLINE, until

CROWD = 5 * AT_A_TIME + 1


class Counting(asyncio.Protocol):
    """Keeps its connection."""

    def __init__(self, made: list[asyncio.BaseTransport]) -> None:
        self._made = made

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._made.append(transport)


class Door:
    """A listener with an acceptor, and clients that have connected."""

    def __init__(self, stack: ExitStack, listener: Any = None) -> None:
        self.stack = stack
        self.socket = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=2 * CROWD))
        self.made: list[asyncio.BaseTransport] = []
        self.acceptor = Acceptor(listener or self.socket, lambda: Counting(self.made))
        stack.callback(lambda: [transport.abort() for transport in self.made])  # type: ignore[attr-defined]

    def connect(self, number: int = 1) -> None:
        for _ in range(number):
            self.stack.enter_context(socket.create_connection(self.socket.getsockname(), timeout=DEADLINE))

    async def until_made(self, number: int) -> None:
        await until(lambda: asyncio.sleep(0, len(self.made)), number)


def run(story: Callable[[ExitStack], Any]) -> None:
    async def within_the_deadline() -> None:
        async with asyncio.timeout(DEADLINE):
            with ExitStack() as stack:
                await story(stack)

    asyncio.run(within_the_deadline())


def test_a_crowd_is_accepted_a_few_in_each_turn() -> None:
    async def story(stack: ExitStack) -> None:
        door = Door(stack)
        calls: list[int] = []
        accept = door.acceptor._accept

        def counted() -> None:
            before = len(door.acceptor._connecting)
            accept()
            calls.append(len(door.acceptor._connecting) - before)

        asyncio.get_running_loop().add_reader(door.socket, counted)
        door.connect(CROWD)
        await door.until_made(CROWD)
        assert max(calls) == AT_A_TIME
        assert sum(calls) == CROWD
        door.acceptor.close()
        await door.acceptor.wait_closed()
        assert not door.acceptor._connecting

    run(story)


def test_connections_send_small_answers_at_once() -> None:
    async def story(stack: ExitStack) -> None:
        door = Door(stack)
        door.connect()
        await door.until_made(1)
        accepted = door.made[0].get_extra_info("socket")
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        door.acceptor.close()

    run(story)


def test_none_is_accepted_after_the_end() -> None:
    async def story(stack: ExitStack) -> None:
        door = Door(stack)
        door.acceptor.close()
        door.connect()
        for _ in range(20):
            await asyncio.sleep(0)
        assert not door.made

    run(story)


class WithoutRoom:
    """A listener whose first connections cannot be accepted, because the process has too many files open."""

    def __init__(self, listener: socket.socket, failures: int) -> None:
        self._listener = listener
        self.failures = failures

    def accept(self) -> Any:
        if self.failures:
            self.failures -= 1
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return self._listener.accept()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._listener, name)


def test_without_room_for_another_it_tries_again(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(acceptor, "PAUSE", 0.01)

    async def story(stack: ExitStack) -> None:
        listener = WithoutRoom(stack.enter_context(socket.create_server(("127.0.0.1", 0))), failures=2)
        made: list[asyncio.BaseTransport] = []
        accepting = Acceptor(listener, lambda: Counting(made))  # type: ignore[arg-type]
        stack.enter_context(socket.create_connection(listener.getsockname(), timeout=DEADLINE))
        await until(lambda: asyncio.sleep(0, len(made)), 1)
        assert not listener.failures
        accepting.close()
        made[0].abort()  # type: ignore[attr-defined]

    run(story)
    logs.flush()
    assert capfd.readouterr().out.count("connections.not_accepted") == 2


def test_the_end_comes_also_while_there_is_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acceptor, "PAUSE", 0.05)

    async def story(stack: ExitStack) -> None:
        listener = WithoutRoom(stack.enter_context(socket.create_server(("127.0.0.1", 0))), failures=1)
        made: list[asyncio.BaseTransport] = []
        accepting = Acceptor(listener, lambda: Counting(made))  # type: ignore[arg-type]
        stack.enter_context(socket.create_connection(listener.getsockname(), timeout=DEADLINE))
        await until(lambda: asyncio.sleep(0, listener.failures), 0)
        accepting.close()
        await asyncio.sleep(0.1)
        assert not made

    run(story)
