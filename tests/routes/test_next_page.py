"""The link to the next page keeps the query that it came with, whatever parameters an address may have."""

import re
from urllib.parse import parse_qsl, urlencode

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from donebase.http.task_list import next_page
from tests.support.families import Family

parameters = st.lists(st.tuples(st.text(min_size=1), st.text()), max_size=5)


@given(parameters, st.integers(0, 2**63 - 1))
@example([("tag", 'a>; rel="prev", </evil'), ("tag", "b\r\nSet-Cookie: c=d"), ("after", "7"), ("q", "milk & two")], 9)
def test_following_it_repeats_the_query(query: list[tuple[str, str]], after: int) -> None:
    sent = urlencode(query).encode()
    before = parse_qsl(sent.decode(), keep_blank_values=True)
    link = re.fullmatch(rb'</users/7/tasks\?([!#-;=?-~]+)>; rel="next"', next_page("/users/7/tasks", sent, after))
    assert link
    following = parse_qsl(link[1].decode(), keep_blank_values=True)
    assert following == [*(pair for pair in before if pair[0] != "after"), ("after", str(after))]


@given(st.binary(max_size=30))
def test_no_query_ends_the_header(sent: bytes) -> None:
    assert re.fullmatch(rb'</\?[!#-;=?-~]+>; rel="next"', next_page("/", sent, 1))


@pytest.mark.parametrize("query", ["limit=1", "limit=1&after=0", "after=0&limit=1", "limit=%31", "&limit=1&"])
def test_a_page_is_followed_by_the_rest(client: httpx.Client, family: Family, alice: int, query: str) -> None:
    for _ in range(2):
        family.created(client, alice)
    page = client.get(f"{family.address(alice)}?{query}")
    assert page.headers["link"] == f'<{family.address(alice)}?limit=1&after={page.json()[0]["id"]}>; rel="next"'
