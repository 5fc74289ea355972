"""Writes that Hypothesis draws, of every kind: one task by HTTP at each address, or many at once by SQL."""

import secrets
from collections.abc import Callable
from typing import Any

import httpx
from hypothesis import strategies as st

from tests.properties.bodies import texts
from tests.support.families import API, FAMILIES, OWNED, V1, Family, Json
from tests.support.moves import in_order, is_placed, orders_of, placed
from tests.support.psql import Psql

Draw = Callable[[st.SearchStrategy[Any]], Any]

_families = st.sampled_from(FAMILIES)
_titles = texts.map(lambda text: f" {text}x")
_fields = {
    "description": st.none() | texts,
    "completed": st.booleans(),
    "priority": st.sampled_from([None, "low", "medium", "high"]),
    "order": st.sampled_from([0, -0.0, 1, 5e-324, 1e308, -1e308]) | st.floats(allow_nan=False, allow_infinity=False),
}
_new_tasks = st.fixed_dictionaries({"title": _titles}, optional=_fields)
_changes = st.fixed_dictionaries({}, optional={"title": _titles, **_fields})
_completions = st.sampled_from([None, {}, {"completed": True}, {"completed": False}])
_filters = st.fixed_dictionaries(
    {}, optional={"completed": st.sampled_from(["true", "false"]), "priority": st.sampled_from(["none", "low", "high"])}
)
# $1 is the user. Tasks are picked by their place in the list: ids differ between runs of the same example.
_PLACES = "SELECT id, row_number() OVER (ORDER BY id) AS place FROM tasks WHERE user_id = $1"
_SOME = f"WHERE user_id = $1 AND id IN (SELECT id FROM ({_PLACES}) AS numbered WHERE place % 3"
_SQL = (
    "INSERT INTO tasks (user_id, title, completed) SELECT $1, 'task ' || n, n = 2 FROM generate_series(1, 3) AS n",
    f"UPDATE tasks SET completed = NOT completed {_SOME} > 0)",
    f"UPDATE tasks SET completed = NOT completed {_SOME} > 1)",
    f"UPDATE tasks SET title = title || '!', priority = 'low' {_SOME} < 2)",
    f"UPDATE tasks SET description = NULL, priority = NULL {_SOME} = 1)",
    f'UPDATE tasks SET "order" = 7 {_SOME} > 0)',
    f"DELETE FROM tasks {_SOME} = 0)",
)
_transactions = st.lists(st.sampled_from(_SQL), min_size=1, max_size=3)


class Writer:
    """A user whose tasks are written."""

    def __init__(self, client: httpx.Client, database_url: str) -> None:
        self.client = client
        self.user = secrets.randbelow(2**62) + 1
        self.psql = Psql(database_url, self.user)

    def listed(self) -> list[Json]:
        """Return the tasks."""
        return API.listed(self.client, self.user)

    def clock(self) -> int:
        """Return the number of the last change."""
        return int(succeeded(self.client.head(API.address(self.user))).headers["change"])

    def write(self, draw: Draw) -> None:
        """Carry out a write that is drawn; it may turn out to have nothing to change."""
        ids = [task["id"] for task in self.listed()]
        of_one = [self._change, self._replace, self._complete, self._move, self._delete]
        of_many = [self._create_many, self._write_named, self._write_many]
        kinds = [self._create, *of_many, *(of_one if ids else ())]
        draw(st.sampled_from(kinds))(draw, ids)

    def undo(self, number: int, family: Family) -> httpx.Response:
        """Undo a change."""
        return self.client.post(family.beside(self.user, f"history/{number}/undo"))

    def _create(self, draw: Draw, _ids: list[int]) -> None:
        family = draw(_families)
        family.created(self.client, self.user, **draw(_new_tasks))

    def _create_many(self, draw: Draw, _ids: list[int]) -> None:
        family = draw(_families)
        bodies = [family.body(self.user, **new) for new in draw(st.lists(_new_tasks, min_size=1, max_size=3))]
        succeeded(self.client.post(family.address(self.user), json=bodies))

    def _write_named(self, draw: Draw, _ids: list[int]) -> None:
        address, query = draw(st.sampled_from(OWNED)).address(self.user), draw(_filters)
        if query and draw(st.booleans()):
            succeeded(self.client.delete(address, params=query))
        else:
            succeeded(self.client.patch(address, params=query, json=draw(_changes)))

    def _change(self, draw: Draw, ids: list[int]) -> None:
        family = draw(_families)
        succeeded(family.change(self.client, self.user, draw(st.sampled_from(ids)), **draw(_changes)))

    def _replace(self, draw: Draw, ids: list[int]) -> None:
        succeeded(self.client.put(V1.one(self.user, draw(st.sampled_from(ids))), json=draw(_new_tasks)))

    def _complete(self, draw: Draw, ids: list[int]) -> None:
        address = draw(_families).completion(self.user, draw(st.sampled_from(ids)))
        succeeded(self.client.patch(address, json=draw(_completions)))

    def _move(self, draw: Draw, ids: list[int]) -> None:
        """Move a task, and see that it is where it was to be and all others are where they were."""
        task = draw(st.sampled_from(ids))
        neighbours = [{name: each} for name in ("before", "after") for each in ids if each != task]
        where = draw(st.sampled_from([*neighbours, {"to": "first"}, {"to": "last"}]))
        before = in_order(orders_of(self.listed()))
        succeeded(self.client.post(f"{draw(_families).one(self.user, task)}/move", json=where))
        orders = orders_of(self.listed())
        assert in_order(orders) == placed(before, task, where)
        assert is_placed(orders, task, where)

    def _delete(self, draw: Draw, ids: list[int]) -> None:
        succeeded(draw(_families).delete(self.client, self.user, draw(st.sampled_from(ids))))

    def _write_many(self, draw: Draw, _ids: list[int]) -> None:
        statements = draw(_transactions)
        with self.psql.transaction():
            for statement in statements:
                self.psql.run(statement, self.user)


def succeeded(response: httpx.Response) -> httpx.Response:
    """See that a response tells of success, and return it."""
    assert response.is_success, response.text
    return response
