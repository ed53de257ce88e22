"""`python -m sandbox`: starts everything, says where it is, stops on SIGINT or SIGTERM.

With `--json` the first line on standard output is one JSON object for whoever started it; with
`--with-parent` it also stops when its standard input ends, so that it cannot outlive its parent.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
import threading

from sandbox.app import Sandbox, running_sandbox
from sandbox.settings import SandboxSettings

_STDIN = 0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="A local Discord.")
    parser.add_argument("--json", action="store_true", help="print the addresses as JSON")
    parser.add_argument("--with-parent", action="store_true", help="stop when stdin ends")
    arguments = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_run(as_json=arguments.json, with_parent=arguments.with_parent))


async def _run(*, as_json: bool, with_parent: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: KeyboardInterrupt does it
            loop.add_signal_handler(name, stop.set)
    if with_parent:
        threading.Thread(target=_wait_for_parent, args=(loop, stop), daemon=True).start()
    async with running_sandbox(SandboxSettings()) as sandbox:
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
    lines = [f"The sandbox is open: {page}", "A bot connects with:"]
    return "\n".join([*lines, *(f"  {name}={value}" for name, value in found.items())])


if __name__ == "__main__":
    main()
