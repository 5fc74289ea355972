"""How the page is served: fresh at `/`, its files for good below the name of their release, and nothing else."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from donebase.routes import web
from donebase.routes.web import read_release
from tests.support.connections import Connection
from tests.support.page_sources import WEB
from tests.support.problems import refused
from tests.support.processes import Service

PLAIN = {"Accept-Encoding": "identity"}
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".webmanifest": "application/manifest+json; charset=utf-8",
    ".png": "image/png",
    "": "text/plain; charset=utf-8",
}
AWAY = "postgresql://127.0.0.1:1/nothing"


@pytest.fixture(scope="module")
def without_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A service that asks for tokens, and whose database does not answer."""
    folder = tmp_path_factory.mktemp("away")
    with (
        Service(folder, DATABASE_URL=AWAY, AUTH="required", SIGN_UP="closed") as service,
        httpx.Client(base_url=service.ready().address) as client,
    ):
        yield client


DOCUMENTATION = ("/docs", "/docs/swagger-ui-bundle.js", "/openapi.json")


def asset(path: str) -> str:
    return f"/web/{read_release().name}/{path}"


def named(document: str) -> list[str]:
    """Return the addresses that a document loads, in its order."""
    return re.findall(r"<(?:link|script)\b[^>]* (?:href|src)=\"([^\"]+)\"", document)


@pytest.mark.parametrize(
    ("address", "media_type"),
    [("/", TYPES[".html"]), ("/docs", TYPES[".html"]), ("/openapi.json", "application/json")],
)
def test_a_document_is_asked_for_anew_and_sent_once(client: httpx.Client, address: str, media_type: str) -> None:
    first = client.get(address)
    assert (first.status_code, first.headers["content-type"]) == (200, media_type)
    assert first.headers.get_list("cache-control") == ["no-cache"]
    for condition in (first.headers["etag"], f'"x", {first.headers["etag"].removeprefix("W/")}', "*"):
        again = client.get(address, headers={"If-None-Match": condition})
        assert (again.status_code, again.content) == (304, b"")
        assert {name: again.headers[name] for name in ("etag", "cache-control", "vary")} == {
            name: first.headers[name] for name in ("etag", "cache-control", "vary")
        }
    assert client.get(address, headers={"If-None-Match": '"x"'}).status_code == 200


@pytest.mark.parametrize("address", ["/", *DOCUMENTATION])
def test_the_state_of_a_page_in_its_query_is_not_read(client: httpx.Client, address: str) -> None:
    page = client.get(address).content
    for query in ("user=1&show=open", "user=kept&user=x", "%ff&colour"):
        assert client.get(f"{address}?{query}").content == page


def test_the_page_needs_no_token_and_no_database(without_database: httpx.Client, client: httpx.Client) -> None:
    page = without_database.get("/")
    assert page.status_code == 200
    for address in named(page.text):
        assert without_database.get(f"/{address}").status_code == 200, address
    written = page.text.replace('auth" content="required"', 'auth" content="open"')
    written = written.replace('sign-up" content="closed"', 'sign-up" content="open"')
    assert written == client.get("/").text != page.text


def test_the_page_loads_one_program_its_libraries_and_nothing_of_another_host(client: httpx.Client) -> None:
    addresses = named(client.get("/").text)
    assert all(address.startswith(f"web/{read_release().name}/") for address in addresses)
    libraries = [path for path in read_release().assets if path.startswith("vendor/") and path.endswith(".js")]
    scripts = {asset(path).removeprefix("/") for path in ("main.js", *libraries)}
    assert {address for address in addresses if address.endswith(".js")} == scripts
    program = client.get(asset("main.js")).text
    assert {asset(path).removeprefix("/") for path in re.findall(r'from "\./(.+)"', program)} <= scripts


def test_the_page_may_run_its_own_modules_and_nothing_else(client: httpx.Client) -> None:
    response = client.get("/")
    [policy] = response.headers.get_list("content-security-policy")
    assert {rule.split(" ", 1)[0]: rule.split(" ", 1)[1] for rule in policy.split("; ")} == {
        "default-src": "'none'",
        **dict.fromkeys(["script-src", "style-src", "img-src", "connect-src", "manifest-src", "worker-src"], "'self'"),
        **dict.fromkeys(["base-uri", "form-action", "frame-ancestors"], "'none'"),
        "require-trusted-types-for": "'script'",
        "trusted-types": "lit-html donebase",
    }
    assert not re.search(r"\son\w+=|style=|<script>|<style|javascript:", response.text)
    others = {"x-content-type-options": "nosniff", "cross-origin-resource-policy": "same-origin"}
    for name, value in {**others, "referrer-policy": "no-referrer"}.items():
        assert response.headers.get_list(name) == [value]


def test_a_file_may_be_kept_below_the_name_of_its_release(client: httpx.Client) -> None:
    for path, file in read_release().assets.items():
        content = file.content if path.endswith((".css", ".js")) else (WEB / path).read_bytes()
        response = client.get(asset(path), headers=PLAIN)
        assert (response.status_code, response.content) == (200, content), path
        assert response.headers["content-type"] == TYPES[Path(path).suffix], path
        assert response.headers.get_list("cache-control") == ["public, max-age=86400, immutable"]
        assert response.headers.get_list("x-content-type-options") == ["nosniff"]
        assert client.get(asset(path), headers={"If-None-Match": response.headers["etag"]}).status_code == 304
        head = client.head(asset(path), headers=PLAIN)
        assert (head.content, head.headers["content-length"]) == (b"", str(len(content)))


