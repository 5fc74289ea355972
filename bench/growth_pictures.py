"""The pictures of a growth run."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt

from bench.pictures import save
from bench.tables import counted

_COLOURS = {"get": "#0072B2", "create": "#D55E00", "page": "#009E73", "list": "#CC79A7"}
_WORDS = {"page": "page of 100"}


def sizes(now: dict[str, Any], file: Path) -> None:
    """Draw cost against the length of a user's list, and against the size of the table."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(14, 5.5), layout="constrained")
    lengths = [int(each) for each in now["user"]]
    for operation in next(iter(now["user"].values())):
        word = "whole list" if operation == "list" else _WORDS.get(operation, operation)
        _line(left, lengths, [each[operation]["cpu_us"] for each in now["user"].values()], operation, word)
    left.set_yscale("log")
    left.yaxis.set_major_formatter(lambda value, _place: f"{value:,.0f}")
    _ticks(left, lengths, "tasks of the user")
    left.legend(frameon=False)
    left.set_title("CPU of the service, µs per request")
    totals = [int(each) for each in now["table"]]
    for operation in ("list", "create", "get"):
        word = "list of 50" if operation == "list" else operation
        cells = [each[operation] for each in now["table"].values()]
        _line(right, totals, [cell["cpu_us"] for cell in cells], operation, f"{word}: service")
        _line(right, totals, [cell["database_us"] for cell in cells], operation, f"{word}: PostgreSQL", style="--")
    right.set_ylim(bottom=0)
    _ticks(right, totals, "tasks in the table")
    right.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    right.set_title("CPU, µs per request, 32 connections")
    figure.suptitle("Cost against size", fontsize=14)
    save(figure, file)


def load(now: dict[str, Any], file: Path) -> None:
    """Draw requests a second and latency against connections, and requests a second against workers."""
    figure, (first, second, third) = plt.subplots(1, 3, figsize=(14, 5), layout="constrained")
    connections = [int(each) for each in now["connections"]]
    cells = list(now["connections"].values())
    _line(first, connections, [cell["per_second"] for cell in cells], "get", "get")
    first.set_ylim(bottom=0)
    first.set_title("requests per second, get")
    for name, operation in (("p50_ms", "get"), ("p99_ms", "create")):
        _line(second, connections, [cell[name] for cell in cells], operation, name.removesuffix("_ms"))
    second.set_yscale("log")
    second.yaxis.set_major_formatter(lambda value, _place: f"{value:g}")
    second.set_title("latency of get, ms")
    second.legend(frameon=False)
    for panel in (first, second):
        _ticks(panel, connections, "connections to one worker")
    workers = [int(each) for each in now["workers"]]
    for operation in ("get", "create"):
        spreads = [cells[operation]["per_second"] for cells in now["workers"].values()]
        _line(third, workers, spreads, operation, operation)
    _ticks(third, workers, f"workers, {now['about']['machine']['cores']} cores for everything")
    third.set_ylim(bottom=0)
    third.legend(frameon=False)
    third.set_title("requests per second, 64 connections")
    for panel in (first, third):
        panel.yaxis.set_major_formatter(lambda value, _place: f"{value:,.0f}")
    figure.suptitle("More connections, more workers", fontsize=14)
    save(figure, file)


def streaming(now: dict[str, Any], file: Path) -> None:
    """Draw what the whole list does to others' p99, and to memory."""
    found = now["list"]
    figure, (left, right) = plt.subplots(1, 2, figsize=(13, 5), layout="constrained")
    for place, (name, words) in enumerate((("p99_alone_ms", "alone"), ("p99_meanwhile_ms", "while it streams"))):
        spreads = [each[name] for each in found["others"].values()]
        middle = [n + (place - 0.5) * 0.4 for n in range(len(spreads))]
        bars = left.bar(middle, [each["median"] for each in spreads], 0.37, label=words, yerr=_reach(spreads),
                        color=("#999999", "#0072B2")[place], error_kw={"elinewidth": 1, "capsize": 2})  # fmt: skip
        left.bar_label(bars, [f"{each['median']:.2g}" for each in spreads], padding=3)
    left.set_xticks(range(len(found["others"])), [counted(each, "connection") for each in found["others"]])
    left.set_title("p99 of get, ms")
    left.margins(y=0.15)
    left.legend(frameon=False, loc="lower right", bbox_to_anchor=(1, 1))
    seconds, grown = zip(*found["memory"]["seen"], strict=True)
    right.plot(seconds, grown, color="#0072B2", linewidth=2)
    right.axhline(10, color="#D55E00", linestyle="--", linewidth=1)
    right.text(0, 10.15, "target", color="#D55E00")
    right.set_ylim(min(0, *grown), max(11, *grown))
    right.set_xlabel("seconds; the list is sent three times")
    right.set_title("memory of the server above idle, MB")
    for panel in (left, right):
        panel.grid(alpha=0.3, axis="y")
        panel.spines[["top", "right"]].set_visible(False)
    figure.suptitle(f"The complete list of {found['tasks']:,} tasks", fontsize=14)
    save(figure, file)


def _line(
    panel: Any, places: Sequence[int], spreads: Sequence[dict[str, float]], operation: str, label: str, style: str = "-"
) -> None:
    panel.errorbar(places, [each["median"] for each in spreads], yerr=_reach(spreads), label=label, linewidth=2,
                   color=_COLOURS[operation], linestyle=style, marker="o", markersize=4, capsize=2)  # fmt: skip


def _reach(spreads: Sequence[dict[str, float]]) -> list[list[float]]:
    return [[each["median"] - each["low"] for each in spreads], [each["high"] - each["median"] for each in spreads]]


def _ticks(panel: Any, places: Sequence[int], name: str) -> None:
    panel.set_xscale("log")
    panel.set_xticks(places, [f"{each:,}" for each in places])
    panel.set_xticks([], minor=True)
    panel.set_xlabel(name)
    panel.grid(alpha=0.3)
