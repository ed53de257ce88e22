"""Having a file's work to oneself, among tasks and among processes on one folder.

The lock is the operating system's on an empty file of its own, so that it ends with its holder,
however that ends.
"""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path


@contextlib.contextmanager
def locked(path: Path, refusal: Callable[[OSError], Exception]) -> Iterator[None]:
    """Hold this file for as long as the block runs; its folder is made where there is none.

    Raises what `refusal` makes of the trouble: BlockingIOError where somebody has the file, another
    OSError where the disk takes nothing.
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
