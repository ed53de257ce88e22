"""Videos on our disk: checked by their content, measured, and made to fit where they are posted."""

import asyncio
import contextlib
import hashlib
import os
import shutil
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from bot.errors import (
    ArtifactUnavailableError,
    ArtifactUnusableError,
    FileTooLargeError,
    VideoNotThereError,
)
from bot.ids import JobId
from bot.jobs.job import Artifact
from bot.media.videos.ffmpeg import Ffmpeg, Finished, find_ffmpeg, probe
from bot.media.videos.store import AUDIO_BITS, DiskVideoStore, plan_for
from tests.factories import new_job_id
from tests.serving import serving

LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)
FFMPEG = Ffmpeg(find_ffmpeg())
SMALL = ("-f", "lavfi", "-i", "testsrc2=size=320x180:rate=24:duration=2", "-pix_fmt", "yuv420p")
NOISE = (
    *("-f", "lavfi", "-i", "nullsrc=size=480x270:rate=24:duration=2,geq=random(1)*255:128:128"),
    *("-pix_fmt", "yuv420p", "-preset", "ultrafast", "-crf", "23"),
)


FOUR_K = (
    *("-f", "lavfi", "-i", "testsrc2=size=3840x2160:rate=24:duration=2", "-threads", "2"),
    *("-pix_fmt", "yuv420p", "-preset", "ultrafast", "-crf", "16"),
)


@pytest.fixture
def store(tmp_path) -> DiskVideoStore:
    return DiskVideoStore(tmp_path / "videos", FFMPEG)


async def video(store: DiskVideoStore, recipe: tuple[str, ...]) -> Artifact:
    """A new video of this kind in the store; each kind is encoded once in a run."""
    job_id = new_job_id()
    path = store.path(job_id)
    kept = path.parents[2] / f"{hashlib.sha256(repr(recipe).encode()).hexdigest()}.mp4"
    if not kept.exists():
        made = await FFMPEG.run(*recipe, str(path), folder=path.parent)
        assert made.code == 0, made.output
        path.replace(kept)
    shutil.copyfile(kept, path)
    return await store.inspect(job_id)


async def test_a_video_is_measured(store):
    artifact = await video(store, SMALL)

    assert (artifact.width, artifact.height) == (320, 180)
    assert artifact.duration_seconds == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"words that are no video",
        b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1/segment.ts\n",
        b"\x00\x00\x00\x18ftypisom" + bytes(500),
        b"<html><body>expired</body></html>",
    ],
    ids=["empty", "words", "playlist", "header-only", "page"],
)
async def test_what_is_no_video_is_unusable(store, content):
    job_id = new_job_id()
    store.path(job_id).write_bytes(content)

    with pytest.raises(ArtifactUnusableError):
        await store.inspect(job_id)


async def test_a_video_that_was_never_fetched_is_unusable(store):
    with pytest.raises(ArtifactUnusableError):
        await store.inspect(new_job_id())


async def test_sound_without_a_picture_is_unusable(store):
    job_id = new_job_id()
    path = store.path(job_id)
    await FFMPEG.run("-f", "lavfi", "-i", "sine=duration=1", str(path), folder=path.parent)

    with pytest.raises(ArtifactUnusableError, match="no moving picture"):
        await store.inspect(job_id)


@pytest.mark.parametrize("start", ["#EXTM3U\n", "#EXTftyp\n#EXTM3U\n", "ffconcat version 1.0\n"])
async def test_a_playlist_named_like_a_video_makes_no_one_call_an_address(store, start):
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


async def test_a_video_within_the_limit_is_posted_as_it_is(store):
    artifact = await video(store, SMALL)

    fitted = await store.fit(artifact, max_bytes=artifact.size_bytes)

    assert fitted.path.name == artifact.key
    assert fitted.size_bytes == artifact.size_bytes
    assert fitted.note is None


