"""Films on our disk: checked by their content, measured, and made to fit where they are posted."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from bot.domain.jobs import Artifact
from bot.errors import ArtifactUnavailableError, ArtifactUnusableError, FileTooLargeError
from bot.ids import JobId
from bot.media.ffmpeg import Ffmpeg, find_ffmpeg
from bot.media.films import AUDIO_BITS, DiskFilmStore, plan_for
from tests.factories import new_job_id
from tests.serving import serving

LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)
FFMPEG = Ffmpeg(find_ffmpeg())
SMALL = ("-f", "lavfi", "-i", "testsrc2=size=320x180:rate=24:duration=2", "-pix_fmt", "yuv420p")
NOISE = (
    *("-f", "lavfi", "-i", "nullsrc=size=480x270:rate=24:duration=2,geq=random(1)*255:128:128"),
    *("-pix_fmt", "yuv420p", "-preset", "ultrafast", "-crf", "23"),
)


@pytest.fixture
def store(tmp_path) -> DiskFilmStore:
    return DiskFilmStore(tmp_path / "films", FFMPEG)


async def film(store: DiskFilmStore, recipe: tuple[str, ...]) -> Artifact:
    job_id = new_job_id()
    path = store.path(job_id)
    made = await FFMPEG.run(*recipe, str(path), folder=path.parent)
    assert made.code == 0, made.told
    return await store.inspect(job_id)


async def test_a_film_is_measured(store):
    artifact = await film(store, SMALL)

    assert (artifact.width, artifact.height) == (320, 180)
    assert artifact.duration_seconds == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"words that are no film",
        b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1/segment.ts\n",
        b"\x00\x00\x00\x18ftypisom" + bytes(500),
        b"<html><body>expired</body></html>",
    ],
    ids=["empty", "words", "playlist", "header-only", "page"],
)
async def test_what_is_no_film_is_unusable(store, content):
    job_id = new_job_id()
    store.path(job_id).write_bytes(content)

    with pytest.raises(ArtifactUnusableError):
        await store.inspect(job_id)


async def test_a_film_that_was_never_fetched_is_unusable(store):
    with pytest.raises(ArtifactUnusableError):
        await store.inspect(new_job_id())


async def test_sound_without_a_picture_is_unusable(store):
    job_id = new_job_id()
    path = store.path(job_id)
    await FFMPEG.run("-f", "lavfi", "-i", "sine=duration=1", str(path), folder=path.parent)

    with pytest.raises(ArtifactUnusableError, match="no moving picture"):
        await store.inspect(job_id)


@pytest.mark.parametrize("start", ["#EXTM3U\n", "#EXTftyp\n#EXTM3U\n", "ffconcat version 1.0\n"])
async def test_a_playlist_named_like_a_film_makes_nobody_call_an_address(store, start):
    asked = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response()

    async with serving(handler) as origin:
        job_id = new_job_id()
        lines = f"#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{origin}/a.ts\nfile '{origin}/a.mp4'\n"
        store.path(job_id).write_text(start + lines)
        with pytest.raises(ArtifactUnusableError):
            await store.inspect(job_id)

    assert asked == []


async def test_a_film_within_the_limit_is_posted_as_it_is(store):
    artifact = await film(store, SMALL)

    fitted = await store.fit(artifact, max_bytes=artifact.size_bytes)

    assert fitted.path.name == artifact.key
    assert fitted.size_bytes == artifact.size_bytes
    assert fitted.note is None


async def test_a_film_above_the_limit_is_encoded_anew_within_it_and_says_so(store):
    artifact, most = await film(store, NOISE), 150_000
    assert artifact.size_bytes > 2 * most

    fitted = await store.fit(artifact, max_bytes=most)

    assert fitted.path.stat().st_size == fitted.size_bytes <= most
    assert fitted.note == "Re-encoded to fit this server's limit of 1 MB."
    names = sorted(path.name for path in fitted.path.parent.iterdir())
    assert names == sorted([artifact.key, fitted.path.name])
    assert await store.fit(artifact, max_bytes=most) == fitted


async def test_a_film_that_cannot_be_made_to_fit_is_too_large(store):
    artifact = await film(store, SMALL)

    with pytest.raises(FileTooLargeError):
        await store.fit(artifact, max_bytes=1000)


@pytest.mark.parametrize(
    ("seconds", "height", "most_bytes", "planned"),
    [
        (5.0, 1080, 10_000_000, None),  # plenty: the picture keeps its size
        (60.0, 1080, 10_000_000, 720),
        (60.0, 1080, 5_000_000, 480),
        (60.0, 2160, 10_000_000, 720),
        (600.0, 1080, 12_000_000, 240),
        (5.0, 240, 10_000_000, None),
    ],
)
def test_the_less_room_there_is_the_smaller_the_picture(seconds, height, most_bytes, planned):
    artifact = Artifact("a.mp4", 10**9, seconds, height * 16 // 9, height)

    plan = plan_for(artifact, most_bytes)

    assert plan is not None
    assert plan.height == planned
    assert (plan.video_bits + AUDIO_BITS) * seconds / 8 <= most_bytes


@pytest.mark.parametrize(("seconds", "most_bytes"), [(600.0, 1_000_000), (5.0, 60_000)])
def test_where_nothing_would_be_seen_there_is_no_plan(seconds, most_bytes):
    assert plan_for(Artifact("a.mp4", 10**9, seconds, 1920, 1080), most_bytes) is None


def test_a_film_of_unknown_measures_has_a_plan_too():
    assert plan_for(Artifact("a.mp4", 10**9), 10_000_000) is not None


async def test_the_program_sees_none_of_our_environment_and_few_open_files(tmp_path, monkeypatch):
    monkeypatch.setenv("NANOGPT_API_KEY", "secret")
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\nenv >&2\nulimit -n >&2\n")
    program.chmod(0o700)

    finished = await Ffmpeg(program).run(folder=tmp_path)

    assert "secret" not in finished.told
    assert finished.told.rstrip().endswith("64")


async def test_a_program_that_never_ends_is_killed_at_its_deadline(tmp_path):
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\necho $$ > pid\nexec tail -f /dev/null\n")
    program.chmod(0o700)

    with pytest.raises(TimeoutError):
        await Ffmpeg(program).run(folder=tmp_path, deadline_seconds=0.3)

    assert not (Path("/proc") / (tmp_path / "pid").read_text().strip()).exists()


def test_a_program_that_is_named_is_taken_and_else_one_is_found(tmp_path):
    assert find_ffmpeg(tmp_path) == tmp_path
    assert find_ffmpeg().is_file()


async def test_what_was_left_of_a_film_that_never_came_is_listed_when_it_is_old(store):
    for name, written_at in (("gone.lock", 1_000), ("gone.1a2b.part", 1_000), ("new.lock", None)):
        path = store.path(JobId("any")).with_name(name)
        path.write_bytes(b"")
        if written_at is not None:
            os.utime(path, (written_at, written_at))

    assert await store.list_older(LONG_AGO) == ["gone"]


async def test_one_task_at_a_time_has_a_film_to_itself(store):
    job_id, beside = JobId("film"), DiskFilmStore(store.path(JobId("film")).parent, FFMPEG)

    with store.alone(job_id):
        for other in (store, beside):
            with pytest.raises(ArtifactUnavailableError), other.alone(job_id):
                pass
        with beside.alone(JobId("another")):
            pass
    with beside.alone(job_id):
        pass


async def test_old_films_are_listed_and_forgotten_with_every_version_of_them(store):
    old, young = await film(store, NOISE), await film(store, SMALL)
    fitted = await store.fit(old, max_bytes=150_000)
    job_id = JobId(old.key.partition(".")[0])
    os.utime(store.path(job_id), (1_000, 1_000))

    assert await store.list_older(LONG_AGO) == [job_id]
    await store.forget(job_id)

    left = [path.name for path in fitted.path.parent.iterdir()]
    assert left == [young.key]
