"""Tables, for a terminal and for a page."""

from collections.abc import Sequence
from typing import NamedTuple

from bench.results import noise


class Table(NamedTuple):
    """A title, the names of the columns, and rows of text."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    def text(self) -> str:
        """Return it in columns."""
        widths = [max(map(len, column)) for column in zip(self.head, *self.rows, strict=True)]
        lines = [
            "  ".join(cell.ljust(width) if n == 0 else cell.rjust(width) for n, (cell, width) in enumerate(pairs))
            for pairs in (zip(row, widths, strict=True) for row in (self.head, *self.rows))
        ]
        return "\n".join([self.title, *lines])

    def markdown(self, *, titled: bool = True) -> str:
        """Return it for a page, with its title in bold above it."""
        rule = ["---", *("--:" for _ in self.head[1:])]
        lines = [f"| {' | '.join(row)} |" for row in (self.head, rule, *self.rows)]
        return "\n".join([f"**{self.title}**", "", *lines] if titled else lines)


def number(value: float) -> str:
    """Return a number with as many digits as say something."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def counted(number: str, noun: str) -> str:
    """Return "1 worker", "2 workers"."""
    return f"{number} {noun}" if number == "1" else f"{number} {noun}s"


def with_noise(found: dict[str, float]) -> str:
    """Return a median and how far the rounds lie around it."""
    around = f" ±{noise(found):.0%}" if found["high"] > found["low"] else ""  # one round knows of none
    return number(found["median"]) + around


def against(figure: str, *, met: bool, limit: str) -> str:
    """Return a figure with its target."""
    return f"{figure} ≤ {limit} met" if met else f"{figure} > {limit} MISSED"
