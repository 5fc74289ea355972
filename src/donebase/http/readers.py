"""Reads single parameters of a request: where the value of each is found, what validates it, and what it defaults to.

Values, faults and the order of the faults are FastAPI's. A kind of parameter that is not supported is refused when the
app is made.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Any, ClassVar, get_args

from fastapi import params
from fastapi._compat import ModelField, field_annotation_is_sequence, lenient_issubclass
from pydantic import BaseModel, Json, ValidationError
from starlette.requests import HTTPConnection

from donebase.http.request_parts import ABSENT, RequestParts

_IMMUTABLE = (type(None), bool, int, float, str, bytes, tuple, frozenset, Enum)


class Unsupported(Exception):
    """A route has a kind of parameter or dependency that is not supported: an app with this route cannot be made."""


class Reader(ABC):
    """Reads one parameter of a handler or of a provider. Raises Unsupported for a kind that FastAPI reads otherwise."""

    source: ClassVar[str]
    """The part of the request, as FastAPI names it in the location of a fault."""
    takes_lists: ClassVar[bool] = False

    def __init__(self, field: ModelField) -> None:
        for unsupported in _unsupported(field, takes_lists=self.takes_lists):
            raise Unsupported(f"the parameter {field.name} has {unsupported}")
        self.name = field.name
        self.alias = field.validation_alias or field.alias
        self.required = field.field_info.is_required()
        self.default = None if self.required else field.field_info.default
        self._location: tuple[str, ...] = (self.source, self.alias)
        # FastAPI's own validator, without the two functions around it.
        self._validate = field._type_adapter.validator.validate_python

    @abstractmethod
    def find(self, parts: RequestParts) -> Any:
        """Return the value as it was sent, or ABSENT."""

    def read(self, parts: RequestParts) -> Any:
        """Return the argument. Where the value is invalid or missing, add the faults to `parts` and return None."""
        value = self.find(parts)
        if value is not ABSENT:
            try:
                return self._validate(value, from_attributes=True)
            except ValidationError as error:
                self.add_faults(parts, error)
                return None
        if self.required:
            parts.faults.append({"type": "missing", "loc": self._location, "msg": "Field required"})
        return self.default

    def add_faults(self, parts: RequestParts, error: ValidationError, *inside: int) -> None:
        """Add what a validator has found to the faults of a request; `inside` is the place in an array."""
        found = error.errors(include_url=False, include_input=False)
        parts.faults += [{**fault, "loc": (*self._location, *inside, *fault["loc"])} for fault in found]


class PathReader(Reader):
    """Reads a parameter of the path, which has its place among the parameters that the path names."""

    source = "path"

    def __init__(self, field: ModelField, names: Sequence[str]) -> None:
        super().__init__(field)
        if self.alias not in names:
            raise Unsupported(f"the parameter {self.name} is not in the path")
        self._index = names.index(self.alias)

    def find(self, parts: RequestParts) -> Any:
        """Return the part of the path."""
        return parts.path_values[self._index]


class QueryReader(Reader):
    """Reads a parameter of the query: its last value, or all of them for a list."""

    source = "query"
    takes_lists = True

    def __init__(self, field: ModelField) -> None:
        super().__init__(field)
        self.is_list = field_annotation_is_sequence(field.field_info.annotation)

    def find(self, parts: RequestParts) -> Any:
        """Return the value or the values."""
        values = parts.query.get(self.alias)
        if values is None:
            return ABSENT
        return values if self.is_list else values[-1]


class HeaderReader(Reader):
    """Reads a header: the first of that name, or all of them for a list."""

    source = "header"
    takes_lists = True

    def __init__(self, field: ModelField) -> None:
        super().__init__(field)
        self.key = self.alias.lower().encode("latin-1")
        self._is_list = field_annotation_is_sequence(field.field_info.annotation)

    def find(self, parts: RequestParts) -> Any:
        """Return the value or the values."""
        if not parts.headers:
            return ABSENT
        values = [value.decode("latin-1") for name, value in parts.headers if name == self.key]
        return (values if self._is_list else values[0]) if values else ABSENT


class CookieReader(Reader):
    """Reads a cookie."""

    source = "cookie"

    def find(self, parts: RequestParts) -> Any:
        """Return the value of the cookie."""
        return HTTPConnection(parts.scope).cookies.get(self.alias, ABSENT)


class RequestReader:
    """Reads the request itself."""

    def __init__(self, name: str) -> None:
        self.name = name

    def read(self, parts: RequestParts) -> RequestParts:
        """Return the request as far as it has been read."""
        return parts


class ScopeReader:
    """Reads a value of the ASGI scope."""

    def __init__(self, name: str, key: str) -> None:
        self.name = name
        self._key = key

    def read(self, parts: RequestParts) -> Any:
        """Return the value."""
        return parts.scope[self._key]


def _unsupported(field: ModelField, *, takes_lists: bool) -> Iterator[str]:
    information = field.field_info
    if isinstance(information, params.Form):  # files as well
        yield "a form"
    if getattr(information, "embed", None):
        yield "a place inside the body (embed)"
    if any(type(item) is Json for item in information.metadata):
        yield "JSON inside a string"
    if not isinstance(information.validation_alias, str | None) or field.config:
        yield "several names"
    if information.default_factory or information.validate_default:
        yield "a default that is computed or validated"
    if not (information.is_required() or isinstance(information.default, _IMMUTABLE)):
        yield "a default that can be changed"
    if not takes_lists and field_annotation_is_sequence(information.annotation):
        yield "several values"
    if isinstance(information, params.Param) and models_in(information.annotation):
        yield "a model with several parameters"


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """Return the models among the types that an annotation allows."""
    return [each for each in (annotation, *get_args(annotation)) if lenient_issubclass(each, BaseModel)]
