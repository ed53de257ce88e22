"""A database of an earlier version is brought up to date with all that is in it."""

import sqlite3
from pathlib import Path

from bot.app import adopt_former_folder, ledger_may_begin
from bot.jobs.job import JobState
from bot.settings import load_settings
from bot.storage.engines.databases import open_database
from bot.storage.engines.files import APPLICATION_ID
from bot.storage.migrations import migrations_for
from bot.storage.stores import SqlJobStore
from tests.factories import NOW, make_delivery, make_job


def at_version(version: int, path: Path) -> None:
    """An empty database as that version's program left it."""
    with sqlite3.connect(path) as connection:
        for migration in migrations_for("sqlite")[:version]:
            connection.executescript(migration.sql)
        connection.execute(f"PRAGMA user_version = {version}")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.close()


def copied(table: str, source: Path, target: Path) -> None:
    """The rows of one table, column by column, into the same table of an older database."""
    connection = sqlite3.connect(source)
    connection.execute("ATTACH ? AS older", (str(target),))
    told = connection.execute(f"PRAGMA older.table_info({table})").fetchall()
    names = ", ".join(row[1] for row in told)  # later versions may have more
    connection.execute(
        f"INSERT INTO older.{table} ({names}) SELECT {names} FROM main.{table}"  # noqa: S608 - our own tables
    )
    connection.commit()
    connection.close()


async def test_what_is_owed_and_posted_survives_the_table_that_is_made_again(tmp_path):
    new, old = tmp_path / "new.db", tmp_path / "old.db"
    job = make_job(state=JobState.SUBMITTING)  # called so in every version
    card = make_delivery(job)
    async with open_database(f"sqlite:///{new}") as engine:
        await SqlJobStore(engine).accept(job, [card])
    at_version(2, old)
    for table in ("jobs", "deliveries"):
        copied(table, new, old)

    async with open_database(f"sqlite:///{old}") as engine:
        owed = await SqlJobStore(engine).list_owed(NOW, 10)
        version = await engine.version()

    assert owed == [card]
    assert version == migrations_for("sqlite")[-1].number
    assert (tmp_path / "old.db.version-2.backup").exists()


def test_videos_of_an_earlier_version_are_moved_to_where_they_are_kept_now(tmp_path):
    former, folder = tmp_path / "films", tmp_path / "videos"
    former.mkdir()
    folder.mkdir()
    (former / "a.mp4").write_text("paid, not posted yet")
    (former / "b.mp4").write_text("of before")
    (folder / "b.mp4").write_text("of now")

    assert not ledger_may_begin(load_settings(data_dir=tmp_path, _env_file=None))
    adopt_former_folder(tmp_path)
    adopt_former_folder(tmp_path)  # once more, as every start does

    assert (folder / "a.mp4").read_text() == "paid, not posted yet"
    assert (folder / "b.mp4").read_text() == "of now"
    assert [path.name for path in former.iterdir()] == ["b.mp4"]


def test_an_empty_folder_of_an_earlier_version_goes(tmp_path):
    (tmp_path / "films").mkdir()

    adopt_former_folder(tmp_path)

    assert not (tmp_path / "films").exists()
    assert ledger_may_begin(load_settings(data_dir=tmp_path, _env_file=None))
