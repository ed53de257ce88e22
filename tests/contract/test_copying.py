"""A SQLite database is copied to PostgreSQL whole, once, and with its jobs in flight, or not at all.

The kind: a row, a table or a character that the copy lacks; a balance that is counted twice; a
target that has rows, belongs to others or is no PostgreSQL; a source that a bot runs on, that is
missing, or is PostgreSQL itself; a copy that is interrupted; an original that a bot goes on with.
"""

import asyncio
import contextlib
import json
import sqlite3

import pytest

from bot.app import ledger_may_begin
from bot.errors import BotError, ConfigurationError, DatabaseBusyError, StorageError
from bot.ids import JobId
from bot.jobs.job import FailureKind, JobState
from bot.maintenance import copy_database
from bot.settings import load_settings
from bot.storage.engines.databases import alone_on, open_database
from tests.contract.branches import Branch
from tests.contract.databases import drop_database, new_database, on_postgres
from tests.contract.whole_databases import (
    everything_in,
    path_of,
    sorted_rows,
    write_as_the_old_program,
)
from tests.factories import NOW
from tests.faults.database_files import run
from tests.pooler import running_pooler

AT_PROVIDER = JobId("jobdaaaaaaaaaaaa")
LATER_TABLES = """
    INSERT INTO durations VALUES ('nanogpt', 'kling 5 s', 1, 61.5, 'kling');
    INSERT INTO notes VALUES ('what', 'an emoji 🎬, ''quotes'', a \\ and a line' || char(10));
    INSERT INTO presets SELECT 0, 30, 'noir', 1, 'Noir', request FROM jobs LIMIT 1;
    INSERT INTO favorite_models VALUES (4611686018427387904, 9223372036854775807, 'kling');
    INSERT INTO card_threads VALUES (20, 10, NULL, 0, NULL);
    INSERT INTO private_answers VALUES ('jobdaaaaaaaaaaaa', 1, 'token', NULL, '', 1, 2, 3, NULL);
    INSERT INTO provider_availability VALUES ('nanogpt', 5, 1, 9, 'failures');
    INSERT INTO rate_windows VALUES (10, 30, 60, '[1]', 1, 3, 0);
    UPDATE jobs SET storyboard_id = 'jobeaaaaaaaaaaaa', shot_number = 1
        WHERE id = 'jobdaaaaaaaaaaaa';  -- it refers to a later row
"""


@pytest.fixture
async def source(tmp_path):
    """A database of an old program that the newest one has used."""
    address = f"sqlite:///{tmp_path}/showreel.db"
    await write_as_the_old_program("sqlite", address)
    async with open_database(address):
        pass
    with contextlib.closing(sqlite3.connect(path_of(address))) as file:
        file.executescript(LATER_TABLES)
    return address


@pytest.fixture
def settings(source, tmp_path):
    return load_settings(data_dir=tmp_path, database_url=source, _env_file=None)


async def rows_of(address):
    kind = "sqlite" if address.startswith("sqlite") else "postgres"
    found = await everything_in(kind, address)
    return {table: sorted_rows(rows) for table, rows in found.items()}


async def is_as_before(settings, target):
    """Nothing was copied, and the original is where it was."""
    async with open_database(target):
        pass
    assert not any((await rows_of(target)).values())
    return path_of(settings.database).exists()


@on_postgres
async def test_every_row_of_every_table_is_copied(settings, address, tmp_path):
    before = await rows_of(settings.database)
    seen = []
    copied = await copy_database(settings, address, lambda *told: seen.append(told))

    assert await rows_of(address) == before
    assert copied.rows == {table: len(rows) for table, rows in before.items()}
    assert sum(map(bool, before.values())) > 20
    assert copied.findings == []
    assert copied.transactions == len(before["ledger_transactions"])
    assert seen[-1] == (sum(copied.rows.values()),) * 2
    assert copied.kept == tmp_path / "showreel.db.copied"


@on_postgres
async def test_a_job_in_flight_ends_as_it_would_have(settings, address):
    """Its money moves with its end, and nothing in the ledger can be changed there either."""
    await copy_database(settings, address)
    ends = []
    for one in (f"sqlite:///{path_of(settings.database)}.copied", address):
        async with open_database(one) as engine:
            branch = Branch(engine)
            job = await branch.jobs.get(AT_PROVIDER)
            await branch.end(job, JobState.FAILED, FailureKind.OPERATOR, submitted=False, at=NOW)
            active = [job.id for job in await branch.jobs.list_active()]
            ends.append((job, active, await branch.balances(), await branch.money_store.audit()))
            with pytest.raises(StorageError):
                async with engine.transaction() as tx:
                    await tx.connection.execute("UPDATE ledger_entries SET amount_micros = 0")

    assert ends[0] == ends[1]
    assert ends[0][3] == []


