"""A route that asks nobody for a token, and is not named as free, ends the start: in both modes."""

import pytest

from donebase import app, routes
from donebase.http.access import Access
from donebase.http.family import Family, Handler, Route
from donebase.routes import FREE_ADDRESSES, UnguardedRoute, health
from donebase.settings import Settings
from tests.support.asked import ROUTES, SETTINGS

OPEN = Settings.read(database_url="postgresql://127.0.0.1:1/nothing")
TABLE: list[tuple[str, str, Handler]] = [("GET", "/users/{user_id}/secrets", health.livez)]


@pytest.mark.parametrize("settings", [OPEN, SETTINGS], ids=["open", "required"])
def test_a_free_route_that_nobody_has_named_ends_the_start(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    families = "FAMILIES" if settings is OPEN else "GUARDED_FAMILIES"
    made = Family("made", "", TABLE, access=Access.FREE)
    monkeypatch.setattr(routes, families, [*getattr(routes, families), made])
    with pytest.raises(UnguardedRoute, match=r"^GET /users/\{user_id\}/secrets$"):
        app.create_app(settings)


def test_a_family_says_who_may_use_it() -> None:
    with pytest.raises(TypeError, match="access"):
        Family("made", "", TABLE)  # type: ignore[call-arg]


def test_what_is_named_as_free_is_there_and_all_of_it_is() -> None:
    free = {route.path_format for route in ROUTES if isinstance(route, Route) and route.access is Access.FREE}
    assert free == FREE_ADDRESSES


def test_every_route_of_the_app_is_one_of_a_family() -> None:
    assert {type(route) for route in ROUTES} == {Route}
