"""A SQLite file for one running bot at a time.

Two would take each other's films for those of a process that died.
"""

import contextlib
from collections.abc import Iterator

from bot.errors import DatabaseBusyError, StorageError
from bot.locking import locked
from bot.storage.databases import sqlite_file


@contextlib.contextmanager
def alone_on(address: str) -> Iterator[None]:
    """Hold the file for as long as the block runs; PostgreSQL is for several processes.

    Raises DatabaseBusyError where another bot runs on it, StorageError where its folder takes
    nothing.
    """
    path = sqlite_file(address)
    if path is None:
        yield
        return
    with locked(path.with_name(f"{path.name}.lock"), _refusal):
        yield


def _refusal(error: OSError) -> StorageError:
    if isinstance(error, BlockingIOError):
        return DatabaseBusyError("another bot runs on this database: stop it first")
    return StorageError(f"the database's folder cannot be used, set DATA_DIR to another: {error}")
