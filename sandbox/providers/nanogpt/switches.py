"""What can be switched at NanoGPT while it runs, through `/sandbox/api/providers/nanogpt`."""

from fnmatch import fnmatch
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from sandbox.providers.nanogpt.answers import Dialect, Output


class Switches(BaseModel):
    """Its manners. Every field can be changed at run time."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    generation_seconds: float = Field(default=4.0, ge=0, le=3600)
    dialect: Dialect = "unified"
    output: Output = "video.url"
    relative_address: bool = False  # a path on the API that needs the key and redirects
    fail: Literal["no", "error", "policy"] = "no"  # what becomes of runs from now on
    refund: bool = True
    payment_source: Literal["USD", "XNO"] = "USD"
    storage_expired: bool = False
    submissions_per_minute: int = Field(default=50, ge=0)


class Fault(BaseModel):
    """A fault for the next `times` matching requests after the first `after`."""

    model_config = ConfigDict(extra="forbid")

    method: str = "*"
    path: str = "*"
    kind: Literal["status", "drop_before", "drop_after", "latency"]
    status: int = Field(default=500, ge=400, le=599)
    headers: dict[str, str] = {}
    body: Any = None
    seconds: float = Field(default=0, ge=0, le=300)
    times: int = Field(default=1, ge=1)
    after: int = Field(default=0, ge=0)

    def matches(self, method: str, path: str) -> bool:
        still = self.times > 0
        return still and fnmatch(method, self.method) and fnmatch(path, self.path)

    def fires(self) -> bool:
        """Count a matching request; True while it is this fault's turn."""
        if self.after > 0:
            self.after -= 1
            return False
        self.times -= 1
        return self.times >= 0
