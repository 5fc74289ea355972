"""docs/backup.md, done as it is written: what was acknowledged comes back to the byte, and no id comes twice."""

import asyncio
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from donebase.accounts.tables import METADATA
from donebase.core.tables import REVISION
from donebase.postgres.embedded import postgresql as embedded_postgresql
from donebase.postgres.migrations import migrate
from donebase.settings import Settings
from tests.support import tokens
from tests.support.accounts import Member
from tests.support.databases import fetchval, fill
from tests.support.families import FAMILIES, USERS, V1
from tests.support.postgresql import Postgresql, postgresql, programs
from tests.support.processes import DONEBASE, Service, clean_environment, run_donebase
from tests.support.tokens import Person
from tests.support.waiting import DEADLINE, wait_for

PAGE = (Path(__file__).parent.parent.parent / "docs" / "backup.md").read_text()
BACK_UP, RESTORE, RESTORE_EMBEDDED, COMPARE = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
SHARP = ["Buy milk", 'O\'Hara \\ "two" \t %s $1 \\N', "二つ 🥛 e\u0301 \u202e", "<b>&amp;</b>; DROP TABLE tasks; --"]


def run(commands: str, folder: Path, **environment: str) -> str:
    """Run commands of the page in a folder, and return what they wrote."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=folder,
        env=clean_environment(**environment | {"PATH": path(environment["PATH"]), "HOME": str(folder)}),
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_forked(command: str, folder: Path, url: str, tools: str) -> None:
    """Back up or restore as the page says, by a process that need not import what this has."""
    done = run_donebase(folder, command, "donebase.dump", DATABASE_URL=url, PATH=path(tools))
    assert done.returncode == 0, done.stderr


def path(first: str) -> str:
    """Return a PATH on which these programs come first, then those beside Python."""
    return os.pathsep.join([first, str(Path(sys.executable).parent), os.environ["PATH"]])


def create_of_every_kind(client: httpx.Client, user: int) -> None:
    for number, title in enumerate(SHARP):
        family = FAMILIES[number % len(FAMILIES)]
        description = f"  {title}\r\n\x01\x7f\ttwo  " if number else None
        family.created(client, user + number, title=title, description=description, completed=bool(number % 2))
    task = V1.created(client, user)
    V1.change(client, user, task["id"], title="changed", completed=True)


def create_meanwhile(client: httpx.Client, user: int, ended: threading.Event) -> None:
    while not ended.is_set():
        V1.created(client, user, title="meanwhile")


@contextmanager
def somebody_creating(client: httpx.Client, user: int) -> Iterator[None]:
    """Let somebody create tasks one after the other, from one before this begins to one after its end."""
    ended = threading.Event()
    before = len(USERS.listed(client, user))
    thread = threading.Thread(target=create_meanwhile, args=(client, user, ended))
    thread.start()
    try:
        wait_for_more(client, user, before)
        yield
        wait_for_more(client, user, len(USERS.listed(client, user)))
    finally:
        ended.set()
        thread.join()


def wait_for_more(client: httpx.Client, user: int, than: int) -> None:
    wait_for(lambda: len(USERS.listed(client, user)) > than, lambda: "nobody creates anything")


def everything(client: httpx.Client) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = client.get("/api/v1/tasks").json()
    return listed


@contextmanager
def served(folder: Path, **settings: str) -> Iterator[httpx.Client]:
    with Service(folder, **settings) as service, httpx.Client(base_url=service.ready().address) as client:
        yield client


@pytest.fixture(scope="module")
def server() -> Iterator[Postgresql]:
    with postgresql(fsync="off") as server:
        yield server


@pytest.fixture
def tools() -> str:
    """Where the system's programs of PostgreSQL are."""
    return str(programs())


def spied(folder: Path, tools: str) -> str:
    """Return a folder of programs that note what `ps` would show of them, and what libpq reads, and do their work."""
    spies = folder / "spies"
    spies.mkdir()
    for name in ("pg_dump", "pg_restore"):
        spy = spies / name
        note = f'{{ echo "$0 $@"; env | grep "^PG[^P]"; }} >>{shlex.quote(str(folder))}/seen'
        spy.write_text(f'#!/bin/sh\n{note}\nexec {tools}/{name} "$@"\n')
        spy.chmod(0o755)
    return f"{spies}{os.pathsep}{tools}"


