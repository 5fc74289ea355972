"""The picture of what lists cost PostgreSQL."""

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.ticker import NullFormatter

from bench.lists_report import READ
from bench.pictures import save

_STYLES = ("-", "--")


def lists(now: dict[str, Any], file: Path) -> None:
    """Draw what a page costs PostgreSQL against the length of the list, a line for each filter and each order."""
    figure, panels = plt.subplots(2, 2, figsize=(14, 12), layout="constrained", sharex=True, sharey=True)
    for row, (table, reads) in zip(
        panels, (("filters", ("page", "counted")), ("sorts", ("page", "later"))), strict=True
    ):
        for panel, read in zip(row, reads, strict=True):
            _lines(panel, now[table], read)
            panel.set_title(f"{READ[read].replace('`', '')}, by {table.removesuffix('s')}")
        row[0].set_ylabel("µs")
        row[1].legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    for panel in panels[1]:
        panel.set_xlabel("tasks of the user")
    figure.suptitle("CPU of PostgreSQL for a page of 50 tasks, µs, by the length of the list", fontsize=14)
    save(figure, file)


def _lines(panel: Any, found: dict[str, Any], read: str) -> None:
    colours = plt.get_cmap("tab10").colors
    for number, (name, by_size) in enumerate(found.items()):
        sizes = [int(size) for size in by_size]
        spreads = [cell[read]["database_us"] for cell in by_size.values()]
        medians = [each["median"] for each in spreads]
        reach = [
            [each["median"] - each["low"] for each in spreads],
            [each["high"] - each["median"] for each in spreads],
        ]
        panel.errorbar(sizes, medians, yerr=reach, label=name, linewidth=1.5, marker="o", markersize=3, capsize=2,
                       color=colours[number % len(colours)], linestyle=_STYLES[number // len(colours)])  # fmt: skip
    panel.set_xscale("log")
    panel.set_yscale("log")
    for axis in (panel.xaxis, panel.yaxis):
        axis.set_major_formatter(lambda value, _place: f"{value:,.0f}")
        axis.set_minor_formatter(NullFormatter())
    panel.grid(alpha=0.3)
    panel.spines[["top", "right"]].set_visible(False)
