"""A Redis server for one run of one engine, thrown away afterwards.

It writes every command to its disk before it answers, as the databases of the others do.
"""

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator

PROGRAM = "redis-server"
WHY_NOT = "Not run: engines on Redis; its server program is not installed here."
_MAX_SECONDS = 10.0
_DURABLE = ("--appendonly", "yes", "--appendfsync", "always", "--save", "")


def is_installed() -> bool:
    return shutil.which(PROGRAM) is not None


@contextlib.contextmanager
def running_redis() -> Iterator[str]:
    """The address of a fresh server. Raises TimeoutError where it does not answer in ten seconds."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="showreel-redis-") as folder:
        command = [PROGRAM, "--port", str(port), "--bind", "127.0.0.1", "--dir", folder, *_DURABLE]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603 - our own words
        try:
            _wait_for(port)
            yield f"redis://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait()


def _wait_for(port: int) -> None:
    until = time.monotonic() + _MAX_SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as line:
            line.sendall(b"PING\r\n")
            if line.recv(5) == b"+PONG":
                return
        time.sleep(0.05)
    msg = f"{PROGRAM} does not answer"
    raise TimeoutError(msg)
