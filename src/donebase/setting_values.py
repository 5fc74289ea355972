"""The types of the settings: what each accepts, and what is said of a value that it does not accept."""

import re
from collections.abc import Callable
from ipaddress import ip_network
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_core import PydanticCustomError

from donebase.certificates import check_files
from donebase.database_url import DatabaseUrl, UrlError

_SHORTEST_SECRET = 32  # bytes: RFC 7518, 3.2
_SHORTEST_TOKEN = 16  # characters

_LAST_PORT = 65_535
_USUAL_PORTS = {"http": "80", "https": "443"}
# As browsers send it; another would be equal to none. Pages of apps have schemes such as capacitor and tauri.
_ORIGIN = re.compile(r"([a-z][a-z0-9+.-]*)://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([1-9][0-9]*))?")

A_DATABASE_URL = "must be a PostgreSQL URL such as postgresql://user:password@host/database?sslmode=require"
AN_ENDPOINT = "must be the URL of an OpenTelemetry collector that accepts OTLP over HTTP, such as http://localhost:4318"
SOME_SECONDS = "must be a number of seconds above 0 and at most 600"


def _postgresql(url: SecretStr) -> SecretStr:
    try:
        parsed = DatabaseUrl.parse(url.get_secret_value().strip())
        check_files(parsed.parameters)
    except UrlError as wrong:
        raise PydanticCustomError("url", "{right}", {"right": str(wrong) or A_DATABASE_URL}) from None
    return SecretStr(parsed.text())


def _split(value: Any) -> Any:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _origin(origin: str) -> str:
    found = _ORIGIN.fullmatch(origin)
    if not found:
        raise ValueError
    scheme, port = found.groups()
    if port and (port == _USUAL_PORTS.get(scheme) or int(port) > _LAST_PORT):
        raise ValueError
    return origin


def _network(text: str) -> str:
    return str(ip_network(text))


def _at_least(length: int) -> Callable[[SecretStr], SecretStr]:
    def check(secret: SecretStr) -> SecretStr:
        if len(secret.get_secret_value().encode()) < length:
            raise ValueError
        return secret

    return check


def _token(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if not (text.isascii() and text.isprintable() and " " not in text):
        raise ValueError
    return secret


def _signing(secret: SecretStr) -> SecretStr:
    from jwt import PyJWTError  # a start without the setting does not need it
    from jwt.algorithms import HMACAlgorithm

    try:
        HMACAlgorithm(HMACAlgorithm.SHA256).prepare_key(secret.get_secret_value())
    except PyJWTError:
        raise ValueError from None
    return secret


def _key_set_url(url: SecretStr) -> SecretStr:
    text = url.get_secret_value().strip()
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
        raise ValueError
    if not text.isascii() or not text.isprintable():
        raise ValueError
    return SecretStr(text)


SecretDatabaseUrl = Annotated[SecretStr, AfterValidator(_postgresql)]
Origins = Annotated[tuple[Annotated[str, AfterValidator(_origin)], ...], BeforeValidator(_split)]
Networks = Annotated[tuple[Annotated[str, AfterValidator(_network)], ...], BeforeValidator(_split)]
PublicUrl = Annotated[
    str,
    Field(pattern=r"^https?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?/?$"),
    AfterValidator(lambda url: url.removesuffix("/")),
]
Endpoint = Annotated[str, Field(pattern=r"^https?://[^/\s]+")]
Text = Annotated[str, Field(min_length=1)]
Seconds = Annotated[float, Field(gt=0, le=600)]
SigningSecret = Annotated[SecretStr, AfterValidator(_at_least(_SHORTEST_SECRET)), AfterValidator(_signing)]
KeySetUrl = Annotated[SecretStr, AfterValidator(_key_set_url)]
BearerToken = Annotated[SecretStr, AfterValidator(_token), AfterValidator(_at_least(_SHORTEST_TOKEN))]
