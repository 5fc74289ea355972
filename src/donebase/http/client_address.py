"""The IP address that a request comes from: of the connection, or of X-Forwarded-For where TRUSTED_PROXIES wrote it."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from itertools import islice
from typing import Annotated, Any

from fastapi import Depends

from donebase.http.headers import Headers
from donebase.http.providers import FromApp, FromScope, provider
from donebase.settings import Settings

_IPAddress = IPv4Address | IPv6Address
_Network = IPv4Network | IPv6Network

_MOST_HOPS = 50  # a header has room for thousands, each of which takes time
# As proxies write them: 192.0.2.1, 192.0.2.1:443, 2001:db8::1, [2001:db8::1], [2001:db8::1]:443, fe80::1%eth0.
_V4 = r"([0-9.]+)(?::[0-9]{1,5})?"
_V6 = r"([0-9A-Fa-f:.]+)(?:%[\w.-]+)?"
_HOP = re.compile(rf"{_V4}|\[{_V6}\](?::[0-9]{{1,5}})?|{_V6}", re.ASCII)


@provider
async def client_address(
    settings: Annotated[Settings, Depends(FromApp("settings"))],
    headers: Annotated[Headers, Depends(FromScope("headers"))],
    peer: Annotated[Any, Depends(FromScope("client"))],
) -> str | None:
    """Return the IP address that a request comes from, or None if the connection has none."""
    address = _parsed(peer[0]) if peer else None
    if address is not None and settings.trusted_proxies:
        address = _behind_proxies(address, headers, _networks(settings.trusted_proxies))
    return None if address is None else str(address)


ClientAddress = Annotated[str | None, Depends(client_address)]


def _behind_proxies(address: _IPAddress, headers: Headers, trusted: Sequence[_Network]) -> _IPAddress:
    """Go back from a peer through X-Forwarded-For as long as a proxy is trusted, which has added who was before it.

    What is no address tells nothing: it ends at the proxy that wrote it.
    """
    hops = islice(_hops(headers), _MOST_HOPS)
    while any(address in network for network in trusted):
        before = _parsed(next(hops, ""))
        if before is None:
            break
        address = before
    return address


def _hops(headers: Headers) -> Iterator[str]:
    """Yield the members of X-Forwarded-For, the last one first: several headers are one list (RFC 9110, 5.3)."""
    for name, value in reversed(headers):
        if name == b"x-forwarded-for":
            yield from filter(None, map(str.strip, reversed(value.decode("latin-1").split(","))))


@lru_cache
def _networks(trusted: Sequence[str]) -> Sequence[_Network]:
    return [ip_network(network) for network in trusted]


def _parsed(text: str) -> _IPAddress | None:
    """Return an address, that of IPv4 if IPv6 maps it; or None where there is none in the text."""
    found = _HOP.fullmatch(text)
    try:
        address = ip_address(found[found.lastindex or 0]) if found else None
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
