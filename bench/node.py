"""Fastify's packages: installed beside its server when they are needed, where there is a Node to run them."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from bench import statements

FOLDER = Path(__file__).parent / "fastify"
_INSTALL = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=1"]
_MINUTES = 3
_STATEMENTS = ("create", "list", "read", "change", "toggle", "delete")


def missing() -> str | None:
    """Install what Fastify needs, and return one line of why that cannot be done, or None."""
    if not (shutil.which("node") and shutil.which("npm")):
        return "Fastify is omitted: node and npm are not installed"
    wanted = json.loads((FOLDER / "package.json").read_text())["dependencies"]
    if versions() == wanted:
        return None
    try:
        ended = subprocess.run(_INSTALL, cwd=FOLDER, capture_output=True, text=True, timeout=60 * _MINUTES, check=False)
    except subprocess.TimeoutExpired:
        return f"Fastify is omitted: npm did not install it within {_MINUTES} minutes"
    if versions() == wanted:
        return None
    return f"Fastify is omitted: npm could not install it ({ended.stderr.strip().splitlines()[:1]})"


def versions() -> dict[str, str]:
    """Return the versions of the packages that are installed, by name."""
    files = (FOLDER / "node_modules" / name / "package.json" for name in ("fastify", "pg"))
    packages = [json.loads(file.read_text()) for file in files if file.exists()]
    return {package["name"]: package["version"] for package in packages}


def environment(url: str, port: int) -> dict[str, str]:
    """Return what server.js reads: where to listen, where PostgreSQL is, and the floor's statements."""
    parts = urlsplit(url)
    folder = parse_qs(parts.query).get("host")
    return {
        "PATH": os.environ["PATH"],
        "PORT": str(port),
        "PGHOST": folder[0] if folder else parts.hostname or "127.0.0.1",
        "PGPORT": str(parts.port or 5432),
        "PGUSER": parts.username or "postgres",
        "PGDATABASE": parts.path.removeprefix("/"),
        "STATEMENTS": json.dumps({name: getattr(statements, name.upper()) for name in _STATEMENTS}),
    }
