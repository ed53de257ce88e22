"""SQLite: one writer behind a lock, one reader beside it, in write-ahead mode.

`BEGIN IMMEDIATE` is inside the try, and the rollback tolerates that no transaction was begun:
otherwise a task cancelled in between leaves the connection inside a transaction. FULL
synchronisation, because a commit that money depends on must survive a power failure.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Self

import aiosqlite

from bot.errors import StorageError
from bot.storage.engines.files import (
    APPLICATION_ID,
    address_of,
    copy,
    copy_before_migration,
    examine,
    make_file,
    translated,
)
from bot.storage.engines.transaction import Engine, SqlTransaction
from bot.storage.migrations import (
    DOUBLE,
    DOUBLE_COLUMN,
    Migration,
    due_migrations,
    ensure_current,
    healed,
)
from bot.storage.queries import load_queries

BUSY_TIMEOUT_SECONDS = 5.0
# Each connection has its own page cache. SQLite's default of 2 MB fills up within hours of work,
# and the operating system caches the same pages anyway; the tables' inner pages fit into a quarter
# of it.
_PRAGMAS = ("foreign_keys = ON", "synchronous = FULL", "cache_size = -512")


class SqliteEngine(Engine):
    """The port between stores and one SQLite file; `queries` belong to this engine."""

    def __init__(
        self, path: Path, writer: aiosqlite.Connection, reader: aiosqlite.Connection
    ) -> None:
        super().__init__(load_queries("sqlite", "aiosqlite"))
        self._path = path
        self._writer = writer
        self._reader = reader
        self._lock = asyncio.Lock()

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        busy_timeout_seconds: float = BUSY_TIMEOUT_SECONDS,
        reads_only: bool = False,
        may_begin: bool = True,
    ) -> Self:
        """Open a sound file; unless it is for reading only, back it up and migrate it first.

        Raises SchemaVersionError for a foreign file, a newer one, and one opened for reading only
        that is not at this version; StorageError for a damaged one, and for an empty one if not
        `may_begin`; DatabaseBusyError.
        """
        with translated():
            version = await asyncio.to_thread(
                examine, path, timeout_seconds=busy_timeout_seconds, is_thorough=reads_only
            )
            if reads_only:
                ensure_current("sqlite", version)
            elif version == 0:
                _begin(path, may_begin=may_begin)
            async with contextlib.AsyncExitStack() as stack:
                writer = await _connect(path, busy_timeout_seconds, reads_only=reads_only)
                stack.push_async_callback(writer.close)
                if not reads_only:
                    await _migrate(writer, path)
                reader = await _connect(path, busy_timeout_seconds, reads_only=reads_only)
                stack.pop_all()
        return cls(path, writer, reader)

    async def close(self) -> None:
        """Wait for the running transaction, then close both connections."""
        async with self._lock:
            await self._reader.close()
            await self._writer.close()

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[SqlTransaction]:
        with translated():
            async with self._lock:
                try:
                    await self._writer.execute("BEGIN IMMEDIATE")
                    yield SqlTransaction(self.queries, self._writer)
                    await self._writer.execute("COMMIT")
                except BaseException:  # cancellation too, see above
                    await self._writer.rollback()
                    raise

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[SqlTransaction]:
        with translated():
            yield SqlTransaction(self.queries, self._reader)

    @contextlib.asynccontextmanager
    async def snapshot(self) -> AsyncIterator[SqlTransaction]:
        """On a connection of its own: while a cursor is open, its connection sees no later write."""
        with translated():
            apart = await _connect(self._path, BUSY_TIMEOUT_SECONDS, reads_only=True)
            try:
                await apart.execute("BEGIN")
                yield SqlTransaction(self.queries, apart)
            finally:
                await apart.close()

    async def version(self) -> int:
        """Number of the last applied migration."""
        return await _pragma(self._reader, "user_version")

    async def back_up(self, target: Path) -> None:
        """Copy the whole database consistently while in use; replaces the target."""
        await asyncio.to_thread(copy, self._path, target)


def _begin(path: Path, *, may_begin: bool) -> None:
    if not may_begin:
        msg = (
            f"{path} is empty or missing, but there are videos in the data folder, so its ledger "
            "is lost: restore a backup with `python -m bot db restore FILE`, or start a new ledger "
            "with `python -m bot db migrate --new-ledger`"
        )
        raise StorageError(msg)
    make_file(path)


async def _connect(
    path: Path, busy_timeout_seconds: float, *, reads_only: bool
) -> aiosqlite.Connection:
    """Open a connection; close it on failure, or its thread would outlive the program."""
    address = address_of(path, "ro" if reads_only else "rw")
    connection = await aiosqlite.connect(
        address, uri=True, isolation_level=None, timeout=busy_timeout_seconds
    )
    try:
        connection.row_factory = sqlite3.Row
        connection.text_factory = _as_text
        for pragma in _PRAGMAS:
            await connection.execute_fetchall(f"PRAGMA {pragma}")
    except BaseException:  # cancellation too
        await connection.close()
        raise
    return connection


def _as_text(stored: bytes) -> str:
    """Decode leniently: one damaged character must not hide all other rows of an answer."""
    return stored.decode("utf-8", "replace")


async def _pragma(connection: aiosqlite.Connection, name: str) -> int:
    async with connection.execute(f"PRAGMA {name}") as cursor:
        row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def _migrate(connection: aiosqlite.Connection, path: Path) -> None:
    version = await _pragma(connection, "user_version")
    due = due_migrations("sqlite", version)
    await connection.execute_fetchall("PRAGMA journal_mode = WAL")
    if due and version > 0:
        await asyncio.to_thread(copy_before_migration, path, version)
    # With foreign keys on, a table that others refer to could not be rebuilt: dropping it deletes
    # its rows. They can be turned off only outside a transaction, and a failure closes the file.
    await connection.execute_fetchall("PRAGMA foreign_keys = OFF")
    for migration in due:
        is_done = migration.number == DOUBLE.number and await _has_column(
            connection, *DOUBLE_COLUMN
        )
        await _apply(connection, healed(migration, is_done=is_done))
    await connection.execute_fetchall("PRAGMA foreign_keys = ON")


async def _has_column(connection: aiosqlite.Connection, table: str, column: str) -> bool:
    found = await connection.execute_fetchall(
        "SELECT 1 FROM pragma_table_info(?) WHERE name = ?", (table, column)
    )
    return bool(list(found))


async def _apply(connection: aiosqlite.Connection, migration: Migration) -> None:
    """Apply a change and its number in one transaction, if all references hold after it."""
    script = (
        f"BEGIN IMMEDIATE;\n{migration.sql}\n"
        f"PRAGMA application_id = {APPLICATION_ID};\n"
        f"PRAGMA user_version = {migration.number};\n"
    )
    try:
        await connection.executescript(script)
        await _ensure_references(connection, migration)
        await connection.commit()
    except BaseException:  # cancellation too: half a migration must not stay
        await connection.rollback()
        raise


async def _ensure_references(connection: aiosqlite.Connection, migration: Migration) -> None:
    async with connection.execute("PRAGMA foreign_key_check") as cursor:
        broken: Any = await cursor.fetchone()
    if broken is not None:
        msg = f"after migration {migration.number}, rows refer to what is not there"
        raise StorageError(msg)
