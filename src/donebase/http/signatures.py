"""FastAPI's description of what routes call, of which each parameter is analysed once a process.

FastAPI analyses every parameter anew for each route that needs it: over 500 times for the routes of one app, which have
some fifty different parameters. That would be more than half of a start after its imports.
"""

import inspect
from collections.abc import Callable, Collection, Sequence
from functools import cache
from typing import Any

from fastapi import params
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import (
    ParamDetails,
    add_non_field_param_to_dependency,
    add_param_to_fields,
    analyze_param,
    get_typed_signature,
)

_analysed: dict[tuple[str, int, int, bool], tuple[inspect.Parameter, ParamDetails]] = {}
_ANY_FUNCTION = params.Depends(scope="function")


def describe(path: str, path_names: Collection[str], handler: Callable[..., Any], *before: params.Depends) -> Dependant:
    """Return the description of a handler, as a route with this path and these dependencies before its own has it.

    `path_names` are the parameters that the path names.
    """
    found = _describe(path, path_names, handler, None, _ANY_FUNCTION)
    outer = [_describe(path, path_names, each.dependency, None, each) for each in before if each.dependency]
    found.dependencies[:0] = outer
    return found


def _describe(
    path: str, path_names: Collection[str], function: Callable[..., Any], name: str | None, depends: params.Depends
) -> Dependant:
    """Return the description of a function that is an argument of that name, if it has one."""
    scopes = [*(depends.scopes or ())] if isinstance(depends, params.Security) else []
    found = Dependant(
        call=function,
        name=name,
        path=path,
        use_cache=depends.use_cache,
        scope=depends.scope,
        concurrency=depends._concurrency,
        own_oauth_scopes=scopes,
    )
    for parameter in _parameters(function):
        details = _details(parameter, is_in_path=parameter.name in path_names)
        field = details.field
        if details.depends is not None and details.depends.dependency:
            inner = _describe(path, path_names, details.depends.dependency, parameter.name, details.depends)
            found.dependencies.append(inner)
        elif field is None:
            add_non_field_param_to_dependency(
                param_name=parameter.name, type_annotation=details.type_annotation, dependant=found
            )
        elif isinstance(field.field_info, params.Body):
            found.body_params.append(field)
        else:
            add_param_to_fields(field=field, dependant=found)
    return found


@cache
def _parameters(function: Callable[..., Any]) -> Sequence[inspect.Parameter]:
    return tuple(get_typed_signature(function).parameters.values())


def _details(parameter: inspect.Parameter, *, is_in_path: bool) -> ParamDetails:
    """Return what FastAPI makes of a parameter. It is the same for all that have one annotation and one default."""
    # The parameter is kept as well: nothing else can then have the identity of its annotation.
    key = parameter.name, id(parameter.annotation), id(parameter.default), is_in_path
    if key not in _analysed:
        details = analyze_param(
            param_name=parameter.name,
            annotation=parameter.annotation,
            value=parameter.default,
            path_param_names={parameter.name} if is_in_path else set(),
        )
        _analysed[key] = parameter, details
    return _analysed[key][1]
