"""What is told of the packages that are pinned, for what pip-audit may find."""

import json
import runpy
import subprocess
from pathlib import Path

import pytest

AUDIT = Path(__file__).parent.parent / ".ci" / "audit.py"
SAFE = {"name": "safe", "version": "1.0", "vulns": []}
UNKNOWN = {"name": "unknown", "skip_reason": "not found"}
VULNERABLE = {"name": "vulnerable", "version": "2.0", "vulns": [{"id": "CVE-2026-1"}, {"id": "CVE-2026-2"}]}


@pytest.mark.parametrize(
    ("answer", "status", "told"),
    [
        (json.dumps({"dependencies": [SAFE, UNKNOWN]}), 0, "audited 1 packages, 1 could not be looked up\n"),
        (
            json.dumps({"dependencies": [SAFE, VULNERABLE]}),
            1,
            "vulnerable 2.0 is vulnerable: CVE-2026-1, CVE-2026-2\naudited 2 packages, 0 could not be looked up\n",
        ),
        ("", 0, "not audited, nobody could be asked: no way there\n"),
    ],
)
def test_only_a_known_vulnerability_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], answer: str, status: int, told: str
) -> None:
    completed = subprocess.CompletedProcess([], 1, stdout=answer, stderr="Traceback\nno way there\n")
    monkeypatch.setattr(subprocess, "run", lambda *_arguments, **_options: completed)
    assert runpy.run_path(str(AUDIT))["main"]() == status
    assert capsys.readouterr().out == told