async def test_a_video_above_the_limit_is_encoded_again_within_it_and_says_so(store):
    artifact, most = await video(store, NOISE), 150_000
    assert artifact.size_bytes > 2 * most

    fitted = await store.fit(artifact, max_bytes=most)

    assert fitted.path.stat().st_size == fitted.size_bytes <= most
    assert fitted.note == "Re-encoded to fit this server's upload limit of 1 MB."
    names = sorted(path.name for path in fitted.path.parent.iterdir())
    assert names == sorted([artifact.key, fitted.path.name])
    assert await store.fit(artifact, max_bytes=most) == fitted


@pytest.mark.timeout(400)  # of a busy machine
async def test_a_video_in_4k_is_made_to_fit_within_the_memory_of_the_program(store):
    artifact = await video(store, FOUR_K)
    most = artifact.size_bytes * 4 // 5

    fitted = await store.fit(artifact, max_bytes=most)

    found = await probe(FFMPEG, fitted.path, fitted.path.parent)
    assert found is not None
    assert (found.width, found.height) == (1920, 1080)
    assert fitted.size_bytes <= most


@pytest.mark.parametrize(("width", "height"), [(481, 271), (480, 271), (481, 270)])
async def test_a_video_with_an_odd_side_is_made_to_fit_without_its_last_line(store, width, height):
    size, colours = f"size={width}x{height}", ("-pix_fmt", "yuv444p")
    recipe = tuple(part.replace("size=480x270", size) for part in NOISE)
    artifact = await video(store, (*recipe, *colours))
    assert (artifact.width, artifact.height) == (480, 270)

    fitted = await store.fit(artifact, max_bytes=artifact.size_bytes * 4 // 5)

    found = await probe(FFMPEG, fitted.path, fitted.path.parent)
    assert found is not None
    assert (found.width, found.height) == (480, 270)


class SecondPass(Ffmpeg):
    """Its second pass ends like this, with half a video on the disk."""

    def __init__(self, trouble: BaseException | Finished) -> None:
        super().__init__(find_ffmpeg())
        self.trouble = trouble

    async def run(self, *arguments: str, folder: Path, deadline_seconds: float = 600.0) -> Finished:
        finished = await super().run(*arguments, folder=folder, deadline_seconds=deadline_seconds)
        if arguments[-1].endswith(".part"):
            assert await asyncio.to_thread(os.path.getsize, arguments[-1])
            if isinstance(self.trouble, BaseException):
                raise self.trouble
            return self.trouble
        return finished


@pytest.mark.parametrize(
    ("trouble", "raised"),
    [
        (TimeoutError(), FileTooLargeError),
        (Finished(228, "No space left on device"), FileTooLargeError),
        (asyncio.CancelledError(), asyncio.CancelledError),
    ],
    ids=["late", "full disk", "cancelled"],
)
async def test_an_encoding_that_came_to_no_end_leaves_nothing_on_the_disk(store, trouble, raised):
    artifact = await video(store, NOISE)
    folder = store.path(JobId("any")).parent

    with pytest.raises(raised):
        await DiskVideoStore(folder, SecondPass(trouble)).fit(artifact, max_bytes=150_000)

    assert [path.name for path in folder.iterdir()] == [artifact.key]


class CalledOff(Ffmpeg):
    """Is cancelled when it has written a video."""

    async def run(self, *arguments: str, folder: Path, deadline_seconds: float = 600.0) -> Finished:
        finished = await super().run(*arguments, folder=folder, deadline_seconds=deadline_seconds)
        if arguments[-2] == "mp4":
            assert await asyncio.to_thread(os.path.getsize, arguments[-1])
            raise asyncio.CancelledError
        return finished


class Busy(Ffmpeg):
    """Ends nothing that it begins."""

    def __init__(self) -> None:
        super().__init__(find_ffmpeg())
        self.begun = asyncio.Event()

    async def run(
        self, *_arguments: str, folder: Path, deadline_seconds: float = 600.0
    ) -> Finished:
        self.begun.set()
        await asyncio.Event().wait()
        raise AssertionError


async def test_a_video_that_was_made_to_fit_waits_for_no_other_video(store):
    artifact, other = await video(store, NOISE), await video(store, NOISE)
    fitted = await store.fit(artifact, max_bytes=150_000)
    program = Busy()
    busy = DiskVideoStore(fitted.path.parent, program)

    async with asyncio.TaskGroup() as group:
        encoding = group.create_task(busy.fit(other, max_bytes=150_000))
        await program.begun.wait()
        async with asyncio.timeout(60):
            again = await busy.fit(artifact, max_bytes=150_000)
        encoding.cancel()

    assert again == fitted


@pytest.mark.parametrize("most_bytes", [1_000, 10_000_000])
async def test_a_video_that_someone_deleted_is_not_there_whatever_fits(store, most_bytes):
    artifact = await video(store, SMALL)
    store.path(JobId(artifact.key.partition(".")[0])).unlink()

    with pytest.raises(VideoNotThereError):
        await store.fit(artifact, max_bytes=most_bytes)


async def test_a_video_that_cannot_be_made_to_fit_is_too_large(store):
    artifact = await video(store, SMALL)

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
        (5.0, 2160, 20_000_000, 1080),  # plenty, and too large for the program's memory
        (60.0, 180, 1_100_000, None),  # a small picture is never made larger
    ],
)
def test_the_less_room_there_is_the_smaller_the_picture(seconds, height, most_bytes, planned):
    artifact = Artifact("a.mp4", 10**9, seconds, height * 16 // 9, height)

    plan = plan_for(artifact, most_bytes)

    assert plan is not None
    assert plan.height == planned
    assert (plan.video_bits + AUDIO_BITS) * seconds / 8 <= most_bytes


@pytest.mark.parametrize(
    ("width", "height", "planned"),
    [(1080, 1920, None), (2160, 3840, 1920), (1440, 1440, 1080), (1081, 1921, 1920)],
)
def test_a_picture_of_any_shape_keeps_1080_of_its_shorter_side(width, height, planned):
    plan = plan_for(Artifact("a.mp4", 10**9, 5.0, width, height), 20_000_000)

    assert plan is not None
    assert plan.height == planned


@pytest.mark.parametrize(("seconds", "most_bytes"), [(600.0, 1_000_000), (5.0, 60_000)])
def test_where_nothing_would_be_seen_there_is_no_plan(seconds, most_bytes):
    assert plan_for(Artifact("a.mp4", 10**9, seconds, 1920, 1080), most_bytes) is None


def test_a_video_of_unknown_measures_has_a_plan_too():
    assert plan_for(Artifact("a.mp4", 10**9), 10_000_000) is not None


async def test_the_program_sees_none_of_our_environment_and_few_open_files(tmp_path, monkeypatch):
    monkeypatch.setenv("NANOGPT_API_KEY", "secret")
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\nenv >&2\nulimit -n >&2\n")
    program.chmod(0o700)

    finished = await Ffmpeg(program).run(folder=tmp_path)

    assert "secret" not in finished.output
    assert finished.output.rstrip().endswith("64")


def running_commands():
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it has just ended
            yield entry.read_bytes()


async def test_a_program_that_never_ends_is_killed_at_its_deadline(tmp_path):
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\nexec tail -f {tmp_path / 'program'}\n")
    program.chmod(0o700)

    with pytest.raises(TimeoutError):
        await Ffmpeg(program).run(folder=tmp_path, deadline_seconds=0.3)

    assert not any(os.fsencode(tmp_path) in command for command in running_commands())


async def test_of_a_program_that_tells_without_end_only_the_end_is_kept(tmp_path):
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\nhead -c 30000000 /dev/zero >&2\nprintf 'the end' >&2\n")
    program.chmod(0o700)

    tracemalloc.start()
    try:
        finished = await Ffmpeg(program).run(folder=tmp_path)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert finished.output.endswith("the end")
    assert most < 3_000_000


def test_a_program_that_is_named_is_taken_and_else_one_is_found(tmp_path):
    assert find_ffmpeg(tmp_path) == tmp_path
    assert find_ffmpeg().is_file()


@pytest.mark.parametrize("act", ["inspect", "join"])
async def test_work_that_was_cancelled_leaves_nothing_but_the_video_as_it_came(store, act):
    job_id = new_job_id()
    parts = [store.part_path(job_id, number) for number in range(2)]
    paths = parts if act == "join" else [store.path(job_id)]
    folder = paths[0].parent
    for path in paths:
        made = await FFMPEG.run(*SMALL, str(path), folder=folder)
        assert made.code == 0, made.output
    beside = DiskVideoStore(folder, CalledOff(find_ffmpeg()))

    with pytest.raises(asyncio.CancelledError):
        await (beside.join(job_id, 2) if act == "join" else beside.inspect(job_id))

    assert {left.name for left in folder.iterdir()} == {path.name for path in paths}


async def test_what_was_left_of_a_video_that_never_came_is_listed_when_it_is_old(store):
    for name, written_at in (("gone.lock", 1_000), ("gone.1a2b.part", 1_000), ("new.lock", None)):
        path = store.path(JobId("any")).with_name(name)
        path.write_bytes(b"")
        if written_at is not None:
            os.utime(path, (written_at, written_at))

    assert await store.list_older(LONG_AGO) == ["gone"]


async def test_one_task_at_a_time_has_a_video_to_itself(store):
    job_id, beside = JobId("video"), DiskVideoStore(store.path(JobId("video")).parent, FFMPEG)

    with store.alone(job_id):
        for other in (store, beside):
            with pytest.raises(ArtifactUnavailableError), other.alone(job_id):
                pass
        with beside.alone(JobId("another")):
            pass
    with beside.alone(job_id):
        pass


async def test_old_videos_are_listed_and_forgotten_with_every_version_of_them(store):
    old, young = await video(store, NOISE), await video(store, SMALL)
    fitted = await store.fit(old, max_bytes=150_000)
    job_id = JobId(old.key.partition(".")[0])
    os.utime(store.path(job_id), (1_000, 1_000))

    assert await store.list_older(LONG_AGO) == [job_id]
    await store.forget(job_id)

    left = [path.name for path in fitted.path.parent.iterdir()]
    assert left == [young.key]


class CountingFfmpeg(Ffmpeg):
    """Encodes nothing; counts the runs that are under way at the same time, and all of them."""

    def __init__(self):
        super().__init__(Path("ffmpeg"))
        self.under_way = self.most = self.runs = 0

    async def run(self, *arguments, folder, deadline_seconds=0.0):
        self.under_way += 1
        self.runs += 1
        self.most = max(self.most, self.under_way)
        for _ in range(20):  # others have every opportunity
            await asyncio.to_thread(Path(folder).exists)
        if arguments[-1] != "-":
            await asyncio.to_thread(Path(arguments[-1]).write_bytes, b"small")
        self.under_way -= 1
        return Finished(0, "")


async def test_videos_are_re_encoded_one_at_a_time_and_each_once(tmp_path):
    ffmpeg = CountingFfmpeg()
    store = DiskVideoStore(tmp_path, ffmpeg)
    artifacts = [Artifact(f"{new_job_id()}.mp4", 9_000_000, 5.0, 1280, 720) for _ in range(3)]
    for artifact in artifacts:
        (tmp_path / artifact.key).write_bytes(b"large")

    wanted = [*artifacts, artifacts[0]]
    fitted = await asyncio.gather(*(store.fit(one, max_bytes=2_000_000) for one in wanted))

    assert ffmpeg.most == 1
    assert ffmpeg.runs == 2 * len(artifacts)  # two passes each
    assert [video.size_bytes for video in fitted] == [len(b"small")] * len(wanted)
