"""What a run says in the end: its tables, and which targets it meets."""

from typing import Any

from bench import summary
from bench.servers import DONEBASE, FASTIFY, FLOOR, TUTORIAL
from bench.tables import Table, against, counted, number, with_noise

FIGURES = ("per_second", "p50_ms", "p99_ms")
_WORDS = {
    "list": "list of 50",
    "page_of_50": "page of 50",
    "change": "change one field",
    "origin": "get with Origin",
    "traceparent": "get with traceparent",
    "get_304": "get, answered 304",
    "list_304": "list, answered 304",
    "changes_none": "changes, nothing new",
    "change_if_match": "change with If-Match",
    "toggle_if_match": "toggle with If-Match",
    "delete_if_match": "delete with If-Match",
    "create_key": "create with a key",
    "change_key": "change with a key",
    "toggle_key": "toggle with a key",
    "delete_key": "delete with a key",
}
_NAMES = {TUTORIAL: "the tutorial", FASTIFY: "Fastify", FLOOR: "the floor"}
_BEHIND = {
    "cpu_us": "needs more CPU than {}",
    "per_second": "answers fewer requests per second than {}",
    "p99_ms": "has a higher 99th percentile of latency than {}",
}


def tables(results: dict[str, Any]) -> list[Table]:
    """Return the tables of a run, with the targets beside the figures."""
    found = []
    for connections, operations in results["cells"].items():
        found += [_cpu(connections, operations), _latency(connections, operations)]
    found.append(_history(results["cells"][str(max(summary.CONNECTIONS))]))
    servers = results["servers"]
    return [*found, _variants(results["variants"]), _servers(servers), _round_trips(servers)]


def verdict(results: dict[str, Any]) -> str:
    """Return how many targets are met, and each that is not."""
    found = summary.targets(results)
    missed = [target for target in found if not target.met]
    lines = [f"{len(found) - len(missed)} of {len(found)} targets met."]
    lines += [f"- missed: {each.what}: {number(each.figure)}, target {number(each.limit)}" for each in missed]
    return "\n".join(lines)


def behind(results: dict[str, Any]) -> list[str]:
    """Return a line for each peer and figure where the peer is ahead of donebase, with the operations and ratios."""
    cells = results["cells"][str(max(summary.CONNECTIONS))]
    lines = []
    for peer in next(iter(cells.values())):
        for figure, sentence in _BEHIND.items() if peer in _NAMES else ():
            ratios = {
                each: cell[DONEBASE][figure]["median"] / cell[peer][figure]["median"] for each, cell in cells.items()
            }
            worse = [each for each, ratio in ratios.items() if (ratio < 1 if figure == "per_second" else ratio > 1)]
            if worse:
                listed = ", ".join(f"{words(each)} ({number(ratios[each])} ×)" for each in worse)
                lines.append(f"donebase {sentence.format(_NAMES[peer])} for: {listed}.")
    return lines


def words(operation: str) -> str:
    """Return what a table calls an operation."""
    return _WORDS.get(operation, operation)


def origin(about: dict[str, Any]) -> str:
    """Return in a few lines where figures come from."""
    machine = about["machine"]
    versions = ", ".join(f"{name} {each}" for name, each in about["versions"].items())
    return (
        f"Measured {about['date'][:10]} at revision {about['revision']}, on {machine['cores']} cores of "
        f"{machine['cpu']}, Linux {about['kernel']}; load of the machine before the start {about['load_at_start']}. "
        f"{versions}."
    )


def _cpu(connections: str, operations: dict[str, Any]) -> Table:
    others = [name for name in next(iter(operations.values())) if name not in (DONEBASE, FLOOR, TUTORIAL)]
    head = ["", "donebase", "floor", "× floor", "tutorial", "× tutorial", *others, "PostgreSQL itself"]
    rows = []
    for operation, servers in operations.items():
        cell = servers[DONEBASE]
        cpu = {name: with_noise(each["cpu_us"]) for name, each in servers.items()}
        floor, tutorial = cell.get("of_floor"), cell.get("of_tutorial")
        rows.append(
            [
                words(operation),
                cpu[DONEBASE],
                cpu.get(FLOOR, "–"),
                _held(floor["median"], summary.OF_FLOOR[operation]) if floor else "–",
                cpu.get(TUTORIAL, "–"),
                _eighth(tutorial["median"], held=int(connections) == max(summary.CONNECTIONS)) if tutorial else "–",
                *(cpu[name] for name in others),
                with_noise(cell["database_us"]),
            ]
        )
    return Table(f"CPU of the service, µs per request, {counted(connections, 'connection')}", head, rows)


