"""`move_task` and the functions that it is made of, called by plain SQL."""

import asyncio
import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.properties.budget import FUZZ_SECONDS, rounds
from tests.support.held_up import Onlooker
from tests.support.moves import is_placed, orders_of
from tests.support.psql import Json, Psql

MOVE = "SELECT outcome, (task).* FROM move_task($1, $2, $3, $4, NULL, false)"
MOVES = 10_000
EXTREME = (0.0, -0.0, 1.0, 5e-324, -5e-324, 1e-280, 2.0**53, 2.0**63, 1e290, 1e308, math.nextafter(math.inf, 0))


@pytest.fixture
def psql(database_url: str, alice: int) -> Iterator[Psql]:
    session = Psql(database_url, alice)
    yield session
    session.close()


def create(psql: Psql, orders: Sequence[float]) -> list[int]:
    """Create tasks with these orders in one statement, and return their ids."""
    sql = "INSERT INTO tasks (user_id, title, \"order\") SELECT $1, 'x', o FROM unnest($2::float8[]) AS o RETURNING id"
    return [row["id"] for row in psql.run(sql, psql.user, orders)]


def move(psql: Psql, task: int, place: str, neighbour: int | None = None) -> Json:
    [row] = psql.run(MOVE, psql.user, task, place, neighbour)
    return row


def listed(psql: Psql) -> list[int]:
    sql = 'SELECT id FROM tasks WHERE user_id = $1 ORDER BY coalesce("order", id), id'
    return [row["id"] for row in psql.run(sql, psql.user)]


def orders(psql: Psql) -> list[float]:
    return [
        row["order"] for row in psql.run('SELECT "order" FROM tasks WHERE user_id = $1 ORDER BY "order"', psql.user)
    ]


def number_of_moved(psql: Psql, since: int) -> int:
    """Return how many tasks the changes after a number have touched, all of them together."""
    [rows] = psql.run("SELECT count(*) FROM history WHERE user_id = $1 AND change > $2", psql.user, since)
    return int(rows["count"])


def between(psql: Psql, lo: float, hi: float, number: int) -> list[float] | None:
    """Return so many orders between two others, None where there is no room."""
    [row] = psql.run("SELECT first, step FROM orders_between($1, $2, $3)", lo, hi, number)
    return row["step"] and [row["first"] + at * row["step"] for at in range(number)]


def test_orders_are_strictly_between_others_or_there_is_no_room(psql: Psql) -> None:
    bounds = st.floats(allow_nan=False) | st.sampled_from([*EXTREME, *(-each for each in EXTREME), math.inf, -math.inf])

    @given(lo=bounds, hi=bounds, number=st.integers(1, 12) | st.sampled_from([1000, 100_000]))
    def test(lo: float, hi: float, number: int) -> None:
        found = between(psql, lo, hi, number)
        if found is not None:
            assert all(math.isfinite(order) for order in found)
            assert all(before < after for before, after in pairwise([lo, *found, hi]))

    for each in rounds(None, 0.02, examples=300):
        each(test)()


@pytest.mark.parametrize(
    ("lo", "hi", "wanted"),
    [
        (1, 2, 1.5),
        (1, 3, 2),
        (1, 10, 4),
        (-1, 1, 0),
        (0, 1e-9, 2.0**-31),
        (-math.inf, 1, 0),
        (-math.inf, 0.5, 0),
        (7, math.inf, 8),
        (7.25, math.inf, 8),
        (2**52, 2**52 + 8, 2**52 + 4),
    ],
)
def test_an_order_is_as_short_as_it_can_be(psql: Psql, lo: float, hi: float, wanted: float) -> None:
    assert between(psql, lo, hi, 1) == [wanted]


@pytest.mark.parametrize(
    ("lo", "hi"), [(1, 1), (2, 1), (1, math.nextafter(1, 2)), (0, 5e-324), (1e308, math.inf), (-math.inf, -1e308)]
)
def test_there_is_no_room_where_no_number_is(psql: Psql, lo: float, hi: float) -> None:
    assert between(psql, lo, hi, 1) is None


# Of 10,000 tasks, a move reads all: in `make test`, the gap is used up thirty times.
@pytest.mark.parametrize(
    ("tasks", "moves", "first"),
    [(2, MOVES, 1), (3, MOVES, 1), (100, MOVES, 1), (100, MOVES, 2**53), (10_000, MOVES if FUZZ_SECONDS else 300, 1)],
)
def test_the_order_is_what_was_asked_after_any_number_of_moves_into_one_gap(
    psql: Psql, tasks: int, moves: int, first: int
) -> None:
    """The tasks take turns to be moved right after the first one, or before the other if there are two."""
    ids = create(psql, [first + 2 * at for at in range(tasks)])
    place, fixed, others = ("after", ids[0], ids[1:]) if tasks > 2 else ("first", None, ids)
    psql.run(
        f"DO $$ BEGIN FOR turn IN 0..{moves - 1} LOOP PERFORM move_task({psql.user}, "
        f"('{{{','.join(map(str, others[::-1]))}}}'::bigint[])[1 + turn % {len(others)}], "
        f"'{place}', {fixed or 'NULL'}, NULL, false); COMMIT; END LOOP; END $$"
    )
    # The last one to be moved is right behind the fixed one, then the one before, and so on.
    by_turn = [others[::-1][turn % len(others)] for turn in range(moves)][::-1]
    wanted = [*([fixed] if fixed else []), *dict.fromkeys([*by_turn, *others])]
    assert listed(psql) == wanted
    assert all(before < after for before, after in pairwise(orders(psql)))
    assert psql.clock() == 1 + moves
    assert number_of_moved(psql, since=1) <= 1.2 * moves, "few neighbours are renumbered a move"


