"""deploy/kubernetes.yaml is what Kubernetes takes, and fits the image and the service."""

import re
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
from ruamel.yaml import YAML

from donebase import __version__
from donebase.settings import Settings
from tests.support.programs import program

ROOT = Path(__file__).parent.parent.parent
FILE = ROOT / "deploy" / "kubernetes.yaml"
DOCKERFILE = (ROOT / "Dockerfile").read_text()
DEPLOYMENT, SERVICE, BUDGET = YAML(typ="safe").load_all(FILE)
POD: dict[str, Any] = DEPLOYMENT["spec"]["template"]
[MIGRATE], [SERVE] = POD["spec"]["initContainers"], POD["spec"]["containers"]


@pytest.mark.parametrize("version", ["1.25", "1.37"])
def test_kubernetes_knows_every_field(version: str) -> None:
    """The schemas of the oldest version that the file names, and of the newest that the program has."""
    validate = program("kubernetes-validate", "kubernetes-validate", installer="pip")
    command: list[str | Path] = [validate, "--strict", "--kubernetes-version", version, FILE]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    passed = [line for line in done.stdout.splitlines() if f"against version {version}" in line and "passed" in line]
    assert (done.returncode, len(passed)) == (0, 3), done.stdout + done.stderr
    assert "1.25 or later" in FILE.read_text()


def test_the_pods_are_found_by_their_label() -> None:
    for selector in (
        DEPLOYMENT["spec"]["selector"]["matchLabels"],
        SERVICE["spec"]["selector"],
        BUDGET["spec"]["selector"]["matchLabels"],
    ):
        assert selector.items() <= POD["metadata"]["labels"].items()
    assert SERVICE["spec"]["ports"][0]["targetPort"] == SERVE["ports"][0]["name"]


def test_it_fits_the_image() -> None:
    assert {MIGRATE["image"], SERVE["image"]} == {f"registry.example.com/donebase:{__version__}"}
    user = POD["spec"]["securityContext"]
    assert f"\nUSER {user['runAsUser']}:{user['runAsGroup']}\n" in DOCKERFILE
    assert f"\nEXPOSE {SERVE['ports'][0]['containerPort']}\n" in DOCKERFILE
    assert MIGRATE["args"] == ["migrate"]
    assert "args" not in SERVE, "the image serves unless told otherwise"


@pytest.mark.parametrize("container", [MIGRATE, SERVE], ids=["migrate", "serve"])
def test_it_holds_no_secret_and_gives_no_privileges(container: dict[str, Any]) -> None:
    assert container["envFrom"] == [{"secretRef": {"name": "donebase"}}]
    assert not re.search(r"postgres(ql)?://", FILE.read_text())
    assert {setting["name"].lower() for setting in container.get("env", [])} <= set(Settings.model_fields)
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_the_probes_are_answered(client: httpx.Client) -> None:
    for probe in (SERVE["readinessProbe"], SERVE["livenessProbe"]):
        assert client.get(probe["httpGet"]["path"]).status_code == 200
    assert SERVE["livenessProbe"]["httpGet"]["path"] == "/livez", "which does not ask the database"
    assert SERVE["readinessProbe"]["timeoutSeconds"] > 2, "as long as /health asks the database"


def test_a_pod_has_time_to_stop() -> None:
    sleep, pause = SERVE["lifecycle"]["preStop"]["exec"]["command"]
    assert sleep == "sleep"
    needed = int(pause) + Settings.model_fields["shutdown_grace"].default
    assert POD["spec"]["terminationGracePeriodSeconds"] > needed
