"""The settings. They are read once at the start, frozen, and passed on: no other file reads one from the environment.

Each setting is an environment variable or a line of `.env` in the working directory; the environment wins.
`.env.example` and docs/operations.md list the same names, and a test holds the three together.
"""

import os
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from platformdirs.unix import Unix
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

from donebase.database_url import DatabaseUrl
from donebase.env_file import misspelt, read_env_file
from donebase.setting_values import (
    A_DATABASE_URL,
    AN_ENDPOINT,
    SOME_SECONDS,
    BearerToken,
    Endpoint,
    KeySetUrl,
    Networks,
    Origins,
    PublicUrl,
    Seconds,
    SecretDatabaseUrl,
    SigningSecret,
    Text,
)


class WrongSetting(Exception):
    """A setting is invalid or cannot be used. The text is one line that names the variable and says what is valid."""


def _data_dir() -> Path:
    # Root's PostgreSQL runs as another user, who cannot enter root's home. For others it is the folder that is usual on
    # Unix, also on macOS, whose own has a space in its name.
    system = Path("/var/lib/donebase")
    try:
        return system if os.geteuid() == 0 else Unix("donebase").user_data_path
    except RuntimeError:  # a user that systemd or Docker made for a service may have no home
        return system


class Settings(BaseModel):
    """All settings. A field's name in capitals is the name of its variable; its description says what is valid."""

    model_config = ConfigDict(frozen=True)

    database_url: SecretDatabaseUrl | None = Field(default=None, description=A_DATABASE_URL)
    database_url_unpooled: SecretDatabaseUrl | None = Field(default=None, description=A_DATABASE_URL)
    data_dir: Path = Field(
        default_factory=_data_dir,
        description="must be a directory that this user can write to",
    )
    host: Text = Field(
        default="127.0.0.1", description="must be an address of this machine such as 127.0.0.1 or 0.0.0.0"
    )
    port: Annotated[int, Field(ge=0, le=65535)] = Field(
        default=8000, description="must be a whole number from 1 to 65535, or 0 for any free port"
    )
    workers: Annotated[int, Field(ge=1, le=256)] = Field(
        default=1, description="must be a whole number of processes from 1 to 256"
    )
    public_url: PublicUrl | None = Field(
        default=None,
        description="must be a scheme and a host, and nothing after them: such as https://todo.example.com",
    )
    cors_origins: Origins = Field(
        default=("http://localhost:3000",),
        description="must be a comma-separated list of origins as browsers send them, such as https://app.example.com: "
        "in lower case, without the usual port, and with nothing behind",
    )
    trusted_proxies: Networks = Field(
        default=(), description="must be a comma-separated list of addresses or networks such as 10.0.0.0/8"
    )
    auth: Literal["open", "required"] = Field(default="open", description="must be open or required")
    sign_up: Literal["open", "closed"] = Field(default="open", description="must be open or closed")
    auth_jwt_secret: SigningSecret | None = Field(
        default=None, description="must be at least 32 bytes, and not a public key"
    )
    auth_jwks_url: KeySetUrl | None = Field(
        default=None,
        description="must be the URL of a JSON Web Key Set, such as https://id.example.com/.well-known/jwks.json",
    )
    auth_issuer: Text | None = Field(default=None, description="must be the iss of the tokens to accept")
    auth_audience: Text | None = Field(default=None, description="must be the aud of the tokens to accept")
    web: Literal["on", "off"] = Field(default="on", description="must be on or off")
    metrics_token: BearerToken | None = Field(default=None, description="must be at least 16 visible ASCII characters")
    log_format: Literal["auto", "json", "text"] = Field(default="auto", description="must be auto, json or text")
    otel_exporter_otlp_endpoint: Endpoint | None = Field(default=None, description=AN_ENDPOINT)
    otel_exporter_otlp_traces_endpoint: Endpoint | None = Field(default=None, description=AN_ENDPOINT)
    prepared_statements: Literal["auto", "on", "off"] = Field(default="auto", description="must be auto, on or off")
    database_pool_size: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=10, description="must be a whole number of connections from 1 to 1000"
    )
    database_pool_wait: Seconds = Field(default=6.0, description=SOME_SECONDS)
    database_pool_idle: Seconds = Field(default=120.0, description=SOME_SECONDS)
    database_timeout: Seconds = Field(default=8.0, description=SOME_SECONDS)
    migration_wait: Seconds = Field(default=30.0, description=SOME_SECONDS)
    history_days: Annotated[int, Field(ge=0, le=36_500)] = Field(
        default=30, description="must be a whole number of days from 1 to 36500, or 0 to keep the whole history"
    )
    max_connections: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        default=2000, description="must be a whole number of connections from 1 to 1000000"
    )
    max_header_bytes: Annotated[int, Field(ge=1024, le=2**20)] = Field(
        default=2**15, description="must be a whole number of bytes from 1024 to 1048576"
    )
    header_timeout: Seconds = Field(default=10.0, description=SOME_SECONDS)
    max_body_bytes: Annotated[int, Field(ge=1024, le=2**30)] = Field(
        default=2**20, description="must be a whole number of bytes from 1024 to 1073741824"
    )
    body_timeout: Seconds = Field(default=10.0, description=SOME_SECONDS)
    send_timeout: Seconds = Field(default=60.0, description=SOME_SECONDS)
    shutdown_grace: Annotated[int, Field(ge=1, le=600)] = Field(
        default=10, description="must be a whole number of seconds from 1 to 600"
    )

    @field_validator("*", mode="before")
    @classmethod
    def _without_nul(cls, value: Any) -> Any:
        # A file can hold the character, and no path, host name or environment variable can.
        if isinstance(value, str) and "\0" in value:
            raise ValueError
        return value

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.auth_jwt_secret and self.auth_jwks_url:
            raise PydanticCustomError("conflict", "AUTH_JWT_SECRET and AUTH_JWKS_URL must not both be set")
        asking = ("auth_jwt_secret", "auth_jwks_url", "auth_issuer", "auth_audience")
        given = [name.upper() for name in asking if getattr(self, name)]
        if self.sign_up == "closed":
            given.append("SIGN_UP")
        if self.auth == "open" and given:  # whoever has set it believes that tokens are asked for
            raise PydanticCustomError("conflict", "{name} must not be set without AUTH=required", {"name": given[0]})
        if (self.auth_issuer or self.auth_audience) and not (self.auth_jwt_secret or self.auth_jwks_url):
            name = {"name": given[0]}
            raise PydanticCustomError(
                "conflict", "{name} must not be set without AUTH_JWT_SECRET or AUTH_JWKS_URL", name
            )
        return self

    @property
    def traces(self) -> bool:
        """Whether spans are sent to a collector."""
        return bool(self.otel_exporter_otlp_endpoint or self.otel_exporter_otlp_traces_endpoint)

    @classmethod
    def read(cls, **given: Any) -> Self:
        """Read the settings from the environment and `.env`. `given` values, by field name, override both.

        Raises WrongSetting for the first invalid one, and for a misspelt name in `.env`. The text never shows a value.
        """
        try:
            file = read_env_file(Path(".env"))
            # An empty variable counts as unset.
            values = {name.lower(): value for name, value in (*file.items(), *os.environ.items()) if value}
            settings = cls.model_validate(values | given)
        except ValidationError as refused:
            fault = refused.errors(include_url=False, include_input=False)[0]
            if fault["type"] == "conflict":
                raise WrongSetting(fault["msg"]) from None
            name = str(fault["loc"][0]).lower()
            right = fault["msg"] if fault["type"] == "url" else cls.model_fields[name].description
            raise WrongSetting(f"{name.upper()} {right}") from None
        except UnicodeDecodeError:
            raise WrongSetting(".env must be text in UTF-8") from None
        except OSError as failure:
            raise WrongSetting(f".env must be a file that this user can read ({failure.strerror})") from None
        if found := misspelt(file, cls.model_fields.keys() - settings.model_fields_set):
            raise WrongSetting(f".env contains {found.name}, which is not a setting; did you mean {found.meant}?")
        return settings

    def on(self, url: str) -> Self:
        """Return the same settings with the database at `url`, which is then the unpooled address as well."""
        return self.model_copy(update={"database_url": SecretStr(url), "database_url_unpooled": None})

    def address(self, *, unpooled: bool = False) -> DatabaseUrl:
        """Return DATABASE_URL, which must be set, or with `unpooled` DATABASE_URL_UNPOOLED if that is set; parsed."""
        secret = (self.database_url_unpooled if unpooled else None) or self.database_url
        assert secret, "the caller makes sure that there is a database"
        return DatabaseUrl.parse(secret.get_secret_value())
