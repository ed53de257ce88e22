"""The databases that every store is held to, beside the fakes in memory."""

from itertools import count

import asyncpg
import pytest

_numbers = count(1)

DATABASES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
on_databases = pytest.mark.parametrize("kind", DATABASES, indirect=True)
on_postgres = pytest.mark.parametrize("kind", DATABASES[1:], indirect=True)


async def new_database(server: str) -> str:
    """An empty database on this PostgreSQL server; answers with its address."""
    name = f"test_{next(_numbers)}"
    connection = await asyncpg.connect(f"{server}/postgres")
    try:
        await connection.execute(f"CREATE DATABASE {name}")
    finally:
        await connection.close()
    return f"{server}/{name}"
