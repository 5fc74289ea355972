"""The page: its document, the worker that opens it without the service, and its files below the name of the release.

The release is a hash over all names and contents, so that every address changes when any file does and a browser need
never ask again. Nothing of a request reaches the file system: a path is looked up among the files that were found.
"""

import hashlib
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from string import Template
from typing import Annotated, NamedTuple

from fastapi import Depends
from starlette.responses import Response

from donebase.http.access import Access
from donebase.http.errors import AddressNotFound
from donebase.http.family import Family
from donebase.http.joined_modules import joined
from donebase.http.parameters import RequestHeaders
from donebase.http.providers import FromApp
from donebase.http.static_files import FRESH, HTML, SCRIPT, StaticFile, media_type
from donebase.loading import loaded_once
from donebase.settings import Settings

_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    b"manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    b"require-trusted-types-for 'script'; trusted-types lit-html donebase"
)
_DOCUMENT = [FRESH, (b"content-security-policy", _POLICY)]
# Comments that are lines of their own, unless they name a licence; those about a type; and those at the end of a line.
_COMMENT = re.compile(
    rb"^[ \t]*(?://.*|/\*\*?(?!(?:[^*]|\*(?!/))*@license)(?:[^*]|\*(?!/))*\*/[ \t]*)$"
    rb"|/\*\* @(?:[^*]|\*(?!/))*\*/ ?"
    rb"|[ \t]+// [^\"'`\n]*$",
    re.MULTILINE,
)
_ASSET = [(b"cache-control", b"public, max-age=86400, immutable")]


_PROGRAM = "main.js"
_LIBRARIES = "vendor/"


class Release(NamedTuple):
    """What is served of the folder: the files by their paths in it, and the hash over all of them."""

    name: str
    document: Template
    worker: StaticFile
    assets: dict[str, StaticFile]


async def page(headers: RequestHeaders, settings: Annotated[Settings, Depends(FromApp("settings"))]) -> Response:
    """Return the document of the page."""
    await _release()
    return _document(settings.auth, settings.sign_up).response(headers)


async def worker(headers: RequestHeaders) -> Response:
    """Return the service worker. What it may load, its own policy says, also for the page."""
    return (await _release()).worker.response(headers)


async def asset(release: str, path: str, headers: RequestHeaders) -> Response:
    """Return a file of the page. Those of another release are not here."""
    present = await _release()
    if release != present.name or path not in present.assets:
        raise AddressNotFound
    return present.assets[path].response(headers)


FAMILY = Family(
    "web",
    "",
    [("GET", "/", page), ("GET", "/service-worker.js", worker), ("GET", "/web/{release}/{path:path}", asset)],
    access=Access.FREE,
    ignores_query=True,
)


@cache
def read_release() -> Release:
    """Return the files of the package's folder `web`."""
    found = {path: _served(path, content) for path, content in sorted(_read(files("donebase") / "web"))}
    modules = {path: content.decode() for path, content in found.items() if path.endswith(".js")}
    found[_PROGRAM] = joined(modules, _PROGRAM, separate=_LIBRARIES).encode()
    digest = hashlib.sha256()
    for path, content in found.items():
        digest.update(b"%s\0%d\0%s" % (path.encode(), len(content), content))
    name = digest.hexdigest()[:16]
    document, worker = (found.pop(path).decode() for path in ("index.html", "service_worker.js"))
    types = {path: content_type for path in found if (content_type := media_type(path))}
    assets = {path: StaticFile(found[path], types[path], _ASSET) for path in types}
    worker = worker.replace("$release", name)
    return Release(name, Template(document), StaticFile(worker.encode(), SCRIPT, _DOCUMENT), assets)


_release = loaded_once(read_release)
"""Read and compress the release: 70 ms."""


@cache
def _document(auth: str, sign_up: str) -> StaticFile:
    """Return the document for a mode. Its line with `$library` is there once for each module of a library."""
    release = read_release()
    libraries = [path for path in release.assets if path.startswith(_LIBRARIES) and path.endswith(".js")]
    written = [
        Template(line).substitute(auth=auth, sign_up=sign_up, release=release.name, library=library)
        for line in release.document.template.splitlines(keepends=True)
        for library in (libraries if "$library" in line else [""])
    ]
    return StaticFile("".join(written).encode(), HTML, _DOCUMENT)


def _served(path: str, content: bytes) -> bytes:
    """Return a file as browsers get it: modules and styles without comments, a quarter of them, line for line."""
    if not path.endswith((".css", ".js")):
        return content
    return _COMMENT.sub(lambda comment: b"\n" * comment[0].count(b"\n"), content)


def _read(folder: Traversable, parents: str = "") -> Iterator[tuple[str, bytes]]:
    """Yield the path and the content of each file in a folder and those below it."""
    for entry in folder.iterdir():
        path = parents + entry.name
        if entry.is_dir():
            yield from _read(entry, f"{path}/")
        else:
            yield path, entry.read_bytes()
