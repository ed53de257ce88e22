"""A new part on a real disk: joined to its source by a real ffmpeg, killed at any instant, never half."""

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import aiohttp
import pytest

from bot.catalog.request import SourceVideo
from bot.errors import ArtifactUnusableError, VideoRejectedError
from bot.jobs.job import Job
from bot.media.pictures.store import DiskImageStore
from bot.media.videos.ffmpeg import Ffmpeg, find_ffmpeg
from bot.media.videos.sources import DiskSourceVideoStore
from bot.media.videos.store import DiskVideoStore
from bot.providers.contract import Provider
from bot.worker.download import NOT_JOINED, SOURCE_GONE, fetch_video
from sandbox.videos.rendering import Renderer, RenderRequest
from tests.factories import make_image, make_job, make_request, make_submission
from tests.fakes.weather import KilledError

BEFORE, ADDED = 3.0, 2.0  # seconds


@dataclass
class Service:
    """Hands out one file; `dies` kills the program while or after it is written."""

    clip: Path
    dies: str = ""

    async def fetch(self, _address: str, target: Path) -> None:
        content = await asyncio.to_thread(self.clip.read_bytes)
        if self.dies == "half fetched":
            await asyncio.to_thread(target.write_bytes, content[: len(content) // 2])
            raise KilledError
        await asyncio.to_thread(target.write_bytes, content)
        if self.dies == "fetched":
            raise KilledError


@dataclass
class Desk:
    """Both stores, a source in one of them, and a service that made the new part."""

    videos: DiskVideoStore
    sources: DiskSourceVideoStore
    source: SourceVideo
    service: Service
    folder: Path

    async def fetch(self, job: Job):
        submission = make_submission(job, artifact_addresses=("https://videos.example/1",))
        provider = cast(Provider, self.service)
        return await fetch_video(job, submission, provider, self.videos, self.sources, recipe=None)

    def job(self, **fields) -> Job:
        usual = {"source_video": self.source, "image": make_image(), "duration_seconds": 2}
        return make_job(request=make_request(**(usual | fields)))

    def left(self) -> set[str]:
        return {path.name for path in self.folder.iterdir() if path.suffix != ".lock"}


async def clip(path: Path, seconds: float, prompt: str, **fields) -> Path:
    await Renderer().render(RenderRequest(prompt, seconds, "360p", audio=True, **fields), path)
    return path


@pytest.fixture
async def desk(tmp_path):
    ffmpeg, folder = Ffmpeg(find_ffmpeg()), tmp_path / "videos"
    async with aiohttp.ClientSession() as session:
        images = DiskImageStore(tmp_path / "pictures", session, frozenset())
        kept = tmp_path / "sources"
        sources = DiskSourceVideoStore(kept, ffmpeg, images, session, frozenset())
        before = await clip(tmp_path / "before.mp4", BEFORE, "snow")
        source = await sources.keep(before, name="the video")
        service = Service(await clip(tmp_path / "new.mp4", ADDED, "rain"))
        yield Desk(DiskVideoStore(folder, ffmpeg), sources, source, service, folder)


POINTS = ["half fetched", "fetched", "joining", "joined", "measured"]


@pytest.mark.parametrize("point", POINTS)
async def test_killed_at_any_instant_the_next_try_joins_both_once(desk, point, monkeypatch):
    job, stored = desk.job(), desk.sources.path(desk.source)
    known = stored.read_bytes()
    desk.service.dies = point

    def dying(name: str, *, first: bool) -> None:
        act = getattr(desk.videos, name)

        async def killed(*given, **more):
            if not first:
                await act(*given, **more)
            raise KilledError

        monkeypatch.setattr(desk.videos, name, killed)

    if point in {"joining", "joined"}:
        dying("join", first=point == "joining")
    if point == "measured":
        dying("inspect", first=False)
    with pytest.raises(KilledError):
        await desk.fetch(job)
    monkeypatch.undo()
    desk.service.dies = ""
    half = desk.videos.path(job.id)
    if half.exists():
        assert (await desk.videos.inspect(job.id)).duration_seconds == pytest.approx(5.0, abs=0.1)

    artifact = await desk.fetch(job)

    assert artifact.duration_seconds == pytest.approx(BEFORE + ADDED, abs=0.1)
    assert artifact.remark is None
    assert stored.read_bytes() == known
    assert desk.left() == {f"{job.id}.mp4"}


@pytest.mark.parametrize(("seconds", "whole"), [(ADDED, 5.0), (BEFORE + ADDED, 5.0)])
async def test_the_whole_video_of_a_service_is_kept_as_it_is(desk, tmp_path, seconds, whole):
    desk.service.clip = await clip(tmp_path / "handed.mp4", seconds, "fog")

    artifact = await desk.fetch(desk.job(image=None))

    assert artifact.duration_seconds == pytest.approx(whole, abs=0.1)


async def test_a_part_of_another_shape_takes_the_sources(desk, tmp_path):
    desk.service.clip = await clip(tmp_path / "tall.mp4", ADDED, "fog", aspect_ratio="9:16")

    artifact = await desk.fetch(desk.job())

    assert (artifact.width, artifact.height) == (desk.source.width, desk.source.height)
    assert artifact.duration_seconds == pytest.approx(5.0, abs=0.1)


@pytest.mark.parametrize(("harm", "remark"), [("gone", SOURCE_GONE), ("broken", NOT_JOINED)])
async def test_without_a_usable_source_the_new_part_is_there_alone(desk, harm, remark):
    stored = desk.sources.path(desk.source)
    if harm == "gone":
        stored.unlink()
    else:
        stored.write_bytes(b"no video")

    artifact = await desk.fetch(desk.job())

    assert artifact.duration_seconds == pytest.approx(ADDED, abs=0.1)
    assert artifact.remark == remark
    assert len(desk.left()) == 1


async def test_a_part_that_is_no_video_is_told_and_the_source_stays(desk, tmp_path):
    desk.service.clip = tmp_path / "words.mp4"
    await asyncio.to_thread(desk.service.clip.write_text, "no video")

    with pytest.raises(ArtifactUnusableError):
        await desk.fetch(desk.job())

    assert desk.sources.has(desk.source)


async def test_a_source_is_sent_as_it_is_or_encoded_once_to_fit(desk):
    most = desk.source.size_bytes
    as_it_is = await desk.sources.prepare(desk.source, max_bytes=most)
    smaller = await desk.sources.prepare(desk.source, max_bytes=most // 2)

    assert len(as_it_is) == most
    assert len(smaller) <= most // 2
    assert await desk.sources.prepare(desk.source, max_bytes=most // 2) == smaller
    with pytest.raises(VideoRejectedError, match="too large for this video service"):
        await desk.sources.prepare(desk.source, max_bytes=100)
    gone = replace(desk.source, key="gone.mp4")
    with pytest.raises(VideoRejectedError, match="no longer have the video"):
        await desk.sources.prepare(gone, max_bytes=most)
    assert not desk.sources.has(gone)
