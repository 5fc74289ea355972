"""Prometheus' text of what was counted. Every label is a pattern of a route, a status or one of a few words.

prometheus_client, which writes the format, is imported where /metrics is asked for, and not at a start.
"""

from collections.abc import Iterable, Sequence
from itertools import accumulate

from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from donebase import __version__
from donebase.telemetry.metrics import REQUEST_SECONDS, STATEMENT_SECONDS, Counts, Series


def exposition(counts: Counts, *, several: bool) -> bytes:
    """Return the text for these counts; unless they are of `several` processes, also for the memory and CPU of this."""
    registry = CollectorRegistry()
    registry.register(_Families(counts))
    own = generate_latest(registry)
    return own if several else generate_latest(REGISTRY) + own


class _Families(Collector):
    """The metric families of donebase."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts

    def collect(self) -> Iterable[Metric]:
        """Return each family with its samples."""
        requests, statements, dropped_lines, pool = self._counts
        return [
            _histogram(
                "donebase_http_request_duration_seconds",
                "Time from a request to the end of its response.",
                ("method", "route", "status", "family"),
                REQUEST_SECONDS,
                {
                    (method, route or "none", str(status), family or "none"): series
                    for (method, route, status, family), series in requests.items()
                },
            ),
            _histogram(
                "donebase_database_statement_duration_seconds",
                "Time from sending a statement to its last row, without the wait for a connection.",
                ("outcome",),
                STATEMENT_SECONDS,
                {(outcome,): series for outcome, series in statements.items()},
            ),
            _gauge("donebase_database_pool_size", "Connections that the pool may open.", pool.size),
            _gauge("donebase_database_pool_in_use", "Connections that run a statement.", pool.in_use),
            _gauge("donebase_database_pool_waiting", "Requests that wait for a connection.", pool.waiting),
            CounterMetricFamily(
                "donebase_log_lines_dropped_total",
                "Log lines that were dropped because standard output was not read in time.",
                dropped_lines,
            ),
            _gauge("donebase_info", "The running version.", 1, version=__version__),
        ]


def _histogram(
    name: str, meaning: str, labels: Sequence[str], bounds: Sequence[float], series: dict[tuple[str, ...], Series]
) -> Metric:
    family = HistogramMetricFamily(name, meaning, labels=labels)
    names = [*map(floatToGoString, bounds), "+Inf"]
    for values, (*buckets, seconds) in series.items():
        family.add_metric(values, list(zip(names, accumulate(buckets), strict=True)), seconds)
    return family


def _gauge(name: str, meaning: str, value: float, **labels: str) -> Metric:
    family = GaugeMetricFamily(name, meaning, labels=list(labels))
    family.add_metric(list(labels.values()), value)
    return family
