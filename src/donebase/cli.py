"""The `donebase` command: serve, migrate, openapi."""

import argparse
import asyncio
import errno
import json
import os
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from types import FrameType
from typing import NoReturn
from urllib.parse import urlsplit

import uvicorn
from pydantic import SecretStr
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from donebase import __version__, logs
from donebase.app import create_app
from donebase.core.errors import DatabaseFailed, SchemaMismatch
from donebase.core.models import REVISION
from donebase.database import Database
from donebase.embedded import postgresql
from donebase.migrations import migrate
from donebase.settings import Settings, WrongSetting

OK, FAILED, WRONG_SETTING = 0, 1, 2
_BACKLOG = 2048


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status: 0 done, 1 failed, 2 called or set up wrongly."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except WrongSetting as wrong:
        return _say(wrong, WRONG_SETTING)
    except (DatabaseFailed, SchemaMismatch) as failure:
        return _say(failure, FAILED)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="donebase",
        description="A task backend over PostgreSQL.",
        epilog="Settings come from the environment and from .env; .env.example lists them all.",
    )
    parser.add_argument("--version", action="version", version=f"donebase {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    serve = commands.add_parser(
        "serve",
        help="answer requests until told to stop",
        description="Serve the API. Without DATABASE_URL it starts a PostgreSQL of its own and keeps its data in DATA_DIR.",
    )
    serve.add_argument("--host", help="the address to listen on (HOST, 127.0.0.1)")
    serve.add_argument("--port", help="the port to listen on, 0 for any free one (PORT, 8000)")
    serve.add_argument("--workers", help="how many processes answer (WORKERS, 1)")
    serve.set_defaults(command=_serve)

    migrate = commands.add_parser(
        "migrate",
        help="bring the database's tables up to date",
        description="Bring the tables of DATABASE_URL_UNPOOLED, else DATABASE_URL, to this version of donebase. "
        "Safe to run twice, and from several machines at once.",
    )
    migrate.set_defaults(command=_migrate)

    openapi = commands.add_parser(
        "openapi",
        help="print the OpenAPI document",
        description="Print the OpenAPI document of the API as JSON. Needs no database.",
    )
    openapi.set_defaults(command=_openapi)
    return parser


def _serve(options: argparse.Namespace) -> int:
    given = {name: getattr(options, name) for name in ("host", "port", "workers")}
    settings = Settings.read(**{name: value for name, value in given.items() if value is not None})
    logs.configure(settings.log_format)
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, _leave)
    with ExitStack() as stack:
        listener = stack.enter_context(_listener(settings))
        if settings.database_url is None:
            data = str(settings.data_dir)
            settings = _with_embedded(settings, stack)
        else:
            data = _without_password(settings.database_url.get_secret_value())
        asyncio.run(_check_database(settings))
        address = _address(listener)
        logs.info("listening", address=address, documentation=f"{address}/docs", data=data)
        return _run(settings, listener)


def _listener(settings: Settings) -> socket.socket:
    """Take the address before anything else is started. Raises WrongSetting where it cannot be had."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=_BACKLOG)
    except OSError as failure:
        if failure.errno in (errno.EADDRINUSE, errno.EACCES):
            reason = os.strerror(failure.errno)
            raise WrongSetting(f"PORT must be one that is free: {settings.port} on {settings.host}: {reason}") from None
        raise WrongSetting(f"HOST {Settings.model_fields['host'].description}") from None


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return f"postgresql://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _with_embedded(settings: Settings, stack: ExitStack) -> Settings:
    url = stack.enter_context(postgresql(settings.data_dir))
    settings = settings.model_copy(update={"database_url": SecretStr(url), "database_url_unpooled": None})
    asyncio.run(migrate(settings))
    return settings


async def _check_database(settings: Settings) -> None:
    """Refuse to serve on tables of another version. A database that is away is no reason: it may come."""
    database = Database(settings)
    try:
        await database.open()
    except DatabaseFailed:
        pass  # the service says so itself as it starts
    finally:
        await database.close()


def _run(settings: Settings, listener: socket.socket) -> int:
    several = settings.workers > 1
    config = uvicorn.Config(
        "donebase.app:from_environment" if several else create_app(settings),
        factory=several,
        workers=settings.workers,
        backlog=_BACKLOG,
        lifespan="on",
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=settings.shutdown_grace,
    )
    if several:
        _export(settings)
        listener.set_inheritable(True)
        supervisor = Multiprocess(config, [listener])
        supervisor.run()
        return FAILED if any(worker.exitcode == STARTUP_FAILURE for worker in supervisor.processes) else OK
    server = uvicorn.Server(config)
    server.run([listener])
    return OK if server.started else FAILED


def _export(settings: Settings) -> None:
    """Let the worker processes, which read the environment anew, find what was decided here."""
    assert settings.database_url is not None
    os.environ["DATABASE_URL"] = settings.database_url.get_secret_value()
    os.environ |= {name: str(getattr(settings, name.lower())) for name in ("HOST", "PORT", "WORKERS")}


def _leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, signal.SIG_IGN)  # said once is enough; what is being stopped is stopped in order
    raise SystemExit(OK)


def _migrate(_options: argparse.Namespace) -> int:
    settings = Settings.read()
    logs.configure(settings.log_format)
    with ExitStack() as stack:
        if settings.database_url is None:
            url = stack.enter_context(postgresql(settings.data_dir))
            settings = settings.model_copy(update={"database_url": SecretStr(url)})
        before = asyncio.run(migrate(settings))
    logs.info("migrated", before=before, now=REVISION)
    return OK


def _openapi(_options: argparse.Namespace) -> int:
    nowhere = Settings.read(database_url="postgresql://localhost/none")
    json.dump(create_app(nowhere).openapi(), sys.stdout, indent=2, ensure_ascii=False)
    print()
    return OK


def _say(failure: Exception, status: int) -> int:
    print(f"donebase: {failure}", file=sys.stderr)
    return status
