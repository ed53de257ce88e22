"""A database file that is not what it should be, and what becomes of it.

The kind: the header or any page is overwritten, the file is cut short, it is text, a folder, another
program's database, newer, unreadable, empty beside a log or beside videos, or its log is another
file's. No command hangs, none changes such a file, and each says in one sentence what to do.
"""

import os
import shutil
import sqlite3
import threading
from contextlib import closing

import pytest

from bot.app import ledger_may_begin, secrets_of
from bot.errors import DatabaseBusyError, StorageError
from bot.ids import UserId
from bot.settings import load_settings
from bot.storage.engines.databases import alone_on, open_database
from bot.storage.engines.files import JOURNAL, examine
from bot.storage.engines.sqlite import SqliteEngine
from bot.storage.migrations import due_migrations, migrations_for
from bot.storage.money import Money
from bot.storage.stores import SqlJobStore
from tests.factories import make_job
from tests.faults.database_files import (
    DAMAGES,
    NEWEST,
    at_version,
    beside,
    count_jobs,
    fill,
    interrupted,
    newer,
    overwrite,
    run,
)


@pytest.mark.parametrize("reads_only", [False, True], ids=["to write", "to read"])
@pytest.mark.parametrize(("damage", "said"), DAMAGES.values(), ids=DAMAGES)
async def test_what_is_no_sound_database_is_said_and_left_as_it_is(path, damage, said, reads_only):
    damage(path)
    before = None if path.is_dir() else path.read_bytes()
    threads = threading.active_count()

    with pytest.raises(StorageError, match=said) as caught:
        await SqliteEngine.open(path, reads_only=reads_only)

    assert "\n" not in str(caught.value)
    assert not isinstance(caught.value, DatabaseBusyError)  # no one waits for it to become well
    assert path.is_dir() or path.read_bytes() == before
    assert threading.active_count() <= threads + 1  # the pool's thread may stay, no connection's


async def test_the_log_of_another_file_is_never_written_into_this_one(path, tmp_path):
    other = tmp_path / "other.db"
    await fill(other, jobs=90)
    async with open_database(f"sqlite:///{other}") as engine:
        await SqlJobStore(engine, Money(engine)).accept(make_job(user_id=UserId(9000)), [])
        shutil.copy(beside(other, "-wal"), beside(path, "-wal"))
    before = path.read_bytes()

    with pytest.raises(StorageError, match="damaged"):
        await SqliteEngine.open(path, reads_only=True)

    assert path.read_bytes() == before


async def test_an_empty_file_beside_a_log_is_not_started_again(path):
    async with open_database(f"sqlite:///{path}") as engine:
        await SqlJobStore(engine).set_note("a", "b")
        os.truncate(path, 0)
        log = beside(path, "-wal").read_bytes()
    path.write_bytes(b"")
    beside(path, "-wal").write_bytes(log)

    with pytest.raises(StorageError, match=r"move showreel\.db-wal away"):
        await SqliteEngine.open(path)

    assert beside(path, "-wal").read_bytes() == log


async def test_what_a_killed_program_had_not_finished_is_taken_back(path):
    interrupted(path)
    assert path.stat().st_size > 0 < beside(path, JOURNAL).stat().st_size

    with pytest.raises(StorageError, match="roll back its unfinished write") as caught:
        await SqliteEngine.open(path, reads_only=True)
    assert not isinstance(caught.value, DatabaseBusyError)
    assert await count_jobs(path) == 40

    with closing(sqlite3.connect(path)) as opened:
        assert opened.execute("SELECT COUNT(*) FROM jobs WHERE cost_micros = 1").fetchone() == (0,)
    assert list(path.parent.glob("*.examined-*")) == []


async def test_a_journal_of_another_file_is_not_written_into_this_one(path, tmp_path):
    other = tmp_path / "other.db"
    await fill(other, jobs=400)
    interrupted(other)
    shutil.copy(beside(other, JOURNAL), beside(path, JOURNAL))
    before = path.read_bytes()

    with pytest.raises(StorageError, match="move the journal away") as caught:
        await SqliteEngine.open(path)

    assert not isinstance(caught.value, DatabaseBusyError)  # it will not become well
    assert path.read_bytes() == before


# --- as an operator meets it ---------------------------------------------------------------------


COMMANDS = [["run"], ["audit"], ["db", "migrate"], ["db", "backup"]]
TOKEN = {"DISCORD_TOKEN": "none", "DISCORD_API_URL": "http://127.0.0.1:9/api"}


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
async def test_no_command_hangs_at_a_damaged_file(path, tmp_path, command):
    overwrite(path, 0, b"\0" * 100)

    code, said = await run(tmp_path, *command, **TOKEN)

    assert code == 2
    assert "db restore FILE" in said
    assert "Traceback" not in said


async def test_the_doctor_names_a_damaged_file_and_goes_on(path, tmp_path):
    overwrite(path, 0, b"\0" * 100)

    code, said = await run(tmp_path, "doctor")

    assert code == 1
    [line] = [line for line in said.splitlines() if "Database" in line]
    assert "isn't a SQLite database" in line
    assert "Disk" in said


async def test_the_doctor_makes_no_database(tmp_path):
    _, said = await run(tmp_path, "doctor")

    assert "doesn't exist yet: `run` creates it" in said
    assert list(tmp_path.glob("*.db*")) == []


