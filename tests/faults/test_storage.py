"""A disk that is full, a database that takes no writes, and one that someone else holds.

It fails closed: nothing is begun and nothing is charged, the member is told, health says so, and
when the trouble is over the bot goes on by itself.
"""

import asyncio
import contextlib
import sqlite3
from datetime import timedelta

import pytest

from bot.errors import DatabaseBusyError, StorageError
from bot.ids import ProviderName
from bot.jobs import messages
from bot.media.downloads import guarded_session
from bot.media.pictures.store import DiskImageStore
from bot.storage.engines.sqlite import SqliteEngine
from tests.faults.disks import fill, small_disk
from tests.faults.lines import open_lined
from tests.people import Upload
from tests.pictures import picture
from tests.reading import count_running
from tests.studio import SHORT, engine_of, settled_answer

NAME = "showreel.db"
PATIENCE = "PRAGMA busy_timeout = 100"


@contextlib.asynccontextmanager
async def without_room(_engine, folder):
    somebodys = fill(folder)
    try:
        yield
    finally:
        somebodys.unlink()


@contextlib.asynccontextmanager
async def without_writes(engine, _folder):
    """As on a disk that the system has made read-only."""
    await engine._writer.execute_fetchall("PRAGMA query_only = ON")
    try:
        yield
    finally:
        await engine._writer.execute_fetchall("PRAGMA query_only = OFF")


@contextlib.asynccontextmanager
async def held(_engine, folder):
    """By another process, for longer than anyone waits."""
    path = folder / NAME
    connected = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    with contextlib.closing(connected) as other:
        await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")  # the bot may be writing
        try:
            yield
        finally:
            other.execute("ROLLBACK")


TROUBLES = [
    pytest.param(without_room, id="no room", marks=pytest.mark.mount),
    pytest.param(without_writes, id="no writes"),
    pytest.param(held, id="held"),
]


@pytest.fixture
def short_leases(monkeypatch):
    """What was posted and could not be noted is looked at again after minutes; here after less."""
    for name in ("POSTING_LEASE", "EDITING_LEASE"):
        monkeypatch.setattr(messages, name, timedelta(seconds=3))


@pytest.fixture
def disk(tmp_path, request):
    """Small where it shall be filled, so that this takes no time."""
    folder = tmp_path / "bot"
    if request.node.get_closest_marker("mount") is None:
        folder.mkdir()
        yield folder
        return
    with small_disk(folder, megabytes=4):
        yield folder


@pytest.fixture
async def lined(disk, tmp_path):
    async with open_lined(tmp_path) as opened:
        yield opened


@pytest.fixture
async def engine(disk):
    opened = await SqliteEngine.open(disk / NAME, busy_timeout_seconds=0.1)
    yield opened
    await opened.close()


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_a_write_that_cannot_be_made_is_to_be_tried_again_and_leaves_nothing(
    engine, disk, trouble
):
    insert = "INSERT INTO notes (name, value) VALUES (?, ?)"

    async def write_much():
        async with engine.transaction() as tx:
            for number in range(500):
                await tx.connection.execute_fetchall(insert, (str(number), "x" * 1000))

    async with trouble(engine, disk):
        with pytest.raises(DatabaseBusyError):
            await write_much()

    async with engine.reading() as tx:
        [row] = await tx.connection.execute_fetchall("SELECT COUNT(*) AS notes FROM notes")
    assert row["notes"] == 0
    async with engine.transaction() as tx:
        await tx.connection.execute_fetchall(insert, ("a", "b"))


@pytest.mark.mount
async def test_a_picture_is_kept_whole_or_not_at_all(disk):
    async with guarded_session(frozenset()) as session:
        images = DiskImageStore(disk / "pictures", session, frozenset())
        somebodys = fill(disk)
        with pytest.raises(StorageError):
            await images.keep(picture(size=(640, 360)), name="a.png")
        assert list((disk / "pictures").iterdir()) == []
        somebodys.unlink()
        kept = await images.keep(picture(size=(640, 360)), name="a.png")

    assert images.path(kept).is_file()


async def is_fine(parts):
    await parts.health.probe()
    return parts.health.current().is_fine


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_a_request_is_refused_in_words_until_the_trouble_is_over(lined, fern, disk, trouble):
    videos = lined.people.channel("videos")
    async with lined.quick_bot() as parts, fern.watching() as watch:
        engine = engine_of(parts)
        await engine._writer.execute_fetchall(PATIENCE)
        assert await is_fine(parts)
        async with trouble(engine, disk):
            record = await fern.command(videos, "video", {"prompt": "too early", **SHORT})
            said = await settled_answer(fern, watch, record)
            assert not await is_fine(parts)
        assert "I can't save anything right now" in said
        assert lined.runs == []
        assert await is_fine(parts)
        await lined.request(fern, ["in time"])
        await lined.ended(watch, 1)
        await lined.judge(parts, fern, ["in time"])

    assert [run["prompt"] for run in lined.runs] == ["in time"]


@pytest.mark.mount
async def test_a_picture_that_cannot_be_kept_is_no_video_and_a_clear_word(lined, fern, disk):
    videos = lined.people.channel("videos")
    upload = Upload("a.png", picture(size=(640, 360)), "image/png")
    options = {"prompt": "wave", "image": "attachment://0"}
    async with lined.quick_bot(), fern.watching() as watch, without_room(None, disk):
        record = await fern.command(videos, "video", options, upload)
        said = await settled_answer(fern, watch, record)

    assert "My database isn't working right now" in said
    assert lined.runs == []


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_a_rendering_video_is_downloaded_when_the_trouble_is_over(
    lined, fern, disk, trouble, short_leases
):
    lined.sandbox.nanogpt.service.overrides.generation_seconds = 1.0
    async with lined.quick_bot() as parts, fern.watching() as watch:
        await engine_of(parts)._writer.execute_fetchall(PATIENCE)
        await lined.request(fern, ["fox 0"])
        while not await count_running(parts.stores.jobs, ProviderName("nanogpt")) or not lined.runs:
            await parts.clock.sleep(0.02)
        async with trouble(engine_of(parts), disk):
            [run] = lined.sandbox.nanogpt.service.books.runs.values()
            await lined.sandbox.nanogpt.service.making[run.id]
            await parts.clock.sleep(1.5)  # long enough for looks to meet it
        await lined.ended(watch, 1)
        titles = await lined.judge(parts, fern, ["fox 0"])

    assert ["Done" in title for title in titles] == [True]
    assert len(lined.runs) == 1
