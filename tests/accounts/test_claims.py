"""`donebase users`: an account gets the number of a user who has tasks from AUTH=open; an operator deletes a user."""

import asyncio
import json
import secrets
import shlex
import subprocess
from asyncio.subprocess import DEVNULL
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import httpx
import pytest

from donebase import maintenance
from donebase.app import create_service
from donebase.settings import Settings
from tests.support import tokens
from tests.support.databases import a_database_with_tables, fetchval, fill
from tests.support.deleted import left_of, recorded, rows_of, with_everything
from tests.support.held_up import Onlooker
from tests.support.in_process import serving
from tests.support.processes import DONEBASE, Service, clean_environment, run_donebase
from tests.support.tokens import bearer
from tests.support.waiting import DEADLINE, wait_for


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A database of this file's own: a command carries out what others have recorded as well."""
    with a_database_with_tables() as url:
        yield url


def account(url: str, number: int) -> str:
    """Make an account with a session and a personal token and return its address, as somebody may type it."""
    name = secrets.token_hex(6)
    fetchval(url, "INSERT INTO accounts VALUES ($1, $2, $1, NULL, 'hash')", f"{name}@strasse.example", number)
    fetchval(url, "INSERT INTO sessions VALUES (int8send($1), $1, '', now(), now() + interval '30 days')", number)
    columns, values = "hash, user_id, name, scopes", "int8send($1), $1, 'x', '{tasks:read}'"
    fetchval(url, f"INSERT INTO personal_tokens ({columns}) VALUES ({values})", number)
    return f"{name.upper()}@Straße.example"


def users(folder: Path, url: str, *arguments: object, **settings: str) -> str:
    """Run a command that succeeds, and return what it wrote."""
    done = run_donebase(folder, "users", *map(str, arguments), DATABASE_URL=url, **settings)
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


def refused(folder: Path, url: str, *arguments: object, status: int = 1, **settings: str) -> str:
    """Run a command that says in one line why it changes nothing, and return that."""
    done = run_donebase(folder, "users", *map(str, arguments), DATABASE_URL=url, **settings)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (status, "", 1), done
    assert done.stderr.startswith("donebase: ")
    return done.stderr.removeprefix("donebase: ").strip()


def test_an_account_gets_the_number_and_the_tasks_of_a_user(url: str, folder: Path, alice: int, bob: int) -> None:
    fill(url, alice, 3)
    email = account(url, bob)
    before = rows_of(url, alice)
    output = users(folder, url, "claim", alice, "--email", email)
    assert json.loads(output)["event"] == "user.claimed"
    assert email.casefold() not in output.casefold()
    found = rows_of(url, alice)
    [row] = found.pop("accounts")
    assert (row["user_id"], found) == (alice, before)
    assert left_of(url, bob) == {"account_deletions": 1}, "whatever is written under the former number meanwhile, goes"
    assert users(folder, url, "claim", alice, "--email", email)
    assert left_of(url, alice)["accounts"] == 1, "a second time changes nothing"


def test_an_address_can_come_by_standard_input(url: str, folder: Path, alice: int, bob: int) -> None:
    """Other users of the machine see the arguments of a program."""
    fill(url, alice, 1)
    command = [*DONEBASE, "users", "claim", str(alice), "--email", "-"]
    environment = clean_environment(DATABASE_URL=url)
    subprocess.run(
        command, input=account(url, bob) + "\n", text=True, cwd=folder, env=environment, timeout=DEADLINE, check=True
    )
    assert left_of(url, alice)["accounts"] == 1


@pytest.mark.parametrize("is_known", [True, False])
@pytest.mark.parametrize("issuer", ["", "https://id.example.com"])
def test_a_person_of_another_issuer_gets_a_number(
    url: str, folder: Path, alice: int, bob: int, is_known: bool, issuer: str
) -> None:
    fill(url, alice, 3)
    if is_known:
        fetchval(url, "INSERT INTO identities VALUES ($1, $2, $3)", f"sub-{alice}", issuer, bob)
    users(folder, url, "claim", alice, "--subject", f"sub-{alice}", *(["--issuer", issuer] if issuer else []))
    [row] = rows_of(url, alice)["identities"]
    assert (row["subject"], row["issuer"]) == (f"sub-{alice}", issuer)
    assert left_of(url, bob) == ({"account_deletions": 1} if is_known else {})


