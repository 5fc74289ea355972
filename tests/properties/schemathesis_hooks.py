"""What Schemathesis is told that the document cannot say, and one check of ours. It runs in Schemathesis's process."""

import re
from typing import Any

import schemathesis
from schemathesis import Case, CheckContext, HookContext, Response
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.openapi.checks import EnsureResourceAvailability, MissingHeaderNotRejected, RejectedPositiveData

from tests.properties.rules import (
    LONGEST_TITLE,
    wrong_with_description,
    wrong_with_due,
    wrong_with_tags,
    wrong_with_title,
)

# JSON Schema counts characters; it has no word for one that can be seen, nor for one that PostgreSQL cannot hold. The
# document does not list all time zones, nor that items are unique (docs/decisions/0037-what-generators-read.md).
_UNSAID = {
    *("blank", "nul_character", "unknown_time_zone", "needs_time", "invalid_date"),
    *("repeated_tag", "repeated_scope"),
}
# One password comes with the other, few are too common, tokens are limited, and time passes.
_UNSAID_OF_ACCOUNTS = {
    *(("password", "required"), ("current_password", "required"), ("password", "common_password")),
    *(("expires_at", "in_the_past"), ("body", "too_many_tokens")),
}
_SORTS = {f"{sign}{key}" for key in "created updated due priority title order".split() for sign in ("", "-")}
_deleted: set[str] = set()


def _task_id(case: Case[Any]) -> str | None:
    task_id = case.path_parameters.get("task_id")
    return None if task_id is None else str(task_id)


@schemathesis.check
def a_task_that_is_gone_stays_gone(_ctx: CheckContext, response: Response, case: Case[Any]) -> None:
    """See that an id that was deleted through one address is missing at every address from then on."""
    task_id = _task_id(case)
    if task_id is None or not 200 <= response.status_code < 300 or "idempotent-replayed" in response.headers:
        return
    assert task_id not in _deleted, f"task {task_id} was deleted before"
    if case.method == "DELETE":
        _deleted.add(task_id)


@schemathesis.hook
def before_call(_context: HookContext, case: Case[Any], _kwargs: dict[str, Any]) -> None:
    """Let conditions be met: nobody draws the version that a task has, and few texts are a list of entity tags.

    Let parameters agree, a time zone be one, and tags be seen: what is drawn is mostly refused for what is not
    documented.
    """
    if "If-Match" in case.headers:
        case.headers["If-Match"] = "*"
    if "If-None-Match" in case.headers:
        case.headers["If-None-Match"] = 'W/"1", "2"'
    if case.query and not case.path.endswith("/history"):
        _let_parameters_agree(case.query)
    if case.method == "DELETE" and case.path.endswith("/tasks"):
        _say_which_tasks(case)
    if isinstance(case.body, list):
        case.body = [_with_what_is_unsaid(item) for item in case.body]
    elif isinstance(case.body, dict):  # not one that is left out: Schemathesis checks what is put there
        case.body = _with_what_is_unsaid(case.body)


def _say_which_tasks(case: Case[Any]) -> None:
    """Delete with filters, which no task fits: Schemathesis does not know which of its tasks would be gone."""
    query = dict(case.query or {})
    if str(query.get("all", "true")).lower() in ("true", "false"):
        query.pop("all", None)
        tags = query.get("tag", [])
        case.query = query | {"tag": [*(tags if isinstance(tags, list) else [tags]), "of no task"]}


def _let_parameters_agree(query: dict[str, Any]) -> None:
    """Ask for a time zone only where it means something, and for what follows only in the order of creation."""
    is_by_the_clock = query.get("due") in ("today", "overdue")
    if query.pop("time_zone", None) is not None and is_by_the_clock:
        query["time_zone"] = "Europe/Berlin"
    if re.fullmatch(r"[\w-]+", str(query.get("after", "")), re.ASCII):  # a word that only an answer can have told
        query["after"] = "0"
        if str(query.get("sort", "created")) in _SORTS - {"created"}:
            del query["after"]


def _with_what_is_unsaid(body: Any) -> Any:
    if not isinstance(body, dict):
        return body
    if [*body] in (["before"], ["after"]) and _is_id(*body.values()):
        return {"to": "last"}  # no task has an id that is drawn
    due, tags = body.get("due"), body.get("tags")
    if isinstance(due, dict) and isinstance(due.get("time_zone"), str):
        zone = "Europe/Berlin" if isinstance(due.get("time"), str) else None
        body = body | {"due": due | {"time_zone": zone}}
    if isinstance(tags, list) and set().union(*wrong_with_tags(tags).values()) <= _UNSAID:
        body = body | {"tags": [f"{number}" for number in range(len(tags))]}
    return body


def _is_id(value: Any) -> bool:
    return type(value) is int and 1 <= value < 2**63


@schemathesis.hook
def filter_failure(_context: HookContext, failure: Failure, case: Case[Any], response: Response) -> bool:
    """Say whether a failure is one."""
    # The same task is at three addresses. Schemathesis knows that it was deleted only where that was at the same one.
    if isinstance(failure, EnsureResourceAvailability):
        return _task_id(case) not in _deleted
    bodies = [each for each in (case.body if isinstance(case.body, list) else [case.body]) if isinstance(each, dict)]
    if isinstance(failure, MissingHeaderNotRejected):  # which it has left out, and sends with every request
        return "Authorization" not in response.request.headers
    if isinstance(failure, RejectedPositiveData):
        faults = [(fault["field"], fault["code"]) for fault in response.json().get("errors", ())]
        if case.path.startswith("/auth/") and faults:
            return not all(code in _UNSAID or (field, code) in _UNSAID_OF_ACCOUNTS for field, code in faults)
        fields = {field for field, _ in faults}
        is_text = bool(fields) and fields <= {"If-None-Match", "q", "tag"}  # of which the document says no more
        has_gone = response.status_code == 410  # the history, for a number that is drawn
        has_owners = len({each.get("user_id") for each in bodies}) > 1  # of an array, where there can be one
        is_unknown = any(each.keys() & {"before", "after"} for each in bodies)  # a neighbour, or is no other task
        return not (is_unknown or is_text or has_gone or has_owners or any(map(_breaks_an_unsaid_rule, bodies)))
    if isinstance(failure, AcceptedNegativeData):
        # null is taken for no body, which the document does not say
        return case.body is not None and not any(_is_too_long_for_its_white_space(each.get("title")) for each in bodies)
    return True


def _breaks_an_unsaid_rule(body: dict[str, Any]) -> bool:
    if isinstance(body.get("user_id"), float):  # 7.0 is an integer to JSON Schema, and none to the contract
        return True
    wrong = wrong_with_title(body.get("title", "x")) | wrong_with_description(body.get("description"))
    for inside in (wrong_with_due(body.get("due")), wrong_with_tags(body.get("tags", []))):
        wrong = wrong.union(*inside.values())
    return bool(wrong) and bool(wrong & _UNSAID)


def _is_too_long_for_its_white_space(title: Any) -> bool:
    # The rule is for what is left of a title without the white space around it, which JSON Schema cannot take away.
    return isinstance(title, str) and len(title) > LONGEST_TITLE and not wrong_with_title(title)
