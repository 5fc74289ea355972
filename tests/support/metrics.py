"""What /metrics says, as Prometheus reads it."""

import httpx
from prometheus_client import CONTENT_TYPE_LATEST, Metric
from prometheus_client.parser import text_string_to_metric_families

REQUESTS = "donebase_http_request_duration_seconds"
STATEMENTS = "donebase_database_statement_duration_seconds"


def metrics(response: httpx.Response) -> dict[str, Metric]:
    """Return the metrics of an answer, by name."""
    assert response.status_code == 200
    assert response.headers["content-type"] == CONTENT_TYPE_LATEST
    return {metric.name: metric for metric in text_string_to_metric_families(response.text)}


def total(found: dict[str, Metric], sample: str, **labels: str) -> float:
    """Return the sum of the samples of this name that have these labels; 0 where there is none yet."""
    samples = [each for metric in found.values() for each in metric.samples if each.name == sample]
    return sum(each.value for each in samples if labels.items() <= each.labels.items())
