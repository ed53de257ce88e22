"""A SQLite file for one running bot at a time.

Two would take each other's films for those of a process that died. The lock is the operating
system's on an empty file beside it, so that it ends with its holder, however that ends.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator

from bot.errors import DatabaseBusyError
from bot.storage.databases import sqlite_file


@contextlib.contextmanager
def alone_on(address: str) -> Iterator[None]:
    """Hold the file for as long as the block runs; PostgreSQL is for several processes.

    Raises DatabaseBusyError where another bot runs on it.
    """
    path = sqlite_file(address)
    if path is None:
        yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    held = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _take(held)
        yield
    finally:
        os.close(held)


def _take(held: int) -> None:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        msg = "another bot runs on this database: stop it first"
        raise DatabaseBusyError(msg) from error
