"""A database's URL: understood in one way or refused, and never shown but for hosts, ports and the database's name."""

import re
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from asyncpg.connect_utils import _parse_connect_dsn_and_args as asyncpg_reads
from hypothesis import example, given, settings
from hypothesis import strategies as st

from donebase.database_url import DatabaseUrl, Host, UrlError
from donebase.settings import Settings, WrongSetting

SECRET = "SECRET"  # noqa: S105
# What has a meaning in a URL comes often.
_TEXT = st.text(st.sampled_from("@:/?#&=%+,[]; \t\n1a.é") | st.characters(), max_size=8)
passwords = st.builds(lambda before, after: f"{before}{SECRET}{after}", _TEXT, _TEXT)
# The same every time, however long they take on a busy machine, and nothing is left behind.
drawn = settings(max_examples=300, deadline=None, derandomize=True, database=None)
# Each place where a URL holds a password, and ways in which people write it down wrongly.
FORMS = (
    "postgresql://user:{}@host/db",
    "postgresql://user:{}@host:5432,[::1]:5433/db?sslmode=require",
    "postgres://user:{}@/db?host=/run/postgresql",
    "postgresql+asyncpg://:{}@host",
    "postgresql://user@host/db?password={}",
    "postgresql:user:{}@host/db",
    "postgresql:/user:{}@host/db",
    "postgresql//user:{}@host/db",
    "user:{}@host/db",
)


@drawn
@given(form=st.sampled_from(FORMS), password=passwords)
@example(form=FORMS[0], password=f"12/34{SECRET}")
@example(form=FORMS[0], password=f"/{SECRET}")
@example(form=FORMS[0], password=f"{SECRET}@elsewhere")
@example(form=FORMS[0], password=f"1?{SECRET}")
@example(form=FORMS[0], password=f"1?application_name={SECRET}")
@example(form=FORMS[0], password=f"1#{SECRET}")
@example(form=FORMS[0], password=f"[{SECRET}]")
@example(form=FORMS[0], password=f"{SECRET}%zz")
@example(form="postgresql://user@host/db?password={}", password=f"a&sslmode={SECRET}")
@example(form="postgresql:user:{}@host/db", password=SECRET)
def test_no_password_is_ever_shown(form: str, password: str) -> None:
    assert SECRET not in _shown(form.format(password))


def _shown(url: str) -> str:
    """Return the texts about a URL: of what was parsed, and of what was refused."""
    try:
        read = Settings.read(database_url=url)
    except WrongSetting as wrong:
        return "".join(traceback.format_exception(wrong))
    return f"{read!r} {read.address()!r} {read.address().without_secrets()}"


@drawn
@given(user=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1), password=passwords)
def test_the_driver_is_given_what_was_understood(user: str, password: str) -> None:
    with suppress(UrlError):
        url = DatabaseUrl.parse(f"postgresql://{user}:{password}@one,[::1]:5433/db")
        assert DatabaseUrl.parse(url.text()) == url
        addresses, parameters = _asyncpg(url)
        assert addresses == [("one", 5432), ("::1", 5433)]
        assert (parameters.password, parameters.database) == (url.password, "db")
        assert parameters.user == url.user or not url.user


