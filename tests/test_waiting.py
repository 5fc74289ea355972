"""No test fails because its machine is busy. CONTRIBUTING.md says how a test may wait."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
AT_LEAST = 60
WAITS = {"join", "settimeout", "timeout", "wait"}
CLOCKS = {"monotonic", "perf_counter"}
# They compare what a clock says with DEADLINE, with itself, or with a time that somebody asked for.
READ_A_CLOCK = {
    *("outages/scene.py", "outages/soak.py", "properties/budget.py", "test_metrics.py"),
    *("support/held_up.py", "support/processes.py", "support/storm.py", "support/waiting.py"),
}

FILES = sorted(path.relative_to(TESTS).as_posix() for path in TESTS.rglob("*.py"))


def short_waits(source: str) -> Iterator[int]:
    """Yield the line of each call that waits for less than a minute, by a number or by the name of one."""
    tree = ast.parse(source)
    named = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for call in ast.walk(tree):
        if isinstance(call, ast.Call):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            waits = [keyword.value for keyword in call.keywords if keyword.arg == "timeout"]
            waits += call.args if name in WAITS else []
            waits += call.args[1:] if ast.unparse(call.func) == "asyncio.wait_for" else []
            for wait in waits:
                seconds = getattr(named.get(wait.id, wait) if isinstance(wait, ast.Name) else wait, "value", None)
                if isinstance(seconds, int | float) and seconds < AT_LEAST:
                    yield call.lineno


@pytest.mark.parametrize("file", FILES)
def test_nothing_is_given_up_on_within_a_minute(file: str) -> None:
    source = (TESTS / file).read_text()
    assert not [f"{file}:{line}" for line in short_waits(source)], "DEADLINE of tests/support/waiting.py is enough"
    read = {node.attr for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)} & CLOCKS
    assert not read or file in READ_A_CLOCK, "an order of events holds on a busy machine too, a duration does not"


@pytest.mark.parametrize(
    "short", ["client(timeout=5)", "process.wait(2.5)", "SOON = 30\nasyncio.timeout(SOON)", "asyncio.wait_for(it, 1)"]
)
def test_a_short_wait_is_found(short: str) -> None:
    assert [*short_waits(short)]
    assert not [*short_waits("DEADLINE = 60.0\nprocess.wait(timeout=DEADLINE); ' '.join([]); thread.join()")]