@pytest.mark.parametrize("left", ["nothing", "an empty file"])
async def test_a_ledger_that_is_gone_beside_videos_is_not_started_again_unasked(tmp_path, left):
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "abc.mp4").write_bytes(b"video")
    if left != "nothing":
        (tmp_path / "showreel.db").touch()

    code, said = await run(tmp_path, "run", **TOKEN)
    assert (code, "its ledger is lost" in said) == (2, True)
    assert not (tmp_path / "showreel.db").exists() or not (tmp_path / "showreel.db").stat().st_size

    code, said = await run(tmp_path, "db", "migrate", "--new-ledger")
    assert (code, said) == (0, f"The database is at version {NEWEST}.\n")
    assert ledger_may_begin(load_settings(data_dir=tmp_path / "elsewhere", _env_file=None))


# --- versions ------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [["audit"], ["db", "backup"], ["doctor"]], ids=" ".join)
@pytest.mark.parametrize("version", [NEWEST - 1, NEWEST + 1], ids=["older", "newer"])
async def test_what_only_reads_never_migrates(tmp_path, command, version):
    path = tmp_path / "showreel.db"
    at_version(min(version, NEWEST), path)
    if version > NEWEST:
        newer(path)

    code, said = await run(tmp_path, *command)

    assert code == (1 if command == ["doctor"] else 2)
    assert f"the database is at version {version}" in said
    assert examine(path) == version
    assert sorted(tmp_path.glob("*.backup")) == []


async def test_a_file_that_a_bot_runs_on_is_not_migrated(path):
    settings = load_settings(data_dir=path.parent, _env_file=None)
    with alone_on(settings.database):
        code, said = await run(path.parent, "db", "migrate")

    assert (code, "stop it first" in said) == (2, True)


async def test_a_migration_that_breaks_half_way_leaves_the_version_and_stops(tmp_path, monkeypatch):
    path = tmp_path / "showreel.db"
    at_version(NEWEST - 1, path)
    broken = "CREATE TABLE half (id INTEGER) STRICT;\nINSERT INTO nowhere VALUES (1);"
    [last] = due_migrations("sqlite", NEWEST - 1)
    monkeypatch.setattr(
        "bot.storage.engines.sqlite.due_migrations", lambda *_: [type(last)(NEWEST, broken)]
    )

    with pytest.raises(StorageError, match="nowhere"):
        await SqliteEngine.open(path)

    assert examine(path) == NEWEST - 1
    with closing(sqlite3.connect(path)) as connection:
        half = connection.execute("SELECT COUNT(*) FROM sqlite_master WHERE name = 'half'")
        assert half.fetchone() == (0,)


async def test_a_migration_that_leaves_rows_without_what_they_refer_to_stops(path, monkeypatch):
    lone = (
        "INSERT INTO deliveries (job_id, kind, guild_id, channel_id, state, owed_at,"
        " next_attempt_at, attempts, version) VALUES ('none', 'card', 1, 1, 'owed', 0, 0, 0, 1);"
    )
    newest = migrations_for("sqlite")[-1]
    with monkeypatch.context() as patched:
        patched.setattr(
            "bot.storage.engines.sqlite.due_migrations", lambda *_: [type(newest)(NEWEST + 1, lone)]
        )
        with pytest.raises(StorageError, match="rows refer to what is not there"):
            await SqliteEngine.open(path)

    assert examine(path) == NEWEST
    assert await count_jobs(path) == 40


async def test_of_copies_before_migrations_the_latest_three_are_kept(tmp_path):
    path = tmp_path / "showreel.db"
    for version in (2, 3, 4):  # 10 comes after them, and before them as a word
        beside(path, f".version-{version}.backup").touch()
    at_version(NEWEST - 1, path)

    await (await SqliteEngine.open(path)).close()

    kept = {one.name.split("-")[1] for one in tmp_path.glob("*.backup")}
    assert kept == {"3.backup", "4.backup", f"{NEWEST - 1}.backup"}


def test_no_two_migrations_have_one_number_and_both_engines_have_the_same():
    numbers = {
        engine: [migration.number for migration in migrations_for(engine)]
        for engine in ("sqlite", "postgres")
    }

    assert numbers["sqlite"] == list(range(1, NEWEST + 1))
    assert numbers["postgres"] == numbers["sqlite"]


@pytest.mark.parametrize("lacks_index", [False, True])
async def test_a_database_of_the_commits_that_numbered_two_scripts_alike_opens(
    tmp_path, lacks_index
):
    path = tmp_path / "showreel.db"
    at_version(8, path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 7")
        if lacks_index:
            connection.execute("DROP INDEX jobs_claimed")
        connection.commit()

    async with open_database(f"sqlite:///{path}") as engine:
        version = await engine.version()

    with closing(sqlite3.connect(path)) as connection:
        index = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'jobs_claimed'")
        assert index.fetchone() == (1,)
    assert version == NEWEST


def test_no_part_of_a_databases_address_is_logged(tmp_path):
    address = "postgresql://bot:p%2Fq@w9rd@db:5432/showreel"
    settings = load_settings(data_dir=tmp_path, database_url=address, _env_file=None)

    assert {address, "p%2Fq@w9rd", "p/q@w9rd"} <= set(secrets_of(settings))
