"""What a start costs: the modules that `donebase serve` imports before it is ready."""

import json
import subprocess
import sys
from pathlib import Path

from tests.support.processes import clean_environment
from tests.support.waiting import DEADLINE

# A command, a setting or a request needs them, and imports them then.
LATER = {
    "alembic",  # migrations
    "argon2",  # passwords, with AUTH=required
    "cryptography",  # the tokens of another issuer
    "dotenv",  # a file .env
    "fastapi_swagger",  # /docs
    "jwt",  # tokens
    "donebase.serving.supervisor",  # several workers
    "opentelemetry.exporter",  # traces
    "opentelemetry.sdk",
    "prometheus_client",  # /metrics
    "psutil",  # a PostgreSQL that another process has started
    "websockets",
    "zxcvbn",  # passwords that are common
}
SERVE = """
import json, sys
from donebase.cli import main
try:
    main(["serve"])
finally:
    print(json.dumps({"event": "imported", "modules": list(sys.modules)}), flush=True)
"""


def test_a_start_imports_nothing_that_only_other_commands_settings_or_requests_need(
    folder: Path, used_data: Path
) -> None:
    """On an existing data folder, with the settings that are the default."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVE],
        cwd=folder,
        env=clean_environment(DATA_DIR=str(used_data), PORT="0"),
        stdout=subprocess.PIPE,
        text=True,
    ) as serving:
        assert serving.stdout
        for line in serving.stdout:
            if json.loads(line)["event"] == "listening":
                serving.terminate()
        assert serving.wait(DEADLINE) == 0
    modules = json.loads(line)["modules"]
    assert {"fastapi", "asyncpg", "uvicorn"} <= set(modules)
    assert set() == LATER & set(modules)


HELP = """
import gc, sys
collections = []
gc.callbacks.append(lambda phase, info: collections.append(phase))
from donebase.__main__ import run
sys.argv = ["donebase", "serve", "--help"]
try:
    run()
finally:
    print(len(collections), gc.isenabled(), file=sys.stderr)
"""


def test_what_is_imported_is_not_searched_for_garbage(folder: Path) -> None:
    command = [sys.executable, "-c", HELP]
    done = subprocess.run(
        command, cwd=folder, env=clean_environment(), capture_output=True, text=True, timeout=DEADLINE, check=False
    )
    collections, enabled = done.stderr.split()
    assert int(collections) < 20  # over 100 otherwise
    assert enabled == "True"
