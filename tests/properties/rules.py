"""The rules for bodies, written a second time from the documentation, without code of donebase."""

import unicodedata
from collections.abc import Iterator
from datetime import datetime
from typing import Any

Json = dict[str, Any]

MAX_INT8 = 2**63 - 1
LONGEST_TITLE = 500
LONGEST_DESCRIPTION = 5_000
FIELDS = frozenset({"title", "description", "completed", "priority"})
ONLY_THE_DATABASE_SETS = frozenset({"id", "completed_at", "created_at", "updated_at"})
SET_BY_A_CHANGE = frozenset({"completed_at", "version", "updated_at"})

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


_WRONG = {
    "title": wrong_with_title,
    "description": wrong_with_description,
    "completed": wrong_with_completed,
    "priority": wrong_with_priority,
    "user_id": wrong_with_number,
    "version": wrong_with_number,
}


def faults(body: Json, *, fields: frozenset[str], required: frozenset[str], owner: Any) -> dict[str, set[str]]:
    """Return each field at fault in a body for an operation that has these fields, with the codes that can say why."""
    found = dict(_faults(body, fields | {"user_id", "version"} | ONLY_THE_DATABASE_SETS, required))
    # Who owns the task is asked when the rest is right.
    if not found and body.get("user_id", owner) != owner:
        found["user_id"] = {"another_owner"}
    return found


def _faults(body: Json, known: frozenset[str], required: frozenset[str]) -> Iterator[tuple[str, set[str]]]:
    for field in required - body.keys():
        yield field, {"required"}
    for field, value in body.items():
        if field not in known:
            yield field, {"unknown_field"}
        elif field in _WRONG and (wrong := _WRONG[field](value)):
            yield field, wrong


def sent_fields(body: Json) -> Json:
    """Return what a body that is accepted says of a task, as it is kept."""
    kept = {field: body[field] for field in (FIELDS | {"user_id"}) & body.keys()}
    return kept | {"title": kept["title"].strip()} if "title" in kept else kept


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
