"""A client that a generator makes where tokens are asked for: somebody signs up, works and leaves."""

import importlib
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from donebase.app import create_app
from donebase.settings import Settings
from tests.integration.test_generated_client import run_python
from tests.support.accounts import ANOTHER, PHRASE, new_address
from tests.support.made_once import made_once
from tests.support.processes import Service
from tests.support.tokens import from_nowhere

NAME = "generated_account_client"


def generate(folder: Path) -> None:
    """Generate the package in a folder."""
    settings = Settings.read(database_url="postgresql://localhost/none", auth="required")
    (folder / "openapi.json").write_text(json.dumps(create_app(settings).openapi()))
    (folder / "config.yaml").write_text("post_hooks: []")  # they only format
    options = f"--path openapi.json --output-path {NAME} --meta none --config config.yaml --fail-on-warning"
    run_python(folder, "openapi_python_client", "generate", *options.split())


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The generated package, imported."""
    monkeypatch.syspath_prepend(str(made_once("python-account-client", generate)))
    return importlib.import_module(NAME)


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    """What closes the clients in the end."""
    with ExitStack() as opened:
        yield opened


def test_somebody_signs_up_works_and_leaves(package: ModuleType, guarded: Service, opened: ExitStack) -> None:
    models = importlib.import_module(f"{NAME}.models")
    # An answer with a status that the document does not name is an exception.
    usual: dict[str, Any] = {"base_url": guarded.address, "headers": from_nowhere(), "raise_on_unexpected_status": True}

    def call(client: Any, operation: str, **arguments: Any) -> Any:
        return importlib.import_module(f"{NAME}.api.{operation}").sync_detailed(client=client, **arguments)

    def signed_in(answer: Any, status: int = 200) -> Any:
        assert answer.status_code == status
        return opened.enter_context(package.AuthenticatedClient(token=answer.parsed.access_token, **usual))

    anybody, email = opened.enter_context(package.Client(**usual)), new_address()
    new = models.AccountInput(email=email, password=PHRASE, name="Ann")
    client = signed_in(call(anybody, "accounts.sign_up", body=new), 201)
    assert call(anybody, "accounts.sign_up", body=new).parsed.code == "EMAIL_TAKEN"
    wrong = models.Credentials(email=email, password=ANOTHER)
    assert call(anybody, "accounts.sign_in", body=wrong).parsed.code == "UNAUTHORIZED"
    right = models.Credentials(email=email, password=PHRASE)
    entered = call(anybody, "accounts.sign_in", body=right)
    refreshed = call(anybody, "accounts.refresh_session", body=models.RefreshRequest(entered.parsed.refresh_token))
    elsewhere = signed_in(refreshed)
    task = call(elsewhere, "user_tasks.create_user_task", user_id="me", body=models.TaskInput(title="Buy milk")).parsed
    assert task.user_id == entered.parsed.user.id
    assert call(client, "user_tasks.list_user_tasks", user_id=str(task.user_id)).parsed == [task]
    assert call(client, "tasks.list_tasks").parsed == [task]

    changes = models.AccountChanges(name=None, password=ANOTHER, current_password=PHRASE)
    changed = call(client, "accounts.change_account", body=changes)
    assert (changed.status_code, changed.parsed.name, changed.parsed.email) == (200, None, email)
    assert call(elsewhere, "accounts.read_account").status_code == 401
    elsewhere = signed_in(call(anybody, "accounts.sign_in", body=wrong))
    assert call(elsewhere, "accounts.sign_out").status_code == 204
    assert call(elsewhere, "accounts.sign_out").status_code == 401
    confirmation = models.PasswordConfirmation(password=ANOTHER)
    assert call(client, "accounts.delete_account", body=confirmation).status_code == 204
    assert call(client, "tasks.list_tasks").parsed.code == "UNAUTHORIZED"
