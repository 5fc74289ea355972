"""The stories of other files where AUTH is `required`: of somebody with a token, however an address names them."""

import secrets
from collections.abc import Callable, Iterator
from importlib import import_module
from inspect import signature

import httpx
import pytest

from tests.support.asked import Asked
from tests.support.named import Named, TokenOf
from tests.support.tokens import Person

WAYS = ("number", "me", "a decimal sub", "a sub")
ASKS_FOR = {"client", "family", "owned", "alice", "bob"}
OTHERWISE = {
    # The flat list, and what is asked beside it, is the caller's own.
    *("test_the_list_of_all_users_has_no_version", "test_the_list_of_all_users_is_not_changed_as_a_whole"),
    *("test_tags_that_are_asked_of_nobody_are_refused", "test_a_key_for_a_flat_address_is_one_of_the_tasks_owner"),
    "test_a_fault_in_one_task_creates_none",
    # It asks for tasks of user 1, who is somebody else.
    "test_what_the_protocol_does_not_have_is_not_found",
}


def stories(*files: str) -> Iterator[tuple[str, Callable[..., None]]]:
    """Yield the tests of files that ask for nothing but a client, a family and two people, with names of their own."""
    for file in files:
        for name, test in vars(import_module(f"tests.routes.test_{file}")).items():
            if name.startswith("test_") and name not in OTHERWISE:
                marks = [mark.args[0] for mark in getattr(test, "pytestmark", ()) if mark.name == "parametrize"]
                given = {each for names in marks for each in (names.split(", ") if isinstance(names, str) else names)}
                if signature(test).parameters.keys() - given <= ASKS_FOR:
                    yield f"{name}__{file}", test


FIRST = dict(stories("one_story_every_address"))
MORE = dict(
    stories(
        *("changes", "conditional_reads", "create_many", "history", "idempotency_keys", "next_page", "tags"),
        *("todo_backend", "undo", "write_many"),
    )
)
globals().update(FIRST | MORE)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tell the first story in every way to name somebody, and the others in the most difficult one."""
    if "way" in metafunc.fixturenames:
        metafunc.parametrize("way", WAYS if metafunc.function in FIRST.values() else WAYS[-1:])


@pytest.fixture
def person(asked: Asked, way: str) -> Person:
    """Somebody with a token, who has done nothing yet."""
    subjects = {"a decimal sub": str(secrets.randbelow(10**18)), "a sub": f"déjà vu? 100% {secrets.token_hex(9)}"}
    return asked.person(subjects.get(way))


@pytest.fixture
def another(asked: Asked) -> Person:
    """Somebody else."""
    return asked.person()


@pytest.fixture
def client(asked: Asked, person: Person, another: Person) -> Iterator[httpx.Client]:
    """A client that sends the token of one of them."""
    with httpx.Client(base_url=asked.address, auth=TokenOf(person, another)) as client:
        yield client


@pytest.fixture
def alice(person: Person, way: str) -> int:
    """The number of the first, which addresses have as a name."""
    return Named.of(person, {"number": str(person.number), "me": "me"}.get(way, person.subject))


@pytest.fixture
def bob(another: Person) -> int:
    """The number of the other one."""
    return another.number


def test_the_stories_are_all_there() -> None:
    assert len(FIRST) > 15
    assert len(MORE) > 60
