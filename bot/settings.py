"""The operator's settings, read once from the environment and `.env`.

Only `__main__`, `app`, `doctor` and `composition` import this. A server's own settings are set by command. `.env.example`
explains every variable; a test compares the two.
"""

import difflib
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from dotenv import dotenv_values
from dotenv.parser import Binding, parse_stream
from pydantic import AliasChoices, Field, SecretStr, ValidationError, create_model, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from bot.errors import ConfigurationError
from bot.ids import ProviderName
from bot.providers import registry
from bot.providers.spec import (
    ApiKey,
    HttpAddress,
    ProviderSettings,
    ProviderSpec,
    SettingsT,
    address,
)

ENV_FILE = ".env"
ALIKE = 0.8  # similarity, of 1, of a misspelt name to a setting


class _SecretFiles(PydanticBaseSettingsSource):
    """Secrets from the files that `NAME_FILE` names, as container platforms provide them.

    The last of the sources: `NAME` itself takes precedence.
    """

    def __init__(
        self, settings_cls: type[BaseSettings], *sources: PydanticBaseSettingsSource
    ) -> None:
        super().__init__(settings_cls)
        self._named: dict[str, str | None] = {}
        for source in reversed(sources):
            if isinstance(source, EnvSettingsSource):
                self._named |= source.env_vars

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Read one secret's file. Raises ConfigurationError if it is unreadable."""
        name = self._named.get(f"{field_name}_file") if _is_secret(field) else None
        if not name or field_name in self.current_state:
            return None, field_name, False
        try:
            content = Path(name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it isn't UTF-8 text"
            msg = f"{field_name.upper()}_FILE: {name} can't be read: {why}"
            raise ConfigurationError(msg) from None
        return content.strip(), field_name, False

    def __call__(self) -> dict[str, Any]:
        found = {
            name: self.get_field_value(field, name)[0]
            for name, field in self.settings_cls.model_fields.items()
        }
        return {name: value for name, value in found.items() if value is not None}


def _is_secret(field: FieldInfo) -> bool:
    return SecretStr in get_args(field.annotation)


class Settings(BaseSettings):
    """Every setting except those of providers, which `settings_class` adds by flat name."""

    model_config = SettingsConfigDict(
        env_file=ENV_FILE, env_file_encoding="utf-8", extra="ignore", env_ignore_empty=True
    )

    discord_token: ApiKey = None
    discord_api_url: HttpAddress | None = None
    discord_gateway_url: str | None = None
    discord_cdn_url: HttpAddress | None = None

    data_dir: Path = Path("data")
    database_url: SecretStr | None = None
    keep_backups: int = Field(default=7, ge=1, le=1000)

    fetch_allow_hosts: Annotated[frozenset[str], NoDecode] = frozenset()
    ffmpeg_path: Path | None = None
    keep_videos_days: int = Field(
        default=30,
        ge=0,
        le=3650,
        validation_alias=AliasChoices("keep_videos_days", "keep_films_days"),  # its former name
    )

    http_host: str = "127.0.0.1"
    http_port: int = Field(default=0, ge=0, le=65535)

    log_format: Literal["text", "json"] = "text"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - passed by its name
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        files = _SecretFiles(settings_cls, env_settings, dotenv_settings)
        return init_settings, env_settings, dotenv_settings, files

    @field_validator("discord_gateway_url")
    @classmethod
    def _is_websocket(cls, value: str | None) -> str | None:
        return address(value, ("ws://", "wss://"))

    @field_validator("fetch_allow_hosts", mode="before")
    @classmethod
    def _split_pairs(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = frozenset(part.strip() for part in value.split(",") if part.strip())
        for pair in pairs:
            host, _, port = pair.rpartition(":")
            if not host or not port.isdigit():
                msg = "write each entry as host:port"
                raise ValueError(msg)
        return pairs

    @property
    def database(self) -> str:
        """The database's address: `DATABASE_URL`, or a SQLite file in the data folder."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{(self.data_dir / 'showreel.db').absolute()}"

    @property
    def providers(self) -> dict[ProviderName, ProviderSettings]:
        """Settings of each provider that has a key."""
        found = {spec.name: self._of(spec) for spec in registry.PROVIDERS}
        return {name: one for name, one in found.items() if one.api_key is not None}

    def _of(self, spec: ProviderSpec[SettingsT]) -> SettingsT:
        """One provider's settings, from the flat ones that `settings_class` has."""
        values = {name: getattr(self, spec.setting(name)) for name in spec.settings.model_fields}
        return spec.settings.model_validate(values)


def settings_class() -> type[Settings]:
    """`Settings` plus those of every provider, each as a flat setting."""
    return _settings_class(registry.PROVIDERS)


@lru_cache(maxsize=1)
def _settings_class(specs: tuple[ProviderSpec[Any], ...]) -> type[Settings]:
    fields: dict[str, Any] = {
        spec.setting(name): (field.rebuild_annotation(), field.default)
        for spec in specs
        for name, field in spec.settings.model_fields.items()
    }
    return create_model("Settings", __base__=Settings, **fields)


def load_settings(**overrides: object) -> Settings:
    """Read the settings. Raises ConfigurationError naming all faults, without values."""
    env_file = overrides.get("_env_file", ENV_FILE)
    _ensure_text(env_file)
    wrong = [*_unreadable(env_file), *_misspelt(env_file)]
    try:
        settings = settings_class()(**overrides)  # type: ignore[arg-type]  # checked by pydantic itself
        if not wrong:
            return settings
    except ValidationError as error:
        wrong += [
            f"{str(problem['loc'][0]).upper()}: {problem['msg'].removeprefix('Value error, ')}"
            for problem in error.errors(include_input=False, include_url=False)
        ]
    raise ConfigurationError("; ".join(wrong))


def _ensure_text(env_file: object) -> None:
    """Raise ConfigurationError for an existing file that is unreadable.

    Docker makes a folder of a bind mount's missing file, and Windows' editors save UTF-16.
    """
    if not isinstance(env_file, str) or not Path(env_file).exists():
        return
    try:
        Path(env_file).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        msg = f"{env_file} isn't UTF-8 text: save it as UTF-8"
    except OSError as error:
        msg = f"{env_file} can't be read: {error.strerror}"
    else:
        return
    raise ConfigurationError(msg)


def _unreadable(env_file: object) -> list[str]:
    """Lines that python-dotenv skips with a mere warning; one may hold a token.

    Reports only the line's number, never its content.
    """
    if not isinstance(env_file, str) or not Path(env_file).is_file():
        return []
    with Path(env_file).open(encoding="utf-8") as stream:
        bindings = list(parse_stream(stream))
    hint = "write NAME=value, or put # before a comment"
    return [
        f"line {_line_of(binding)} of {env_file} can't be read: {hint}"
        for binding in bindings
        if binding.error or (binding.key is not None and binding.value is None)
    ]


def _line_of(binding: Binding) -> int:
    """The line of the statement itself; a binding begins with the empty lines before it."""
    text = binding.original.string
    empty = text[: len(text) - len(text.lstrip())].count("\n")
    return binding.original.line + empty


def _misspelt(env_file: object) -> list[str]:
    """Misspelt names of settings in the file; others may belong to another program."""
    if not isinstance(env_file, str):
        return []
    fields = settings_class().model_fields
    known = [name.upper() for name in fields]
    known += [f"{name.upper()}_FILE" for name, field in fields.items() if _is_secret(field)]
    for field in fields.values():
        if isinstance(field.validation_alias, AliasChoices):
            known += [str(former).upper() for former in field.validation_alias.choices]
    wrong = []
    for name in dotenv_values(env_file, encoding="utf-8"):
        meant = difflib.get_close_matches(name.upper(), known, n=1, cutoff=ALIKE)
        if meant and name.upper() not in known:
            wrong.append(f"{name} in {env_file}: no such setting; did you mean {meant[0]}?")
    return wrong
