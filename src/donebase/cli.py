"""The `donebase` command: serve, migrate, backup, restore, users, openapi."""

import argparse
import asyncio
import gc
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from donebase import __version__
from donebase.command_database import command_database
from donebase.core.errors import DonebaseError
from donebase.settings import Settings, WrongSetting
from donebase.telemetry import logs
from donebase.user_commands import add_user_commands

# Each command imports what it needs when it runs: a wrong setting is reported before FastAPI and SQLAlchemy are loaded.

OK, FAILED, WRONG = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status: 0 for success, 1 for a failure, 2 for a wrong argument or setting."""
    _open_standard_streams()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # without a traceback, until the command has a handler of its own
    options = _parser().parse_args(arguments)
    try:
        given = {name: value for name, value in vars(options).items() if value is not None}
        command = given.pop("command")
        arguments_of_its_own = {name: given.pop(name) for name in given.keys() - Settings.model_fields.keys()}
        settings = Settings.read(**given)
        logs.configure(settings.log_format, shared=settings.workers > 1)
        logs.take_over()
        return OK if command(settings, **arguments_of_its_own) else FAILED
    except WrongSetting as wrong:
        return _say(wrong, WRONG)
    except DonebaseError as failure:
        return _say(failure, FAILED)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="donebase",
        description="A backend for to-do lists: an HTTP API that stores tasks in PostgreSQL.",
        epilog="Settings are environment variables, or lines of a file .env in the working directory: "
        + ", ".join(name.upper() for name in Settings.model_fields),
    )
    parser.add_argument("--version", action="version", version=f"donebase {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    serve = commands.add_parser(
        "serve",
        help="start the service",
        description="Start the service. It runs until SIGTERM or SIGINT (Ctrl-C). If DATABASE_URL is not set, it "
        "starts the embedded PostgreSQL, with its data in DATA_DIR.",
    )
    serve.add_argument("--host", help="address to listen on (overrides HOST; default: 127.0.0.1)")
    serve.add_argument("--port", help="port to listen on, 0 for any free one (overrides PORT; default: 8000)")
    serve.add_argument("--workers", help="number of worker processes (overrides WORKERS; default: 1)")
    serve.set_defaults(command=_serve)

    migrate = commands.add_parser(
        "migrate",
        help="create or upgrade the database tables",
        description="Create the database tables, or upgrade them to this version of donebase. Connects to "
        "DATABASE_URL_UNPOOLED if it is set, else to DATABASE_URL, else to the embedded PostgreSQL in DATA_DIR. Safe "
        "to run again, and from several machines at once.",
    )
    migrate.set_defaults(command=_migrate)

    backup = commands.add_parser(
        "backup",
        help="write a backup of the database to a file",
        description="Write a backup of the database that `migrate` connects to. The service can keep running. An "
        "existing file is never overwritten.",
    )
    backup.add_argument("file", type=Path, metavar="FILE", help="the file to create")
    backup.set_defaults(command=_backup)

    restore = commands.add_parser(
        "restore",
        help="restore a backup into an empty database",
        description="Restore a backup into the database that `migrate` connects to. That database must contain no "
        "tasks and no users. It can be PostgreSQL 15 or later, older or newer than the one of the backup.",
    )
    restore.add_argument("file", type=Path, metavar="FILE", help="a file written by `donebase backup`")
    restore.set_defaults(command=_restore)

    add_user_commands(commands)

    openapi = commands.add_parser(
        "openapi",
        help="print the OpenAPI document",
        description="Print the OpenAPI document of the API as JSON. It needs no database.",
    )
    openapi.set_defaults(command=_openapi)
    return parser


def _serve(settings: Settings) -> bool:
    gc.disable()  # what is imported here is kept; the app turns it on again once it has started
    from donebase.serving.process import serve

    return serve(settings, "donebase.app:create_service")


def _migrate(settings: Settings) -> bool:
    from donebase.core.tables import REVISION
    from donebase.postgres.migrations import migrate

    with command_database(settings) as settings:
        before = asyncio.run(migrate(settings))
    logs.info("migrated", before=before, now=REVISION)
    return True


def _backup(settings: Settings, file: Path) -> bool:
    from donebase.postgres.backup import backup

    with command_database(settings) as there:
        backup(there, file.absolute(), embedded=settings.database_url is None)
    return True


def _restore(settings: Settings, file: Path) -> bool:
    from donebase.accounts.tables import METADATA
    from donebase.postgres.restore import restore

    with command_database(settings) as settings:
        asyncio.run(restore(settings, file.absolute(), METADATA))
    return True


def _openapi(settings: Settings) -> bool:
    from donebase.app import create_app

    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # the reader (`| head`) may close the pipe early
    document = create_app(settings.on("postgresql://localhost/none")).openapi()
    print(json.dumps(document, indent=2, ensure_ascii=False))
    return True


def _open_standard_streams() -> None:
    """Open /dev/null for a standard stream that is closed: otherwise the next socket would get its descriptor."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:  # the lowest number that is free
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    sys.stdout = sys.stdout or open(1, "w", closefd=False)  # noqa: SIM115 - for the life of the process
    sys.stderr = sys.stderr or open(2, "w", closefd=False)  # noqa: SIM115


def _say(failure: Exception, status: int) -> int:
    print(f"donebase: {failure}", file=sys.stderr)
    return status