@pytest.mark.long
def test_a_backup_taken_while_tasks_are_created_comes_back(
    server: Postgresql, folder: Path, tools: str, alice: int
) -> None:
    url, restored_url = server.url(server.database_with_tables()), server.url(server.new_database())
    with served(folder, DATABASE_URL=url) as client:
        create_of_every_kind(client, alice)
        deleted = V1.created(client, alice)
        V1.delete(client, alice, deleted["id"])
        before = everything(client)
        with somebody_creating(client, alice + 10):
            # The pooler's address is the wrong one for this, and is not used where there are two.
            nobody = "postgresql://nobody"
            direct = f"{url}?sslmode=disable&target_session_attrs=read-write"
            run(BACK_UP, folder, DATABASE_URL=nobody, DATABASE_URL_UNPOOLED=direct, PATH=spied(folder, tools))
        after = everything(client)
        assert (folder / "donebase.dump").stat().st_mode & 0o777 == 0o600
        with pytest.raises(AssertionError, match="the database already contains tasks: restore into an empty database"):
            run(RESTORE, folder, RESTORED_URL=url, PATH=tools)
        assert everything(client) == after, "a backup is not mixed with what is there"
    run(RESTORE, folder, RESTORED_URL=restored_url, PATH=tools)
    with served(folder, DATABASE_URL=restored_url) as client:
        found = everything(client)
        assert found == after[: len(found)]
        assert len(before) <= len(found) < len(after)
        assert V1.created(client, alice)["id"] > max(deleted["id"], *(task["id"] for task in found))
        assert f"{len(found) + 1} |" in run(COMPARE, folder, RESTORED_URL=restored_url, PATH=tools)
    seen = (folder / "seen").read_text()
    assert "pg_dump --format=custom" in seen
    assert server.password not in seen
    assert "postgresql:" not in seen
    assert {"PGSSLMODE=disable", "PGTARGETSESSIONATTRS=read-write"} <= set(seen.splitlines())


@pytest.mark.long
def test_from_the_embedded_postgresql_to_an_older_one_and_back(
    server: Postgresql, folder: Path, tools: str, data: Path, alice: int
) -> None:
    """PostgreSQL 18's pg_dump says what 15 does not understand, and 15's pg_restore cannot read what 18's wrote."""
    assert server.version < (18,)
    old, new, other = str(data / "old"), str(data / "new"), server.url(server.database_with_tables())
    with served(folder, DATA_DIR=old) as client:
        create_of_every_kind(client, alice)
        last = V1.created(client, alice)
        V1.delete(client, alice, last["id"])
        before = everything(client)
        run(BACK_UP, folder, DATA_DIR=old, PATH=tools)
    run(RESTORE, folder, RESTORED_URL=other, PATH=tools)
    with served(folder, DATABASE_URL=other) as client:
        assert everything(client) == before
        created = V1.created(client, alice)
        assert created["id"] == last["id"] + 1, "the id of a task that was deleted before the backup is not used again"
    (folder / "donebase.dump").unlink()
    run(BACK_UP, folder, DATABASE_URL=other, PATH=tools)
    run(RESTORE_EMBEDDED, folder, RESTORED_DIR=new, PATH=tools)
    with served(folder, DATA_DIR=new) as client:
        assert everything(client) == [*before, created]
        assert V1.created(client, alice)["id"] == created["id"] + 1


def rows(url: str) -> dict[str, Any]:
    """Return all rows of each table, as JSON."""
    ordered = "SELECT coalesce(jsonb_agg(to_jsonb(t) ORDER BY t), '[]') FROM {} AS t"
    return {name: json.loads(fetchval(url, ordered.format(name))) for name in METADATA.tables}


OF_ACCOUNTS = {
    "accounts": "'a@b.example', {0}, 'A@b.example', 'quoted \\ \t', '$argon2id$…', now()",
    "sessions": "'\\x00ff5c0a', {0}, '\\x5c09', now(), now()",
    "personal_tokens": "'\\x00ff', DEFAULT, {0}, 'a script', '{{tasks:read,tasks:write}}', now(), NULL, now()",
    "identities": "'a \\ sub', '', {0}, now()",
    "attempts": "'\\x00ff', ARRAY[now(), now() - interval '1 minute']",
    "signing_keys": "'donebase', '\\x00ff5c0a09', now()",
    "account_deletions": "8, now()",
}


def with_accounts(url: str, user: int) -> None:
    for table, values in OF_ACCOUNTS.items():
        fetchval(url, f"INSERT INTO {table} VALUES ({values.format(user)})")


