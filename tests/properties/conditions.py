"""Conditions on the version of a task, as a request can name it, and whether they hold: without code of donebase."""

from typing import NamedTuple

from hypothesis import strategies as st

from tests.properties.rules import Json


class Condition(NamedTuple):
    """The If-Match header and the `version` in the body of a request, "" for none; 1 stands for the present version."""

    if_match: str
    version: str

    def headers(self, version: int) -> dict[str, str]:
        """Return the headers of a request about a task of a version."""
        return {"If-Match": _filled_in(self.if_match, version)} if self.if_match else {}

    def body(self, body: Json, version: int) -> Json:
        """Return the body of such a request."""
        return body | ({"version": int(_filled_in(self.version, version))} if self.version else {})

    @property
    def holds(self) -> bool:
        """Whether the present version is as expected."""
        tags = [tag.strip() for tag in self.if_match.split(",")]
        return (not self.if_match or "*" in tags or '"1"' in tags) and self.version in ("", "1")


def _filled_in(text: str, version: int) -> str:
    return text.translate({ord("1"): str(version), ord("2"): str(version + 1), ord("3"): f"3{version}"})


_if_match = st.sampled_from(
    ["", "", "", "*", '"1"', '"2", "1"', '"x","1"', '"2"', '"3", W/"1"', 'W/"1"', '"x"', '"01"']
)
conditions = st.builds(Condition, _if_match, st.sampled_from(["", "", "1", "2", "3"]))
headers_only = st.builds(Condition, _if_match, st.just(""))
