"""The file `.env`: whether a name in it is one of donebase's settings, written wrongly."""

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


def misspelt(path: Path, missing: Iterable[str]) -> Misspelt | None:
    """Return the first name in the file that looks like one of the settings that are `missing`.

    Other names are left alone: such files are shared with other programs. Raises OSError and UnicodeDecodeError.
    """
    if not path.is_file():
        return None
    from dotenv.parser import parse_stream  # pydantic-settings as well imports it only where there is a file

    wanted = {name.upper() for name in missing}
    with path.open(encoding="utf-8") as file:
        names = [binding.key.upper() for binding in parse_stream(file) if binding.key]
    for name in names:
        meant = get_close_matches(name, wanted - set(names), 1, _ALIKE)
        if meant and not name.startswith(_NOT_OURS):
            return Misspelt(name, meant[0])
    return None
