"""The modules of the page: typed, formatted, short, all in use, and without a word that is not in messages.js."""

import re
from pathlib import Path

import pytest

from donebase.routes.web import read_release
from tests.support.page_sources import (
    WEB,
    WORKER,
    code,
    compiled,
    imports,
    modules,
    own_files,
    own_modules,
    prettier,
    reachable,
    tokens,
    words_in_templates,
)

LONGEST = 200
DOCUMENT = [path for path in own_modules() if path != WORKER]


@pytest.mark.long
def test_types_are_right(folder: Path) -> None:
    checked = compiled(folder / "page", DOCUMENT, "es2023", "dom", "dom.iterable")
    assert (checked.stdout, checked.returncode) == ("", 0)


@pytest.mark.skipif(WORKER not in own_modules(), reason="the page has no service worker")
def test_types_of_the_service_worker_are_right(folder: Path) -> None:
    checked = compiled(folder / "page", [WORKER], "es2023", "webworker")
    assert (checked.stdout, checked.returncode) == ("", 0)


def test_sources_are_formatted() -> None:
    """`make format` does it."""
    checked = prettier("--check")
    assert checked.returncode == 0, checked.stderr


def test_no_module_is_long() -> None:
    lines = {path: (WEB / path).read_text().count("\n") for path in own_modules() if path != "messages.js"}
    assert {path: count for path, count in lines.items() if count > LONGEST} == {}


def test_every_module_is_in_use_and_served_here() -> None:
    used = reachable("main.js", *({WORKER} & {*own_modules()}))
    assert {path for path in used if not (WEB / path).is_file()} == set()
    assert {*modules(), *own_modules()} - used == set()


def test_imports_are_found() -> None:
    """The test above follows them: it would miss what an import that is not seen leads to."""
    for path in own_modules():
        written = re.findall(r"^import\b|\bimport\(|^export .*\bfrom ['\"]", code(path), re.MULTILINE)
        assert len(imports(path)) == len(written), path


def test_every_word_is_in_the_one_file() -> None:
    found = words_in_templates()
    assert (found.stdout, found.stderr) == ("", "")


def test_no_module_has_a_byte_order_mark_or_a_carriage_return() -> None:
    for path in own_files():
        content = (WEB / path).read_bytes()
        assert not content.startswith(b"\xef\xbb\xbf"), path
        assert b"\r" not in content, path


def test_browsers_get_the_modules_without_their_comments_line_for_line(folder: Path) -> None:
    assets = read_release().assets
    apart = [path for path in modules() if path != "main.js"]
    for path in apart:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(assets[path].content)
        assert not re.search(rb"^\s*//|@(?:param|returns|type)\b", assets[path].content, re.MULTILINE), path
    assert b"SPDX-License-Identifier: BSD-3-Clause" in assets["vendor/lit-html/lit-html.js"].content
    sent = tokens(folder, apart)
    assert sent.count("\n") > 10_000
    assert sent == tokens(WEB, apart)


def test_browsers_get_the_styles_without_their_comments() -> None:
    for path in own_files():
        if path.endswith(".css"):
            sent, written = read_release().assets[path].content.decode(), (WEB / path).read_text()
            assert sent.count("\n") == written.count("\n")
            assert sent.split() == re.sub(r"/\*.*?\*/", "", written, flags=re.DOTALL).split()


def test_browsers_get_all_of_them_as_one() -> None:
    program = read_release().assets["main.js"].content.decode()
    joined = re.findall(r"^(?:const \$m\d+ = \(\(\) => )?\{ // (\S+)$", program, re.MULTILINE)
    assert sorted(joined) == sorted({*own_modules()} - {WORKER})
