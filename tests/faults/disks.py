"""Folders that run full: a file system in memory of a few megabytes."""

import contextlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path


def may_mount() -> bool:
    """Whether this machine lets us mount anything; most containers do not."""
    if shutil.which("mount") is None or shutil.which("umount") is None:
        return False
    with tempfile.TemporaryDirectory() as name:
        try:
            with small_disk(Path(name) / "probe", megabytes=1):
                return True
        except subprocess.CalledProcessError:
            return False


@contextlib.contextmanager
def small_disk(folder: Path, *, megabytes: int) -> Iterator[Path]:
    """A file system of this size at `folder`. Raises CalledProcessError where none is allowed.

    The mount is elsewhere and `folder` a link to it: what a killed run leaves mounted would fail
    the next one, when pytest clears the old folders.
    """
    mounted = Path(tempfile.mkdtemp(prefix="small-disk-"))
    try:
        _run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(mounted))
        try:
            folder.symlink_to(mounted)
            yield folder
        finally:
            _run("umount", "--lazy", str(mounted))
    finally:
        mounted.rmdir()


def _run(program: str, *arguments: str) -> None:
    found = shutil.which(program) or program
    subprocess.run([found, *arguments], check=True, capture_output=True)  # noqa: S603 - our own arguments


def fill(folder: Path) -> Path:
    """Leave no room; deleting the file makes room again."""
    path = folder / "someone's"
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(64 * 1024))
    with contextlib.suppress(OSError), path.open("ab", buffering=0) as file:
        while True:
            file.write(b"x")
    return path
