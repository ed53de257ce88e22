"""The databases that every store is held to, beside the fakes in memory."""

from itertools import count

import asyncpg
import pytest

from bot.storage.engines.databases import open_database

_numbers = count(1)
_migrated: dict[str, str] = {}  # by server, the database that others are copied from

DATABASES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
on_databases = pytest.mark.parametrize("kind", DATABASES, indirect=True)
on_postgres = pytest.mark.parametrize("kind", DATABASES[1:], indirect=True)


async def new_database(server: str, *, like: str | None = None) -> str:
    """A database on this PostgreSQL server, empty or `like` one there; answers with its address."""
    name = f"test_{next(_numbers)}"
    template = "" if like is None else f"TEMPLATE {_name_of(like)} STRATEGY FILE_COPY"
    await _order(server, f"CREATE DATABASE {name} {template}")
    return f"{server}/{name}"


async def migrated_database(server: str) -> str:
    """As it is once a program has opened it; a copy, for migrating again takes twice as long."""
    if server not in _migrated:
        first = await new_database(server)
        async with open_database(first):
            _migrated[server] = first
    return await new_database(server, like=_migrated[server])


async def drop_database(address: str) -> None:
    """Give its room back, even if someone is still connected."""
    server, name = address.rpartition("/")[0], _name_of(address)
    await _order(server, f"DROP DATABASE {name} WITH (FORCE)")


async def _order(server: str, statement: str) -> None:
    connection = await asyncpg.connect(f"{server}/postgres")
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _name_of(address: str) -> str:
    return address.rpartition("/")[2]
