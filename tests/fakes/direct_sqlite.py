"""SQLite in memory without a thread: for thousands of databases, and for loops on virtual time.

Schema, queries and rows are the real ones; only files, threads and the wait for the disk are left
out. Nothing suspends within a transaction, so that no task sees half of another's.
"""

import contextlib
import sqlite3
from collections.abc import AsyncIterator
from functools import cache
from typing import Any, Self

from bot.storage.engines.files import translated
from bot.storage.engines.sqlite import SqliteEngine
from bot.storage.engines.transaction import Engine, SqlTransaction
from bot.storage.migrations import migrations_for
from bot.storage.queries import load_queries


class _Cursor:
    def __init__(self, connection: sqlite3.Connection, sql: str, parameters: Any) -> None:
        self._run = (connection, sql, parameters)

    async def __aenter__(self) -> Self:
        connection, sql, parameters = self._run
        self._cursor = connection.execute(sql, parameters)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._cursor.close()

    @property
    def rowcount(self) -> int:
        return self._cursor.rowcount

    async def fetchone(self) -> Any:
        return self._cursor.fetchone()

    async def fetchall(self) -> Any:
        return self._cursor.fetchall()


class _Closed:
    """A cursor of which no one wants to know more."""

    async def close(self) -> None:
        """It is."""


class _Connection:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def execute(self, sql: str, parameters: Any = ()) -> _Cursor:
        return _Cursor(self._connection, sql, parameters)

    async def executemany(self, sql: str, parameters: Any) -> "_Closed":
        self._connection.executemany(sql, parameters)
        return _Closed()

    async def execute_fetchall(self, sql: str, parameters: Any = ()) -> Any:
        return self._connection.execute(sql, parameters).fetchall()


class DirectSqlite(SqliteEngine):
    """An empty database of its own, migrated."""

    def __init__(self) -> None:
        Engine.__init__(self, load_queries("sqlite", "aiosqlite"))
        self._database = sqlite3.connect(":memory:", isolation_level=None)
        self._database.row_factory = sqlite3.Row
        self._database.deserialize(_migrated())
        self._database.execute("PRAGMA foreign_keys = ON")

    async def close(self) -> None:
        self._database.close()

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[SqlTransaction]:
        with translated():
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield SqlTransaction(self.queries, _Connection(self._database))
                self._database.execute("COMMIT")
            except BaseException:  # whatever ends it, cancellation too, undoes it
                self._database.rollback()
                raise

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[SqlTransaction]:
        with translated():
            yield SqlTransaction(self.queries, _Connection(self._database))


@cache
def _migrated() -> bytes:
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        for migration in migrations_for("sqlite"):
            database.executescript(f"BEGIN;\n{migration.sql}\nCOMMIT;")
        return database.serialize()
