"""What is described of handlers is what FastAPI describes, and each parameter is analysed once a process."""

import inspect
from dataclasses import fields
from typing import Any

import pytest
from fastapi import params
from fastapi._compat import ModelField
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import analyze_param
from fastapi.routing import APIRoute
from pydantic.fields import FieldInfo

from donebase.http import signatures
from donebase.http.family import Route
from donebase.routes import FAMILIES, GUARDED_FAMILIES, every_route

ROUTES = {route.unique_id: route for families in (FAMILIES, GUARDED_FAMILIES) for route in every_route(families)}


def comparable(described: Any) -> Any:
    """Return a description as what can be compared. To say nothing is the same as an empty list."""
    match described:
        case Dependant():
            return {field.name: comparable(getattr(described, field.name) or None) for field in fields(described)}
        case ModelField():
            return {name: comparable(value) for name, value in vars(described).items() if name != "_type_adapter"}
        case FieldInfo():
            slots = {name: getattr(described, name, None) for name in FieldInfo.__slots__}
            return type(described), slots, vars(described)
        case list():
            return [comparable(each) for each in described]
        case _:
            return described


@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
def test_a_route_is_described_as_fastapi_describes_it(route: Route) -> None:
    of_fastapi = APIRoute(
        route.path, route.endpoint, methods=[route.method], dependencies=route.dependencies, response_model=None
    )
    assert comparable(route.dependant) == comparable(of_fastapi.dependant)
    assert comparable(route.body_field) == comparable(of_fastapi.body_field)
    for name in ("path", "path_format", "methods", "name"):
        assert getattr(route, name) == getattr(of_fastapi, name)


def test_there_is_no_attribute_of_a_dependency_that_is_not_described() -> None:
    """One that a later FastAPI adds would be left out of the description: it has to be added there, or be refused."""
    described = {"dependency", "use_cache", "scope", "scopes", "max_concurrency", "_concurrency"}
    assert {field.name for field in fields(params.Security)} == described


def test_each_parameter_is_analysed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    analysed: list[tuple[object, ...]] = []

    def analyse(*, param_name: str, annotation: Any, value: Any, path_param_names: set[str]) -> Any:
        analysed.append((param_name, id(annotation), id(value), bool(path_param_names)))
        return analyze_param(
            param_name=param_name, annotation=annotation, value=value, path_param_names=path_param_names
        )

    monkeypatch.setattr(signatures, "_analysed", {})
    monkeypatch.setattr(signatures, "analyze_param", analyse)
    parameters = sum(len(inspect.signature(route.endpoint).parameters) for route in every_route())
    every_route()
    assert 0 < len(analysed) == len(set(analysed)) < parameters