def test_the_issuer_is_that_of_the_setting(url: str, folder: Path, alice: int) -> None:
    fill(url, alice, 1)
    issuer = {"AUTH": "required", "AUTH_JWT_SECRET": tokens.SECRET, "AUTH_ISSUER": "https://id.example.com"}
    users(folder, url, "claim", alice, "--subject", f"sub-{alice}", **issuer)
    assert rows_of(url, alice)["identities"][0]["issuer"] == "https://id.example.com"


@pytest.mark.long
def test_a_number_that_is_not_free_is_refused(url: str, folder: Path, alice: int, bob: int) -> None:
    email = account(url, bob)
    before = rows_of(url, bob)

    def why(number: int) -> str:
        for target in (["--email", email], ["--subject", f"of {bob}"]):
            reason = refused(folder, url, "claim", number, *target)
        return reason

    assert why(alice) == f"no user has the number {alice}"
    fill(url, alice, 1)
    account(url, alice)
    assert why(alice) == f"user {alice} has an account already"
    fetchval(url, "UPDATE accounts SET user_id = 1 WHERE user_id = $1", alice)
    fetchval(url, "INSERT INTO identities VALUES ('x' || $1::bigint, '', $1)", alice)
    assert why(alice) == f"user {alice} is a person of another issuer already"
    recorded(url, alice)
    assert why(alice) == f"user {alice} is being deleted"
    assert rows_of(url, bob) == before
    assert fetchval(url, "SELECT count(*) FROM identities WHERE subject = $1", f"of {bob}") == 0


def test_an_account_with_tasks_of_its_own_is_refused(url: str, folder: Path, alice: int, bob: int) -> None:
    fill(url, alice, 1)
    fill(url, bob, 1)
    email = account(url, bob)
    fetchval(url, "INSERT INTO identities VALUES ('y' || $1::bigint, '', $1)", bob)
    before = rows_of(url, bob)
    for target in (["--email", email], ["--subject", f"y{bob}"]):
        reason = refused(folder, url, "claim", alice, *target)
        assert reason == f"there are tasks under their own number {bob} already"
    assert rows_of(url, bob) == before


@pytest.mark.long
def test_what_cannot_be_meant_is_refused(url: str, folder: Path, empty_database: str, alice: int) -> None:
    assert refused(folder, url, "claim", alice, "--email", "nobody@example.com") == "no account has this e-mail address"
    both = refused(folder, url, "claim", alice, "--email", "a@b.example", "--issuer", "x", status=2)
    assert both == "--issuer must come with --subject"
    assert "has no donebase tables yet" in refused(folder, empty_database, "claim", alice, "--subject", "x")
    assert "no connection to" in refused(folder, "postgresql://127.0.0.1:1/x", "claim", alice, "--subject", "x")
    for wrong in ("0", "-1", "x", "1.0", "1_0", "\uff11", str(2**63)):
        done = run_donebase(folder, "users", "claim", "--subject", "x", "--", wrong, DATABASE_URL=url)
        assert (done.returncode, done.stdout) == (2, "")
        assert "must be a whole number from 1 to" in done.stderr


def test_claims_at_once_give_a_number_to_one(url: str, folder: Path, alice: int) -> None:
    """They begin together, when a lock ends for which all of them wait."""
    fill(url, alice, 1)

    patient = clean_environment(DATABASE_URL=url, DATABASE_TIMEOUT="600")

    async def story() -> list[int | None]:
        holder = await asyncpg.connect(url, statement_cache_size=0)
        async with Onlooker(url) as onlooker:
            async with holder.transaction():
                await holder.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
                commands = [(*DONEBASE, "users", "claim", str(alice), "--subject", f"{name}{alice}") for name in "abcd"]
                started = [
                    await asyncio.create_subprocess_exec(*each, cwd=folder, env=patient, stdout=DEVNULL, stderr=DEVNULL)
                    for each in commands
                ]
                await onlooker.wait_for(len(started), "wait_event_type = 'Lock'")
            await holder.close()
            return [await each.wait() for each in started]

    assert sorted(map(str, asyncio.run(story()))) == ["0", "1", "1", "1"]
    assert left_of(url, alice)["identities"] == 1


def test_a_user_is_deleted_with_everything(url: str, folder: Path, alice: int, bob: int) -> None:
    for user in (alice, bob):
        with_everything(url, user)
    before = rows_of(url, bob)
    output = users(folder, url, "delete", alice, AUTH="required")
    assert json.loads(output)["event"] == "user.deleted"
    assert left_of(url, alice) == {"account_deletions": 1}
    assert rows_of(url, bob) == before


