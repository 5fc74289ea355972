"""One PostgreSQL for the run, one database and one service for each process that runs tests, a user for each test.

The PostgreSQL is the embedded one; TEST_DATABASE_URL puts another in its place, and the suite is the same.
"""

import gc
import os
import secrets
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import httpx
import pytest
from httpx._config import DEFAULT_TIMEOUT_CONFIG
from httpx._transports import default as transports
from hypothesis import HealthCheck, settings

from donebase.telemetry import logs
from tests.support import tokens
from tests.support.asked import Asked, asking
from tests.support.databases import a_database, a_database_with_tables, embedded_data, postgresql_of_the_run
from tests.support.families import FAMILIES, OWNED
from tests.support.long_first import long_first
from tests.support.made_once import copy_folder, folder_of_the_run, made_once
from tests.support.processes import Service
from tests.support.tokens import Person
from tests.support.waiting import DEADLINE

# Where hundreds ask at once of a machine that is busy, one of them may wait for longer than the defaults.
NO_HURRY = dict.fromkeys(
    ("BODY_TIMEOUT", "DATABASE_POOL_WAIT", "DATABASE_TIMEOUT", "HEADER_TIMEOUT", "TEST_HEALTH_TIMEOUT"), "600"
)
# httpx gives up after 5 s unless a test says otherwise, at each place where one may forget to.
for _wait in ("connect", "read", "write", "pool"):
    setattr(DEFAULT_TIMEOUT_CONFIG, _wait, DEADLINE)
# Reading the system's certificates takes longer than all that most tests do with a client.
transports.create_ssl_context = cache(httpx.create_ssl_context)  # type: ignore[attr-defined]
# It looks for this package several times in a request, everywhere where there may be one; it is not installed.
sys.modules["sniffio"] = None  # type: ignore[assignment]
# Hypothesis gives an example a fifth of a second, gives up where drawing takes long, and leaves a folder of examples.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)
settings.load_profile("any machine")

_run = pytest.StashKey[ExitStack]()
# What is imported and collected stays: to search it for garbage takes a third of the time until the first test.
gc.disable()


def pytest_configure(config: pytest.Config) -> None:
    """Start PostgreSQL once, before the processes that run the tests."""
    _heed_signals()
    if not hasattr(config, "workerinput"):
        config.stash[_run] = ExitStack()
        config.stash[_run].enter_context(folder_of_the_run())
        config.stash[_run].enter_context(postgresql_of_the_run())


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, in each process."""
    long = [item for item in items if item.get_closest_marker("long")]
    others = [item for item in items if not item.get_closest_marker("long")]
    items[:] = long_first(long, others, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    """Search for garbage from now on, in what the tests leave."""
    gc.freeze()
    gc.enable()


def _heed_signals() -> None:
    """Let the programs that tests start end by signals: `nohup`, and a shell for what it runs behind, ignore some."""
    for each, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(each) is signal.SIG_IGN:
            signal.signal(each, handler)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what was started."""
    if _run in config.stash:
        config.stash[_run].close()


@pytest.fixture(autouse=True)
def log_written() -> Iterator[None]:
    """Write the lines of the log that a test leaves behind: they would be in the output of another."""
    yield
    logs.flush()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tell a story that asks for a family once for each, and one that asks for an owned family for each of those."""
    for fixture, families in (("family", FAMILIES), ("owned", OWNED)):
        if fixture in metafunc.fixturenames:
            metafunc.parametrize(fixture, families, ids=[family.name for family in families])


@pytest.fixture
def empty_database() -> Iterator[str]:
    """The URL of a database of this test's own, without tables."""
    with a_database() as url:
        yield url


@pytest.fixture
def own_database() -> Iterator[str]:
    """The URL of a database of this test's own, with tables and nothing in them."""
    with a_database_with_tables() as url:
        yield url


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """The URL of the database that the tests of this process share, each as a user of its own."""
    with a_database_with_tables() as url:
        yield url


@pytest.fixture(scope="session")
def service(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service that the tests of this process share: a real process, found by what it prints."""
    folder = tmp_path_factory.mktemp("service")
    # Tests count its statements: it has none of its own.
    with Service(folder, DATABASE_URL=database_url, HISTORY_DAYS="0", **NO_HURRY) as running:
        yield running.ready()


@pytest.fixture(scope="session")
def client(service: Service) -> Iterator[httpx.Client]:
    """A client of that service, which keeps its connections."""
    with httpx.Client(base_url=service.address) as client:
        yield client


@pytest.fixture(scope="session")
def guarded(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service with AUTH=required that the tests of this process share, over the same database."""
    folder = tmp_path_factory.mktemp("guarded")
    settings = {"AUTH": "required", "AUTH_JWT_SECRET": tokens.SECRET, "TRUSTED_PROXIES": "127.0.0.1"}
    with Service(folder, DATABASE_URL=database_url, HISTORY_DAYS="0", **settings, **NO_HURRY) as running:
        yield running.ready()


@pytest.fixture(scope="session")
def guarded_client(guarded: Service) -> Iterator[httpx.Client]:
    """A client of that service, without a token."""
    with httpx.Client(base_url=guarded.address) as client:
        yield client


@pytest.fixture(scope="session")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """A service of the tests of this process that accepts the tokens of one issuer for one audience."""
    with asking(tmp_path_factory.mktemp("asked"), NO_HURRY) as asked:
        yield asked


@pytest.fixture
def ann(guarded_client: httpx.Client) -> Person:
    """Somebody with a token."""
    return Person.new(guarded_client)


@pytest.fixture
def ben(guarded_client: httpx.Client) -> Person:
    """Somebody else with a token."""
    return Person.new(guarded_client)


@pytest.fixture
def alice() -> int:
    """A user nobody else has heard of."""
    return secrets.randbelow(2**62) + 1


@pytest.fixture
def bob() -> int:
    """Another one."""
    return secrets.randbelow(2**62) + 1


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder to run donebase in: no `.env` of anybody's."""
    return tmp_path


@pytest.fixture
def data() -> Iterator[Path]:
    """A folder that is not there yet, for DATA_DIR."""
    # Not below pytest's folder: each run of pytest closes that to the user whom PostgreSQL runs as for root.
    with tempfile.TemporaryDirectory(prefix="donebase-data-") as folder:
        yield Path(folder) / "data"


@pytest.fixture
def used_data(data: Path) -> Path:
    """A folder for DATA_DIR that a service has used: with tables and nothing in them."""
    copy_folder(made_once("data", embedded_data), data)
    return data
