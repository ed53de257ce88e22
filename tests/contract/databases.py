"""The databases that every store is held to, beside the fakes in memory."""

from itertools import count
from pathlib import Path

import asyncpg
import pytest

from bot.storage.engines.databases import open_database

_numbers = count(1)
_migrated: dict[str, str] = {}  # by server, the database that others are copied from
_file: list[bytes] = []  # a SQLite database, once there is one

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


async def migrated_file(path: Path) -> str:
    """A SQLite database as it is once a program has opened it; a copy, as all migrations take long."""
    address = f"sqlite:///{path}"
    if not _file:
        async with open_database(address):
            pass
        _file.append(_read(path))
    _write(path, _file[0])
    return address


def _read(path: Path) -> bytes:
    return path.read_bytes()


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(content)


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