@pytest.mark.parametrize("table", OF_ACCOUNTS)
def test_a_database_with_accounts_is_not_empty(server: Postgresql, folder: Path, tools: str, table: str) -> None:
    url = server.url(server.database_with_tables())
    run_forked("backup", folder, url, tools)
    fetchval(url, f"INSERT INTO {table} VALUES ({OF_ACCOUNTS[table].format(7)})")
    why = refused(folder, 1, "restore", "donebase.dump", DATABASE_URL=url, PATH=path(tools))
    assert f"the database already contains {table}: restore into an empty database" in why
    assert [name for name, found in rows(url).items() if found] == [table]


def test_accounts_and_tokens_work_after_a_restore(server: Postgresql, folder: Path, tools: str) -> None:
    required = {"AUTH": "required", "AUTH_JWT_SECRET": tokens.SECRET, "TRUSTED_PROXIES": "127.0.0.1"}
    url, restored_url = server.url(server.database_with_tables()), server.url(server.new_database())
    with served(folder, DATABASE_URL=url, **required) as client:
        member = Member.new(client)
        person = Person.new(client)
        made = member.ask("POST", "tokens", name="a script", scopes=["tasks:read", "tasks:write"]).json()
        script = {"Authorization": f"Bearer {made['token']}"}
        client.post("/users/me/tasks", json={"title": "before"}, headers=script)
        run_forked("backup", folder, url, tools)
    run_forked("restore", folder, restored_url, tools)
    with served(folder, DATABASE_URL=restored_url, **required) as client:
        again = member._replace(client=client)
        for headers in (script, again.headers, again.refreshed().headers, again.sign_in().headers):
            [task] = client.get(f"/users/{member.number}/tasks", headers=headers).json()
            assert (task["title"], task["user_id"]) == ("before", member.number)
        assert client.get(f"/users/{person.number}/tasks", headers=person.headers).status_code == 200
        another = again.ask("POST", "tokens", name="another", scopes=["tasks:read"]).json()
        assert another["id"] > made["id"]


def test_numbers_history_and_keys_come_back_as_they_were(
    server: Postgresql, folder: Path, tools: str, alice: int
) -> None:
    """A restore is no change: what it copies is neither numbered nor recorded. The next change has the next number."""
    source, restored = server.url(server.database_with_tables()), server.url(server.new_database())
    fill(source, alice, 3, "quoted \\ \t 'text'")
    for change in ("UPDATE tasks SET completed = true", "DELETE FROM tasks WHERE id = 2"):
        fetchval(source, change)
    fetchval(source, f"INSERT INTO idempotency_keys VALUES ({alice}, 2, 'a key', '\\x00ff')")
    with_accounts(source, alice)
    before = rows(source)
    assert {name: len(found) for name, found in before.items()} == {
        **{"users": 1, "tasks": 2},
        **{"history": 7, "idempotency_keys": 1},
        **dict.fromkeys(OF_ACCOUNTS, 1),
    }
    run_forked("backup", folder, source, tools)
    run_forked("restore", folder, restored, tools)
    assert rows(restored) == before
    assert fetchval(restored, "UPDATE tasks SET title = 'next' WHERE id = 3 RETURNING version") == 4
    assert fetchval(restored, "SELECT clock FROM users") == 4
    assert fetchval(restored, "SELECT after::text FROM history WHERE change = 4") == '{"title": "next"}'


@pytest.mark.parametrize("revision", [f"{number:04}" for number in range(1, int(REVISION))])
def test_a_backup_of_an_older_schema_is_upgraded(server: Postgresql, folder: Path, tools: str, revision: str) -> None:
    old, restored = server.url(server.new_database()), server.url(server.new_database())
    asyncio.run(migrate(Settings.read(database_url=old), revision))
    fill(old, 7, 3, "as it was")
    kept = 3 if revision >= "0003" else 0
    run_forked("backup", folder, old, tools)
    run_forked("restore", folder, restored, tools)
    upgraded = rows(restored)
    found = [(task["id"], task["title"], task["description"], task["version"]) for task in upgraded["tasks"]]
    assert found == [(number, f"task {number}", "as it was", 1) for number in (1, 2, 3)]
    assert ([user["clock"] for user in upgraded["users"]], len(upgraded["history"])) == ([1], kept)
    assert fetchval(restored, "INSERT INTO tasks (user_id, title) VALUES (7, 'next') RETURNING id") == 4
    assert fetchval(restored, "SELECT clock FROM users") == 2


