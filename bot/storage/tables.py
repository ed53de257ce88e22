"""Running named queries on either engine; what every store is made from."""

from collections.abc import Sequence
from typing import Any

from bot.storage.databases import Engine
from bot.storage.rows import Row


class Tables:
    """The queries of one engine. Reads stand alone; writes take a transaction's connection."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._queries = engine.queries

    async def _write(self, query: str, **parameters: Any) -> Row | None:
        """One query in a transaction of its own."""
        async with self._engine.transaction() as connection:
            return await self._one(connection, query, **parameters)

    async def _read_one(self, query: str, **parameters: Any) -> Row | None:
        async with self._engine.reading() as connection:
            return await self._one(connection, query, **parameters)

    async def _read(self, query: str, **parameters: Any) -> list[Row]:
        async with self._engine.reading() as connection:
            return await self._all(connection, query, **parameters)

    async def _one(self, connection: Any, query: str, **parameters: Any) -> Row | None:
        row: Row | None = await getattr(self._queries, query)(connection, **parameters)
        return row

    async def _many(self, connection: Any, query: str, parameters: Sequence[Any]) -> None:
        """One query for each of these, all sent together."""
        if parameters:
            await getattr(self._queries, query)(connection, parameters)

    async def _all(self, connection: Any, query: str, **parameters: Any) -> list[Row]:
        return [row async for row in getattr(self._queries, query)(connection, **parameters)]
