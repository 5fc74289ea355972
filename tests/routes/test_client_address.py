"""Where a request comes from: what TRUSTED_PROXIES say of it, and nothing that anybody else says."""

import asyncio

import pytest

from donebase.http.client_address import client_address
from donebase.settings import Settings

PROXIES = Settings.read(trusted_proxies="10.0.0.0/8, 192.0.2.7,2001:db8:1::/48")
NONE = Settings.read(trusted_proxies="")
CLIENT = "198.51.100.1"


def found(peer: str | None, *forwarded: str, settings: Settings = PROXIES) -> str | None:
    """Return the address of a request of `peer` with these lines of X-Forwarded-For."""
    headers = [
        (b"host", b"localhost"),
        *((b"x-forwarded-for", line.encode()) for line in forwarded),
        (b"x", b"10.0.0.3"),
    ]
    return asyncio.run(client_address(settings, headers, None if peer is None else (peer, 50_000)))


def test_without_trusted_proxies_it_is_the_peer_whatever_is_sent() -> None:
    assert found(CLIENT, settings=NONE) == CLIENT
    assert found(CLIENT, "203.0.113.5", settings=NONE) == CLIENT
    assert found("127.0.0.1", "203.0.113.5", settings=NONE) == "127.0.0.1"


def test_a_peer_that_is_no_proxy_is_not_believed() -> None:
    assert found(CLIENT, "203.0.113.5") == CLIENT
    assert found("192.0.2.8", "203.0.113.5") == "192.0.2.8"
    assert found("2001:db8:2::1", "203.0.113.5") == "2001:db8:2::1"


@pytest.mark.parametrize("proxy", ["10.0.0.1", "10.255.0.1", "192.0.2.7", "::ffff:10.0.0.1", "2001:db8:1::9"])
def test_a_proxy_says_who_has_asked_it(proxy: str) -> None:
    assert found(proxy, CLIENT) == CLIENT


def test_the_last_address_that_no_proxy_has_counts_whatever_the_client_wrote_before_it() -> None:
    assert found("10.0.0.1", f"203.0.113.5, {CLIENT}") == CLIENT
    assert found("10.0.0.1", f"10.0.0.9, 203.0.113.5, {CLIENT}") == CLIENT
    assert found("10.0.0.1", f"<script>,,{CLIENT}") == CLIENT


def test_each_proxy_of_a_row_is_believed() -> None:
    assert found("10.0.0.1", f"203.0.113.5, {CLIENT}, 10.0.0.3, 2001:db8:1::7") == CLIENT


def test_several_lines_are_one_list() -> None:
    assert found("10.0.0.1", "203.0.113.5", CLIENT) == CLIENT
    assert found("10.0.0.1", f"203.0.113.5, {CLIENT}", "10.0.0.3, 10.0.0.2", "10.0.0.4") == CLIENT


def test_where_all_are_proxies_it_is_the_first_of_them() -> None:
    assert found("10.0.0.1") == "10.0.0.1"
    assert found("10.0.0.1", "") == "10.0.0.1"
    assert found("10.0.0.1", "10.0.0.4, 10.0.0.3") == "10.0.0.4"


@pytest.mark.parametrize(
    ("written", "address"),
    [
        (f"{CLIENT}:4711", CLIENT),
        ("2001:db8::5", "2001:db8::5"),
        ("2001:DB8:0:0::5", "2001:db8::5"),
        ("[2001:db8::5]", "2001:db8::5"),
        ("fe80::5%eth0", "fe80::5"),
        ("[fe80::5%2]:4711", "fe80::5"),
        ("[2001:db8::5]:4711", "2001:db8::5"),
        (f"::ffff:{CLIENT}", CLIENT),
        (f"[::ffff:{CLIENT}]:443", CLIENT),
        (f" \t{CLIENT} ", CLIENT),
        (f", ,{CLIENT},, ", CLIENT),
    ],
)
def test_an_address_can_be_written_in_several_ways(written: str, address: str) -> None:
    assert found("10.0.0.1", written) == address


GARBAGE = """
unknown _hidden 256.1.1.1 1.2.3 01.2.3.4 1234 ::g [::1 1.2.3.4: 1.2.3.4:x é ' [1.2.3.4]x 2001:db8::5]:80 ::1%
""".split()


@pytest.mark.parametrize("garbage", [*GARBAGE, "a" * 9000], ids=lambda garbage: garbage[:16])
def test_what_is_no_address_ends_at_the_proxy_that_wrote_it(garbage: str) -> None:
    assert found("10.0.0.1", f"{CLIENT}, {garbage}") == "10.0.0.1"
    assert found("10.0.0.1", f"{CLIENT}, {garbage}, 10.0.0.2") == "10.0.0.2"


def test_a_connection_without_an_address_has_none() -> None:
    assert found(None, CLIENT) is None
    assert found("", CLIENT) is None
    assert found("/run/donebase.sock", CLIENT) is None


def test_a_row_that_is_too_long_is_not_read_to_its_end() -> None:
    proxies = [f"10.0.0.{number}" for number in range(1, 200)]
    assert found("10.0.0.200", ", ".join([CLIENT, *proxies])) == "10.0.0.150"
    assert found("10.0.0.200", ", ".join([CLIENT, *proxies[-49:]])) == CLIENT