@pytest.mark.parametrize(
    ("url", "hosts", "shown"),
    [
        ("postgresql://me:p%40%2Fs@host/db", [("host", None)], "postgresql://host/db"),
        ("postgresql://one:5432,two/db", [("one", 5432), ("two", None)], "postgresql://one:5432,two/db"),
        ("postgresql://me@[::1]:5432/db", [("::1", 5432)], "postgresql://[::1]:5432/db"),
        (
            "postgresql://one,[::1]:1,%3A%3A2/db",
            [("one", None), ("::1", 1), ("::2", None)],
            "postgresql://one,[::1]:1,[::2]/db",
        ),
        ("postgresql:///db?host=::1&port=5433", [("::1", 5433)], "postgresql://[::1]:5433/db"),
        ("postgresql://me:@/db?host=/run/pg", [("/run/pg", None)], "postgresql://%2Frun%2Fpg/db"),
        ("postgresql://%2Frun%2Fpg/db", [("/run/pg", None)], "postgresql://%2Frun%2Fpg/db"),
        ("postgresql:///?host=a,b&port=1,2&dbname=d%0A", [("a", 1), ("b", 2)], "postgresql://a:1,b:2/d%0A"),
        ("postgresql://host/db?user=me&password=a%26b", [("host", None)], "postgresql://host/db"),
        ("postgresql://", [], "postgresql://"),
    ],
)
def test_hosts_are_found_wherever_a_url_has_them(url: str, hosts: list[tuple[str, int | None]], shown: str) -> None:
    parsed = DatabaseUrl.parse(url)
    assert list(parsed.hosts) == [Host(*each) for each in hosts]
    assert parsed.without_secrets() == shown
    assert DatabaseUrl.parse(parsed.text()) == parsed
    assert "[" not in parsed.text() or len(hosts) == 1, "Python 3.14 would refuse it"
    if hosts:
        addresses, parameters = _asyncpg(parsed)
        sockets = [
            f"{name}/.s.PGSQL.{port or 5432}" if name[0] == "/" else (name, port or 5432) for name, port in hosts
        ]
        assert addresses == sockets
        assert parameters.database == parsed.database or not parsed.database


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:pass@word@host/db",
        "postgresql://me@host/db/more",
        "postgresql://me:pass word@host/db",
        "postgresql://me:100%@host/db",
        "postgresql://me:%ff@host/db",
        "postgresql://me:%00@host/db",
        "postgresql://me@host/db?password=a+b",
        "postgresql://me@host/db?user=you",
        "postgresql://me@host/db?host=other",
        "postgresql://host:1/db?port=2",
        "postgresql://a,b,c/db?port=1,2",
        "postgresql://host/db?sslmode=require&sslmode=disable",
        "postgresql://one,,two/db",
        "postgresql://:5432/db",
        "postgresql://host:0/db",
        "postgresql://[host]/db",
        "postgresql://::1/db",
        "postgresql://host/db#fragment",
    ],
)
def test_what_can_be_read_in_two_ways_is_refused(url: str) -> None:
    with pytest.raises(WrongSetting, match=r"^DATABASE_URL must ") as wrong:
        Settings.read(database_url=url)
    assert not re.search("pass|word@|fragment|you", str(wrong.value).replace("password", ""))


@pytest.mark.parametrize("name", ["sslrootcert", "sslcrl", "sslcert", "sslkey"])
def test_a_file_for_tls_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(WrongSetting) as wrong:
        Settings.read(database_url=f"postgresql://host/db?{name}={tmp_path}/none")
    assert str(wrong.value) == (
        f"DATABASE_URL must have {name} as a file in PEM format that can be read (No such file or directory)"
    )


def test_a_file_for_tls_that_holds_something_else_is_named(tmp_path: Path) -> None:
    (tmp_path / "some").write_text("text")
    for query in (f"sslrootcert={tmp_path}/some", f"sslcert={tmp_path}/some&sslkey={tmp_path}/some"):
        with pytest.raises(WrongSetting, match=r"^DATABASE_URL_UNPOOLED must have ssl(rootcert|key) as a file in PEM"):
            Settings.read(database_url_unpooled=f"postgresql://host/db?{query}")


def _asyncpg(url: DatabaseUrl) -> tuple[list[object], Any]:
    """Return the addresses and the parameters that the driver reads in it."""
    nothing = ("host port user password passfile database ssl service servicefile direct_tls server_settings "
               "target_session_attrs krbsrvname gsslib").split()  # fmt: skip
    return asyncpg_reads(dsn=url.text(), **dict.fromkeys(nothing))  # type: ignore[no-any-return]
