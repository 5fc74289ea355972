"""What an answer says of versions and changes."""

import httpx


def told(response: httpx.Response) -> tuple[str | None, str | None]:
    """Return what an answer says of a version and of a change."""
    return response.headers.get("etag"), response.headers.get("change")