def test_moves_to_the_end_leave_room_for_tasks_that_are_created_later(psql: Psql) -> None:
    ids = create(psql, [0.5, 1.5, 2.5])  # which no id is: the first three tasks of a database would not be changed
    psql.run('UPDATE tasks SET "order" = id WHERE user_id = $1', psql.user)
    for turn in range(200):
        assert move(psql, ids[turn % 3], "last")["outcome"] == "moved"
    assert number_of_moved(psql, since=2) == 200, "no neighbour is renumbered"
    [created] = psql.create("the next")
    assert listed(psql)[-1] == created
    assert move(psql, ids[0], "last")["outcome"] == "moved"
    assert listed(psql)[-2:] == [created, ids[0]]


def test_neighbours_at_the_end_are_renumbered_before_tasks_that_are_created_later(psql: Psql) -> None:
    ids = create(psql, [1] * 20)
    psql.run('UPDATE tasks SET "order" = $2::bigint WHERE user_id = $1', psql.user, ids[-1])
    assert move(psql, ids[0], "after", ids[15])["outcome"] == "moved"
    assert number_of_moved(psql, since=2) == 5
    assert listed(psql) == [*ids[1:16], ids[0], *ids[16:]]
    created = psql.create("the next")
    assert listed(psql)[-1:] == created


def test_a_move_that_renumbers_changes_no_more_than_that(psql: Psql) -> None:
    ids = create(psql, [1, 1, 1, 1, 5, 6])
    assert move(psql, ids[4], "after", ids[1])["outcome"] == "moved"
    assert listed(psql) == [ids[0], ids[1], ids[4], ids[2], ids[3], ids[5]]
    assert {task for change, task, _, _ in psql.history() if change == 2} < set(ids)
    assert {task for change, task, _, _ in psql.history() if change == 2} & {ids[0], ids[5]} == set()


@pytest.mark.parametrize("place", ["before", "after"])
def test_of_equal_orders_a_task_gets_one_that_is_strictly_between(psql: Psql, place: str) -> None:
    """Also where ties by id have it there already, and where it keeps its order while its neighbours move."""
    for tied in ([0, 0, 0], [0, 0, 0, 0], [1, 2, 2, 2, 3], [5, 5], [-1, 0, 0, 1]):
        for moved in range(len(tied)):
            for neighbour in {*range(len(tied))} - {moved}:
                ids = create(psql, tied)
                row = move(psql, ids[moved], place, ids[neighbour])
                if row["outcome"] == "moved":
                    assert row["version"] == psql.clock()
                sql = 'SELECT id, "order" FROM tasks WHERE user_id = $1'
                assert is_placed(orders_of(psql.run(sql, psql.user)), ids[moved], {place: ids[neighbour]})
                psql.delete(*ids)


def test_only_a_neighbour_and_a_task_of_the_owner_are_known(psql: Psql, bob: int) -> None:
    ids = create(psql, [1, 2])
    [of_bob] = psql.create("of bob", user=bob)
    assert move(psql, ids[0], "after", of_bob)["outcome"] == "no neighbour"
    assert move(psql, ids[0], "after", ids[0])["outcome"] == "no neighbour"
    assert psql.run(MOVE, psql.user, of_bob, "first", None) == []
    assert psql.clock() == 1


def test_a_neighbour_that_is_locked_is_waited_for_without_a_deadlock(database_url: str, psql: Psql) -> None:
    """Another transaction has locked a neighbour that must be renumbered, and then needs the lock of the user."""
    first, second, third = create(psql, [1, 1, 1])

    async def race() -> Any:
        connections = [await asyncpg.connect(database_url, statement_cache_size=0) for _ in range(2)]
        mover, other = connections
        async with Onlooker(database_url) as onlooker:
            async with other.transaction():
                await other.execute("SELECT FROM tasks WHERE id = $1 FOR UPDATE", second)
                moving = asyncio.create_task(mover.fetchrow(MOVE, psql.user, third, "after", first))
                await onlooker.wait_for(1, "wait_event_type = 'Lock'")
                await other.execute("SELECT FROM tasks WHERE id = $1 FOR UPDATE NOWAIT", third)  # they are locked by id
                await other.execute("UPDATE tasks SET title = 'changed' WHERE id = $1", second)
            moved = await moving
        for connection in connections:
            await connection.close()
        return moved

    assert asyncio.run(race())["outcome"] == "moved"
    assert listed(psql) == [first, third, second]
    assert psql.task(second)["title"] == "changed"
    assert psql.clock() == 3
