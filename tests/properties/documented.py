"""Requests for each operation, drawn from the OpenAPI document: right, almost right and wrong."""

import json
from typing import Any
from urllib.parse import quote, quote_from_bytes

from hypothesis import strategies as st

from tests.properties.bodies import anything, malformed, near, texts, written
from tests.properties.rules import Json
from tests.support.oracle import Sent

JSON = (b"content-type", b"application/json")

_wrong_numbers = st.sampled_from("0 -1 01 +1 1.0 1e3 1_0 a 0x1 true null 99999999999999999999".split()) | texts
_tags = st.sampled_from(['"17"', 'W/"57"', '"abc"', '""', "", " ", "17", '"1 7"', '"', "*"])
_entity_tags = st.just("*") | st.lists(_tags, min_size=1, max_size=4).map(", ".join)


def requests(document: Json, method: str, path: str) -> st.SearchStrategy[Sent]:
    """Draw requests to one operation of a document."""
    operation = document["paths"][path][method.lower()]
    parameters: dict[str, dict[str, st.SearchStrategy[str]]] = {"path": {}, "query": {}, "header": {}}
    for parameter in operation.get("parameters", ()):
        name, schema = parameter["name"], _resolved(document, parameter["schema"])
        parameters[parameter["in"]][name] = _parameters(name, schema)
    body = operation.get("requestBody")
    return st.builds(
        _sent,
        st.just(method),
        st.just(path),
        st.fixed_dictionaries(parameters["path"]),
        st.lists(_pairs(parameters["query"]), max_size=3),
        st.fixed_dictionaries({}, optional=parameters["header"]),
        st.just(None) if body is None else _bodies(document, body),
    )


def _sent(
    method: str,
    path: str,
    ids: dict[str, str],
    query: list[tuple[str, str]],
    named: dict[str, str],
    body: bytes | None,
) -> Sent:
    path = path.format(**{name: quote(value, safe="") for name, value in ids.items()})
    if query:
        path += "?" + "&".join(
            f"{name}={quote_from_bytes(value.encode('utf-8', 'surrogatepass'))}" for name, value in query
        )
    headers = [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in named.items()]
    return Sent(method, path, [*headers, JSON] if body else headers, body or b"")


def _parameters(name: str, schema: Json) -> st.SearchStrategy[str]:
    """Draw values of a parameter as they are written in a path, a query or a header."""
    if schema["type"] != "integer":
        return texts | _entity_tags if "If-" in name else texts
    right = st.integers(schema["minimum"], schema["maximum"]) | st.integers(
        schema["maximum"] - 1, schema["maximum"] + 1
    )
    return right.map(str) | _wrong_numbers


def _pairs(query: dict[str, st.SearchStrategy[str]]) -> st.SearchStrategy[tuple[str, str]]:
    unknown = st.tuples(st.sampled_from(["colour", "Limit", "limit[]"]), st.just("1"))
    return st.one_of(*(st.tuples(st.just(name), values) for name, values in query.items()), unknown)


def _bodies(document: Json, body: Json) -> st.SearchStrategy[bytes]:
    schema = _resolved(document, body["content"]["application/json"]["schema"])
    one, *many = schema.get("oneOf", [schema])
    schema = _resolved(document, one)
    values = {name: _values(_resolved(document, each)) | anything for name, each in schema["properties"].items()}
    required = {name: values.pop(name) for name in schema.get("required", ())}
    right = st.fixed_dictionaries(required, optional=values)
    any_members = st.dictionaries(st.sampled_from(sorted(schema["properties"])) | texts, anything, max_size=4)
    spoilt = malformed(dict.fromkeys(schema["properties"], "x"))
    objects = written(right) | written(any_members) | spoilt | st.just(b"")
    return objects | _arrays(right | any_members | anything) if many else objects


def _resolved(document: Json, schema: Json) -> Json:
    """Return a schema in which those to which it refers itself, or which it allows, are written out."""
    if "$ref" in schema:
        found: Json = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return found
    if "anyOf" in schema:
        return {**schema, "anyOf": [_resolved(document, each) for each in schema["anyOf"]]}
    return schema


def _arrays(items: st.SearchStrategy[Any]) -> st.SearchStrategy[bytes]:
    """Draw arrays of about all lengths: one or a few items, and again and again the same ones."""
    few = st.lists(items, max_size=4)
    times = st.sampled_from([1, 1, 1, 2, 7, 500, 1_000, 1_001])
    return st.builds(lambda items, times: json.dumps((items * times)[:1_001]).encode(), few, times)


def _values(schema: Json) -> st.SearchStrategy[Any]:
    """Draw values that a property may have, and some just beyond its limits."""
    if "anyOf" in schema:
        return st.one_of(*map(_values, schema["anyOf"]))
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema.get("type"):
        case "string":
            return texts | near(schema.get("maxLength", 30))
        case "integer":
            return st.integers(schema["minimum"] - 1, schema["maximum"] + 1)
        case "boolean":
            return st.booleans()
        case "null":
            return st.none()
        case _:
            return anything
