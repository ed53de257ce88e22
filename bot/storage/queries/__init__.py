"""The SQL, by name: one text in SQLite's dialect, except the claims."""

import contextlib
from collections.abc import AsyncIterator
from functools import cache
from pathlib import Path
from typing import Any

import aiosql
from aiosql.adapters.aiosqlite import AioSQLiteAdapter
from aiosql.adapters.asyncpg import AsyncPGAdapter

from bot.storage.rows import TABLES, expanded

_FOLDER = Path(__file__).parent


class _OneTrip(AioSQLiteAdapter):
    """Runs each query in one trip to the connection's thread instead of three."""

    async def select(
        self, conn: Any, _query_name: str, sql: str, parameters: Any, _record_class: Any = None
    ) -> AsyncIterator[Any]:
        for row in await conn.execute_fetchall(sql, parameters):
            yield row

    async def select_one(
        self, conn: Any, _query_name: str, sql: str, parameters: Any, _record_class: Any = None
    ) -> Any:
        return next(iter(await conn.execute_fetchall(sql, parameters)), None)


class _Cursors(AsyncPGAdapter):
    """Opens cursors on unnamed statements.

    A pooler would keep a named one on its server, where the next client's name may be the same.
    """

    @contextlib.asynccontextmanager
    async def select_cursor(
        self, conn: Any, query_name: str, sql: str, parameters: Any
    ) -> AsyncIterator[Any]:
        statement = await conn.prepare(sql, name="")
        ordered: Any = self.maybe_order_params(query_name, parameters)  # type: ignore[no-untyped-call]  # aiosql's
        yield await statement.cursor(*ordered)


_IDS = {  # a JSON list as rows, spelled differently by each engine
    "sqlite": "SELECT value FROM json_each(:ids)",
    "postgres": "SELECT value FROM json_array_elements_text(CAST(:ids AS json))",
}
_ADAPTERS: dict[str, Any] = {"aiosqlite": _OneTrip, "asyncpg": _Cursors}


@cache
def load_queries(engine: str, driver: str) -> Any:
    """Load every query as a method.

    `engine` is `sqlite` or `postgres`, `driver` aiosql's name for it.
    """
    shared = "\n\n".join(file.read_text("utf-8") for file in sorted(_FOLDER.glob("*.sql")))
    shared = shared.replace(_IDS["sqlite"], _IDS[engine])
    own = (_FOLDER / engine / "claims.sql").read_text("utf-8")
    adapter = _ADAPTERS.get(driver, driver)
    sql = expanded(f"{shared}\n\n{own}", TABLES)
    return aiosql.from_str(sql, adapter, mandatory_parameters=False)