def test_nobody_is_deleted_by_mistake(url: str, folder: Path, alice: int, bob: int) -> None:
    with_everything(url, alice)
    before = rows_of(url, alice)
    assert refused(folder, url, "delete", bob, AUTH="required") == f"no user has the number {bob}"
    assert refused(folder, url, "delete", alice, status=2) == "AUTH must be required to delete a user"
    assert rows_of(url, alice) == before


def test_users_are_listed_with_what_is_known_of_them(own_database: str, folder: Path) -> None:
    """More than are read at a time, in three tables; the text of an identity could harm a terminal."""
    many = "generate_series(1000, 3400) AS n"
    fetchval(own_database, f"INSERT INTO users (id, clock) SELECT n, n FROM {many} WHERE n % 3 <> 0")
    fetchval(own_database, f"INSERT INTO accounts SELECT 'a' || n, n, 'A' || n, NULL, '' FROM {many} WHERE n % 3 <> 1")
    fill(own_database, 7, 1)
    fetchval(own_database, "INSERT INTO identities VALUES ($1, 'https://id.example.com', 8)", "\x1b[31m é\n")
    listed = [json.loads(line) for line in users(folder, own_database, "list").splitlines()]
    assert [each["user_id"] for each in listed] == [7, 8, *range(1000, 3401)]
    open_mode, other_issuers, of_both, of_user, of_account = (listed[at] for at in (0, 1, 3, 2, 4))
    last_change = fetchval(own_database, "SELECT updated_at FROM users WHERE id = 7").isoformat()
    nobody = {"email": None, "subject": None, "issuer": None}
    assert open_mode == {"user_id": 7, "changes": 1, "last_change": last_change} | nobody
    identity = {"subject": "\x1b[31m é\n", "issuer": "https://id.example.com"}
    assert other_issuers == {"user_id": 8, "changes": 0, "last_change": None, "email": None} | identity
    known = [(each["user_id"], each["changes"], each["email"]) for each in (of_user, of_both, of_account)]
    assert known == [(1000, 1000, None), (1001, 1001, "A1001"), (1002, 0, "A1002")]
    assert "\x1b" not in users(folder, own_database, "list")


def test_a_reader_may_close_the_list_early(own_database: str, folder: Path) -> None:
    fetchval(own_database, "INSERT INTO users (id) SELECT * FROM generate_series(1, 20000)")
    command = f"{shlex.join(DONEBASE)} users list | head -n 1"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        cwd=folder,
        env=clean_environment(DATABASE_URL=own_database),
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (0, "", 1)


def test_tasks_of_the_open_mode_are_their_owners_in_the_required_one(folder: Path, used_data: Path, alice: int) -> None:
    """From open to required over the embedded PostgreSQL, with the command beside the running service."""
    settings = {"DATA_DIR": str(used_data)}
    required = settings | {"AUTH": "required", "AUTH_JWT_SECRET": tokens.SECRET}
    with Service(folder, **settings) as service, httpx.Client(base_url=service.ready().address) as client:
        created = client.post(f"/users/{alice}/tasks", json={"title": "before"}).json()
    with Service(folder, **required) as service, httpx.Client(base_url=service.ready().address) as client:
        done = run_donebase(folder, "users", "claim", str(alice), "--subject", "anna", **required)
        assert done.returncode == 0, done
        for name in ("me", "anna", alice):
            assert client.get(f"/users/{name}/tasks", headers=bearer("anna")).json() == [created]


@pytest.mark.parametrize("command", ["claim", "delete"])
def test_a_running_service_forgets_the_former_number(
    url: str, folder: Path, alice: int, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """It would else keep it as long as it remembers the token, which another issuer's may say for days."""
    monkeypatch.setattr(maintenance, "NEXT_LOOK", (0.1, 0.1))
    fill(url, alice, 1)
    required = {"AUTH": "required", "AUTH_JWT_SECRET": tokens.SECRET}
    app = create_service(Settings.read(database_url=url, **{name.lower(): value for name, value in required.items()}))
    with serving(app) as address, httpx.Client(base_url=address, headers=bearer(f"sub-{alice}")) as client:
        task = client.post("/users/me/tasks", json={"title": "x"}).json()
        former = task["user_id"]
        assert client.delete(f"/users/me/tasks/{task['id']}").status_code == 200
        if command == "claim":
            users(folder, url, "claim", alice, "--subject", f"sub-{alice}")
        else:
            users(folder, url, "delete", former, **required)
        wait_for(lambda: client.get(f"/users/{former}/tasks").status_code == 403)
        assert len(client.get("/users/me/tasks").json()) == (1 if command == "claim" else 0)
        wait_for(lambda: left_of(url, former) == {"account_deletions": 1}, every=0.1)
