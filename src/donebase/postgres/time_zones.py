"""The former names of time zones, which not every PostgreSQL knows."""

from importlib.resources import files

# PostgreSQL knows these without any data about time zones.
_BUILT_IN = {"UTC", "GMT"}


def canonical_names() -> dict[str, str]:
    """Return for each former name of a time zone the one that replaced it.

    A former name is a link of the IANA database that is no place of `zone.tab`, such as Asia/Calcutta or CET. A place
    that is a link, such as Europe/Oslo, is none: its clocks can one day differ again from those that it links to.
    """
    data = files("tzdata") / "zoneinfo"
    lines = [line.split() for line in (data / "tzdata.zi").read_text().splitlines()]
    places = {line.split("\t")[2] for line in (data / "zone.tab").read_text().splitlines() if not line.startswith("#")}
    links = {line[2]: line[1] for line in lines if line[0] == "L"}
    return {name: target for name, target in links.items() if name not in places | _BUILT_IN}
