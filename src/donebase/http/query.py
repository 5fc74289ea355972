"""Reads the query of a request strictly: nothing is ignored."""

from collections.abc import Mapping
from urllib.parse import unquote_plus

from donebase.core.errors import Fault, InvalidInput
from donebase.http.faults import MAX_FAULTS


def read_query(query: bytes, is_list: Mapping[str, bool]) -> dict[str, list[str]]:
    """Return the values of each parameter, decoded as an HTML form is (WHATWG URL, 5.1).

    Bytes that are not UTF-8 become lone surrogates, which no type of a parameter takes: as U+FFFD they would be valid.
    `is_list` has the names of the parameters that an operation knows, and which may be repeated. Raises InvalidInput,
    with at most MAX_FAULTS faults, where others are sent or one is repeated that may not be.
    """
    values: dict[str, list[str]] = {}
    faults: list[Fault] = []
    for part in query.decode("latin-1").split("&"):
        if not part:
            continue
        encoded_name, _, value = part.partition("=")
        name = unquote_plus(encoded_name)
        if name not in is_list:
            faults.append(Fault(name, "is not a known parameter", "unknown_parameter"))
        elif name in values and not is_list[name]:
            faults.append(Fault(name, "must appear only once", "repeated_parameter"))
        values.setdefault(name, []).append(unquote_plus(value, errors="surrogateescape"))
        if len(faults) == MAX_FAULTS:
            break
    if faults:
        raise InvalidInput(faults)
    return values
