"""What a foreign client says of itself: JSON lines on standard output, one for each step.

Runs in the client's own environment, so it imports nothing but the standard library.
"""

import asyncio
import contextlib
import json
import os
import sys
import traceback
import warnings
from collections.abc import AsyncIterator
from typing import Any

API = os.environ.get("SANDBOX_API", "")  # noqa: TID251 - how the driver hands it over
GATEWAY = os.environ.get("SANDBOX_GATEWAY", "")  # noqa: TID251 - as above
TOKEN = os.environ.get("SANDBOX_TOKEN", "")  # noqa: TID251 - as above
GUILD, VIDEOS, FORUM, VOICE = (
    int(os.environ.get(f"SANDBOX_{name}", "0"))  # noqa: TID251 - as above
    for name in ("GUILD", "VIDEOS", "FORUM", "VOICE")
)


def say(step: str, problem: str | None = None) -> None:
    """Tell the driver that a step was done, or what went wrong in it."""
    sys.stdout.write(json.dumps({"step": step, "problem": problem}) + "\n")
    sys.stdout.flush()


@contextlib.asynccontextmanager
async def step(name: str) -> AsyncIterator[None]:
    """Say how the block went; the next ones are tried whatever happened."""
    try:
        async with asyncio.timeout(30):
            yield
    except Exception:  # noqa: BLE001 - whatever a library raises is what is to be told
        say(name, traceback.format_exc(limit=-4))
    else:
        say(name)


def absent(name: str, why: str) -> None:
    """Tell that the library cannot do this, which is no fault of the sandbox's."""
    sys.stdout.write(json.dumps({"step": name, "problem": None, "absent": why}) + "\n")
    sys.stdout.flush()


def watch(loop: asyncio.AbstractEventLoop) -> None:
    """Tell of warnings, and of exceptions that no one awaited."""
    warnings.showwarning = _warned

    def unhandled(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        say("unhandled", f"{context.get('message')}: {context.get('exception')!r}")

    loop.set_exception_handler(unhandled)


def _warned(message: Warning | str, category: type[Warning], *_more: Any, **_named: Any) -> None:
    if not issubclass(category, DeprecationWarning | ResourceWarning):
        say("warning", f"{category.__name__}: {message}")
