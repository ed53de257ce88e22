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


async def _open(address: str) -> Engine:
    scheme, _, rest = address.partition("://")
    if scheme == "sqlite":
        return await SqliteEngine.open(Path(rest.removeprefix("/")))
    if scheme in {"postgresql", "postgres"}:
        return await PostgresEngine.open(address)
    msg = "DATABASE_URL: begin it with sqlite:/// or postgresql://"
    raise ConfigurationError(msg)