@on_postgres
async def test_a_character_that_postgresql_cannot_hold_is_replaced(settings, address):
    asked = json.dumps({"prompt": "an emoji 🎬"}, ensure_ascii=False)
    with contextlib.closing(sqlite3.connect(path_of(settings.database))) as file:
        file.execute("UPDATE notes SET value = ?", (f"{asked}\0\ufffe",))
        file.commit()
    await copy_database(settings, address)

    assert json.loads((await rows_of(address))["notes"][0])["value"] == f"{asked}\ufffd\ufffe"


@on_postgres
async def test_a_copy_through_a_pooler(settings, address):
    before = await rows_of(settings.database)
    async with running_pooler(address) as (pooled, _):
        await copy_database(settings, pooled)

    assert await rows_of(address) == before


@on_postgres
async def test_a_database_that_has_rows_is_refused(settings, address):
    async with open_database(address) as engine:
        await Branch(engine).request()
    before = await rows_of(address)
    with pytest.raises(StorageError, match=r"isn't empty: it has rows in \w+"):
        await copy_database(settings, address)

    assert await rows_of(address) == before
    assert path_of(settings.database).exists()


@on_postgres
async def test_an_interrupted_copy_leaves_nothing_and_can_be_repeated(settings, address):
    def interrupt(done, total):
        if done > total // 2:
            raise asyncio.CancelledError

    before = await rows_of(settings.database)
    with pytest.raises(asyncio.CancelledError):
        await copy_database(settings, address, interrupt)
    assert await is_as_before(settings, address)

    await copy_database(settings, address)
    assert await rows_of(address) == before


@on_postgres
async def test_a_database_that_a_bot_runs_on_is_not_copied(settings, address):
    with alone_on(settings.database), pytest.raises(DatabaseBusyError, match="stop it first"):
        await copy_database(settings, address)

    assert await is_as_before(settings, address)


@on_postgres
async def test_no_bot_goes_on_with_the_original(settings, address, tmp_path):
    """Two bots on two copies would each submit the jobs that wait."""
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "jobfaaaaaaaaaaaa.mp4").touch()
    await copy_database(settings, address)

    with pytest.raises(StorageError, match="db restore"):
        async with open_database(settings.database, may_begin=ledger_may_begin(settings)):
            pass


@on_postgres
async def test_a_second_copy_goes_to_another_database(settings, address, postgres_address):
    """The kept file can be copied again, and its name is not lost to the next one."""
    before = await rows_of(settings.database)
    copied = await copy_database(settings, address)
    kept = load_settings(
        data_dir=settings.data_dir, database_url=f"sqlite:///{copied.kept}", _env_file=None
    )
    other = await new_database(postgres_address)
    again = await copy_database(kept, other)

    assert await rows_of(other) == before
    assert again.kept.exists()
    await drop_database(other)


@pytest.mark.parametrize(
    ("database", "target", "said"),
    [
        ("postgresql://a@127.0.0.1/b", "postgresql://a@127.0.0.1/c", "names a PostgreSQL"),
        (None, "sqlite:///other.db", "copy to postgresql://"),
        (None, "other.db", "copy to postgresql://"),
        (None, "mysql://a@b/c", "copy to postgresql://"),
        (None, "postgresql://a@127.0.0.1:99999/c", "not of the form"),
    ],
)
async def test_what_cannot_be_copied_is_said(settings, database, target, said):
    if database is not None:
        settings = load_settings(data_dir=settings.data_dir, database_url=database, _env_file=None)
    with pytest.raises(ConfigurationError, match=said):
        await copy_database(settings, target)

    assert (settings.data_dir / "showreel.db").exists()


@on_postgres
async def test_a_database_that_is_not_there_is_not_made(tmp_path, address):
    settings = load_settings(data_dir=tmp_path, _env_file=None)
    with pytest.raises(BotError, match="missing"):
        await copy_database(settings, address)

    assert list(tmp_path.glob("*.db")) == []


@on_postgres
async def test_the_command_says_what_it_did_and_what_to_do_next(settings, address, tmp_path):
    code, said = await run(tmp_path, "db", "copy", address)

    assert code == 0, said
    assert "The ledgers agree. Transactions: 23." in said
    assert "Set DATABASE_URL to the PostgreSQL database" in said
