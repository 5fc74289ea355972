"""The shapes of a task: which fields a request can contain, and which a response contains.

`WritableFields` lists each field that a client can set, once; all other shapes are derived from it, and so are the
statements. Left out, null and a value are three different things: `MISSING` in a type is "left out", and `model_dump()`
then leaves the field out as well. Types are strict: nothing is converted from another type.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, TypeVar, get_args

from pydantic import (
    MISSING,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    JsonValue,
    create_model,
)
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, core_schema

from donebase.core.due import Due
from donebase.core.tables import MAX_TAGS
from donebase.core.values import Description, Order, PositiveInt8, Priority, Tags, Title


class WritableFields(BaseModel):
    """The fields that a client can set: type and rules, default, description and example of each.

    Each is stored in the column of its name in `tables.TaskRow`. A new field is a line in both and a migration.
    """

    title: Title = Field(
        description="What is to be done. Stored without surrounding white space.", examples=["Buy milk"]
    )
    description: Description | None = Field(
        default=None,
        description="More about the task, stored byte for byte.",
        examples=["Two litres, the blue carton"],
    )
    completed: bool = Field(default=False, description="Whether the task is completed.", examples=[False])
    due: Due | None = Field(
        default=None,
        description="When the task is due. A change replaces it whole.",
        examples=[{"date": "2026-12-01", "time": "17:00", "time_zone": "Europe/Berlin"}],
    )
    priority: Priority | None = Field(default=None, description="How important the task is.", examples=["high"])
    tags: Tags = Field(
        default_factory=list,  # a default of [] would be copied by `deepcopy` for each task
        description=f"Up to {MAX_TAGS} different tags, in the order given. Stored without surrounding white space.",
        examples=[["shop"]],
    )
    order: Order = Field(  # type: ignore[assignment]
        default=None,  # stands for the id, which only the database knows; null itself is an error
        description="The place of the task in a list that a person has put in order. A new task has its id.",
        examples=[1],
    )


WRITABLE = WritableFields.model_fields
NULLABLE = frozenset(name for name, field in WRITABLE.items() if type(None) in get_args(field.annotation))
"""The fields that null clears."""
DEFAULTS = {
    name: field.get_default(call_default_factory=True) for name, field in WRITABLE.items() if not field.is_required()
}
"""The values of the fields that a new task need not have; an `order` of None is the id."""
# What a PUT of specification 003 replaces: the fields that it knows. All later ones keep their values if left out.
REPLACED = frozenset({"title", "description", "completed"})

_Shape = TypeVar("_Shape", bound=BaseModel)


def _with_fields(**fields: Any) -> Callable[[type[_Shape]], type[_Shape]]:
    """Return a decorator that adds fields to a class, after its own: pairs of a type and a `Field`."""

    def add(shape: type[_Shape]) -> type[_Shape]:
        name, about, module = shape.__name__, shape.__doc__, shape.__module__
        return create_model(name, __base__=shape, __doc__=about, __module__=module, **fields)

    return add


def _redefined(field: FieldInfo, annotation: Any, default: Any) -> tuple[Any, Any]:
    """Return a field with another type and default; rules, description and example are the same."""
    kept = {name: value for name, value in field.asdict()["attributes"].items() if name != "default_factory"}
    return annotation, Field(**{**kept, "default": default})


def _read_only(annotation: Any, description: str, example: Any) -> tuple[Any, Any]:
    return annotation, Field(description=description, examples=[example])


@_with_fields(
    id=_read_only(PositiveInt8, "Assigned by the database, never reused.", 1),
    **{name: _redefined(field, field.rebuild_annotation(), default=...) for name, field in WRITABLE.items()},
    completed_at=_read_only(datetime | None, "When the task was last completed, in UTC; null while it is open.", None),
    user_id=_read_only(PositiveInt8, "The owner.", 123),
    version=_read_only(PositiveInt8, "The number of the change that last touched the task.", 17),
    created_at=_read_only(datetime, "When the task was created, in UTC.", "2026-11-20T08:00:00.123456Z"),
    updated_at=_read_only(datetime, "When the task was last changed, in UTC.", "2026-11-20T08:00:00.123456Z"),
)
class Task(BaseModel):
    """A task as it is stored."""


FIELDS = tuple(Task.model_fields)
"""The names of all the fields of a task, in the order in which they are answered. A body can have each of them."""


@_with_fields(
    **{
        name: _redefined(field, field.rebuild_annotation() | MISSING, default=MISSING)
        for name, field in Task.model_fields.items()
    }
)
class PartialTask(BaseModel):
    """Some of the fields of a task."""


# Generators of clients and the page of the documentation do not fill in what is read-only.
_READ_ONLY: dict[str, JsonValue] = {"readOnly": True}


class _Anything:
    """The type of what is accepted and not kept: it may be large. Every value becomes None."""

    def __get_pydantic_core_schema__(self, _source: object, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_default_schema(core_schema.none_schema(), default=None, on_error="default")

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {}


_IGNORED = (
    Annotated[None, _Anything()],
    Field(default=None, exclude=True, description="Accepted and ignored.", json_schema_extra=_READ_ONLY),
)


@_with_fields(**{name: _IGNORED for name in FIELDS if name not in (*WRITABLE, "user_id", "version")})
class TaskInput(BaseModel):
    """The fields that every body can contain. Of the fields of a GET, those that only the database sets are ignored."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    user_id: PositiveInt8 | MISSING | None = Field(
        default=MISSING,
        description="The owner, which cannot be changed: must be the current owner. Null where the address names it.",
        json_schema_extra=_READ_ONLY,
    )
    version: PositiveInt8 | MISSING = Field(
        default=MISSING,
        description="The version that the task must have, as in If-Match. Ignored in a new task.",
        json_schema_extra=_READ_ONLY,
    )


class NewTask(WritableFields, TaskInput):
    """A task to create: omitted fields take their defaults."""


@_with_fields(
    **{
        name: _redefined(field, field.rebuild_annotation() | MISSING, default=MISSING)
        for name, field in WRITABLE.items()
    }
)
class TaskChanges(TaskInput):
    """The fields to change. Omitted fields keep their values; null clears a field that can be null."""


class Completion(TaskInput):
    """The state to set, which has the same effect twice as once. Omitted, the state is toggled."""

    completed: bool | MISSING = Field(default=MISSING, description="true: completed; false: open.", examples=[True])
