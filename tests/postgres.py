"""A PostgreSQL server for one run of the tests, thrown away afterwards."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own in it
_ROOM_BYTES = 2 * 1024**3
WHY_NOT = "PostgreSQL is not installed here; these tests run where its server programs are"
UNPRIVILEGED = 65534  # the user without rights, by its number on every Linux


def find_program(name: str) -> str | None:
    """On the path, or where Debian puts the server's programs."""
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(debian[-1]) if debian else shutil.which(name)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Server:
    """A PostgreSQL server of our own, which can be stopped as if the power had gone, and started."""

    folder: Path
    port: int
    fsync: bool = False  # for measurements; what is thrown away needs none

    @property
    def address(self) -> str:
        return f"postgresql://showreel@127.0.0.1:{self.port}"

    def start(self) -> None:
        """Returns when it answers; after a stop like that it first recovers."""
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1"
        if not self.fsync:
            options += " -c fsync=off -c max_wal_size=128MB"
        self._control("-o", options, "start")

    def stop(self) -> None:
        """At once: connections are cut, and nothing is written any more."""
        self._control("-m", "immediate", "stop")

    def _control(self, *arguments: str) -> None:
        fixed = ["-D", str(self.folder / "data"), "-w", "-l", str(self.folder / "log")]
        _call(self.folder, [find_program("pg_ctl") or "", *fixed, *arguments])


def in_memory() -> Path | None:
    """Where making a database takes a quarter of the time; None where there is little room.

    Or where nothing may be run: some tests write programs.
    """
    if not (_MEMORY.is_dir() and os.access(_MEMORY, os.W_OK)):
        return None
    has_room = shutil.disk_usage(_MEMORY).free > _ROOM_BYTES
    may_run = not os.statvfs(_MEMORY).f_flag & os.ST_NOEXEC
    return _MEMORY if has_room and may_run else None


def _as_no_one() -> dict[str, Any]:
    """The server refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    return {"user": UNPRIVILEGED, "group": "nogroup", "extra_groups": []}


def _call(folder: Path, command: list[str]) -> None:
    subprocess.run(  # noqa: S603 - a fixed program with our own arguments
        command, check=True, stdout=subprocess.DEVNULL, cwd=folder, **_as_no_one()
    )


@contextmanager
def running_server(*, fsync: bool = False) -> Iterator[Server]:
    """A fresh server, which is thrown away at the end."""
    folder = Path(tempfile.mkdtemp(prefix="showreel-pg-", dir=None if fsync else in_memory()))
    if _as_no_one():
        shutil.chown(folder, UNPRIVILEGED, "nogroup")
    initdb, data = find_program("initdb") or "", str(folder / "data")
    _call(folder, [initdb, "-D", data, "-U", "showreel", "-A", "trust", "--no-sync"])
    server = Server(folder, free_port(), fsync)
    server.start()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_postgres(*, fsync: bool = False) -> Iterator[str]:
    """The address of a fresh server."""
    with running_server(fsync=fsync) as server:
        yield server.address
