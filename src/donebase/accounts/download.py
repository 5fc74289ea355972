"""Downloads a small document over HTTP, within limits of time and size that the server cannot stretch.

It runs on the event loop and not in a thread with urllib: a timeout of a socket begins anew with each byte, so that a
server could hold a thread for hours, and a thread cannot be cancelled. llhttp, by httptools, parses the answer.
"""

import asyncio
import base64
import socket
import ssl
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit

import httptools

SECONDS = 5.0
"""How long a download may take in all: name, connections, redirects and answer."""
MAX_BYTES = 2**18
"""The most bytes of an answer, its head included."""
MAX_REDIRECTS = 3
_CONNECT_SECONDS = 2.0
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_PORTS = {"http": 80, "https": 443}
_SAFE = "%/?:@!$&'()*+,;=~"


class DownloadFailed(Exception):
    """The document cannot be had. The text says why, for a log: it contains nothing of the URL and of the answer."""


async def download(url: str) -> bytes:
    """Return the document at a URL of the scheme http or https. A user and a password in it are sent as `Basic`.

    Redirects are followed within the same host, and never from https to http. Raises DownloadFailed: after SECONDS, for
    more than MAX_BYTES, for a status other than 200, and for all that is not HTTP or not a certificate of that host.
    """
    try:
        async with asyncio.timeout(SECONDS):
            return await _follow(url)
    except TimeoutError:
        raise DownloadFailed("it took too long") from None
    except ssl.SSLCertVerificationError as failure:
        raise DownloadFailed(f"the certificate is not valid: {failure.verify_message}") from None
    except OSError as failure:
        raise DownloadFailed(f"the connection failed: {failure.strerror or type(failure).__name__}") from None
    except UnicodeError:
        raise DownloadFailed("no host can have this name") from None
    except (httptools.HttpParserError, httptools.HttpParserUpgrade):
        raise DownloadFailed("the answer is not valid HTTP") from None


async def _follow(url: str) -> bytes:
    for _ in range(1 + MAX_REDIRECTS):
        parts = urlsplit(url)
        answer = await _get(parts)
        if answer.status == 200:
            return bytes(answer.body)
        location = answer.headers.get(b"location")
        if answer.status not in _REDIRECTS or not location:
            raise DownloadFailed(f"the status is {answer.status}")
        url = _redirected(parts, location.decode("latin-1"))
    raise DownloadFailed(f"there are more than {MAX_REDIRECTS} redirects")


def _redirected(parts: SplitResult, location: str) -> str:
    """Return where a redirect leads. Raises DownloadFailed where it must not be followed."""
    try:
        target = urlsplit(urljoin(parts.geturl(), location))
        place, target_place = _place(parts), _place(target)
    except (ValueError, KeyError):
        raise DownloadFailed("it redirects to what is no address") from None
    is_upgrade = parts.scheme == "http" and target.scheme == "https" and parts.hostname == target.hostname
    if target_place != place and not is_upgrade:
        raise DownloadFailed("it redirects to another server")
    return target.geturl()


def _place(parts: SplitResult) -> tuple[str, str, int]:
    return parts.scheme, parts.hostname or "", parts.port or _PORTS[parts.scheme]


async def _get(parts: SplitResult) -> "_Answer":
    reader, writer = await _connect(parts)
    try:
        writer.write(_request(parts))
        answer = _Answer()
        size = 0
        while not answer.is_complete and (data := await reader.read(2**16)):
            size += len(data)
            if size > MAX_BYTES:
                raise DownloadFailed(f"the answer is larger than {MAX_BYTES // 1024} KiB")
            answer.parser.feed_data(data)
        if not answer.is_complete and not answer.ends_with_connection:
            raise DownloadFailed("the answer is incomplete")
        return answer
    finally:
        writer.transport.abort()


async def _connect(parts: SplitResult) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to the first address of each family that the host has: one of the families may lead nowhere."""
    scheme, host, port = _place(parts)
    # It reads the certificates of all authorities from files.
    context = await asyncio.to_thread(ssl.create_default_context) if scheme == "https" else None
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses: dict[int, str] = {}
    for family, *_, sockaddr in found:
        addresses.setdefault(family, str(sockaddr[0]))
    failure = OSError()
    for address in addresses.values():
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                return await asyncio.open_connection(
                    address, port, ssl=context, server_hostname=host if context else None
                )
        except OSError as failed:  # TimeoutError is one
            failure = failed
    raise failure


def _request(parts: SplitResult) -> bytes:
    target = quote(parts._replace(scheme="", netloc="", fragment="").geturl() or "/", safe=_SAFE)
    lines = [
        f"GET {target} HTTP/1.1",
        f"Host: {parts.netloc.rpartition('@')[2]}",
        "Accept: application/json",
        "User-Agent: donebase",
        "Connection: close",
    ]
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        lines.append(f"Authorization: Basic {base64.b64encode(pair.encode()).decode()}")
    return "\r\n".join((*lines, "", "")).encode()


class _Answer:
    """An answer as far as it has been received; the parser calls the methods."""

    def __init__(self) -> None:
        self.parser = httptools.HttpResponseParser(self)
        self.on_message_begin()

    @property
    def status(self) -> int:
        return self.parser.get_status_code()

    def on_message_begin(self) -> None:
        self.headers: dict[bytes, bytes] = {}
        self.body = bytearray()
        self.is_complete = self.ends_with_connection = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        self.ends_with_connection = not self.headers.keys() & {b"content-length", b"transfer-encoding"}

    def on_body(self, piece: bytes) -> None:
        self.body += piece

    def on_message_complete(self) -> None:
        self.is_complete = self.status >= 200  # an answer before the answer, such as 103, is none
