"""A real Prometheus reads deploy/alerts.yaml and asks donebase; the Grafana dashboard's queries are put to it."""

import json
import re
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.support.families import USERS
from tests.support.processes import Service
from tests.support.programs import program
from tests.support.servers import free_port
from tests.support.waiting import wait_for

ROOT = Path(__file__).parent.parent.parent
ALERTS = ROOT / "deploy" / "alerts.yaml"
DASHBOARD: dict[str, Any] = json.loads((ROOT / "deploy" / "grafana-dashboard.json").read_text())
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
CONFIGURATION, WITH_TOKEN = (
    re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / page).read_text(), re.DOTALL)[0]
    for page in ("deploying.md", "operations.md")
)
# What Grafana puts in the place of its variables.
VARIABLES = {"$__rate_interval": "1m", "$job": "donebase", "$instance": ".*"}
LABEL_VALUES = re.compile(r"label_values\((.*), (\w+)\)")


@pytest.fixture
def prometheus(service: Service, folder: Path) -> Iterator[httpx.Client]:
    """A client of a Prometheus that is configured as docs/deploying.md says, but for address and interval."""
    shutil.copy(ALERTS, folder)
    with running(folder, CONFIGURATION, service) as client:
        yield client


@contextmanager
def running(folder: Path, configuration: str, service: Service) -> Iterator[httpx.Client]:
    """Run a Prometheus with a configuration, but for address and interval, in a folder, and yield a client of it."""
    assert configuration.count("127.0.0.1:8000") == 1
    changed = configuration.replace("127.0.0.1:8000", urlsplit(service.address).netloc)
    (folder / "prometheus.yml").write_text("global: {scrape_interval: 1s}\n" + changed)
    port = free_port()
    command: list[str | Path] = [
        program("prometheus", "prometheus"),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (folder / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1", trust_env=False) as client:
                wait_for(lambda: answers(client) or process.poll() is not None)
                assert process.poll() is None, (folder / "log").read_text()
                yield client
        finally:
            process.terminate()


def answers(client: httpx.Client) -> bool:
    try:
        return client.get("/status/runtimeinfo").is_success
    except httpx.TransportError:
        return False


def found(prometheus: httpx.Client, expression: str) -> list[Any]:
    """Return what a query gives just now."""
    for variable, value in VARIABLES.items():
        expression = expression.replace(variable, value)
    reply = prometheus.get("/query", params={"query": expression}).json()
    assert reply["status"] == "success", reply
    return list(reply["data"]["result"])


def is_answered(prometheus: httpx.Client, expression: str) -> bool:
    return bool(found(prometheus, expression))


@pytest.mark.long
def test_every_panel_and_every_alert_finds_what_it_asks_for(
    prometheus: httpx.Client, client: httpx.Client, alice: int
) -> None:
    client.get("/health")

    def counted() -> bool:
        USERS.created(client, alice)
        return bool(found(prometheus, 'rate(donebase_http_request_duration_seconds_count{family="users"}[1m]) > 0'))

    wait_for(counted)
    for panel in PANELS:
        for target in panel["targets"]:
            results = found(prometheus, target["expr"])
            assert results, f"{panel['title']} shows nothing: {target['expr']}"
            assert set(re.findall(r"{{(\w+)}}", target["legendFormat"])) <= results[0]["metric"].keys()
    for variable in DASHBOARD["templating"]["list"][1:]:
        expression, label = LABEL_VALUES.fullmatch(variable["query"]["query"]).groups()  # type: ignore[union-attr]
        assert label in found(prometheus, expression)[0]["metric"]
    [group] = prometheus.get("/rules").json()["data"]["groups"]
    for rule in group["rules"]:
        for selector in re.findall(r"\w+{[^}]*}", rule["query"]):
            without_status = re.sub(r',status=~?"[^"]*"', "", selector)
            assert found(prometheus, without_status), f"{rule['name']} asks for what there is not: {selector}"


@pytest.mark.parametrize("auth", ["open", "required"])
def test_the_metrics_are_read_with_their_token_alone(folder: Path, database_url: str, auth: str) -> None:
    token = secrets.token_hex(16)
    settings = {"METRICS_TOKEN": token, "AUTH": auth, "DATABASE_URL": database_url}
    without = re.sub(r" *authorization: .*\n", "", WITH_TOKEN)
    (folder / "donebase-metrics-token").write_text(f"{token}\n")
    with Service(folder, **settings) as service:
        for configuration, is_up in ((WITH_TOKEN, "1"), (without, "0")):
            with running(folder, configuration, service.ready()) as prometheus:
                wait_for(partial(is_answered, prometheus, f"up == {is_up}"))
        assert token not in str(service.lines)


def test_every_alert_fires_when_it_should_and_is_silent_when_not(folder: Path) -> None:
    shutil.copy(ALERTS, folder)
    shutil.copy(ROOT / "tests" / "data" / "alerts_test.yaml", folder)
    command: list[str | Path] = [program("promtool", "prometheus"), "test", "rules", "alerts_test.yaml"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    tested = (folder / "alerts_test.yaml").read_text()
    for name in re.findall(r"alert: (\w+)", ALERTS.read_text()):
        assert tested.count(name) == 2, f"{name} is tested silent and firing"


def test_the_panels_stand_side_by_side() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in PANELS:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24, "Grafana's grid has 24 columns"
        taken |= cells
        assert panel["datasource"]["uid"] == "${datasource}", "which is chosen as the dashboard is opened"
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
