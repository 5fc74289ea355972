"""What an operator can turn: read from the environment and `.env`, refused with a word, documented in three places."""

import os
import re
from pathlib import Path
from threading import Thread

import pytest

from donebase.settings import Settings, WrongSetting

ROOT = Path(__file__).parent.parent
NEON = "postgresql://me:secret@ep-cool-pooler.eu.aws.neon.tech/neondb?sslmode=require&channel_binding=require"


@pytest.fixture(autouse=True)
def only_what_the_test_sets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "99999"),
        ("PORT", "http"),
        ("WORKERS", "0"),
        ("WORKERS", "2.5"),
        ("LOG_FORMAT", "xml"),
        ("PREPARED_STATEMENTS", "maybe"),
        ("DATABASE_POOL_SIZE", "0"),
        ("DATABASE_TIMEOUT", "-1"),
        ("DATABASE_TIMEOUT", "nan"),
        ("DATABASE_TIMEOUT", "inf"),
        ("HISTORY_DAYS", "-1"),
        ("HISTORY_DAYS", "36501"),
        ("HISTORY_DAYS", "0.5"),
        ("MAX_BODY_BYTES", "1MB"),
        ("SHUTDOWN_GRACE", "never"),
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", "https://app.example.com/"),
        ("CORS_ORIGINS", "app.example.com"),
        ("CORS_ORIGINS", "https://*.example.com"),
        ("CORS_ORIGINS", "https://App.example.com"),
        ("CORS_ORIGINS", "https://app.example.com:443"),
        ("CORS_ORIGINS", "https://app.example.com:99999"),
        ("CORS_ORIGINS", "https://tödo.example.com"),
        ("CORS_ORIGINS", "https://me:secret@app.example.com"),
        ("PUBLIC_URL", "todo.example.com"),
        ("PUBLIC_URL", "ftp://todo.example.com"),
        ("PUBLIC_URL", "https://todo.example.com/secret"),
        ("PUBLIC_URL", "https://todo.example.com//"),
        ("PUBLIC_URL", "https://todo.example.com?secret"),
        ("PUBLIC_URL", "https://me:secret@todo.example.com"),
        ("PUBLIC_URL", "https://todo.example.com:port"),
        ("PUBLIC_URL", "https://tödo.example.com"),
        ("PUBLIC_URL", "https://todo.example.com\n"),
        ("PUBLIC_URL", "https://"),
        ("TRUSTED_PROXIES", "nginx"),
        ("TRUSTED_PROXIES", "10.0.0.1/8"),
        ("AUTH", "on"),
        ("SIGN_UP", "no"),
        ("AUTH_JWT_SECRET", "secret" + 25 * "x"),
        ("AUTH_JWKS_URL", "file:///secret"),
        ("AUTH_JWKS_URL", "https://"),
        ("AUTH_JWKS_URL", "https://me:secret@/keys"),
        ("AUTH_JWKS_URL", "https://id.example.com:0/secret"),
        ("AUTH_JWKS_URL", "https://id.example.com:port/secret"),
        ("AUTH_JWKS_URL", "https://id.example.com/sécret"),
        ("AUTH_JWT_SECRET", "-----BEGIN PUBLIC KEY-----\nsecret\n-----END PUBLIC KEY-----"),
        ("AUTH_JWT_SECRET", '{"kty": "oct", "k": "secret", "alg": "HS256"}'),
        ("METRICS_TOKEN", "secret"),
        ("METRICS_TOKEN", "secret with spaces"),
        ("DATABASE_URL", "mysql://me:secret@host/db"),
        ("DATABASE_URL", "postgresql//me:secret@host"),
        ("DATABASE_URL", "postgresql://me:secret@host:99999/db"),
        ("DATABASE_URL", "postgresql://me:secret@host:port/db"),
        ("DATABASE_URL", "postgresql://me:secret@[::1/db"),
        ("DATABASE_URL", "postgresql://me:secret@host/db?sslmode=sometimes"),
        ("DATABASE_URL", "postgresql://me:secret@host/db?statement_timeout=5"),
        ("DATABASE_URL_UNPOOLED", "sqlite:///secret.db"),
    ],
)
def test_a_wrong_value_is_named_and_not_shown(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(WrongSetting) as wrong:
        Settings.read()
    message = str(wrong.value)
    assert message.startswith(f"{name} m")
    assert "\n" not in message
    assert "secret" not in message


@pytest.mark.parametrize(
    "url",
    [
        NEON,
        NEON.replace("postgresql:", "postgres:"),
        NEON.replace("postgresql:", "postgresql+asyncpg:"),
        "postgresql://me:p%40ss@one:5432,two:5433/db?target_session_attrs=read-write",
        "postgresql://me@[::1]:5432/db",
        "postgresql://%2Frun%2Fpostgresql/db",
        "postgresql://me:secret@host/db?options=endpoint%3Dep-cool",
    ],
)
def test_a_url_is_taken_as_the_provider_shows_it(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    read = Settings.read().database_url
    assert read
    assert read.get_secret_value() == re.sub(r"^\w+(\+\w+)?:", "postgresql:", url)


def test_a_setting_never_shows_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", NEON)
    settings = Settings.read()
    assert ":secret" not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"


def test_the_file_can_be_a_fifo_as_password_managers_make_it() -> None:
    os.mkfifo(".env")
    Thread(target=Path(".env").write_text, args=["PORT=1111\n"], daemon=True).start()
    assert Settings.read().port == 1111


def test_the_environment_goes_before_the_file_and_an_argument_before_both(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("PORT=1111\nWORKERS=3\nHOST=::1\nSOMETHING_ELSE=1\n")
    monkeypatch.setenv("PORT", "2222")
    monkeypatch.setenv("HOST", "10.0.0.1")
    settings = Settings.read(host="127.0.0.2")
    assert (settings.port, settings.workers, settings.host) == (2222, 3, "127.0.0.2")


@pytest.mark.parametrize("name", ["HOST", "DATA_DIR", "DATABASE_URL", "PORT"])
def test_a_value_in_the_file_with_a_nul_is_refused_by_name(name: str) -> None:
    Path(".env").write_bytes(f"{name}=1\0\n".encode())
    with pytest.raises(WrongSetting, match=f"^{name} "):
        Settings.read()


@pytest.mark.parametrize(
    ("line", "name", "meant"),
    [
        ("DATABSE_URL=postgresql://me:secret@host/db", "DATABSE_URL", "DATABASE_URL"),
        ("export DATABASE_URI='postgresql://me:secret@host/db' # ours", "DATABASE_URI", "DATABASE_URL"),
        ("worker=2", "WORKER", "WORKERS"),
        ("PORT=1111\n\nMAX_CONNECTION=secret", "MAX_CONNECTION", "MAX_CONNECTIONS"),
    ],
)
def test_a_misspelt_name_in_the_file_is_named(line: str, name: str, meant: str) -> None:
    Path(".env").write_text(f"# a comment\n{line}\n")
    with pytest.raises(WrongSetting) as wrong:
        Settings.read()
    assert str(wrong.value) == f".env contains {name}, which is not a setting; did you mean {meant}?"


def test_a_file_may_be_shared_with_other_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that are unlike ours, and names that are alike where ours is there as well, are somebody else's."""
    Path(".env").write_text(
        "PGHOST=one\nDATABASE_USER=me\nTEST_DATABASE_URL=two\nOTEL_EXPORTER_OTLP_METRICS_ENDPOINT=http://three\n"
        "PORTS=4\nWORKER=5\nWORKERS=6\nnot a line at all\n#DATABSE_URL=seven\n"
    )
    monkeypatch.setenv("PORT", "8")
    assert (Settings.read().port, Settings.read().workers) == (8, 6)


def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.setenv(name.upper(), "")
    assert Settings.read() == Settings()


def test_origins_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    origins = ("https://app.example.com", "http://localhost:5173", "http://[::1]:443", "capacitor://localhost")
    monkeypatch.setenv("CORS_ORIGINS", ", ".join(origins))
    assert Settings.read().cors_origins == origins


@pytest.mark.parametrize("origin", ["https://todo.example.com", "http://localhost:8000", "http://[::1]:8000"])
def test_the_public_url_has_no_slash_at_its_end(monkeypatch: pytest.MonkeyPatch, origin: str) -> None:
    for value in (origin, f"{origin}/"):
        monkeypatch.setenv("PUBLIC_URL", value)
        assert Settings.read().public_url == origin


SECRET = 32 * "s"


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"AUTH_JWT_SECRET": SECRET}, "AUTH_JWT_SECRET must not be set without AUTH=required"),
        ({"SIGN_UP": "closed"}, "SIGN_UP must not be set without AUTH=required"),
        (
            {"AUTH": "required", "AUTH_ISSUER": "https://id.example.com"},
            "AUTH_ISSUER must not be set without AUTH_JWT_SECRET or AUTH_JWKS_URL",
        ),
        (
            {"AUTH": "required", "AUTH_JWT_SECRET": SECRET, "AUTH_JWKS_URL": "https://id.example.com/keys"},
            "AUTH_JWT_SECRET and AUTH_JWKS_URL must not both be set",
        ),
    ],
)
def test_settings_that_do_not_go_together_end_the_start(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], said: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(WrongSetting) as wrong:
        Settings.read()
    assert str(wrong.value) == said


