"""What the operator decides, read once from the environment and `.env`.

Only `__main__` and `app` read this. What a server decides for itself is set by command.
`.env.example` explains every variable; a test holds the two against each other.
"""

import difflib
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.errors import ConfigurationError

ENV_FILE = ".env"
ALIKE = 0.8  # of 1, how much a wrong name is like a right one


class Settings(BaseSettings):
    """Every setting, by its flat name in the environment. Unset keys switch a provider off."""

    model_config = SettingsConfigDict(
        env_file=ENV_FILE, env_file_encoding="utf-8", extra="ignore", env_ignore_empty=True
    )

    discord_token: SecretStr | None = None
    discord_api_url: str | None = None
    discord_gateway_url: str | None = None
    discord_cdn_url: str | None = None

    data_dir: Path = Path("data")
    database_url: SecretStr | None = None

    nanogpt_api_key: SecretStr | None = None
    nanogpt_base_url: str = "https://nano-gpt.com/api"
    nanophoto_api_key: SecretStr | None = None
    nanophoto_base_url: str = "https://nanophoto.ai/api"
    nanophoto_usd_per_credit: Decimal = Field(default=Decimal("0.01"), gt=0, le=10)

    fetch_allow_hosts: Annotated[frozenset[str], NoDecode] = frozenset()
    ffmpeg_path: Path | None = None
    keep_films_days: int = Field(default=30, ge=0, le=3650)

    http_host: str = "127.0.0.1"
    http_port: int = Field(default=0, ge=0, le=65535)

    log_format: Literal["text", "json"] = "text"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("discord_api_url", "discord_cdn_url", "nanogpt_base_url", "nanophoto_base_url")
    @classmethod
    def _is_http(cls, value: str | None) -> str | None:
        return _ensured(value, ("http://", "https://"))

    @field_validator("discord_gateway_url")
    @classmethod
    def _is_websocket(cls, value: str | None) -> str | None:
        return _ensured(value, ("ws://", "wss://"))

    @field_validator("fetch_allow_hosts", mode="before")
    @classmethod
    def _split_pairs(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = frozenset(part.strip() for part in value.split(",") if part.strip())
        for pair in pairs:
            host, _, port = pair.rpartition(":")
            if not host or not port.isdigit():
                msg = "each entry is host:port"
                raise ValueError(msg)
        return pairs

    @property
    def database(self) -> str:
        """Where the database is: `DATABASE_URL`, or a SQLite file in the data folder."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{(self.data_dir / 'showreel.db').absolute()}"


def _ensured(value: str | None, beginnings: tuple[str, ...]) -> str | None:
    if value is not None and not (value.startswith(beginnings) and urlsplit(value).hostname):
        msg = f"it must be an address that begins with {' or '.join(beginnings)}"
        raise ValueError(msg)
    return value


def load_settings(**overrides: object) -> Settings:
    """Read the settings; raises ConfigurationError naming all that is wrong, without values."""
    wrong = _misspelt(overrides.get("_env_file", ENV_FILE))
    try:
        settings = Settings(**overrides)  # type: ignore[arg-type]  # checked by pydantic itself
        if not wrong:
            return settings
    except ValidationError as error:
        wrong += [
            f"{str(problem['loc'][0]).upper()}: {problem['msg'].removeprefix('Value error, ')}"
            for problem in error.errors(include_input=False, include_url=False)
        ]
    raise ConfigurationError("; ".join(wrong))


def _misspelt(env_file: object) -> list[str]:
    """Names in the file that look like a setting's; others may be meant for another program."""
    if not isinstance(env_file, str):
        return []
    known = [name.upper() for name in Settings.model_fields]
    wrong = []
    for name in dotenv_values(env_file, encoding="utf-8"):
        meant = difflib.get_close_matches(name.upper(), known, n=1, cutoff=ALIKE)
        if meant and name.upper() not in known:
            wrong.append(f"{name} in {env_file}: there is no such setting; write {meant[0]}")
    return wrong
