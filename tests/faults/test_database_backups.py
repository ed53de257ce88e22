"""Backups are whole, their owner's alone and few; only what is sound and can be read is restored."""

import shutil
import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from bot.doctor import examine as examine_all
from bot.errors import DatabaseBusyError, SchemaVersionError, StorageError
from bot.ids import UserId
from bot.jobs.messages import DeliveryKind, owed
from bot.maintenance import audit_books, back_up_database, restore_database
from bot.settings import load_settings
from bot.storage.engines.databases import alone_on, open_database
from bot.storage.engines.files import BESIDE, JOURNAL
from bot.storage.money import Money
from bot.storage.money_store import SqlMoneyStore
from bot.storage.stores import SqlJobStore
from tests.factories import NOW, make_job
from tests.faults.database_files import (
    DAMAGES,
    NEWEST,
    at_version,
    beside,
    count_jobs,
    interrupted,
    overwrite,
    run,
)


async def test_a_backup_is_its_owners_alone_dated_and_rotated(path, tmp_path):
    settings = load_settings(data_dir=tmp_path, keep_backups=2, _env_file=None)
    written = [
        await back_up_database(settings, None, datetime(2026, 11, day, tzinfo=UTC))
        for day in (1, 2, 3)
    ]

    assert sorted((tmp_path / "backups").iterdir()) == written[1:]
    assert written[2].name == "showreel-2026-11-03T000000Z.db"
    assert stat.S_IMODE(written[2].stat().st_mode) == 0o600
    assert await count_jobs(written[2]) == 40


async def test_a_clock_that_was_ahead_never_makes_a_backup_remove_itself(path, tmp_path):
    settings = load_settings(data_dir=tmp_path, keep_backups=1, _env_file=None)
    await back_up_database(settings, None, datetime(2027, 11, 1, tzinfo=UTC))

    written = await back_up_database(settings, None, datetime(2026, 11, 1, tzinfo=UTC))

    assert list((tmp_path / "backups").iterdir()) == [written]


async def test_a_second_backup_to_one_name_replaces_the_first_whole(path, tmp_path):
    settings, target = load_settings(data_dir=tmp_path, _env_file=None), tmp_path / "copy.db"
    await back_up_database(settings, target, NOW)
    async with open_database(f"sqlite:///{path}") as engine:
        await SqlJobStore(engine, Money(engine)).accept(make_job(), [])
        assert await back_up_database(settings, target, NOW) == target

    assert await count_jobs(target) == 41
    assert list(tmp_path.glob("*.part")) == []


async def test_the_database_is_no_place_for_its_own_backup(path, tmp_path):
    settings = load_settings(data_dir=tmp_path, _env_file=None)
    before = path.read_bytes()

    with pytest.raises(StorageError, match="is the database itself"):
        await back_up_database(settings, path, NOW)

    assert path.read_bytes() == before


async def test_what_the_program_writes_is_its_users_alone(tmp_path):
    code, said = await run(tmp_path / "new", "db", "migrate")
    assert (code, said) == (0, f"The database is at version {NEWEST}.\n")
    await run(tmp_path / "new", "db", "backup")

    modes = {
        one.name: stat.S_IMODE(one.stat().st_mode)
        for one in [tmp_path / "new", *(tmp_path / "new").rglob("*")]
    }
    assert {"new", "backups", "showreel.db"} <= set(modes)
    assert {mode & 0o077 for mode in modes.values()} == {0}


async def test_a_backup_is_restored_though_the_log_of_what_came_later_is_left(
    path, tmp_path, settings
):
    saved = await back_up_database(settings, None, NOW)
    async with open_database(f"sqlite:///{path}") as engine:
        store = SqlJobStore(engine, Money(engine))
        for number in range(5):
            await store.accept(make_job(user_id=UserId(9000 + number)), [])
        for ending in BESIDE:
            shutil.copy(beside(path, ending), tmp_path / f"left{ending}")
        shutil.copy(path, tmp_path / "left")
    for ending in ("", *BESIDE):  # as after kill -9
        shutil.copy(tmp_path / f"left{ending}", beside(path, ending))

    code, said = await run(tmp_path, "db", "restore", str(saved))

    assert code == 0, said
    assert "The ledger balances. Transactions: 80." in said
    assert await count_jobs(path) == 40
    assert await count_jobs(beside(path, ".replaced")) == 45  # nothing is thrown away


