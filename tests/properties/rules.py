"""The rules for bodies, written a second time from the documentation, without code of donebase."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import date, datetime
from importlib.resources import files
from typing import Any

Json = dict[str, Any]
Faults = dict[str, set[str]]

MAX_INT8 = 2**63 - 1
LONGEST_TITLE = 500
LONGEST_DESCRIPTION = 5_000
DEFAULTS: Json = {"description": None, "completed": False, "due": None, "priority": None, "tags": []}
"""What a new task has where nothing is sent. Its order is its id."""
FIELDS = frozenset({"title", "order", *DEFAULTS})
MOST_TAGS = 20
LONGEST_TAG = 50
ONLY_THE_DATABASE_SETS = frozenset({"id", "completed_at", "created_at", "updated_at"})
SET_BY_A_CHANGE = frozenset({"completed_at", "version", "updated_at"})

ZONES = frozenset((files("tzdata") / "zones").read_text().split())

# Unicode's Default_Ignorable_Code_Point beyond the category Cf, and the blank pattern of Braille.
_IGNORABLE = [
    (0x034F, 0x034F),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x2065, 0x2065),
    (0x2800, 0x2800),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0xE0000, 0xE0FFF),
]


def is_visible(char: str) -> bool:
    """Say whether a character shows. One that this Python does not know yet is taken for somebody's new emoji."""
    point = ord(char)
    noncharacter = point & 0xFFFE == 0xFFFE or 0xFDD0 <= point <= 0xFDEF
    unseen = unicodedata.category(char) in {"Cc", "Cf", "Co", "Cs", "Zl", "Zp", "Zs"}
    return not (unseen or noncharacter or any(first <= point <= last for first, last in _IGNORABLE))


def wrong_with_text(text: str, longest: int) -> set[str]:
    """Return what is wrong with a text wherever it stands."""
    wrong = {"too_long"} if len(text) > longest else set()
    if "\0" in text:
        wrong.add("nul_character")
    if any(0xD800 <= ord(char) <= 0xDFFF for char in text):
        wrong.add("not_unicode")
    return wrong


def wrong_with_title(title: Any) -> set[str]:
    if not isinstance(title, str):
        return {"wrong_type"}
    kept = title.strip()
    return wrong_with_text(kept, LONGEST_TITLE) | (set() if any(map(is_visible, kept)) else {"blank"})


def wrong_with_description(description: Any) -> set[str]:
    if description is None:
        return set()
    return wrong_with_text(description, LONGEST_DESCRIPTION) if isinstance(description, str) else {"wrong_type"}


def wrong_with_completed(completed: Any) -> set[str]:
    return set() if isinstance(completed, bool) else {"wrong_type"}


def wrong_with_priority(priority: Any) -> set[str]:
    if priority in (None, "low", "medium", "high"):
        return set()
    return {"unknown_value", "not_unicode"} if isinstance(priority, str) else {"wrong_type"}


def wrong_with_number(number: Any) -> set[str]:
    if not isinstance(number, int) or isinstance(number, bool):
        return {"wrong_type"}
    return set() if 1 <= number <= MAX_INT8 else {"out_of_range"}


def wrong_with_due(due: Any) -> Faults:
    if due is None:
        return {}
    if not isinstance(due, dict):
        return {"due": {"wrong_type"}}
    found = {f"due.{name}": {"unknown_field"} for name in due.keys() - {"date", "time", "time_zone"}}
    day, time, zone = due.get("date"), due.get("time"), due.get("time_zone")
    if "date" not in due:
        found["due.date"] = {"required"}
    elif not isinstance(day, str):
        found["due.date"] = {"wrong_type"}
    elif not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", day) or not _is_possible(date.fromisoformat, day):
        found["due.date"] = {"invalid_date", "not_unicode"}
    wrong_time = wrong_with_time(time)
    if wrong_time:
        found["due.time"] = wrong_time
    if zone is not None and not isinstance(zone, str):
        found["due.time_zone"] = {"wrong_type"}
    elif zone is not None and zone not in ZONES:
        found["due.time_zone"] = {"unknown_time_zone", "not_unicode"}
    elif zone is not None and time is None:
        found["due.time_zone"] = {"needs_time"}
    return found


def wrong_with_time(time: Any) -> set[str]:
    if time is None:
        return set()
    if not isinstance(time, str):
        return {"wrong_type"}
    is_written_so = re.fullmatch("[0-9]{2}:[0-9]{2}(:[0-9]{2})?", time) and not time.startswith("24")
    is_time = is_written_so and _is_possible(datetime.fromisoformat, f"2026-12-01T{time}")
    return set() if is_time else {"invalid_time", "not_unicode"}


