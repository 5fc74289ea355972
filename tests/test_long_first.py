"""Each process begins with tests that take long."""

import pytest

from tests.support.long_first import long_first


@pytest.mark.parametrize("processes", [1, 3, 8])
@pytest.mark.parametrize("number", [0, 5, 30])
def test_each_share_begins_with_long_ones(number: int, processes: int) -> None:
    long, others = [f"long {turn}" for turn in range(number)], [str(turn) for turn in range(100)]
    ordered = long_first(long, others, processes)
    assert sorted(ordered) == sorted(long + others)
    assert [each for each in ordered if each in others] == others
    for process in range(processes):
        share = ordered[: len(ordered) // (processes - process)]  # as `--dist worksteal` takes them
        del ordered[: len(share)]
        begin = long[process::processes]
        assert share[: len(begin)] == begin
    assert ordered == []