async def test_a_restore_is_refused_while_a_bot_runs(path, settings):
    saved = await back_up_database(settings, None, NOW)
    with alone_on(settings.database), pytest.raises(DatabaseBusyError, match="stop it first"):
        await restore_database(settings, saved)


@pytest.mark.parametrize(("damage", "said"), DAMAGES.values(), ids=DAMAGES)
async def test_what_is_no_sound_backup_replaces_nothing(path, tmp_path, settings, damage, said):
    saved = tmp_path / "saved.db"
    await back_up_database(settings, saved, NOW)
    damage(saved)
    before = path.read_bytes()

    with pytest.raises((StorageError, SchemaVersionError), match=said):
        await restore_database(settings, saved)

    assert path.read_bytes() == before


UNREADABLE = {
    "half a request": """UPDATE jobs SET request = '{"prompt":' WHERE rowid = 7""",
    "a request without its prompt": "UPDATE jobs SET request = '{}' WHERE rowid = 7",
    "a request that is a list": "UPDATE jobs SET request = '[]' WHERE rowid = 7",
    "bytes that are no text": "UPDATE jobs SET request = CAST(x'ff7b' AS TEXT) WHERE rowid = 7",
    "a table that is gone": "DROP TABLE jobs",
}


@pytest.mark.parametrize("statement", UNREADABLE.values(), ids=UNREADABLE)
async def test_a_backup_with_what_no_one_can_read_replaces_nothing(
    path, tmp_path, settings, statement
):
    saved = tmp_path / "saved.db"
    await back_up_database(settings, saved, NOW)
    with closing(sqlite3.connect(saved)) as opened:
        opened.execute(statement)
        opened.commit()

    with pytest.raises(StorageError):
        await restore_database(settings, saved)

    assert await count_jobs(path) == 40
    assert list(tmp_path.glob("*.restored*")) == list(tmp_path.glob("*.replaced*")) == []


async def test_a_job_that_cannot_be_read_is_named_by_audit_and_doctor(path, settings):
    with closing(sqlite3.connect(path)) as opened:
        opened.execute(UNREADABLE["half a request"])
        [damaged] = opened.execute("SELECT id FROM jobs WHERE rowid = 7").fetchone()
        opened.commit()

    [named], _ = await audit_books(settings)
    assert f"job {damaged} can't be read" in named
    assert "db restore FILE" in named
    said = [one for one in await examine_all(settings) if one.subject == "Database"]
    assert [(one.fine, one.text) for one in said] == [(False, named)]
    assert await count_jobs(path) == 39


async def test_a_journal_that_was_left_is_not_written_into_the_restored_file(path, settings):
    saved = await back_up_database(settings, None, NOW)
    interrupted(path)

    await restore_database(settings, saved)

    assert not beside(path, JOURNAL).exists()
    assert await count_jobs(path) == 40


async def test_a_backup_that_is_not_there_replaces_nothing(path, tmp_path, settings):
    with pytest.raises(StorageError, match="is empty or missing"):
        await restore_database(settings, tmp_path / "none.db")
    assert await count_jobs(path) == 40


async def test_a_damaged_database_is_replaced_by_an_older_backup_which_is_migrated(
    path, tmp_path, settings
):
    old = tmp_path / "old.db"
    at_version(NEWEST - 1, old)
    overwrite(path, 0, b"\0" * 100)

    restored = await restore_database(settings, old)

    assert (restored.version, restored.findings) == (NEWEST, [])
    assert await count_jobs(path) == 0


async def test_files_that_open_jobs_need_are_named_when_they_are_missing(path, settings):
    async with open_database(f"sqlite:///{path}") as engine:
        store = SqlJobStore(engine)
        [job, *_] = await store.list_active()
        video = owed(job, DeliveryKind.VIDEO, NOW + timedelta(days=900))
        await store.owe([video])
    saved = await back_up_database(settings, None, NOW)

    restored = await restore_database(settings, saved)

    assert restored.missing == [str(settings.data_dir / "videos" / f"{job.id}.mp4")]
    assert restored.transactions == 80


async def test_the_books_of_a_restored_file_are_audited(path, settings):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE accounts SET balance_micros = balance_micros + 1")
        connection.commit()
    saved = await back_up_database(settings, None, NOW)

    restored = await restore_database(settings, saved)
    async with open_database(settings.database) as engine:
        audited = await SqlMoneyStore(engine, Money(engine)).audit()

    assert restored.findings == audited
    assert len(audited) > 0
