"""The pictures of a run: CPU by server and operation, and how latency is distributed."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt

from bench.servers import TUTORIAL
from bench.tables import counted

mpl.use("Agg")

# Okabe and Ito's colours, told apart by everybody.
COLOURS = {"donebase": "#0072B2", "floor": "#999999", "fastify": "#009E73", "tutorial": "#D55E00", "plain": "#56B4E9"}
_WORDS = {"list": "list of 50", "change": "change\none field"}


def cpu(results: dict[str, Any], connections: str, file: Path) -> None:
    """Draw CPU a request as bars, with the lowest and the highest round: once near the floor, once with everybody."""
    operations = results["cells"][connections]
    names = list(next(iter(operations.values())))
    near = [name for name in names if name != TUTORIAL]
    names = [*near, *(name for name in names if name == TUTORIAL)]
    figure, (above, below) = plt.subplots(2, 1, figsize=(11, 9), layout="constrained")
    _bars(above, operations, near, "near the floor")
    _bars(below, operations, names, "with the way tutorials teach")
    figure.suptitle(f"CPU of the service, µs per request; less is better ({_at(connections)})", fontsize=14)
    save(figure, file)


def latency(results: dict[str, Any], connections: str, file: Path) -> None:
    """Draw, for each operation, how long which part of the requests took at most."""
    operations = results["cells"][connections]
    figure, panels = plt.subplots(2, 3, figsize=(13, 7.5), layout="constrained", sharex=True, sharey=True)
    for panel, (operation, servers) in zip(panels.flat, operations.items(), strict=True):
        for name, cell in servers.items():
            percents = [float(percent) for percent in cell["latency_ms"]]
            panel.plot([_nines(each) for each in percents], list(cell["latency_ms"].values()), color=COLOURS[name],
                       label=name, linewidth=2, marker="o", markersize=3)  # fmt: skip
        panel.set_title(_WORDS.get(operation, operation).replace("\n", " "))
        panel.set_yscale("log")
        panel.yaxis.set_major_formatter(lambda value, _place: f"{value:g}")
        shown = (50, 90, 99, 99.9)
        panel.set_xticks([_nines(each) for each in shown], [f"{each:g} %" for each in shown])
        panel.grid(alpha=0.3)
    for panel in panels[:, 0]:
        panel.set_ylabel("ms")
    panels[0, 0].legend(frameon=False, loc="upper left")
    figure.suptitle(f"Latency: share of requests answered within a time, ms ({_at(connections)})", fontsize=14)
    save(figure, file)


def _bars(panel: Any, operations: dict[str, Any], names: Sequence[str], title: str) -> None:
    width = 0.8 / len(names)
    for place, name in enumerate(names):
        spreads = [servers[name]["cpu_us"] for servers in operations.values()]
        heights = [each["median"] for each in spreads]
        reach = [
            [each["median"] - each["low"] for each in spreads],
            [each["high"] - each["median"] for each in spreads],
        ]
        middle = [n + (place - (len(names) - 1) / 2) * width for n in range(len(heights))]
        bars = panel.bar(middle, heights, width * 0.92, yerr=reach, color=COLOURS[name], label=name,
                         error_kw={"elinewidth": 1, "capsize": 2})  # fmt: skip
        panel.bar_label(bars, [f"{height:,.0f}" for height in heights], padding=3, fontsize=9)
    panel.set_xticks(range(len(operations)), [_WORDS.get(each, each) for each in operations])
    panel.set_title(title, fontsize=11, loc="left")
    panel.set_ylabel("µs")
    panel.margins(y=0.12)
    panel.spines[["top", "right"]].set_visible(False)
    panel.legend(frameon=False, ncols=len(names), loc="lower right", bbox_to_anchor=(1, 1))


def _nines(percent: float) -> float:
    """Return how many nines a percentage has: 0 %: 0, 90 %: 1, 99 %: 2."""
    return -math.log10(1 - percent / 100)


def _at(connections: str) -> str:
    return counted(connections, "connection")


def save(figure: Any, file: Path) -> None:
    """Write a picture to its file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=110, metadata={"Software": None})
    plt.close(figure)
