"""Having a file's work to oneself, among tasks and among processes on one folder.

The lock is the operating system's on an empty file beside it, so that it ends with its holder,
however that ends.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from bot.errors import ArtifactUnavailableError


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Raises ArtifactUnavailableError where somebody has it, or the disk takes nothing."""
    try:
        held = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise ArtifactUnavailableError(str(error)) from error
    try:
        _take(held)
        yield
    finally:
        os.close(held)


def _take(held: int) -> None:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        msg = "somebody else is at it"
        raise ArtifactUnavailableError(msg) from error
