"""No test fails because its machine is busy. CONTRIBUTING.md says how a test may wait."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
AT_LEAST = 60
WAITS = {"join", "settimeout", "timeout", "wait"}
CLOCKS = {"monotonic", "perf_counter"}
# They record durations, or compare one with another, and bound none.
MEASURES = {
    "properties/budget.py",
    "outages/soak.py",
    "routes/test_many_streams.py",
    "routes/test_sign_in_time.py",
    "support/processes.py",
    "support/write_load.py",
    "test_metrics.py",
}
FILES = sorted(path.relative_to(TESTS).as_posix() for path in TESTS.rglob("*.py"))


def waits(node: ast.AST) -> list[ast.expr]:
    """Return how long a call waits, or how far from now a moment is."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and is_now(node.left):
        return [node.right]
    if not isinstance(node, ast.Call):
        return []
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    positional = node.args if name in WAITS else node.args[1:] if ast.unparse(node.func) == "asyncio.wait_for" else []
    return [*positional, *(keyword.value for keyword in node.keywords if keyword.arg == "timeout")]


def is_now(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS


def short_waits(source: str) -> Iterator[int]:
    """Yield the line of each wait for less than a minute, by a number or by the name of one."""
    tree = ast.parse(source)
    assigned = [node for node in tree.body if isinstance(node, ast.Assign)]
    named = {ast.unparse(target): node.value for node in assigned for target in node.targets}
    for node in ast.walk(tree):
        for wait in waits(node):
            seconds = getattr(named.get(ast.unparse(wait), wait), "value", None)
            if isinstance(seconds, int | float) and seconds < AT_LEAST:
                yield wait.lineno


def durations(source: str) -> Iterator[int]:
    """Yield the line of each duration that is measured."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and (is_now(node.left) or is_now(node.right)):
            yield node.lineno


def test_nothing_is_given_up_on_within_a_minute() -> None:
    found = {file: [*short_waits((TESTS / file).read_text())] for file in FILES}
    assert {file: lines for file, lines in found.items() if lines} == {}, (
        "DEADLINE of tests/support/waiting.py is for what would hang"
    )


def test_nothing_has_to_be_quick() -> None:
    found = {file: [*durations((TESTS / file).read_text())] for file in FILES if file not in MEASURES}
    assert {file: lines for file, lines in found.items() if lines} == {}, (
        "an order of events holds on a busy machine too, a duration does not"
    )


@pytest.mark.parametrize(
    "short",
    ["get(timeout=5)", "process.wait(2.5)", "SOON = 30\nasyncio.timeout(SOON)", "asyncio.wait_for(it, 1)"],
)
def test_a_short_wait_is_found(short: str) -> None:
    assert [*short_waits(short)]
    assert [*short_waits("end = time.monotonic() + 15")]
    assert [*durations("took = time.monotonic() - began")]
    long = "DEADLINE = 60.0\nprocess.wait(timeout=DEADLINE); ' '.join([]); thread.join(); began = time.monotonic()"
    assert not [*short_waits(long), *durations(long)]
