"""PostgreSQL: a pool, for several processes on one database."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Self

import asyncpg

from bot.errors import DatabaseBusyError, SchemaVersionError, StorageError
from bot.storage.migrations import migrations_for
from bot.storage.queries import load_queries

MOST_CONNECTIONS = 10
LOCK_TIMEOUT_MILLISECONDS = 5000
MIGRATION_LOCK = 0x53686F77  # one process migrates, the others wait

COMMAND_SECONDS = 60.0  # then the connection is taken for dead; no command of ours takes so long
_LOCKED = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)
_AWAY = (  # it restarts, has no room, takes no writes, or cannot be reached
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.PostgresConnectionError,
    asyncpg.ReadOnlySQLTransactionError,
    OSError,
    TimeoutError,
)


class PostgresEngine:
    """The port between stores and one PostgreSQL database."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self.queries = load_queries("postgres", "asyncpg")
        self._pool = pool

    @classmethod
    async def open(
        cls, url: str, *, lock_timeout_milliseconds: int = LOCK_TIMEOUT_MILLISECONDS
    ) -> Self:
        """Connect and migrate. Raises SchemaVersionError for a newer database, StorageError."""
        settings = {"lock_timeout": str(lock_timeout_milliseconds), "timezone": "UTC"}
        with translated():
            pool = await asyncpg.create_pool(
                url,
                min_size=1,
                max_size=MOST_CONNECTIONS,
                command_timeout=COMMAND_SECONDS,
                server_settings=settings,
            )
        try:
            with translated():
                await _migrate(pool)
        except BaseException:  # cancelled as well: nobody else holds the pool
            await pool.close()
            raise
        return cls(pool)

    async def close(self) -> None:
        """Wait for what is under way, then close every connection."""
        await self._pool.close()

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        """The only way to write: all of the block, or none of it."""
        with translated():
            async with self._pool.acquire() as connection, connection.transaction():
                yield connection

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[Any]:
        with translated():
            async with self._pool.acquire() as connection:
                yield connection

    async def version(self) -> int:
        """The number of the last migration that was applied."""
        async with self.reading() as connection:
            return int(await connection.fetchval("SELECT MAX(version) FROM schema_versions"))

    async def back_up(self, target: Path) -> None:
        """Refused: PostgreSQL has its own tool."""
        msg = f"a PostgreSQL database is backed up with pg_dump, not into {target}"
        raise StorageError(msg)


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's errors into ours.

    A server that is away may be back in a moment: what was to be written must be kept until then.
    """
    try:
        yield
    except (*_LOCKED, *_AWAY) as error:
        raise DatabaseBusyError(str(error) or type(error).__name__) from error
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        lost = isinstance(error, asyncpg.InterfaceError) and "is closed" in str(error)
        raise (DatabaseBusyError if lost else StorageError)(str(error)) from error
    except (UnicodeError, OverflowError) as error:  # of what it cannot take
        raise StorageError(str(error)) from error


async def _migrate(pool: "asyncpg.Pool[asyncpg.Record]") -> None:
    migrations = migrations_for("postgres")
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", MIGRATION_LOCK)
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_versions (version BIGINT PRIMARY KEY)"
        )
        version = await connection.fetchval("SELECT COALESCE(MAX(version), 0) FROM schema_versions")
        if version > migrations[-1].number:
            msg = (
                f"the database is at version {version}; this program knows {migrations[-1].number}"
            )
            raise SchemaVersionError(msg)
        for migration in migrations:
            if migration.number > version:
                await connection.execute(migration.sql)
                await connection.execute(
                    "INSERT INTO schema_versions (version) VALUES ($1)", migration.number
                )
