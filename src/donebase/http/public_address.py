"""The address under which clients reach the service, for the absolute addresses in responses."""

from typing import Annotated, Any

from fastapi import Depends

from donebase.http.headers import Headers
from donebase.http.providers import FromApp, FromScope, provider
from donebase.settings import Settings


@provider
async def public_origin(
    settings: Annotated[Settings, Depends(FromApp("settings"))],
    headers: Annotated[Headers, Depends(FromScope("headers"))],
    server: Annotated[Any, Depends(FromScope("server"))],
) -> str:
    """Return the scheme, host and port of the service: PUBLIC_URL, otherwise `http` and the Host of the request.

    Without a Host, which HTTP/1.0 allows, it is the address that the client has connected to.
    """
    if settings.public_url:
        return settings.public_url
    for name, value in headers:
        if name == b"host" and value:
            return f"http://{value.decode('latin-1')}"
    host, port = server or (settings.host, settings.port)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


PublicOrigin = Annotated[str, Depends(public_origin)]
