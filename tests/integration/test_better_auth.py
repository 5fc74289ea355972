"""Better Auth in front: people sign up there, and their pages bring its tokens and its ids here."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Self

import httpx
import pytest

from tests.support.npm import SOURCES, node_modules
from tests.support.processes import Service, clean_environment
from tests.support.programs import program

SECRET = "the BETTER_AUTH_SECRET, known to both"  # noqa: S105
PROGRAM = "better_auth.mjs"


@contextmanager
def better_auth(folder: Path, how: str) -> Iterator[str]:
    """Run Better Auth, with its own key pairs ("jwks") or a secret ("HS256"), and yield its address."""
    (folder / "node_modules").symlink_to(node_modules())
    shutil.copy(SOURCES / PROGRAM, folder)
    errors = folder / "errors"
    with (
        errors.open("w") as stderr,
        subprocess.Popen(
            [program("node", "nodejs"), PROGRAM, SECRET, how],
            cwd=folder,
            env=clean_environment(),
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        ) as process,
    ):
        assert process.stdout
        try:
            address = process.stdout.readline().strip()
            assert address, errors.read_text()
            yield address
        finally:
            process.kill()


class Visitor(NamedTuple):
    """Somebody who has signed up at Better Auth: their id there, their tokens, and what else a page may send."""

    id: str
    token: str
    session_token: str
    cookie: str

    @classmethod
    def new(cls, address: str, name: str) -> Self:
        with httpx.Client(base_url=f"{address}/api/auth", headers={"Origin": address}) as page:
            account = {"email": f"{name}@example.com", "password": "a long password", "name": name}
            signed_up = page.post("/sign-up/email", json=account)
            assert signed_up.status_code == 200, signed_up.text
            answer = signed_up.json()
            token = page.get("/token").json()["token"]
            return cls(answer["user"]["id"], token, answer["token"], page.cookies["better-auth.session_data"])


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("how", ["jwks", "HS256"])
def test_who_signs_up_there_has_their_tasks_here(database_url: str, folder: Path, how: str) -> None:
    with better_auth(folder, how) as address:
        key = {"AUTH_JWT_SECRET": SECRET} if how == "HS256" else {"AUTH_JWKS_URL": f"{address}/api/auth/jwks"}
        settings = {"AUTH": "required", "AUTH_ISSUER": address, "AUTH_AUDIENCE": address} | key
        ann, ben = (Visitor.new(address, name) for name in ("ann", "ben"))
        with (
            Service(folder, DATABASE_URL=database_url, **settings) as service,
            httpx.Client(base_url=service.ready().address) as client,
        ):
            created = client.post(f"/api/{ann.id}/tasks", json={"title": "mine"}, headers=bearer(ann.token))
            assert created.status_code == 201, created.text
            task = created.json()
            for base in (f"/api/{ann.id}", "/api/me", f"/users/{task['user_id']}", "/api/v1"):
                assert client.get(f"{base}/tasks", headers=bearer(ann.token)).json() == [task]
            done = client.patch(f"/api/{ann.id}/tasks/{task['id']}/complete", headers=bearer(ann.token))
            assert done.json()["completed"] is True

            for name in (ann.id, task["user_id"]):
                refused = client.get(f"/api/{name}/tasks", headers=bearer(ben.token))
                assert (refused.status_code, refused.json()["code"]) == (403, "FORBIDDEN")
            assert client.get("/api/me/tasks", headers=bearer(ben.token)).json() == []
            assert client.get(f"/api/{ann.id}/tasks").status_code == 401
            # What Better Auth keeps for itself is no token for others, also where the same secret has signed it.
            for other in (ann.session_token, ann.cookie):
                assert client.get("/api/me/tasks", headers=bearer(other)).status_code == 401
