"""What is no HTTP, or HTTP at its edge, byte for byte on a connection of its own: each line of bytes.tsv."""

import re
import time
from contextlib import closing

import httpx
import pytest

from tests.support.connections import Connection
from tests.support.hostile import Answer, Ids, Line, expanded, lines, wire
from tests.support.processes import Service
from tests.support.response_check import ResponseCheck

# After a fault in one of these nobody can tell where the next request begins.
OF_THE_CONNECTION = {"request", "method", "version", "Host", "headers"}
THE_LAST = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
A_MOMENT = 0.01  # to be a piece of its own; whether it is decides nothing


class Talk:
    """Sends the pieces of a line on one connection, and compares each response as it arrives."""

    def __init__(self, connection: Connection, check: ResponseCheck, line: Line, ids: Ids) -> None:
        self._connection = connection
        self._check = check
        self._pieces = re.split(r"<<(pause|answer|close|leave)>>", ids.filled_in(line.cells["send"]))
        self._method = "HEAD" if self._pieces[0].startswith("HEAD ") else "GET"
        self._wanted = expanded(ids.filled_in(line.cells["answer"])).decode().split(" / ")
        self.answers: list[httpx.Response] = []

    def is_held(self) -> None:
        """Send all pieces, and check that exactly the expected responses arrive."""
        for piece in self._pieces:
            if piece == "pause":
                time.sleep(A_MOMENT)
            elif piece == "answer":
                self._next_is_right()
            elif piece == "close":
                self._connection.end()
            elif piece == "leave":
                self._connection.leave()
            elif piece:
                self._connection.send(wire(piece))
        while self._wanted and self._wanted[0] not in ("closed", "nothing"):
            self._next_is_right()
        if self._wanted != ["nothing"]:
            self._ends_well()

    def _next_is_right(self) -> None:
        wanted = Answer.read(self._wanted.pop(0))
        answer = self._connection.answer(self._method)
        self.answers.append(answer)
        if wanted.status == 100:
            assert (answer.status_code, answer.headers.raw) == (100, [])
            return
        self._check.is_right(wanted, answer, self._method)
        if wanted.members.keys() & OF_THE_CONNECTION:
            assert answer.headers["connection"] == "close"

    def _ends_well(self) -> None:
        """See that the connection is closed where it has to be, and that elsewhere it takes the next request."""
        last = self.answers[-1].headers.get("connection") if self.answers else None
        if self._wanted != ["closed"] and last != "close":
            self._connection.send(THE_LAST)
            assert self._connection.answer().json() == {"status": "ok"}
        assert self._connection.is_closed()


@pytest.mark.parametrize("line", lines("bytes"), ids=str)
def test_bytes_are_answered_as_their_line_says(
    service: Service, client: httpx.Client, alice: int, bob: int, line: Line
) -> None:
    with ResponseCheck.opened(service, client, alice, bob) as check, closing(Connection(service.address)) as connection:
        ids = check.ids()
        talk = Talk(connection, check, line, ids)
        talk.is_held()
        if "{request_id}" in line.cells["send"]:
            assert service.wait_for("request", request_id=ids.request_id)["status"] == 400
        check.nothing_else_is_stored(*(answer.json() for answer in talk.answers if answer.status_code == 201))


def test_none_of_it_is_logged_as_a_fault_of_the_service(service: Service) -> None:
    with closing(Connection(service.address)) as connection:
        connection.send(b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Request-ID: after-all-of-it\r\n\r\n")
        service.wait_for("request", request_id="after-all-of-it")
    assert [line for line in service.lines if line["level"] == "error"] == []
