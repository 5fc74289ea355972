"""What goes on for a session that ends: a live stream ends as well, and those of other tokens go on."""

from contextlib import ExitStack

import httpx
import pytest

from tests.support.accounts import ANOTHER, PHRASE, Member
from tests.support.event_source import EndOfStream, EventSource
from tests.support.personal_tokens import BOTH
from tests.support.processes import Service


@pytest.mark.parametrize("ending", ["sign out", "new password", "refresh token used again"])
def test_the_stream_of_a_session_ends_with_it_and_no_other_does(guarded: Service, ending: str) -> None:
    with httpx.Client(base_url=guarded.address) as client, ExitStack() as streams:
        own = Member.new(client)
        other = own.sign_in()
        script = own.ask("POST", "tokens", name="script", scopes=[*BOTH]).json()["token"]

        def stream(token: str) -> EventSource:
            headers = {"Authorization": f"Bearer {token}"}
            return streams.enter_context(EventSource(guarded.address, "/users/me/events", headers)).opened()

        ends, *go_on = [stream(token) for token in (other.access_token, own.access_token, script)]
        if ending == "sign out":
            assert other.ask("POST", "sign-out").status_code == 204
        elif ending == "new password":
            changes = {"password": ANOTHER, "current_password": PHRASE}
            assert own.ask("PATCH", "me", **changes).status_code == 200
        else:
            assert other.refreshed().is_admitted()
            assert other.refresh().status_code == 401
        assert client.post("/users/me/tasks", json={"title": "x"}, headers=own.headers).status_code == 201
        with pytest.raises(EndOfStream):
            ends.next()
        assert [each.next().change for each in go_on] == [1, 1]
