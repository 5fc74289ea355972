"""Which tasks the page shows, and in which order: the same as the service's lists."""

import random
import unicodedata
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.folding import folded
from tests.support.web_modules import Modules
from tests.support.web_page import Json, create

SHOWN = """({ shown }, [tasks, filters, now]) =>
    filters.map((filter) => shown(tasks, filter, now ? new Date(now) : undefined).map((task) => task.id))"""
EVERYTHING: Json = {"show": "all", "tag": None, "q": "", "sort": "order"}
# Of scripts with and without case, accents, points, compatibility forms, strokes, ligatures, characters beyond U+FFFF.
FRAGMENTS = [*(Path(__file__).parents[1] / "data" / "page" / "scripts.txt").read_text().split(), "oat milk"]


def a_text(draw: random.Random, most: int) -> str:
    words = [draw.choice(FRAGMENTS) for _ in range(draw.randint(1, most))]
    return draw.choice(("", " ", "\u00a0", "\t")).join(words)


def many_tasks(draw: random.Random, number: int) -> list[Json]:
    tags = ["shop", "Shop", "Łódź", "شراء", "名", "a b"]
    dues = [None, *({"date": f"2026-12-0{day}", "time": time} for day in "12" for time in (None, "08:00", "08:00:01"))]
    return [
        {
            "title": a_text(draw, 4),
            "description": draw.choice((None, a_text(draw, 6))),
            "tags": draw.sample(tags, draw.randint(0, 3)),
            "completed": draw.random() < 0.3,
            "due": draw.choice(dues),
            "priority": draw.choice((None, "low", "medium", "high")),
            "order": draw.choice((draw.uniform(-9, 9), draw.randint(1, 5))),
        }
        for _ in range(number)
    ]


def queries(draw: random.Random) -> list[str]:
    """Return what people search for: parts of words as others write them."""

    def part(text: str) -> str:
        start = draw.randrange(len(text))
        return text[start : draw.randint(start + 1, len(text))]

    forms: Sequence[Callable[[str], str]] = (
        *(str, str.upper, str.lower, str.casefold),
        *(lambda text, form=form: unicodedata.normalize(form, text) for form in ("NFC", "NFD", "NFKC", "NFKD")),
    )
    between = (" ", "  ", "\u3000", "\x1f", "\ufeff", "\x85")
    words = [part(draw.choice(forms)(draw.choice(FRAGMENTS))) for _ in range(150)]
    words += [draw.choice(between).join((draw.choice(words), draw.choice(words))) for _ in range(80)]
    return [word for word in words if word.strip()]


def test_searches_find_what_those_of_the_service_find(modules: Modules, client: httpx.Client, alice: int) -> None:
    draw = random.Random(13)  # noqa: S311 - the same in each run
    tasks = create(client, alice, *many_tasks(draw, 400))
    words = [*FRAGMENTS, *queries(draw)]
    found = modules.run("filters.js", SHOWN, [tasks, [{**EVERYTHING, "sort": "created", "q": q} for q in words]])
    asked = 0
    for q, ids in zip(words, found, strict=True):
        response = client.get(f"/users/{alice}/tasks", params={"q": q, "sort": "-created"})
        if response.status_code == 200:
            assert ids == [task["id"] for task in response.json()], ascii(q)
            asked += 1
        else:  # which the service does not search for: nothing visible, or accents alone
            assert response.status_code == 400
    assert asked > 200
    assert len({*map(tuple, found)}) > 50


def test_filters_and_orders_are_those_of_the_service(modules: Modules, client: httpx.Client, alice: int) -> None:
    draw = random.Random(14)  # noqa: S311 - the same in each run
    tasks = create(client, alice, *many_tasks(draw, 300))
    draw.shuffle(tasks)
    orders = {"order": "order", "due": "due", "priority": "-priority", "title": "title", "created": "-created"}
    shows: dict[str, Json] = {"all": {}, "open": {"completed": "false"}, "done": {"completed": "true"}}
    filters, expected = [], []
    for show, sort, tag, q in product(shows, orders, (None, "shop", "名", "SHOP"), ("", "milk")):
        filters.append({"show": show, "tag": tag, "q": q, "sort": sort})
        query = {**shows[show], "sort": orders[sort], **({"tag": tag} if tag else {}), **({"q": q} if q else {})}
        expected.append([task["id"] for task in client.get(f"/users/{alice}/tasks", params=query).json()])
    found = modules.run("filters.js", SHOWN, [tasks, filters])
    assert [each for each in zip(filters, found, expected, strict=True) if each[1] != each[2]] == []
    assert len({*map(tuple, found)}) > 80


