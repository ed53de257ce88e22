"""`python -m sandbox`: starts everything, says where it is, stops on SIGINT or SIGTERM.

With `--json` the first line on standard output is one JSON object for its parent process; with
`--with-parent` it also stops when its standard input ends, so that it cannot outlive its parent.
"""

import argparse
import asyncio
import contextlib
import errno
import json
import os
import signal
import sys
import threading
from typing import NoReturn

from pydantic import ValidationError

from sandbox.app import Sandbox, running_sandbox
from sandbox.settings import SandboxSettings

_STDIN = 0
_UNUSABLE = 2  # the exit code for settings that cannot be used
_PORTS = 5  # one for Discord, two for each video service


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="A local Discord.")
    parser.add_argument("--json", action="store_true", help="print the addresses as JSON")
    parser.add_argument("--with-parent", action="store_true", help="stop when stdin ends")
    arguments = parser.parse_args()
    settings = _settings()
    try:
        asyncio.run(_run(settings, as_json=arguments.json, with_parent=arguments.with_parent))
    except KeyboardInterrupt:
        return
    except BrokenPipeError:  # the parent has gone; Python would report it at its exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        if error.errno not in {errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL}:
            raise
        _refuse(_no_port(settings, error.errno))


def _settings() -> SandboxSettings:
    try:
        return SandboxSettings()
    except ValidationError as error:
        wrong = error.errors(include_input=False, include_url=False)
        _refuse("; ".join(f"SANDBOX_{str(row['loc'][0]).upper()}: {row['msg']}" for row in wrong))


def _no_port(settings: SandboxSettings, number: int) -> str:
    if number == errno.EADDRNOTAVAIL:
        return f"{settings.host} is no address of this machine: set SANDBOX_HOST to 127.0.0.1."
    why = "taken, perhaps by another sandbox" if number == errno.EADDRINUSE else "not for you"
    which = f"A port from {settings.port} to {settings.port + _PORTS - 1} is {why}"
    change = f"set SANDBOX_PORT to the first of {_PORTS} free ones, or to 0 to have some chosen"
    return f"{which}: {change}."


def _refuse(sentence: str) -> NoReturn:
    sys.stderr.write(f"{sentence}\n")
    sys.exit(_UNUSABLE)


async def _run(settings: SandboxSettings, *, as_json: bool, with_parent: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    if with_parent:
        threading.Thread(target=_wait_for_parent, args=(loop, stop), daemon=True).start()
    async with running_sandbox(settings) as sandbox:
        sys.stdout.write(json.dumps(sandbox.environment()) if as_json else _in_words(sandbox))
        sys.stdout.write("\n")
        sys.stdout.flush()
        await stop.wait()


def _wait_for_parent(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Read standard input to its end. Raw reads: a lock held here would block the exit."""
    with contextlib.suppress(OSError):
        while os.read(_STDIN, 1024):
            pass
    with contextlib.suppress(RuntimeError):  # the loop has ended already
        loop.call_soon_threadsafe(stop.set)


def _in_words(sandbox: Sandbox) -> str:
    found = sandbox.environment()
    page = found.pop("page")
    lines = [
        f"The sandbox is open: {page}",
        "Its dollars are play money, and everything in it is forgotten when it stops.",
        "A bot connects with:",
    ]
    return "\n".join([*lines, *(f"  {name}={value}" for name, value in found.items())])


if __name__ == "__main__":
    main()
