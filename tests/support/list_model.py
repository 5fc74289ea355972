"""Lists as the contract describes them, in memory: which tasks a query names, and in which order."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cmp_to_key
from typing import Any
from unicodedata import normalize
from zoneinfo import ZoneInfo

from tests.support.families import Json
from tests.support.folding import folded

_RANKS = {"low": 1, "medium": 2, "high": 3}
_DAY_IS_LATER_THAN_ANY_TIME = "~"


def fulfils(task: Json, query: Mapping[str, Any], now: datetime) -> bool:
    """Say whether a query names a task at a moment; parameters that can be repeated are lists."""
    due = task["due"]
    date = due and due["date"]
    texts = [folded(text) for text in (task["title"], task["description"] or "", *task["tags"])]
    return (
        query.get("completed", task["completed"]) in (task["completed"], str(task["completed"]).lower())
        and (not query.get("priority") or (task["priority"] or "none") in query["priority"])
        and {tag.strip() for tag in query.get("tag", ())} <= set(task["tags"])
        and ("due_from" not in query or (date is not None and date >= query["due_from"]))
        and ("due_to" not in query or (date is not None and date <= query["due_to"]))
        and _has_due_state(due, query.get("due"), ZoneInfo(query.get("time_zone", "UTC")), now)
        and all(any(folded(word) in text for text in texts) for word in normalize("NFKD", query.get("q", "")).split())
    )


def _has_due_state(due: Json | None, state: str | None, here: ZoneInfo, now: datetime) -> bool:
    if state is None:
        return True
    if due is None or state in ("none", "any"):
        return (due is None) == (state == "none")
    if not "1000" < due["date"] < "9000":  # where Python has no dates around it
        return state == "overdue" and due["date"] < "1000"
    if state == "overdue":
        return due_moment(due, here) <= now
    is_instant = due["time_zone"] is not None
    date = due_moment(due, here).astimezone(here).date().isoformat() if is_instant else due["date"]
    return bool(date == now.astimezone(here).date().isoformat())


def due_moment(due: Json, here: ZoneInfo) -> datetime:
    """Return when a due date is over, for a person in a time zone."""
    day = datetime.fromisoformat(due["date"])
    if due["time"] is None:
        return (day + timedelta(days=1)).replace(tzinfo=here).astimezone(UTC)
    time = datetime.fromisoformat(f"{due['date']}T{due['time']}")
    return time.replace(tzinfo=ZoneInfo(due["time_zone"]) if due["time_zone"] else here).astimezone(UTC)


def key(task: Json, name: str) -> Any:
    """Return the key of a task in an order, None if it has none."""
    due = task["due"]
    match name:
        case "created":
            return task["id"]
        case "updated":
            return task["updated_at"]
        case "due":
            return due and (due["date"], due["time"] or _DAY_IS_LATER_THAN_ANY_TIME)
        case "priority":
            return _RANKS.get(task["priority"])
        case "title":
            return folded(task["title"])[:500]
        case "order":
            return task["order"]
    raise AssertionError(name)


def in_order(tasks: Sequence[Json], order: str) -> list[Json]:
    """Return tasks in an order: those without a key last either way, ties by id."""
    name = order.removeprefix("-")

    def compare(one: Json, other: Json) -> int:
        keys = key(one, name), key(other, name)
        if keys[0] == keys[1]:
            return int(one["id"]) - int(other["id"])
        if None in keys:
            return 1 if keys[0] is None else -1
        is_earlier = keys[0] < keys[1]
        return -1 if is_earlier != order.startswith("-") else 1

    return sorted(tasks, key=cmp_to_key(compare))


def listed(tasks: Sequence[Json], query: Mapping[str, Any], now: datetime) -> list[Json]:
    """Return the whole list that a query names."""
    return in_order([task for task in tasks if fulfils(task, query, now)], query.get("sort", "created"))