@pytest.mark.parametrize(
    ("accepted", "is_compressed"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("deflate, gzip ; q=1.0, *;q=0", True),
        ("gzip;q=0", False),
        ("gzip;q=0.0, br", False),
        ("gzip; q=0.001", True),
        ("identity", False),
        ("", False),
        ("xgzip, gzipped", False),
    ],
)
def test_it_is_compressed_for_who_accepts_that(client: httpx.Client, accepted: str, is_compressed: bool) -> None:
    for address in ("/", asset("main.js"), *DOCUMENTATION):
        plain = client.get(address, headers=PLAIN)
        with client.stream("GET", address, headers={"Accept-Encoding": accepted}) as response:
            raw = b"".join(response.iter_raw())
        assert (response.headers.get("content-encoding") == "gzip") == is_compressed
        assert (gzip.decompress(raw) if is_compressed else raw) == plain.content
        assert int(response.headers["content-length"]) == len(raw)
        for each in (plain, response):
            assert "Accept-Encoding" in each.headers["vary"]
            assert each.headers["etag"] == plain.headers["etag"]


def test_all_of_it_is_less_than_100_kb(client: httpx.Client) -> None:
    sizes = {
        address: int(client.get(address, headers={"Accept-Encoding": "gzip"}).headers["content-length"])
        for address in ("/", "/service-worker.js", *(f"/{address}" for address in named(client.get("/").text)))
    }
    assert sum(sizes.values()) < 100_000, sorted(sizes.items(), key=lambda each: each[1])


def test_the_worker_is_one_of_the_release(client: httpx.Client) -> None:
    response = client.get("/service-worker.js")
    assert (response.status_code, response.headers["content-type"]) == (200, TYPES[".js"])
    assert response.headers.get_list("cache-control") == ["no-cache"]
    assert response.headers["content-security-policy"] == client.get("/").headers["content-security-policy"]
    assert f'RELEASE = "{read_release().name}"' in response.text


def test_two_processes_send_the_same_bytes() -> None:
    """A hash of the release that another machine did not have would lead to nothing there."""
    read_release.cache_clear()
    first = read_release()
    read_release.cache_clear()
    second = read_release()
    assert first.name == second.name
    for path, file in first.assets.items():
        assert file.compressed == second.assets[path].compressed


@pytest.mark.parametrize("change", ["content", "name", "new", "index.html", "service_worker.js"])
def test_another_file_makes_another_release(folder: Path, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    here = folder / "web"
    here.mkdir()
    (here / "index.html").write_text("$release")
    (here / "service_worker.js").write_text("$release")
    (here / "main.js").write_text("0")
    (here / "a.js").write_text("1")
    (here / "b.css").write_text("2")
    monkeypatch.setattr(web, "files", lambda _: folder)
    before = read_release.__wrapped__().name
    match change:
        case "content":
            (here / "a.js").write_text("2")
        case "name":
            (here / "a.js").rename(here / "c.js")
        case "new":
            (here / "c.js").write_text("")
        case _:
            (here / change).write_text("$release ")
    assert read_release.__wrapped__().name != before


def test_modules_that_are_joined_otherwise_make_another_release(monkeypatch: pytest.MonkeyPatch) -> None:
    before = read_release.__wrapped__().name
    monkeypatch.setattr(web, "joined", lambda *_arguments, **_options: "otherwise")
    assert read_release.__wrapped__().name != before


def test_files_of_another_release_are_not_here(client: httpx.Client) -> None:
    """A cache that kept these for a day would give a page modules that do not fit together."""
    response = client.get(f"/web/{'0' * len(read_release().name)}/main.js")
    refused(response, 404, "NOT_FOUND")
    assert response.headers.get_list("cache-control") == ["no-store"]


@pytest.mark.parametrize(
    "path",
    [
        *(
            "",
            "index.html",
            "vendor/manifest.json",
            "nothing.js",
            "main.js/",
            "MAIN.JS",
            "vendor",
            "./main.js",
            "main.js.",
        ),
        *("../settings.py", "vendor/../main.js", "%2e%2e/settings.py", "..%2fsettings.py", "..%5csettings.py"),
        *("main.js%00", "main.js%0a", "vendor\\manifest.json", "/main.js", "%2fetc%2fpasswd", "vendor%2f..%2fmain.js"),
    ],
)
def test_what_is_no_file_of_the_page_is_404(service: Service, path: str) -> None:
    connection = Connection(service.address)
    connection.send(f"GET {asset(path)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    refused(connection.answer(), 404, "NOT_FOUND")
    connection.close()


def test_without_the_page_its_address_leads_to_the_documentation(folder: Path, database_url: str) -> None:
    with (
        Service(folder, DATABASE_URL=database_url, WEB="off") as service,
        httpx.Client(base_url=service.ready().address) as client,
    ):
        for address in ("/", "/?user=1"):  # as the page was once bookmarked
            redirect = client.get(address)
            assert (redirect.status_code, redirect.headers["location"]) == (307, "/docs")
        refused(client.get(asset("main.js")), 404, "NOT_FOUND")
        assert client.get("/docs").status_code == 200
        worker = client.get("/service-worker.js")
        assert worker.headers.get_list("cache-control") == ["no-cache"]
        assert "registration.unregister()" in worker.text
