"""Runs named queries on either engine; the base of every store.

A query is called by its name, `tx.one("get_job", id=job_id)`, and not as a method of aiosql's
object, whose methods no type checker knows. A test compares every call's name and parameters with
the SQL.
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, TypeVar

from bot.errors import UnreadableRowError
from bot.storage.rows import Parameters, Row

Record = TypeVar("Record")

_log = logging.getLogger(__name__)

MAX_SAID = 1_000  # damaged rows; beyond this, some are logged again


class SqlTransaction:
    """Queries on one connection, for an atomic write or a reading."""

    def __init__(self, queries: Any, connection: Any) -> None:
        self.connection = connection
        self._queries = queries

    async def one(self, query: str, /, **parameters: Any) -> Row | None:
        """The first row that a query found or wrote."""
        row: Row | None = await getattr(self._queries, query)(self.connection, **parameters)
        return row

    async def all(self, query: str, /, **parameters: Any) -> list[Row]:
        """All rows."""
        return [row async for row in self.each(query, **parameters)]

    def each(self, query: str, /, **parameters: Any) -> AsyncIterator[Row]:
        """Rows one at a time, for very large results."""
        found: AsyncIterator[Row] = getattr(self._queries, query)(self.connection, **parameters)
        return found

    async def pages(self, query: str, size: int, /, **parameters: Any) -> AsyncIterator[list[Row]]:
        """Rows a few at a time, which alone are in memory; in a `snapshot` only."""
        opened = getattr(self._queries, f"{query}_cursor")(self.connection, **parameters)
        async with opened as cursor:
            fetch = getattr(cursor, "fetch", None) or cursor.fetchmany  # asyncpg's, or SQLite's
            while rows := await fetch(size):
                yield list(rows)

    async def many(self, query: str, parameters: Sequence[Parameters], /) -> None:
        """One write per parameter set, all sent together."""
        if parameters:
            await getattr(self._queries, query)(self.connection, parameters)

    async def run(self, query: str, /, **parameters: Any) -> None:
        """Run a write that returns nothing."""
        await getattr(self._queries, query)(self.connection, **parameters)


class Engine(ABC):
    """A database, with the queries in its dialect."""

    def __init__(self, queries: Any) -> None:
        self.queries = queries
        self._said: set[str] = set()

    @abstractmethod
    def transaction(self) -> AbstractAsyncContextManager[SqlTransaction]:
        """Open a transaction, the only way to write: the whole block or none of it."""

    @abstractmethod
    def reading(self) -> AbstractAsyncContextManager[SqlTransaction]:
        """Open a block of reads; concurrent writes may show in some of them."""

    @abstractmethod
    def snapshot(self) -> AbstractAsyncContextManager[SqlTransaction]:
        """Open a long block of reads that all show one instant, and hold up no others."""

    @abstractmethod
    async def close(self) -> None:
        """Wait for running queries, then close every connection."""

    @abstractmethod
    async def version(self) -> int:
        """Number of the last applied migration."""

    @abstractmethod
    async def back_up(self, target: Path) -> None:
        """Copy the whole database while it is in use. Raises StorageError if unsupported."""

    async def read_one(self, query: str, /, **parameters: Any) -> Row | None:
        async with self.reading() as tx:
            return await tx.one(query, **parameters)

    async def read_all(self, query: str, /, **parameters: Any) -> list[Row]:
        async with self.reading() as tx:
            return await tx.all(query, **parameters)

    async def write(self, query: str, /, **parameters: Any) -> Row | None:
        """Run one query in a transaction of its own."""
        async with self.transaction() as tx:
            return await tx.one(query, **parameters)

    def readable(self, found: Iterable[Row], read: Callable[[Row], Record]) -> list[Record]:
        """Records of these rows; logs and skips damaged ones."""
        return [one for row in found if (one := self.read_or_log(row, read)) is not None]

    def read_or_log(self, row: Row, read: Callable[[Row], Record]) -> Record | None:
        """Record of a row; None for a damaged one, which is logged once."""
        try:
            return read(row)
        except UnreadableRowError as error:
            self.log_damage(error)
            return None

    def log_damage(self, error: UnreadableRowError) -> None:
        """Log a damaged row, once."""
        if len(self._said) >= MAX_SAID:
            self._said.clear()
        if str(error) not in self._said:
            self._said.add(str(error))
            _log.error("row_unreadable", extra={"error": str(error)})
