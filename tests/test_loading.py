"""What is loaded once, in a thread, however many ask for it at once."""

import asyncio
import threading

import pytest

from donebase.loading import loaded_once
from tests.support.waiting import DEADLINE


def test_of_many_who_ask_at_once_all_get_what_one_has_loaded() -> None:
    may_end = threading.Event()
    loads: list[str] = []

    def load(name: str) -> list[str]:
        assert may_end.wait(DEADLINE)
        loads.append(name)
        return [name]

    get = loaded_once(load)

    async def story() -> None:
        asked = [asyncio.ensure_future(get(name)) for name in ("one", "other") * 4]
        await asyncio.sleep(0)  # all of them wait
        may_end.set()
        found = await asyncio.gather(*asked)
        assert found == [["one"], ["other"]] * 4
        assert await get("one") is found[0]

    asyncio.run(story())
    assert sorted(loads) == ["one", "other"]


def test_after_a_failure_it_is_loaded_for_the_next() -> None:
    failures = [OSError("too many open files")]

    def load() -> str:
        if failures:
            raise failures.pop()
        return "loaded"

    get = loaded_once(load)
    with pytest.raises(OSError, match="too many"):
        asyncio.run(get())
    assert asyncio.run(get()) == "loaded"
