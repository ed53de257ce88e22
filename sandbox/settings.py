"""What can be set: the `SANDBOX_…` variables of docs/sandbox.md. Read by `__main__` only."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class SandboxSettings(BaseSettings):
    """One sandbox's settings; every one has a default that works."""

    model_config = SettingsConfigDict(
        env_prefix="SANDBOX_",
        env_file=".env",
        env_file_encoding="utf-8",
        extra="ignore",
        env_ignore_empty=True,
    )

    host: str = "127.0.0.1"
    port: int = Field(default=8420, ge=0, le=65531)
    token: str | None = None  # made from the application's id when it is not set
    nanogpt_key: str = "sk-nano-sandbox"
    nanophoto_key: str = "np-sandbox"
    generation_seconds: float = Field(default=4, ge=0)
    data_dir: Path | None = None  # a temporary folder when it is not set
    traffic_log: Path | None = None
    rate_limits: bool = True
