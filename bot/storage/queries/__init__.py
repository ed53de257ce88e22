"""The SQL, by name. Written once for both engines; only the claims differ, in their folders."""

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


_ADAPTERS: dict[str, Any] = {"aiosqlite": _OneTrip}


@cache
def load_queries(engine: str, driver: str) -> Any:
    """Every query as a method; `engine` is `sqlite` or `postgres`, `driver` what aiosql calls it."""
    shared = "\n\n".join(file.read_text("utf-8") for file in sorted(_FOLDER.glob("*.sql")))
    own = (_FOLDER / engine / "claims.sql").read_text("utf-8")
    adapter = _ADAPTERS.get(driver, driver)
    return aiosql.from_str(f"{shared}\n\n{own}", adapter, mandatory_parameters=False)
