"""The token of those who read the metrics: METRICS_TOKEN, whoever else needs a token."""

import re
from hmac import compare_digest
from typing import Annotated

from fastapi import Depends

from donebase.core.errors import Unauthorized
from donebase.http.guard import sole_authorization
from donebase.http.headers import Headers
from donebase.http.providers import FromApp, FromScope, provider
from donebase.settings import Settings

_match = re.compile(rb"bearer +([!-~]+) *", re.IGNORECASE).fullmatch  # RFC 6750, 2.1


@provider
async def admit_scraper(
    settings: Annotated[Settings, Depends(FromApp("settings"))],
    headers: Annotated[Headers, Depends(FromScope("headers"))],
) -> None:
    """Let whoever has METRICS_TOKEN read the metrics, or everybody if it is not set. Raises Unauthorized."""
    if settings.metrics_token is None:
        return
    bearer = _match(sole_authorization(headers))
    if bearer is None or not compare_digest(bearer[1], settings.metrics_token.get_secret_value().encode()):
        raise Unauthorized


Scraper = Annotated[None, Depends(admit_scraper)]
