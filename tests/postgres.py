"""A PostgreSQL server for one run of the tests, thrown away afterwards."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

WHY_NOT = "PostgreSQL is not installed here; these tests run where its server programs are"


def find_program(name: str) -> str | None:
    """On the path, or where Debian puts the server's programs."""
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(debian[-1]) if debian else shutil.which(name)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_postgres(*, fsync: bool = False) -> Iterator[str]:
    """The address of a fresh server, which refuses to run as root and so runs as `nobody`.

    Without `fsync` it forgets everything in a power failure, which no test minds.
    """
    folder = Path(tempfile.mkdtemp(prefix="showreel-pg-"))
    as_root = os.geteuid() == 0
    user: dict[str, Any] = (
        {"user": "nobody", "group": "nogroup", "extra_groups": []} if as_root else {}
    )
    if as_root:
        shutil.chown(folder, "nobody", "nogroup")
    data, port = folder / "data", _free_port()
    control = [find_program("pg_ctl") or "", "-D", str(data), "-w", "-l", str(folder / "log")]
    options = (
        f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync={'on' if fsync else 'off'}"
    )

    def call(command: list[str]) -> None:
        subprocess.run(  # noqa: S603 - a fixed program with our own arguments
            command, check=True, stdout=subprocess.DEVNULL, cwd=folder, **user
        )

    initdb = find_program("initdb") or ""
    call([initdb, "-D", str(data), "-U", "showreel", "-A", "trust", "--no-sync"])
    call([*control, "-o", options, "start"])
    try:
        yield f"postgresql://showreel@127.0.0.1:{port}"
    finally:
        call([*control, "-m", "immediate", "stop"])
        shutil.rmtree(folder, ignore_errors=True)