def refused(folder: Path, status: int, *arguments: str, **environment: str) -> str:
    """Run a command that has to fail, see that it says why in one line, and return that."""
    done = run_donebase(folder, *arguments, **environment)
    assert (done.returncode, done.stdout) == (status, ""), done
    assert re.fullmatch(r"donebase: [^\n]+\n", done.stderr), done.stderr
    return done.stderr


@pytest.mark.long
def test_what_cannot_be_backed_up_is_said_in_one_line(
    server: Postgresql, folder: Path, tools: str, used_data: Path
) -> None:
    url, here = server.url(server.new_database()), path(tools)
    (folder / "there").write_text("older backup")
    assert "FILE must not exist yet" in refused(folder, 2, "backup", "there", DATABASE_URL=url, PATH=here)
    assert "FILE must be in a folder" in refused(folder, 2, "backup", "no/folder", DATABASE_URL=url, PATH=here)
    assert "pg_dump must be on PATH" in refused(folder, 2, "backup", "b", DATABASE_URL=url, PATH=str(folder))
    assert "Connection refused" in refused(folder, 1, "backup", "b", DATABASE_URL="postgresql://127.0.0.1:1", PATH=here)
    assert "no donebase tables" in refused(folder, 1, "backup", "b", DATABASE_URL=url, PATH=here)
    with embedded_postgresql(used_data) as newer:
        mismatch = refused(folder, 1, "backup", "b", DATABASE_URL=newer, PATH=here)
    assert "server version mismatch" in mismatch
    assert "server version: 18" in mismatch
    assert [entry.name for entry in folder.iterdir()] == ["there"], "no half file is left"
    assert (folder / "there").read_text() == "older backup"


@pytest.mark.long
def test_what_cannot_be_restored_changes_nothing(server: Postgresql, folder: Path, tools: str, alice: int) -> None:
    here, source, target = path(tools), server.url(server.database_with_tables()), server.url(server.new_database())
    fetchval(source, f"INSERT INTO users (id) VALUES ({alice})")
    rows = f"SELECT {alice}, md5(n::text) || md5((n + 1)::text) FROM generate_series(1, 20000) AS n"
    fetchval(source, f"INSERT INTO tasks (user_id, title) {rows}")
    run_forked("backup", folder, source, tools)
    whole = (folder / "donebase.dump").read_bytes()
    (folder / "half").write_bytes(whole[: len(whole) // 2])
    (folder / "text").write_text("SELECT 1;\n")
    fetchval(source, "UPDATE alembic_version SET version_num = '9999'")
    assert run_donebase(folder, "backup", "newer", DATABASE_URL=source, PATH=here).returncode == 0

    def why(file: str, status: int) -> str:
        return refused(folder, status, "restore", file, DATABASE_URL=target, PATH=here)

    assert "FILE must be a backup that this user can read (No such file or directory)" in why("none", 2)
    assert "does not appear to be a valid archive" in why("text", 1)
    (folder / "--help").write_text("a name that looks like an option")
    assert "does not appear to be a valid archive" in refused(
        folder, 1, "restore", "--", "--help", DATABASE_URL=target, PATH=here
    )
    assert "ends in the middle of a table" in why("half", 1)
    assert "upgrade donebase" in why("newer", 1)
    assert fetchval(target, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_a_signal_leaves_nothing_half_done(server: Postgresql, folder: Path, tools: str, command: str) -> None:
    url = server.url(server.database_with_tables())
    run_forked("backup", folder, url, tools)
    file = {"backup": "another.dump", "restore": "donebase.dump"}[command]
    database = url.rpartition("/")[2]
    waiting = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{database}' AND wait_event_type = 'Lock'"
    with server.transaction("LOCK TABLE tasks IN ACCESS EXCLUSIVE MODE", database):
        arguments = [*DONEBASE, command, file]
        environment = clean_environment(DATABASE_URL=url, PATH=path(tools))
        with subprocess.Popen(arguments, cwd=folder, env=environment, stdout=subprocess.PIPE) as process:
            wait_for(lambda: fetchval(server.url(), waiting) == 1, every=0.1)
            process.send_signal(signal.SIGTERM)
            assert process.communicate()[0] == b""
        assert process.returncode == 143
        wait_for(lambda: fetchval(server.url(), waiting) == 0, every=0.1)
    assert [entry.name for entry in folder.iterdir()] == ["donebase.dump"]
    assert run_donebase(folder, "restore", "donebase.dump", DATABASE_URL=url, PATH=path(tools)).returncode == 0
