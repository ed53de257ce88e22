"""Databases with rows in most tables, as an old program wrote them, and all that is in one."""

import contextlib
import json
import sqlite3
from pathlib import Path

import asyncpg

from bot.storage.engines.files import APPLICATION_ID
from bot.storage.migrations import migrations_for

OLD = 11
WRITTEN = Path(__file__).with_name("version_11.sql").read_text("utf-8")


def path_of(address):
    return Path(address.removeprefix("sqlite:///"))


async def write_as_the_old_program(kind, address):
    scripts = [one.sql for one in migrations_for(kind)[:OLD]]
    if kind == "sqlite":
        marks = f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {OLD};"
        with contextlib.closing(sqlite3.connect(path_of(address))) as file:
            file.executescript("\n".join([*scripts, WRITTEN, marks]))
        return
    numbers = ", ".join(f"({number})" for number in range(1, OLD + 1))
    versions = [
        "CREATE TABLE schema_versions (version BIGINT PRIMARY KEY)",
        f"INSERT INTO schema_versions VALUES {numbers}",  # noqa: S608 - numbers of ours
    ]
    connection = await asyncpg.connect(address)
    try:
        for statement in [*scripts, WRITTEN, *versions]:
            await connection.execute(statement)
    finally:
        await connection.close()


async def everything_in(kind, address):
    """Every row of every table."""
    if kind == "sqlite":
        with contextlib.closing(sqlite3.connect(path_of(address))) as file:
            file.row_factory = sqlite3.Row
            tables = file.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            return {
                table: [dict(row) for row in file.execute(f"SELECT * FROM {table}")]  # noqa: S608 - our own tables
                for (table,) in tables
            }
    connection = await asyncpg.connect(address)
    try:
        tables = await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        )
        return {
            table: [dict(row) for row in await connection.fetch(f"SELECT * FROM {table}")]  # noqa: S608 - our own tables
            for (table,) in tables
            if table != "schema_versions"
        }
    finally:
        await connection.close()


def sorted_rows(rows):
    return sorted(json.dumps(row, sort_keys=True) for row in rows)
