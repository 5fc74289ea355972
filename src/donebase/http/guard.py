"""Admits the callers of an operation, before anything else of their request is read."""

from collections.abc import Sequence
from urllib.parse import quote

from starlette.types import Scope

from donebase.accounts.authenticator import Authenticator
from donebase.core.errors import Forbidden, InsufficientScope, Unauthorized
from donebase.http.headers import Headers

CALLER = "donebase.caller"
"""The caller in the ASGI scope of a request that was admitted."""
USER_ID = "user_id"
"""The parameter of a path that names the user."""
_IN_PATHS = "/:@!$&'()*+,;="  # RFC 3986, 3.3


class Guard:
    """Admits the callers of one operation, who need a token with a scope (None: any token).

    `path_names` are the parameters of its path. Where one of them names the user, it must be the caller, and the number
    of the caller takes the place of the name; else the number is added after them.
    """

    def __init__(self, authenticator: Authenticator, scope: str | None, path_names: Sequence[str]) -> None:
        self._authenticator = authenticator
        self._scope = scope
        self._at = path_names.index(USER_ID) if USER_ID in path_names else None

    async def admit(self, scope: Scope, path_values: Sequence[str]) -> Sequence[str]:
        """Return the parameters of the path with the number of the caller, who is in the scope from now on.

        Raises Unauthorized, InsufficientScope, Forbidden, and DatabaseFailed or Overloaded.
        """
        authorization = sole_authorization(scope["headers"])
        caller = self._authenticator.known(authorization)
        if caller is None:
            caller = await self._authenticator.authenticate(authorization)
        if self._scope is not None and self._scope not in caller.scopes:
            raise InsufficientScope(self._scope)
        scope[CALLER] = caller
        number = str(caller.user_id)
        if self._at is None:
            return [*path_values, number]
        if path_values[self._at] != number and not caller.is_named(path_values[self._at]):
            raise Forbidden
        if path_values[self._at] != number:
            scope["path"] = quote(scope["path"], _IN_PATHS)  # which Location and Link begin with
        return [*path_values[: self._at], number, *path_values[self._at + 1 :]]


def sole_authorization(headers: Headers) -> bytes:
    """Return the header Authorization. Raises Unauthorized if there is none, or several."""
    found: bytes | None = None
    for name, value in headers:
        if name == b"authorization":
            if found is not None:
                raise Unauthorized
            found = value
    if found is None:
        raise Unauthorized
    return found