def test_what_is_done_is_not_overdue_but_may_have_been_for_today(modules: Modules) -> None:
    def task(number: int, date: str | None, *, completed: bool) -> Json:
        due = date and {"date": date, "time": None, "time_zone": None}
        return {"id": number, "title": "a", "description": None, "tags": [], "due": due, "completed": completed}

    dates = ["2028-02-28", "2028-02-29", "2028-03-01", None]
    tasks = [task(10 * i + done, date, completed=bool(done)) for i, date in enumerate(dates) for done in (0, 1)]
    filters = [{**EVERYTHING, "show": show, "sort": "order"} for show in ("overdue", "today")]
    # In Nepal it is the 29th from a quarter past six in the evening.
    now = datetime(2028, 2, 28, 18, 15, tzinfo=UTC).isoformat()
    assert modules.run("filters.js", SHOWN, [tasks, filters, now]) == [[0], [10, 11]]


def test_tasks_that_the_service_has_not_seen_are_the_youngest(modules: Modules) -> None:
    tasks: list[Json] = [
        {"id": number, "title": "a", "tags": [], "order": 1, "due": None} for number in (-2, 7, -1, 3, -10)
    ]
    for sort in ("order", "due", "title"):
        assert modules.run("filters.js", SHOWN, [tasks, [{**EVERYTHING, "sort": sort}]]) == [[3, 7, -1, -2, -10]]
    assert modules.run("filters.js", SHOWN, [tasks, [{**EVERYTHING, "sort": "created"}]]) == [[-10, -2, -1, 7, 3]]


def test_a_task_is_folded_once(modules: Modules) -> None:
    """5,000 tasks are searched with each key: what takes long is done once for each."""
    reads = """({ shown }, filter) => {
        let reads = 0;
        const task = { id: 1, tags: [], order: 1, get title() { reads++; return "Crème"; } };
        const found = ["c", "cr", "cre"].map((q) => shown([task], { ...filter, q, sort: "title" }).length);
        return [found, reads];
    }"""
    assert modules.run("filters.js", reads, EVERYTHING) == [[1, 1, 1], 1]


def test_a_task_stays_the_same_object_while_others_change(modules: Modules) -> None:
    """What is remembered of it is lost otherwise."""
    changed = """({ Projection }, [one, other, changed]) => {
        const copy = { tasks: new Map([[1, one], [2, other]]) };
        const projection = new Projection(copy);
        const before = projection.tasks([]).get(1);
        copy.tasks.set(2, changed);
        projection.outdated();
        const after = projection.tasks([]);
        return [after.get(1) === before, after.get(2).title];
    }"""
    tasks = [{"id": 1, "title": "a"}, {"id": 2, "title": "b"}, {"id": 2, "title": "c"}]
    assert modules.run("data/projection.js", changed, tasks) == [True, "c"]


@pytest.mark.skipif(unicodedata.unidata_version != "14.0.0", reason="the service folds Unicode 14, Python another")
def test_every_character_is_folded_as_the_service_folds_it(modules: Modules) -> None:
    """Of the model, which the functions of PostgreSQL equal."""
    characters = [chr(code) for code in range(1, 0x110000) if not 0xD800 <= code < 0xE000]
    assigned = [char for char in characters if unicodedata.category(char) not in ("Cn", "Co")]
    found: list[Any] = modules.run("filters.js", "({ fold }, texts) => texts.map(fold)", assigned)
    different = [(hex(ord(char)), one) for char, one in zip(assigned, found, strict=True) if one != folded(char)]
    assert different == []
