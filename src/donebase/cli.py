"""The `donebase` command: serve, migrate, openapi."""

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Sequence
from contextlib import ExitStack

from donebase import __version__, logs
from donebase.core.errors import DonebaseError
from donebase.settings import Settings, WrongSetting

# Each command imports what it needs as it runs: a wrong setting is told before FastAPI and SQLAlchemy are loaded.

OK, FAILED, WRONG = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status: 0 done, 1 failed, 2 called or set up wrongly."""
    options = _parser().parse_args(arguments)
    try:
        given = {name: value for name, value in vars(options).items() if name != "command" and value is not None}
        settings = Settings.read(**given)
        logs.configure(settings.log_format)
        return OK if options.command(settings) else FAILED
    except WrongSetting as wrong:
        return _say(wrong, WRONG)
    except DonebaseError as failure:
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
        description="Serve the API. Without DATABASE_URL it starts a PostgreSQL of its own, with its data in DATA_DIR.",
    )
    serve.add_argument("--host", help="the address to listen on (HOST, else 127.0.0.1)")
    serve.add_argument("--port", help="the port to listen on, 0 for any free one (PORT, else 8000)")
    serve.add_argument("--workers", help="how many processes answer (WORKERS, else 1)")
    serve.set_defaults(command=_serve)

    migrate = commands.add_parser(
        "migrate",
        help="bring the database's tables up to date",
        description="Bring the tables of DATABASE_URL_UNPOOLED, else DATABASE_URL, else those in DATA_DIR to this "
        "version of donebase. Safe to run again, and from several machines at once.",
    )
    migrate.set_defaults(command=_migrate)

    openapi = commands.add_parser(
        "openapi",
        help="print the OpenAPI document",
        description="Print the OpenAPI document of the API as JSON. Needs no database.",
    )
    openapi.set_defaults(command=_openapi)
    return parser


def _serve(settings: Settings) -> bool:
    from donebase.server import serve

    return serve(settings)


def _migrate(settings: Settings) -> bool:
    from donebase.core.models import REVISION
    from donebase.embedded import postgresql
    from donebase.migrations import migrate

    with ExitStack() as stack:
        if settings.database_url is None:
            settings = settings.on(stack.enter_context(postgresql(settings.data_dir)))
        before = asyncio.run(migrate(settings))
    logs.info("migrated", before=before, now=REVISION)
    return True


def _openapi(settings: Settings) -> bool:
    from donebase.app import create_app

    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # whoever reads may stop in the middle
    document = create_app(settings.on("postgresql://localhost/none")).openapi()
    print(json.dumps(document, indent=2, ensure_ascii=False))
    return True


def _say(failure: Exception, status: int) -> int:
    print(f"donebase: {failure}", file=sys.stderr)
    return status