def _is_possible(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True


def wrong_with_tags(tags: Any) -> Faults:
    if not isinstance(tags, list):
        return {"tags": {"wrong_type"}}
    wrong = {f"tags[{number}]": why for number, tag in enumerate(tags) if (why := wrong_with_tag(tag))}
    if wrong:
        return wrong
    kept = [tag.strip() for tag in tags]
    found = {"too_long"} if len(kept) > MOST_TAGS else set()
    found |= {"repeated_tag"} if len(set(kept)) < len(kept) else set()
    return {"tags": found} if found else {}


def wrong_with_tag(tag: Any) -> set[str]:
    if not isinstance(tag, str):
        return {"wrong_type"}
    kept = tag.strip()
    return wrong_with_text(kept, LONGEST_TAG) | (set() if any(map(is_visible, kept)) else {"blank"})


def wrong_with_order(order: Any) -> set[str]:
    if isinstance(order, bool) or not isinstance(order, int | float):
        return {"wrong_type"}
    return set() if abs(order) < 2**1024 else {"out_of_range", "wrong_type"}


_INSIDE: dict[str, Callable[[Any], Faults]] = {"due": wrong_with_due, "tags": wrong_with_tags}
_WRONG = {
    "order": wrong_with_order,
    "title": wrong_with_title,
    "description": wrong_with_description,
    "completed": wrong_with_completed,
    "priority": wrong_with_priority,
    "user_id": wrong_with_number,
    "version": wrong_with_number,
}


def faults(
    body: Json, *, fields: frozenset[str], required: frozenset[str], owner: Any, is_named: bool
) -> dict[str, set[str]]:
    """Return each field at fault in a body for an operation that has these fields, with the codes that can say why.

    `is_named` is whether the address names the owner.
    """
    found = dict(_faults(body, fields | {"user_id", "version"} | ONLY_THE_DATABASE_SETS, required))
    # Who owns the task is asked when the rest is right.
    if not found and body.get("user_id", owner) is None:
        return {} if is_named else {"user_id": {"wrong_type"}}
    if not found and body.get("user_id", owner) != owner:
        found["user_id"] = {"another_owner"}
    return found


def _faults(body: Json, known: frozenset[str], required: frozenset[str]) -> Iterator[tuple[str, set[str]]]:
    for field in required - body.keys():
        yield field, {"required"}
    for field, value in body.items():
        if field not in known:
            yield field, {"unknown_field"}
        elif field in _INSIDE:
            yield from _INSIDE[field](value).items()
        elif field == "user_id" and value is None and field not in required:
            continue
        elif field in _WRONG and (wrong := _WRONG[field](value)):
            yield field, wrong


def sent_fields(body: Json) -> Json:
    """Return what a body that is accepted says of a task, as it is kept."""
    kept = {field: body[field] for field in (FIELDS | {"user_id"}) & body.keys()}
    if kept.get("user_id", 1) is None:
        del kept["user_id"]
    if "title" in kept:
        kept["title"] = kept["title"].strip()
    if "order" in kept:
        kept["order"] = float(kept["order"])  # a `double precision`
    if "tags" in kept:
        kept["tags"] = [tag.strip() for tag in kept["tags"]]
    if kept.get("due") is not None:
        due = {"time": None, "time_zone": None} | kept["due"]
        if due["time"] and due["time"].endswith(":00") and len(due["time"]) == len("17:00:00"):
            due["time"] = due["time"].removesuffix(":00")
        kept["due"] = due
    return kept


def moment(time: str) -> datetime:
    """Return what a time says; it has to be one in UTC, as RFC 3339 has it."""
    assert time.endswith("Z")
    return datetime.fromisoformat(time)


def is_new(task: Json, body: Json) -> bool:
    """Say whether a body that is sent to change a task brings anything new."""
    return not sent_fields(body).items() <= task.items()


def is_changed(before: Json, after: Json, body: Json) -> bool:
    """Say whether a task is what a body has made of it, by a change if it brings anything new and else by none."""
    if not is_new(before, body):
        return after == before
    completed_at = before["completed_at"] if before["completed"] == after["completed"] else after["updated_at"]
    given = {name: after[name] for name in SET_BY_A_CHANGE}
    return (
        after == before | sent_fields(body) | given
        and after["completed_at"] == (completed_at if after["completed"] else None)
        and after["version"] > before["version"]
        and moment(after["updated_at"]) > moment(before["updated_at"])
    )
