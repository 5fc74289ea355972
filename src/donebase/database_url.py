"""A PostgreSQL URL, parsed once: what the driver is given, and the part of it that may be shown.

The grammar is libpq's (PostgreSQL documentation, "Connection URIs"), but stricter where programs differ in how they
read the same text: characters with a meaning of their own have to be percent-encoded, and no part may be given twice.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from typing import NamedTuple, Self
from urllib.parse import quote, unquote, urlencode

# What libpq calls them, and the values of those that have few. Any other name would reach the server as a setting of
# the session, which poolers refuse.
PARAMETERS: dict[str, tuple[str, ...]] = {
    "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "sslnegotiation": ("postgres", "direct"),
    "target_session_attrs": ("any", "read-write", "read-only", "primary", "standby", "prefer-standby"),
    **dict.fromkeys(
        "application_name channel_binding connect_timeout dbname host options password port "
        "sslcert sslcrl sslkey sslpassword sslrootcert user".split(),
        (),
    ),
}
_URL = re.compile(
    r"(?:postgres|postgresql|postgresql\+asyncpg)://"
    r"(?:(?P<credentials>[^@/?#]*)@)?(?P<hosts>[^@/?#]*)(?:/(?P<database>[^@/?#]*))?(?:\?(?P<query>[^@?#]*))?"
)
_HOST = re.compile(r"(?P<name>\[[^\[\]]+\]|[^:\[\]]+)(?::(?P<port>[0-9]{1,5}))?")
_NAME = re.compile(r"[\w.-]+|/[^,]*")  # a name, an IPv4 address, or the folder of a Unix socket
_WRONG_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})|%00")

_ENCODE = (
    "must be a PostgreSQL URL with the special characters of user, password and database percent-encoded: "
    "@ as %40, : as %3A, / as %2F, ? as %3F, # as %23, % as %25, + as %2B, a space as %20"
)
_HOSTS = "must be a PostgreSQL URL whose hosts are names or addresses, each with a port from 1 to 65535 or with none"


class UrlError(ValueError):
    """A URL that is invalid or can be read in two ways. The text says what is valid, and shows nothing of the URL."""


class Host(NamedTuple):
    """A host's name, an IP address, or the folder of a Unix socket; and a port, or the driver's default."""

    name: str
    port: int | None

    def __str__(self) -> str:
        return self._with_port(f"[{quote(self.name, safe=':')}]" if _is_ipv6(self.name) else quote(self.name, safe=""))

    def encoded(self) -> str:
        """Return host and port without brackets: from Python 3.14 on, urllib takes these only around a single host."""
        return self._with_port(quote(self.name, safe=""))

    def _with_port(self, name: str) -> str:
        return name if self.port is None else f"{name}:{self.port}"


@dataclass(frozen=True)
class DatabaseUrl:
    """The parts of a PostgreSQL URL, decoded. For empty ones the driver uses PGHOST, PGUSER and so on."""

    user: str = field(repr=False)
    password: str = field(repr=False)
    hosts: tuple[Host, ...]
    database: str
    parameters: Mapping[str, str] = field(repr=False)  # all others, by the names of PARAMETERS

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a URL (postgres:, postgresql: or postgresql+asyncpg:) as libpq and the driver do. Raises UrlError."""
        found = _URL.fullmatch(text)
        if found is None:
            known = re.match(r"postgres(ql(\+asyncpg)?)?:", text)
            raise UrlError(_ENCODE if known else "")
        if not text.isprintable() or " " in text:
            raise UrlError(_ENCODE)
        parameters = _parameters(found["query"] or "")
        user, _, password = (found["credentials"] or "").partition(":")
        parts = {"user": _decoded(user), "password": _decoded(password), "dbname": _decoded(found["database"] or "")}
        for name, value in parts.items():
            parts[name] = _only_one(name, value, parameters.pop(name, ""))
        hosts = _hosts(found["hosts"], parameters)
        return cls(parts["user"], parts["password"], hosts, parts["dbname"], parameters)

    def text(self) -> str:
        """Return the URL in full, its password included, in a form that every program reads the same way."""
        password = f":{quote(self.password, safe='')}" if self.password else ""
        credentials = f"{quote(self.user, safe='')}{password}@" if self.user or password else ""
        query = f"?{urlencode(self.parameters, quote_via=quote, safe='/')}" if self.parameters else ""
        hosts = ",".join(host.encoded() for host in self.hosts) if len(self.hosts) > 1 else self._hosts()
        return f"postgresql://{credentials}{hosts}{self._path()}{query}"

    def without_secrets(self) -> str:
        """Return the URL with hosts, ports and the name of the database only, for logs and error texts."""
        return f"postgresql://{self._hosts()}{self._path()}"

    def _hosts(self) -> str:
        return ",".join(map(str, self.hosts))

    def _path(self) -> str:
        return f"/{quote(self.database, safe='')}" if self.database else ""


def _parameters(query: str) -> dict[str, str]:
    """Return the parameters that have a value."""
    found: dict[str, str] = {}
    # For libpq a + is a plus sign, for asyncpg a space.
    if "+" in query:
        raise UrlError(_ENCODE)
    for part in query.split("&") if query else ():
        name, _, value = part.partition("=")
        if name not in PARAMETERS:
            raise UrlError(f"must use only these URL parameters: {', '.join(PARAMETERS)}")
        if PARAMETERS[name] and value not in PARAMETERS[name]:
            raise UrlError(f"must set {name} to one of: {', '.join(PARAMETERS[name])}")
        if name in found:
            raise UrlError(f"must contain {name} only once")
        found[name] = _decoded(value)
    return {name: value for name, value in found.items() if value}


def _hosts(text: str, parameters: dict[str, str]) -> tuple[Host, ...]:
    """Return the hosts of the authority or of the parameters `host` and `port`, which are taken out."""
    listed = _only_one("host", text, parameters.pop("host", ""))
    # What came as a parameter is decoded already, and may be an IPv6 address without brackets.
    hosts = [_host(each) if text else _bare_host(each) for each in listed.split(",")] if listed else []
    if "port" not in parameters:
        return tuple(hosts)
    ports = [_port(each) for each in parameters["port"].split(",")]
    if len(ports) not in (1, len(hosts)) or any(host.port for host in hosts):
        raise UrlError("must have one port for all of its hosts, or one for each")
    if hosts:
        del parameters["port"]
    return tuple(Host(host.name, ports[n % len(ports)]) for n, host in enumerate(hosts))


def _host(text: str) -> Host:
    found = _HOST.fullmatch(text)
    if found is None:
        raise UrlError(_HOSTS)
    name, port = _decoded(found["name"]), found["port"]
    bare = _bare_host(name[1:-1] if name.startswith("[") else name)
    if name.startswith("[") and not _is_ipv6(bare.name):
        raise UrlError(_HOSTS)
    return Host(bare.name, _port(port) if port else None)


def _is_ipv6(name: str) -> bool:
    return ":" in name and not name.startswith("/")


def _bare_host(name: str) -> Host:
    if _is_ipv6(name):
        try:
            IPv6Address(name)
        except ValueError:
            raise UrlError(_HOSTS) from None
    elif not _NAME.fullmatch(name):
        raise UrlError(_HOSTS)
    return Host(name, None)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise UrlError(_HOSTS)
    return int(text)


def _only_one(name: str, one: str, other: str) -> str:
    if one and other:
        raise UrlError(f"must contain {name} only once")
    return one or other


def _decoded(text: str) -> str:
    if _WRONG_ESCAPE.search(text):
        raise UrlError(_ENCODE)
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise UrlError(_ENCODE) from None
