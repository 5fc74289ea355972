"""Writes the kept results into the documentation, so that every figure on a page is of one run.

`python -m bench.pages` writes them again after a change of wording; a test compares the pages with the results.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bench import growth_report, guarded_report, lists_report, report, results
from bench.servers import DONEBASE, FASTIFY, FLOOR, TUTORIAL
from bench.summary import CONNECTIONS
from bench.tables import Table, number

_ROOT = Path(__file__).parent.parent
README = _ROOT / "README.md"
PERFORMANCE = _ROOT / "docs" / "performance.md"
SCALING = _ROOT / "docs" / "scaling.md"
BENCHMARKS = _ROOT / "docs" / "development" / "benchmarks.md"

_NAMES = {DONEBASE: "donebase", TUTORIAL: "FastAPI as tutorials teach it", FASTIFY: "Fastify", FLOOR: "the floor"}
_PICTURES = {"cpu": "CPU per request, by server and operation", "latency": "Distribution of latency"}
_GROWTH_PICTURES = {
    "growth-sizes": "Cost by length of the list and size of the table",
    "growth-list": "A list of 100,000 tasks: latency of other requests, and memory",
    "growth-load": "Requests per second and latency, by connections and workers",
}


class Block(NamedTuple):
    """A part of a page between two comments that name it, and the text that belongs there."""

    page: Path
    name: str
    text: str

    def written(self) -> str:
        """Return the page with the text in its place."""
        begin, end = f"<!-- {self.name}: written by make bench -->", f"<!-- {self.name}: end -->"
        block = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        text, places = block.subn(lambda _: f"{begin}\n\n{self.text.strip()}\n\n{end}", self.page.read_text())
        assert places == 1, f"{self.page.name} has no place for {self.name}"
        return text


def blocks() -> Iterator[Block]:
    """Yield every block of every page, made from the results that the repository keeps."""
    run = results.read(results.LATEST)
    yield Block(README, "headline", _headline(run))
    yield Block(PERFORMANCE, "comparison", _comparison(run))
    yield Block(PERFORMANCE, "tokens", _tokens(results.read(results.TOKENS)))
    yield Block(PERFORMANCE, "lists", _lists(results.read(results.LISTS)))
    yield Block(SCALING, "one core", _one_core(run).markdown(titled=False))
    yield Block(BENCHMARKS, "bench", _bench(run))
    yield Block(BENCHMARKS, "growth", _growth(results.read(results.GROWTH)))


def write() -> None:
    """Write every block into its page."""
    for block in blocks():
        block.page.write_text(block.written())


def _cells(run: dict[str, Any]) -> dict[str, Any]:
    cells: dict[str, Any] = run["cells"][str(max(CONNECTIONS))]
    return cells


def _headline(run: dict[str, Any]) -> str:
    get = _cells(run)["get"]
    ours, tutorial = get[DONEBASE], get[TUTORIAL]["cpu_us"]["median"]
    return (
        f"Measured: one worker process on one core ({run['about']['machine']['cpu']}) answers "
        f"{number(ours['per_second']['median'])} requests per second\nthat each read a task. A request costs "
        f"{number(ours['cpu_us']['median'])} µs of CPU; the same API written as FastAPI tutorials teach it takes "
        f"{number(tutorial)} µs.\n[docs/performance.md](docs/performance.md) compares more, and names the servers that "
        "are faster."
    )


def _comparison(run: dict[str, Any]) -> str:
    names = [name for name in _NAMES if name in next(iter(_cells(run).values()))]
    head = ["", *(_NAMES[name] for name in names)]
    figures = {
        "CPU of the service per request, µs": ("cpu_us",),
        "Requests per second · median latency, ms · 99th percentile, ms": report.FIGURES,
    }
    tables = [
        Table(title, head, [[report.words(each), *_medians(cell, names, of)] for each, cell in _cells(run).items()])
        for title, of in figures.items()
    ]
    return "\n\n".join(
        [report.origin(run["about"]), "\n".join(report.behind(run)), *(table.markdown() for table in tables)]
    )


def _medians(cell: dict[str, Any], names: Sequence[str], figures: Sequence[str]) -> list[str]:
    return [" · ".join(number(cell[name][figure]["median"]) for figure in figures) for name in names]


def _one_core(run: dict[str, Any]) -> Table:
    rows = [
        [report.words(each), *(number(cell[DONEBASE][it]["median"]) for it in ("per_second", "cpu_us", "database_us"))]
        for each, cell in _cells(run).items()
    ]
    head = ["", "requests per second", "CPU of the service, µs", "CPU of PostgreSQL, µs"]
    return Table("One worker on one core", head, rows)


def _bench(run: dict[str, Any]) -> str:
    shown = [f"![{words}](../../bench/results/{name}.png)" for name, words in _PICTURES.items()]
    tables = [table.markdown() for table in report.tables(run)]
    return "\n\n".join(
        [report.origin(run["about"]), report.verdict(run), "\n".join(report.behind(run)), *shown, *tables]
    )


def _growth(run: dict[str, Any]) -> str:
    shown = [f"![{words}](../../bench/results/{name}.png)" for name, words in _GROWTH_PICTURES.items()]
    tables = [table.markdown() for table in growth_report.tables(run)]
    return "\n\n".join([report.origin(run["about"]), *shown, *tables])


def _tokens(run: dict[str, Any]) -> str:
    tables = [table.markdown() for table in guarded_report.tables(run)]
    return "\n\n".join([report.origin(run["about"]), guarded_report.verdict(run), *tables])


def _lists(run: dict[str, Any]) -> str:
    shown = "![CPU per list, by filter, order and length of the list](../bench/results/lists.png)"
    tables = [table.markdown() for table in lists_report.tables(run)]
    return "\n\n".join([report.origin(run["about"]), shown, *tables])


if __name__ == "__main__":
    write()
