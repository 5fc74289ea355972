"""A password of 10 MB where bodies may be so large: it is refused before it is hashed, wherever one is taken."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.conftest import NO_HURRY
from tests.support.accounts import PHRASE, Member, auth, new_address
from tests.support.problems import refused
from tests.support.processes import Service

GIANT = "x" * 10_000_000


@pytest.fixture
def roomy(database_url: str, folder: Path) -> Iterator[httpx.Client]:
    """A client of a service that takes bodies of 32 MiB."""
    settings = {"AUTH": "required", "TRUSTED_PROXIES": "127.0.0.1", "MAX_BODY_BYTES": str(2**25)}
    with (
        Service(folder, DATABASE_URL=database_url, **settings, **NO_HURRY) as service,
        httpx.Client(base_url=service.ready().address) as client,
    ):
        yield client


def test_it_is_an_invalid_field_everywhere(roomy: httpx.Client) -> None:
    person, fault = Member.new(roomy), ("password", "too_long")
    for path in ("sign-up", "sign-in"):
        refused(auth(roomy, "POST", path, email=new_address(), password=GIANT), 400, "VALIDATION_ERROR", fault)
    changed = person.ask("PATCH", "me", password=GIANT, current_password=GIANT)
    refused(changed, 400, "VALIDATION_ERROR", fault, ("current_password", "too_long"))
    refused(person.ask("DELETE", "me", password=GIANT), 400, "VALIDATION_ERROR", fault)
    assert person.knows(PHRASE)
