"""Opens the database that an address names; locks a SQLite file for a single instance.

Two bots would each take the other's jobs for those of a dead process.
"""

import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from bot.errors import ConfigurationError, DatabaseBusyError, StorageError
from bot.locks import locked
from bot.storage.engines.postgres import PostgresEngine
from bot.storage.engines.sqlite import SqliteEngine
from bot.storage.engines.transaction import Engine

__all__ = ["Engine", "open_database", "sqlite_file"]


@contextlib.asynccontextmanager
async def open_database(
    address: str, *, reads_only: bool = False, may_begin: bool = True
) -> AsyncIterator[Engine]:
    """Open `sqlite:///path` (four slashes if absolute) or `postgresql://…`; close at the end.

    The database is migrated, unless it is opened for reading only: then any other version is
    refused. An empty one is filled only if a new ledger `may_begin`.

    Raises ConfigurationError for any other address, SchemaVersionError, StorageError.
    """
    path = sqlite_file(address)
    engine: Engine
    if path is not None:
        engine = await SqliteEngine.open(path, reads_only=reads_only, may_begin=may_begin)
    elif address.startswith(("postgresql://", "postgres://")):
        engine = await PostgresEngine.open(address, reads_only=reads_only, may_begin=may_begin)
    else:
        msg = "DATABASE_URL: start it with sqlite:/// or postgresql://"
        raise ConfigurationError(msg)
    try:
        yield engine
    finally:
        await engine.close()


def sqlite_file(address: str) -> Path | None:
    """The file of a SQLite address; None for any other address."""
    scheme, _, rest = address.partition("://")
    return Path(rest.removeprefix("/")) if scheme == "sqlite" else None


@contextlib.contextmanager
def alone_on(address: str) -> Iterator[None]:
    """Hold the file while the block runs; PostgreSQL allows several processes.

    Raises DatabaseBusyError if another bot holds it, StorageError if its folder is not writable.
    """
    path = sqlite_file(address)
    if path is None:
        yield
        return
    with locked(path.with_name(f"{path.name}.lock"), _refusal):
        yield


def _refusal(error: OSError) -> StorageError:
    if isinstance(error, BlockingIOError):
        return DatabaseBusyError("another bot is using this database: stop it first")
    return StorageError(f"can't use the database's folder, set DATA_DIR to another: {error}")
