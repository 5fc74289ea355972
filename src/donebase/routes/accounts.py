"""`/auth`: accounts and their sessions, where AUTH is `required`."""

from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from donebase.accounts import accounts, own_account
from donebase.accounts.access_tokens import LIFETIME, AccessTokens
from donebase.accounts.account_rows import Account
from donebase.accounts.accounts import Entered
from donebase.accounts.authenticator import Authenticator
from donebase.accounts.deletion import Deletions
from donebase.accounts.entrance import Entrance
from donebase.accounts.passwords import Passwords
from donebase.accounts.shapes import (
    AccountChanges,
    Credentials,
    NewAccount,
    PasswordConfirmation,
    RefreshRequest,
    SignedIn,
    User,
)
from donebase.core.errors import (
    AccountElsewhere,
    EmailTaken,
    InsufficientScope,
    RefreshFailed,
    SignInFailed,
    SignUpClosed,
    WrongPassword,
)
from donebase.http import responses
from donebase.http.access import Access
from donebase.http.client_address import ClientAddress
from donebase.http.family import Answer, Family
from donebase.http.parameters import CurrentCaller, Database
from donebase.http.problems import Problem
from donebase.http.providers import FromApp, provider
from donebase.settings import Settings

_Passwords = Annotated[Passwords, Depends(FromApp("passwords"))]
_AccessTokens = Annotated[AccessTokens, Depends(FromApp("access_tokens"))]
_Authenticator = Annotated[Authenticator, Depends(FromApp("authenticator"))]
_Deletions = Annotated[Deletions, Depends(FromApp("deletions"))]
_Settings = Annotated[Settings, Depends(FromApp("settings"))]


@provider
async def entrance(
    database: Database,
    passwords: _Passwords,
    access_tokens: _AccessTokens,
    authenticator: _Authenticator,
    client: ClientAddress,
) -> Entrance:
    """Return what signing in takes."""
    return Entrance(database, passwords, access_tokens, authenticator, client)


_Entrance = Annotated[Entrance, Depends(entrance)]
_TOO_MANY = Answer(
    429, Problem, "Ten attempts have failed within 15 minutes, for this account or from your address.", ["Retry-After"]
)
_SignedUp = Annotated[
    Response,
    Answer(201, SignedIn, "The account was created, and a session has begun."),
    Answer(403, Problem, "Nobody can sign up here (SIGN_UP=closed).", errors=[SignUpClosed]),
    Answer(409, Problem, "There is an account with this e-mail address.", errors=[EmailTaken]),
    _TOO_MANY,
]
_SignedIn = Annotated[
    Response,
    Answer(200, SignedIn, "A session has begun."),
    Answer(401, Problem, "No account has this e-mail address and this password.", errors=[SignInFailed]),
    _TOO_MANY,
]
_Refreshed = Annotated[
    Response,
    Answer(200, SignedIn, "New tokens of the session."),
    Answer(401, Problem, "The refresh token is not the last one of a session.", errors=[RefreshFailed]),
]
_SignedOut = Annotated[
    Response,
    Answer(204, None, "The session has ended."),
    Answer(
        403,
        Problem,
        "The access token does not allow this, or another issuer keeps the account.",
        ["WWW-Authenticate"],
        [AccountElsewhere, InsufficientScope],
    ),
]
_TheAccount = Annotated[Response, Answer(200, User, "The account.")]
_NOT_CONFIRMED = Answer(
    403,
    Problem,
    "The present password is wrong, the access token does not allow this, or another issuer keeps the account.",
    ["WWW-Authenticate"],
    [WrongPassword, InsufficientScope],
)
_ChangedAccount = Annotated[Response, Answer(200, User, "The account as it is now."), _NOT_CONFIRMED, _TOO_MANY]
_DeletedAccount = Annotated[Response, Answer(204, None, "The account is gone."), _NOT_CONFIRMED, _TOO_MANY]


async def sign_up(entrance: _Entrance, settings: _Settings, new: NewAccount) -> _SignedUp:
    """Create an account, and begin a session. An e-mail address is one account, in whatever case it is written."""
    if settings.sign_up == "closed":
        raise SignUpClosed
    return _signed_in(await accounts.sign_up(entrance, new), status=201)


async def sign_in(entrance: _Entrance, credentials: Credentials) -> _SignedIn:
    """Begin a session. The answer does not tell whether the address or the password is wrong."""
    return _signed_in(await accounts.sign_in(entrance, credentials))


async def refresh_session(entrance: _Entrance, request: RefreshRequest) -> _Refreshed:
    """Exchange a refresh token for new tokens. It is good once: whoever sends it again ends the session."""
    return _signed_in(await accounts.refresh_session(entrance, request.refresh_token))


async def sign_out(database: Database, authenticator: _Authenticator, caller: CurrentCaller) -> _SignedOut:
    """End the session of the access token: the refresh token ends with it."""
    await accounts.sign_out(database, authenticator, caller)
    return responses.no_content()


async def read_account(database: Database, caller: CurrentCaller) -> _TheAccount:
    """Read the account of the access token. One of another issuer has neither an address nor a name here."""
    return responses.json(_user(await own_account.read_account(database, caller)))


async def change_account(entrance: _Entrance, caller: CurrentCaller, changes: AccountChanges) -> _ChangedAccount:
    """Change the name, or the password: it needs the present one, and ends all other sessions."""
    return responses.json(_user(await own_account.change_account(entrance, caller, changes)))


async def delete_account(
    entrance: _Entrance, deletions: _Deletions, caller: CurrentCaller, confirmation: PasswordConfirmation
) -> _DeletedAccount:
    """Delete the account and all that is its user's: tasks, history, sessions and tokens."""
    await own_account.delete_account(entrance, deletions, caller, confirmation.password)
    return responses.no_content()


def _signed_in(entered: Entered, status: int = 200) -> Response:
    tokens = entered.tokens
    body = {
        "user": _user(entered.account),
        "access_token": tokens.access_token,
        "token_type": "Bearer",
        "expires_in": LIFETIME,
        "refresh_token": tokens.refresh_token,
    }
    return responses.json(body, status)


def _user(account: Account) -> dict[str, object]:
    user_id, email, name, created_at = account
    return {"id": user_id, "email": email, "name": name, "created_at": created_at}


ENTRANCE = Family(
    "accounts",
    "/auth",
    [("POST", "/sign-up", sign_up), ("POST", "/sign-in", sign_in), ("POST", "/refresh", refresh_session)],
    access=Access.FREE,
    tag="Accounts",
    description="Accounts of donebase's own, and their sessions.",
    whose="",
)
PROFILE = Family("accounts", "/auth", [("GET", "/me", read_account)], access=Access.CALLER, tag="Accounts", whose="")
MANAGEMENT = Family(
    "accounts",
    "/auth",
    [("POST", "/sign-out", sign_out), ("PATCH", "/me", change_account), ("DELETE", "/me", delete_account)],
    access=Access.ACCOUNT,
    tag="Accounts",
    whose="",
)
