"""Database files, sound and otherwise, for the tests of what becomes of them."""

import asyncio
import os
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from bot.ids import UserId
from bot.storage.engines.databases import open_database
from bot.storage.engines.files import APPLICATION_ID, JOURNAL
from bot.storage.migrations import migrations_for
from bot.storage.money import Money
from bot.storage.stores import SqlJobStore
from tests.contract.databases import migrated_file
from tests.factories import make_delivery, make_job

PAGE = 4096


NEWEST = migrations_for("sqlite")[-1].number


def beside(path: Path, ending: str) -> Path:
    return path.with_name(f"{path.name}{ending}")


async def fill(path: Path, jobs: int = 40) -> None:
    async with open_database(await migrated_file(path)) as engine:
        store = SqlJobStore(engine, Money(engine))
        for number in range(jobs):
            job = make_job(user_id=UserId(1000 + number))
            await store.accept(job, [make_delivery(job)])


async def count_jobs(path: Path) -> int:
    async with open_database(f"sqlite:///{path}") as engine:
        return len(await SqlJobStore(engine).list_active())


def overwrite(path: Path, at: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(data)


def as_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def as_other_program(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE songs (id)")
        other.commit()


def newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as opened:
        opened.execute(f"PRAGMA user_version = {NEWEST + 1}")
        opened.commit()


def below_zero(path: Path) -> None:
    with closing(sqlite3.connect(path)) as opened:
        opened.execute("PRAGMA user_version = -1")
        opened.commit()


DAMAGES = {
    "header": (lambda path: overwrite(path, 0, b"\0" * 100), "isn't a SQLite database"),
    "first page": (lambda path: overwrite(path, 100, b"\xff" * 400), "damaged"),
    "a page": (lambda path: overwrite(path, 5 * PAGE, b"\xaa" * PAGE), "damaged"),
    "cut short": (lambda path: os.truncate(path, 6 * PAGE), "damaged"),
    "cut in a page": (lambda path: os.truncate(path, 3 * PAGE + 700), "damaged"),
    "text": (lambda path: path.write_text("id,name\n1,fox\n" * 500), "isn't a SQLite database"),
    "one byte": (lambda path: path.write_bytes(b"S"), "isn't a SQLite database"),
    "a folder": (as_folder, "isn't a file"),
    "another program's": (as_other_program, "another program's"),
    "newer": (newer, "update it"),
    "a version below zero": (below_zero, "another program's"),
}


def interrupted(path: Path) -> None:
    """As kill -9 leaves a copy that was being written: changed pages, and a journal of what they were."""
    with closing(sqlite3.connect(path)) as opened:
        opened.execute("PRAGMA journal_mode = DELETE")
        opened.execute("PRAGMA cache_spill = 5")
        opened.execute("PRAGMA cache_size = 5")
        opened.execute("UPDATE jobs SET cost_micros = 1, failure_text = hex(randomblob(2000))")
        for ending in ("", JOURNAL):
            shutil.copy(beside(path, ending), beside(path, f".left{ending}"))
    for ending in ("", JOURNAL):
        beside(path, f".left{ending}").replace(beside(path, ending))


async def run(tmp_path, *arguments, **told):
    """The exit code and what was said, within far less than forever."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", *arguments),
        env={"PATH": os.defpath, "DATA_DIR": str(tmp_path), **told},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(120):
        said, _ = await child.communicate()
    return child.returncode, said.decode()


def at_version(version: int, path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for migration in migrations_for("sqlite")[:version]:
            connection.executescript(migration.sql)
        connection.execute(f"PRAGMA user_version = {version}")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.commit()
