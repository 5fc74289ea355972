"""What the browser suite of Todo-Backend asks, asked by a page of another origin in a real browser."""

from pathlib import Path

from tests.support.browser import another_origin, browser_context
from tests.support.processes import Service

CHECKS = Path(__file__).parents[1] / "data" / "todo_backend.js"


def test_a_page_of_another_origin_finds_all_that_the_protocol_asks_for(
    database_url: str, folder: Path, alice: int
) -> None:
    (folder / "index.html").write_text("<!doctype html><title>x</title>")
    with (
        another_origin(folder) as origin,
        Service(folder, DATABASE_URL=database_url, CORS_ORIGINS=origin) as service,
        browser_context() as context,
    ):
        page = context.new_page()
        page.goto(origin)
        page.add_script_tag(path=CHECKS)
        wrong = page.evaluate("root => todoBackendChecks(root)", f"{service.ready().address}/todo-backend/{alice}")
    assert len(wrong) == 16
    assert {check: what for check, what in wrong.items() if what is not None} == {}
