"""When a task is due, as Python has it with the data about time zones of the PostgreSQL that is tested."""

from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

from donebase.postgres.time_zones import canonical_names
from tests.support.psql import Psql

# Python takes the rule for the future to hold from the last change that is listed: not so there in a week of 2022.
_WRONG_IN_PYTHON = "America/Ojinaga"
# Of the package, not of the system.
EVERY_NAME = frozenset((files("tzdata") / "zones").read_text().split())
NAMES = sorted(EVERY_NAME - {_WRONG_IN_PYTHON})
CANONICAL = canonical_names()
_FILE = (
    "SELECT coalesce(pg_read_binary_file(setting || '/timezone/' || $1, 0, 1000000, true), "
    "pg_read_binary_file('/usr/share/zoneinfo/' || $1, 0, 1000000, true)) FROM pg_config WHERE name = 'SHAREDIR'"
)


def of_the_package(name: str) -> ZoneInfo:
    """Return a time zone as the package `tzdata` has it."""
    return ZoneInfo.from_file(BytesIO(files("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes()))


def zone_of_another_day() -> str:
    """Return a time zone with another date than UTC's, which is the date there for an hour at least."""
    return "Pacific/Kiritimati" if datetime.now(UTC).hour >= 10 else "Pacific/Pago_Pago"


class TimeZones:
    """The time zones of a PostgreSQL, which may be older or newer than Python's."""

    def __init__(self, psql: Psql) -> None:
        self._psql = psql
        self._known: dict[str, ZoneInfo] = {}

    def __getitem__(self, name: str) -> ZoneInfo:
        """Return a time zone."""
        if name not in self._known:
            file = self._psql.value(_FILE, CANONICAL.get(name, name))
            self._known[name] = ZoneInfo.from_file(BytesIO(file))
        return self._known[name]

    def moment(self, due: dict[str, Any], asker: str) -> datetime:
        """Return the moment at which a task is overdue: of two moments the first."""
        zone = self[(due["time"] and due["time_zone"]) or asker]
        day = datetime.fromisoformat(due["date"])
        over = datetime.combine(day, time.fromisoformat(due["time"])) if due["time"] else day + timedelta(days=1)
        return over.replace(tzinfo=zone, fold=0).astimezone(UTC)

    def is_today(self, due: dict[str, Any], asker: str, now: datetime) -> bool:
        """Return whether a task is due today: its date is written, or its instant lies, within the asker's day."""
        today = now.astimezone(self[asker]).date()
        if due["time_zone"]:
            return self.moment(due, asker).astimezone(self[asker]).date() == today
        return date.fromisoformat(due["date"]) == today
