"""Exclusive file locks, among tasks and among processes on one folder.

The operating system locks an empty file of its own, so that the lock ends with its holder, even if
that is killed.
"""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path


@contextlib.contextmanager
def locked(path: Path, refusal: Callable[[OSError], Exception]) -> Iterator[None]:
    """Hold this file while the block runs; creates its folder if missing.

    Raises the exception that `refusal` makes of the error: BlockingIOError if the file is taken,
    another OSError if the disk is not writable.
    """
    with contextlib.ExitStack() as stack:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            held = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            stack.callback(os.close, held)
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise refusal(error) from error
        yield
