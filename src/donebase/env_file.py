"""The file `.env`: what is in it, and whether a name in it is a misspelt setting."""

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

# From 0 to 1. WORKER and WORKERS have 0.92, HOSTS and HOST 0.89; DATABASE_USER and DATABASE_URL, which differ on
# purpose, 0.88.
_ALIKE = 0.885
# OpenTelemetry has many more variables than donebase reads, with names that are much alike.
_NOT_OURS = "OTEL_"


class Misspelt(NamedTuple):
    """A name in the file, and the setting that it looks like; both in capitals."""

    name: str
    meant: str


def read_env_file(path: Path) -> dict[str, str | None]:
    """Return the values in a file or FIFO by name, None for a name without `=`. An absent file has none.

    Raises OSError and UnicodeDecodeError.
    """
    if not (path.is_file() or path.is_fifo()):  # password managers write into a FIFO
        return {}
    from dotenv import dotenv_values  # in production there is often no such file

    return dotenv_values(path, encoding="utf-8")


def misspelt(names: Iterable[str], missing: Iterable[str]) -> Misspelt | None:
    """Return the first of the names in the file that looks like one of the settings that are `missing`.

    Other names are ignored: such files are shared with other programs.
    """
    names = [name.upper() for name in names]
    wanted = {name.upper() for name in missing} - set(names)
    for name in names:
        meant = get_close_matches(name, wanted, 1, _ALIKE)
        if meant and not name.startswith(_NOT_OURS):
            return Misspelt(name, meant[0])
    return None
