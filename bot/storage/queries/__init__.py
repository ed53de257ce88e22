"""The SQL, by name. Written once for both engines, as SQLite has it; only the claims differ."""

from collections.abc import AsyncIterator
from functools import cache
from pathlib import Path
from typing import Any

import aiosql
from aiosql.adapters.aiosqlite import AioSQLiteAdapter

_FOLDER = Path(__file__).parent


class _OneTrip(AioSQLiteAdapter):
    """Every query is one trip to the connection's thread, not one to run it and two more."""

    async def select(
        self, conn: Any, _query_name: str, sql: str, parameters: Any, _record_class: Any = None
    ) -> AsyncIterator[Any]:
        for row in await conn.execute_fetchall(sql, parameters):
            yield row

    async def select_one(
        self, conn: Any, _query_name: str, sql: str, parameters: Any, _record_class: Any = None
    ) -> Any:
        return next(iter(await conn.execute_fetchall(sql, parameters)), None)


_IDS = {  # a list in JSON as rows, which the engines spell differently
    "sqlite": "SELECT value FROM json_each(:ids)",
    "postgres": "SELECT json_array_elements_text(CAST(:ids AS json))",
}
_ADAPTERS: dict[str, Any] = {"aiosqlite": _OneTrip}


@cache
def load_queries(engine: str, driver: str) -> Any:
    """Every query as a method; `engine` is `sqlite` or `postgres`, `driver` what aiosql calls it."""
    shared = "\n\n".join(file.read_text("utf-8") for file in sorted(_FOLDER.glob("*.sql")))
    shared = shared.replace(_IDS["sqlite"], _IDS[engine])
    own = (_FOLDER / engine / "claims.sql").read_text("utf-8")
    adapter = _ADAPTERS.get(driver, driver)
    return aiosql.from_str(f"{shared}\n\n{own}", adapter, mandatory_parameters=False)
