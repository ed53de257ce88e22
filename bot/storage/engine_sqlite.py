"""SQLite: one writer behind a lock, one reader beside it, in write-ahead mode.

`BEGIN IMMEDIATE` stands inside the try and the rollback tolerates that nothing was begun: a task
that is cancelled in between otherwise leaves the connection inside a transaction. FULL
synchronisation, because a commit that money depends on must survive a power failure.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Self

import aiosqlite

from bot.errors import DatabaseBusyError, SchemaVersionError, StorageError
from bot.storage.migrations import Migration, migrations_for
from bot.storage.queries import load_queries

APPLICATION_ID = 0x53686F77  # "Show"
BUSY_TIMEOUT_SECONDS = 5.0
_FOR_NOW = (  # locked, no room, or a disk that takes nothing: what was written is no worse for it
    "SQLITE_BUSY",
    "SQLITE_LOCKED",
    "SQLITE_FULL",
    "SQLITE_IOERR",
    "SQLITE_READONLY",
)
_PRAGMAS = ("foreign_keys = ON", "synchronous = FULL")


class SqliteEngine:
    """The port between stores and one SQLite file. `queries` are bound to this engine."""

    def __init__(self, writer: aiosqlite.Connection, reader: aiosqlite.Connection) -> None:
        self.queries = load_queries("sqlite", "aiosqlite")
        self._writer = writer
        self._reader = reader
        self._lock = asyncio.Lock()

    @classmethod
    async def open(cls, path: Path, *, busy_timeout_seconds: float = BUSY_TIMEOUT_SECONDS) -> Self:
        """Open, back up if a migration is due, and migrate.

        Raises SchemaVersionError for a newer or a foreign file, StorageError for any other trouble.
        """
        with translated():
            _make_file(path)
            async with contextlib.AsyncExitStack() as stack:
                writer = await _connect(path, busy_timeout_seconds)
                stack.push_async_callback(writer.close)
                await _migrate(writer, path)
                reader = await _connect(path, busy_timeout_seconds)
                stack.pop_all()
        return cls(writer, reader)

    async def close(self) -> None:
        """Wait for the transaction under way, then close both connections."""
        async with self._lock:
            await self._reader.close()
            await self._writer.close()

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[aiosqlite.Connection]:
        """The only way to write: all of the block, or none of it."""
        with translated():
            async with self._lock:
                try:
                    await self._writer.execute("BEGIN IMMEDIATE")
                    yield self._writer
                    await self._writer.execute("COMMIT")
                except BaseException:  # cancelled as well, see above
                    await self._writer.rollback()
                    raise

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[aiosqlite.Connection]:
        with translated():
            yield self._reader

    async def version(self) -> int:
        """The number of the last migration that was applied."""
        return await _pragma(self._reader, "user_version")

    async def back_up(self, target: Path) -> None:
        """Copy the whole database, consistent, while it is in use."""
        with translated():
            await self._reader.execute_fetchall("VACUUM INTO ?", (str(target),))


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's errors into ours; programming errors stay what they are."""
    try:
        yield
    except sqlite3.ProgrammingError:
        raise
    except sqlite3.Error as error:
        busy = getattr(error, "sqlite_errorname", "").startswith(_FOR_NOW)
        raise (DatabaseBusyError if busy else StorageError)(str(error)) from error
    except (OSError, UnicodeError, OverflowError) as error:  # the last two of what it cannot take
        raise StorageError(str(error)) from error


def _make_file(path: Path) -> None:
    """Readable by its owner alone, from its first byte on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)


async def _connect(path: Path, busy_timeout_seconds: float) -> aiosqlite.Connection:
    connection = await aiosqlite.connect(path, isolation_level=None, timeout=busy_timeout_seconds)
    connection.row_factory = sqlite3.Row
    for pragma in _PRAGMAS:
        await connection.execute_fetchall(f"PRAGMA {pragma}")
    return connection


async def _pragma(connection: aiosqlite.Connection, name: str) -> int:
    async with connection.execute(f"PRAGMA {name}") as cursor:
        row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def _migrate(connection: aiosqlite.Connection, path: Path) -> None:
    version = await _pragma(connection, "user_version")
    migrations = migrations_for("sqlite")
    foreign = await _pragma(connection, "application_id") not in {0, APPLICATION_ID}
    if foreign or version > migrations[-1].number:
        msg = f"{path} is at version {version}, and this program knows {migrations[-1].number}"
        raise SchemaVersionError(msg)
    await connection.execute_fetchall("PRAGMA journal_mode = WAL")
    due = [migration for migration in migrations if migration.number > version]
    if due and version > 0:
        await _back_up_before(connection, path, version)
    for migration in due:
        await _apply(connection, migration)


async def _back_up_before(connection: aiosqlite.Connection, path: Path, version: int) -> None:
    target = path.with_name(f"{path.name}.version-{version}.backup")
    target.unlink(missing_ok=True)
    await connection.execute_fetchall("VACUUM INTO ?", (str(target),))


async def _apply(connection: aiosqlite.Connection, migration: Migration) -> None:
    """The change and its number in one transaction, which the script itself begins and ends."""
    script = (
        f"BEGIN IMMEDIATE;\n{migration.sql}\n"
        f"PRAGMA application_id = {APPLICATION_ID};\n"
        f"PRAGMA user_version = {migration.number};\nCOMMIT;"
    )
    try:
        await connection.executescript(script)
    except BaseException:  # cancelled as well: half a migration must not stay
        await connection.rollback()
        raise
    async with connection.execute("PRAGMA foreign_key_check") as cursor:
        broken: Any = await cursor.fetchone()
    if broken is not None:
        msg = f"after migration {migration.number}, rows refer to what is not there"
        raise StorageError(msg)
