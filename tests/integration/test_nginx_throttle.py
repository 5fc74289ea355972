"""Behind nginx, failed sign-ins are counted for each client where TRUSTED_PROXIES names it, else for all together."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.conftest import NO_HURRY
from tests.support.accounts import ANOTHER, new_address
from tests.support.nginx import nginx
from tests.support.processes import Service
from tests.support.tokens import from_nowhere

LIMIT = 10


class Visitor:
    """Somebody whose connections to nginx come from an address of 127.0.0.0/8, all of which are this machine."""

    def __init__(self, proxy: str, address: str) -> None:
        self._client = httpx.Client(base_url=proxy, transport=httpx.HTTPTransport(local_address=address))

    def guess(self, times: int = 1, *, from_elsewhere: bool = False) -> set[int]:
        """Return with what guesses for addresses that nobody has are answered, of which none is guessed twice."""
        answers = set()
        for _ in range(times):
            body = {"email": new_address(), "password": ANOTHER}
            headers = from_nowhere() if from_elsewhere else {}
            answers.add(self._client.post("/auth/sign-in", json=body, headers=headers).status_code)
        return answers

    def close(self) -> None:
        self._client.close()


@contextmanager
def visitors(database_url: str, folder: Path, **settings: str) -> Iterator[list[Visitor]]:
    """Yield three visitors of a service behind nginx."""
    with (
        Service(folder, DATABASE_URL=database_url, AUTH="required", **settings, **NO_HURRY) as service,
        nginx(urlsplit(service.ready().address).netloc) as proxy,
    ):
        people = [Visitor(proxy.address, f"127.0.0.{number}") for number in (11, 12, 13)]
        yield people
        for each in people:
            each.close()


def test_each_client_of_a_trusted_nginx_is_counted_alone(own_database: str, folder: Path) -> None:
    with visitors(own_database, folder, TRUSTED_PROXIES="127.0.0.1") as (ann, ben, eve):
        assert ann.guess(LIMIT) == {401}
        assert ann.guess() == {429}
        assert ben.guess() == {401}
        assert eve.guess(LIMIT, from_elsewhere=True) == {401}
        assert eve.guess(3, from_elsewhere=True) == {429}, "a client's own X-Forwarded-For is believed"
        assert ben.guess() == {401}


def test_all_clients_of_another_nginx_are_counted_together(own_database: str, folder: Path) -> None:
    with visitors(own_database, folder) as (ann, ben, eve):
        assert ann.guess(LIMIT - 1) == {401}
        assert ben.guess(from_elsewhere=True) == {401}
        assert eve.guess(from_elsewhere=True) == {429}
