"""What may be sent and what may not: every line of the tables of bodies and of types, at every address that takes one.

Each is answered as its line says, in the one shape there is; what is refused tells nothing and changes nothing.
"""

import httpx
import pytest

from tests.support.hostile import Line, lines
from tests.support.processes import Service
from tests.support.response_check import ResponseCheck


@pytest.mark.parametrize("line", lines("bodies", "types"), ids=str)
def test_a_body_is_answered_as_its_line_says(
    service: Service, client: httpx.Client, alice: int, bob: int, line: Line
) -> None:
    with ResponseCheck.opened(service, client, alice, bob) as check:
        check.run(line)