def _latency(connections: str, operations: dict[str, Any]) -> Table:
    names = list(next(iter(operations.values())))
    with_target = int(connections) == max(summary.CONNECTIONS) and FLOOR in names
    rows = []
    for operation, servers in operations.items():
        figures = [[number(cell[each]["median"]) for each in FIGURES] for cell in servers.values()]
        row = [words(operation), *map(" · ".join, figures)]
        if with_target:
            row.append(_held(servers[DONEBASE]["p99_of_floor"]["median"], summary.P99_OF_FLOOR))
        rows.append(row)
    head = ["", *names, *(["p99, × floor"] if with_target else [])]
    return Table(f"Requests per second · p50 ms · p99 ms, {counted(connections, 'connection')}", head, rows)


def _history(operations: dict[str, Any]) -> Table:
    head = ["", "CPU, × before", "CPU of PostgreSQL, µs", "the floor's", "× floor", "log, bytes", "the floor's"]
    rows = []
    for operation in summary.WRITES:
        servers = operations[operation]
        ours, floor = servers[DONEBASE], servers.get(FLOOR)
        of_history = number(ours["history_bytes"]["median"])
        if operation == "change":
            met = ours["history_bytes"]["median"] <= summary.HISTORY_BYTES
            of_history = against(of_history, met=met, limit=number(summary.HISTORY_BYTES))
        rows.append(
            [
                words(operation),
                _held(ours["of_floor"]["median"] / summary.BEFORE[operation], summary.OF_BEFORE) if floor else "–",
                with_noise(ours["database_us"]),
                with_noise(floor["database_us"]) if floor else "–",
                _held(ours["database_of_floor"]["median"], summary.DATABASE_OF_FLOOR) if floor else "–",
                number(ours["wal_bytes"]["median"]),
                number(floor["wal_bytes"]["median"]) if floor else "–",
                of_history,
            ]
        )
    at = counted(str(max(summary.CONNECTIONS)), "connection")
    return Table(f"What the history costs, per write, {at}", [*head, "history, bytes"], rows)


def _variants(variants: dict[str, Any]) -> Table:
    head = ["", "CPU, µs", "compared with", "ratio", "requests per second · p50 ms · p99 ms"]
    rows = [
        [
            words(name),
            with_noise(cell["cpu_us"]),
            words(summary.VARIANTS[name].plain),
            _compared(cell["of_plain"]["median"], summary.VARIANTS[name].limit),
            " · ".join(number(cell[each]["median"]) for each in FIGURES),
        ]
        for name, cell in variants.items()
    ]
    at = counted(str(max(summary.CONNECTIONS)), "connection")
    return Table(f"donebase alone: what a page and more headers cost, {at}", head, rows)


def _servers(servers: dict[str, Any]) -> Table:
    limits = {"ready_s": summary.READY_S, "idle_mb": summary.IDLE_MB}
    meanings = {"ready_s": "start to first response, s", "idle_mb": "idle, MB", "loaded_mb": "after the load, MB"}
    rows = []
    for figure, meaning in meanings.items():
        held = with_noise(servers[DONEBASE][figure])
        if figure in limits:
            met = servers[DONEBASE][figure]["median"] <= limits[figure]
            held = against(held, met=met, limit=number(limits[figure]))
        others = [with_noise(each[figure]) for name, each in servers.items() if name != DONEBASE]
        rows.append([meaning, held, *others])
    return Table("Start and memory", ["", *servers], rows)


def _round_trips(servers: dict[str, Any]) -> Table:
    rows = []
    for operation, trips in servers[DONEBASE]["round_trips"].items():
        others = [number(each["round_trips"][operation]) for name, each in servers.items() if name != DONEBASE]
        rows.append([words(operation), _held(trips, summary.ROUND_TRIPS), *others])
    return Table("Round trips to PostgreSQL per request, counted on the wire", ["", *servers], rows)


def _compared(figure: float, limit: float | None) -> str:
    return _held(figure, limit) if limit else f"{figure:.2f}"


def _held(figure: float, limit: float) -> str:
    return against(f"{figure:.2f}", met=figure <= limit, limit=number(limit))


def _eighth(figure: float, *, held: bool) -> str:
    part = f"1/{1 / figure:.1f}"
    return against(part, met=figure <= summary.OF_TUTORIAL, limit="1/8") if held else part
