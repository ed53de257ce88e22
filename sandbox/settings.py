"""Settings: the `SANDBOX_…` variables of docs/sandbox.md. Read by `__main__` only."""

from pathlib import Path
from urllib.parse import urlsplit

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
    public_url: str | None = Field(default=None, pattern=r"^https?://[^/?#\s]+/?$")
    port: int = Field(default=8420, ge=0, le=65531)
    token: str | None = None  # made from the application's id when it is not set
    nanogpt_key: str = "sk-nano-sandbox"
    nanophoto_key: str = "np-sandbox"
    generation_seconds: float = Field(default=4, ge=0)
    data_dir: Path | None = None  # a temporary folder when it is not set
    traffic_log: Path | None = None
    rate_limits: bool = True
    render_once: bool = False  # one video of each length and size, copied for every request

    @property
    def public_origin(self) -> str | None:
        """The address at which everyone reaches the sandbox, if there is one such."""
        return self.public_url.rstrip("/") if self.public_url else None

    @property
    def local_host(self) -> str:
        """The host by which this machine reaches the sandbox, also where it listens everywhere."""
        host = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - what is replaced
        return f"[{host}]" if ":" in host else host

    def shown(self, address: str) -> str:
        """A video service's address as others reach it: on the public host, on its own port."""
        public = urlsplit(self.public_url or "").hostname
        return address.replace(self.local_host, public, 1) if public else address