# What is unset by default shows an example of what it could be.
UNSET = (
    "DATABASE_URL",
    "DATABASE_URL_UNPOOLED",
    "DATA_DIR",
    "PUBLIC_URL",
    "TRUSTED_PROXIES",
    "AUTH_JWT_SECRET",
    "AUTH_JWKS_URL",
    "AUTH_ISSUER",
    "AUTH_AUDIENCE",
    "METRICS_TOKEN",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
)


def test_the_example_lists_every_setting_with_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = re.findall(r"^#([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert [name.lower() for name, _ in lines] == list(Settings.model_fields)
    defaults = Settings()
    for name, value in lines:
        if name not in UNSET:
            monkeypatch.setenv(name, value)
    assert Settings.read() == defaults


def test_operations_describes_every_setting_with_its_default() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.*?) \|", (ROOT / "docs" / "operations.md").read_text(), re.MULTILINE)
    assert [name.lower() for name, _ in rows] == list(Settings.model_fields)
    example = dict(re.findall(r"^#([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
    for name, default in rows:
        if default not in ("unset", "a folder of the user's"):
            assert default.strip("`") == example[name]


def test_nothing_else_reads_the_environment() -> None:
    readers = [path for path in (ROOT / "src").rglob("*.py") if re.search(r"os\.(environ|getenv)", path.read_text())]
    assert {path.name for path in readers} == {"settings.py", "environment.py"}  # which passes it on to child processes


def test_a_user_without_a_home_needs_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """As systemd's DynamicUser= and `docker run --user` make them: a number that no name belongs to, and no HOME."""
    monkeypatch.delenv("HOME")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    for name in ("getuid", "geteuid"):
        monkeypatch.setattr(os, name, lambda: 54_321)
    assert Settings.read().data_dir == Path("/var/lib/donebase")
