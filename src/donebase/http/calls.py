"""Calls handlers and their dependencies with arguments that are read from a request, in FastAPI's order.

Dependencies come first, each after its own; then the parameters of path, query, header, cookie and body. A function of
which an argument has faults is not called.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import fields
from typing import Any, NamedTuple

from fastapi.dependencies.models import Dependant
from starlette.datastructures import State

from donebase.http.body_readers import OneOrManyReader, body_reader
from donebase.http.providers import FromApp, FromRequest, FromScope, is_registered, reads_one_part
from donebase.http.readers import (
    CookieReader,
    HeaderReader,
    PathReader,
    QueryReader,
    Reader,
    RequestReader,
    ScopeReader,
    Unsupported,
)
from donebase.http.request_parts import ARRAY, RequestParts

_AnyReader = Reader | RequestReader | ScopeReader
_SUPPORTED = frozenset(
    {
        *("name", "call", "path", "use_cache", "dependencies"),
        *("path_params", "query_params", "header_params", "cookie_params", "body_params"),
    }
)


class _Plan(NamedTuple):
    """The arguments that are known beforehand, and what there is to call and to read for the others."""

    arguments: dict[str, Any]
    dependencies: list["_Dependency"]
    readers: list[_AnyReader]


class Call:
    """An async function and how its arguments are found, compiled from FastAPI's description of its signature.

    `path_names` are the parameters that the path names, in order; `state` has the values of `FromApp`; `supported` are
    more attributes of the description that it may have. Raises Unsupported.
    """

    def __init__(self, dependant: Dependant, path_names: Sequence[str], state: State, *supported: str) -> None:
        assert dependant.call
        self.function: Callable[..., Awaitable[Any]] = dependant.call
        self._constants: dict[str, Any] = {}
        self._dependencies: list[_Dependency] = []
        self._readers: list[_AnyReader] = []
        try:
            _refuse_unknown_attributes(dependant, supported)
            for dependency in dependant.dependencies:
                self._add_dependency(dependency, path_names, state)
            self._readers += _readers(dependant, path_names)
        except Unsupported as unsupported:
            name = getattr(self.function, "__name__", repr(self.function))
            raise Unsupported(f"{name}: {unsupported}") from None
        self._one_or_many = next((each for each in self._readers if isinstance(each, OneOrManyReader)), None)
        # For requests with and without headers that the operation reads, and with and without a query: most have none.
        self._plans = (
            (self._plan(), self._plan("query")),
            (self._plan("header"), self._plan("header", "query")),
        )

    def _plan(self, *missing: str) -> _Plan:
        """Return what there is to do for a request without some of its parts."""
        readers = [each for each in self._readers if isinstance(each, Reader) and not each.required]
        readers = [each for each in readers if each.source in missing]
        providers = [each for each in self._dependencies if each.only and each.only.source in missing]
        arguments = self._constants | {each.name: each.default for each in readers}
        arguments |= {each.name: each.only.absent for each in providers if each.only and each.name is not None}
        return _Plan(
            arguments,
            [each for each in self._dependencies if each not in providers],
            [each for each in self._readers if each not in readers],
        )

    def _add_dependency(self, dependency: Dependant, path_names: Sequence[str], state: State) -> None:
        name, function = dependency.name, dependency.call
        if isinstance(function, FromApp) and name:
            self._constants[name] = getattr(state, function.name)
        elif isinstance(function, FromScope) and name:
            self._readers.append(ScopeReader(name, function.key))
        elif isinstance(function, FromRequest) and name:
            self._readers.append(RequestReader(name))
        elif is_registered(function):
            self._dependencies.append(_Dependency(dependency, path_names, state))
        else:
            raise Unsupported(f"the dependency {name or function!r} is not a registered provider")

    async def arguments(self, parts: RequestParts) -> dict[str, Any]:
        """Return the arguments, after calling all dependencies. Faults are added to `parts`."""
        known, dependencies, readers = self._plans[not parts.headers][not parts.query]
        arguments = known.copy()
        for dependency in dependencies:
            value = await dependency.value(parts)
            if dependency.name is not None:
                arguments[dependency.name] = value
        for reader in readers:
            arguments[reader.name] = reader.read(parts)
        if parts.body is ARRAY and self._one_or_many:
            arguments[self._one_or_many.name] = await self._one_or_many.read_many(parts)
        return arguments

    def names_in(self, source: str) -> frozenset[bytes | str]:
        """Return the names of its parameters, all of which must be optional and in one part of the request.

        Raises Unsupported if it reads more than these and the request.
        """
        names: set[bytes | str] = set()
        for each in self.readers():
            if isinstance(each, Reader) and each.source == source and not each.required:
                names.add(each.key if isinstance(each, HeaderReader) else each.alias)
            elif not isinstance(each, RequestReader):
                raise Unsupported(f"{each.name} is not an optional parameter of the {source}")
        return frozenset(names)

    def readers(self) -> Iterator[_AnyReader]:
        """Yield the readers of the arguments, including those of dependencies."""
        yield from self._readers
        for dependency in self._dependencies:
            yield from dependency.call.readers()


class _Dependency:
    """A provider as a dependency of one function. Where several functions depend on it, it is called once a request."""

    def __init__(self, dependant: Dependant, path_names: Sequence[str], state: State) -> None:
        self.name = dependant.name
        self.call = Call(dependant, path_names, state)
        self._uses_cache = dependant.use_cache
        self.only = reads_one_part(self.call.function)
        """Whether it need not be called for a request with none of the parameters that it reads."""
        self._names = self.call.names_in(self.only.source) if self.only else frozenset()

    async def value(self, parts: RequestParts) -> Any:
        """Return what the provider returns, or None where its arguments have faults."""
        if self.only:
            present = parts.query if self.only.source == "query" else dict(parts.headers)
            if self._names.isdisjoint(present):
                return self.only.absent
        function, faults = self.call.function, len(parts.faults)
        arguments = await self.call.arguments(parts)
        if len(parts.faults) > faults:
            return None
        if self._uses_cache and function in parts.cache:
            return parts.cache[function]
        value = await function(**arguments)
        parts.cache.setdefault(function, value)
        return value


def _readers(dependant: Dependant, path_names: Sequence[str]) -> Iterator[Reader]:
    """Yield the readers of the parameters, in the order in which FastAPI reads them."""
    for field in dependant.path_params:
        yield PathReader(field, path_names)
    yield from map(QueryReader, dependant.query_params)
    yield from map(HeaderReader, dependant.header_params)
    yield from map(CookieReader, dependant.cookie_params)
    yield from map(body_reader, dependant.body_params)


def _refuse_unknown_attributes(dependant: Dependant, supported: Sequence[str]) -> None:
    """Raise Unsupported where a description has what is not supported, also of a kind that a later FastAPI adds."""
    for field in fields(dependant):
        value = getattr(dependant, field.name)
        if value and field.name not in _SUPPORTED and field.name not in supported:
            raise Unsupported(f"{field.name} {value!r} is not supported")
