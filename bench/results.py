"""Figures of several rounds put together: their medians, how far they spread, and what has moved since another run."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

FOLDER = Path(__file__).parent / "results"
LATEST = "latest.json"
GROWTH = "growth.json"
INSTRUCTIONS = "instructions.json"
LISTS = "lists.json"
TOKENS = "tokens.json"

# Below this, a difference is the clock's: ticks of 10 ms in 2 s of work, and the rest that no round shows.
_ALWAYS_NOISE = 0.03
# What can be compared between two machines.
_RATIOS = ("of_floor", "of_tutorial", "p99_of_floor", "database_of_floor", "of_plain", "of_open")


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return the median of the rounds, and the lowest and the highest of them: the noise."""
    return {name: round(value, 4) for name, value in _spread(values).items()}


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {"median": median(values), "low": min(values), "high": max(values)}


def noise(found: dict[str, float]) -> float:
    """Return half of the way from the lowest round to the highest, as a part of the median."""
    return (found["high"] - found["low"]) / 2 / found["median"] if found["median"] else 0.0


def kept(name: str) -> dict[str, Any] | None:
    """Return the results that the repository keeps: of the last commit, or of the folder where there is no git."""
    file = FOLDER / name
    command = ["git", "show", f"HEAD:./{name}"]
    try:
        shown = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)
        text = shown.stdout if shown.returncode == 0 else file.read_text()
    except OSError:
        return None
    found: dict[str, Any] = json.loads(text)
    return found


def read(name: str) -> dict[str, Any]:
    """Return the results in the folder, as the last whole run left them."""
    found: dict[str, Any] = json.loads((FOLDER / name).read_text())
    return found


def moved(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Return a line for each figure whose rounds no longer touch those it had before.

    On another processor only ratios are compared.
    """
    same_machine = before["about"]["machine"] == now["about"]["machine"]
    then = dict(_spreads(before))
    lines = []
    for place, new in _spreads(now):
        old = then.get(place)
        if old is None or not (same_machine or place[-1] in _RATIOS):
            continue
        apart = new["low"] > old["high"] or new["high"] < old["low"]
        change = new["median"] / old["median"] - 1 if old["median"] else 0.0
        if apart and abs(change) > _ALWAYS_NOISE:
            figures = f"{old['median']:.4g} → {new['median']:.4g} ({change:+.0%}"
            lines.append(f"{' '.join(place)}: {figures}, noise ±{noise(old) + noise(new):.0%})")
    return lines


def _spreads(
    results: dict[str, Any], place: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], dict[str, float]]]:
    for name, value in results.items():
        if isinstance(value, dict):
            if value.keys() >= {"median", "low", "high"}:
                yield (*place, name), value
            else:
                yield from _spreads(value, (*place, name))
