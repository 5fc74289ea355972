"""The names of types in the OpenAPI document: generators call classes after them, and others after where they stand."""

from collections.abc import Sequence
from typing import Any

from donebase.accounts.token_fields import SCOPES
from donebase.core.moves import ENDS
from donebase.core.orders import ORDERS
from donebase.core.tables import PRIORITIES
from donebase.http.task_filter import DUE_STATES

Json = dict[str, Any]

_WORDS: dict[tuple[str, ...], tuple[str, str]] = {
    (*PRIORITIES,): ("Priority", "How important a task is."),
    (*DUE_STATES,): ("DueFilter", "When tasks are due; `none`: without a due date."),
    (*ORDERS,): ("TaskSort", "The order of a list; `-` for descending."),
    (*ENDS,): ("ListEnd", "An end of a list."),
    (*SCOPES,): ("Scope", "What a personal access token allows."),
    ("ok", "unavailable"): ("Availability", "Whether the service, or its database, can be used."),
}
"""The names and descriptions of the texts that can be one of some words.

No word is in two of them, because each is a constant in Go: a second type with `none` or `created` has no name.
"""
_VALUES = frozenset({"const", "default", "enum", "example", "examples", "required"})
_SCHEMA = "#/components/schemas/"


def name_schemas(document: Json) -> None:
    """Give the types of a document their names, and take away the titles that FastAPI makes of where they stand."""
    named: Json = {}
    for name, schema in document["components"]["schemas"].items():
        named[_name(name)] = _with_names(schema, named)
    document["paths"] = _with_names(document["paths"], named)
    document["components"]["schemas"] = dict(sorted(named.items()))


def _with_names(part: Any, named: Json) -> Any:
    """Return a part of a document that refers to types by their names. Those that had none are added to `named`."""
    if isinstance(part, list):
        return [_with_names(each, named) for each in part]
    if not isinstance(part, dict):
        return part
    part = {
        key: inner if key in _VALUES else _with_names(inner, named)
        for key, inner in part.items()
        if not (key == "title" and isinstance(inner, str))
    }
    if "$ref" in part:
        part["$ref"] = _SCHEMA + _name(part["$ref"].removeprefix(_SCHEMA))
    elif tuple(part.get("enum", ())) in _WORDS:
        words = part.pop("enum")
        name, description = _WORDS[tuple(words)]
        named[name] = {"type": part.pop("type"), "enum": words, "description": description}
        part["$ref"] = _SCHEMA + name
    elif _is_one_or_many(part.get("anyOf", ())):
        name = f"OneOrMany{part['anyOf'][0]['$ref'].removeprefix(_SCHEMA)}s"
        named[name] = {"oneOf": part.pop("anyOf"), "description": "An object, or an array of such objects."}
        part["$ref"] = _SCHEMA + name
    return part


def _is_one_or_many(types: Sequence[Json]) -> bool:
    return len(types) == 2 and "$ref" in types[0] and types[1].get("items") == types[0]


def _name(schema: str) -> str:
    """Return the name of a schema in the document. In Go, `NewTask` is the function that makes a `Task`."""
    return f"{schema.removeprefix('New')}Input" if schema.startswith("New") else schema
