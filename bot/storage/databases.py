"""Opening the database that an address names."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from bot.errors import ConfigurationError
from bot.storage.engine_postgres import PostgresEngine
from bot.storage.engine_sqlite import SqliteEngine

Engine = SqliteEngine | PostgresEngine


@contextlib.asynccontextmanager
async def open_database(address: str) -> AsyncIterator[Engine]:
    """`sqlite:///path` (four slashes for an absolute one) or `postgresql://…`, migrated and closed at the end.

    Raises ConfigurationError for any other address, SchemaVersionError, StorageError.
    """
    engine = await _open(address)
    try:
        yield engine
    finally:
        await engine.close()


def sqlite_file(address: str) -> Path | None:
    """The file that an address names; None where it names none."""
    scheme, _, rest = address.partition("://")
    return Path(rest.removeprefix("/")) if scheme == "sqlite" else None


async def _open(address: str) -> Engine:
    path = sqlite_file(address)
    if path is not None:
        return await SqliteEngine.open(path)
    if address.startswith(("postgresql://", "postgres://")):
        return await PostgresEngine.open(address)
    msg = "DATABASE_URL: begin it with sqlite:/// or postgresql://"
    raise ConfigurationError(msg)
