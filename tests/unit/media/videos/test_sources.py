"""A video to continue: what is kept, and what is refused in one sentence that leaves nothing behind."""

import io
import os
from datetime import UTC, datetime

import aiohttp
import pytest
from aiohttp import web
from PIL import Image

from bot.errors import VideoRejectedError
from bot.media.downloads import guarded_session
from bot.media.pictures.store import DiskImageStore
from bot.media.videos import sources
from bot.media.videos.ffmpeg import probe
from bot.media.videos.sources import DiskSourceVideoStore
from tests.pictures import picture
from tests.serving import serving
from tests.unit.media.videos.clips import FFMPEG, counted, made, tone

H264 = ("-c:v", "libx264", "-preset", "ultrafast")
SMALL = (*counted(8), *tone(1), *H264, "-c:a", "aac")
WEBM = (*counted(8), "-c:v", "libvpx", "-deadline", "realtime")
HEVC = (*counted(8), "-c:v", "libx265", "-preset", "ultrafast", "-tag:v", "hvc1")


@pytest.fixture
async def store(tmp_path):
    async with aiohttp.ClientSession() as session:
        images = DiskImageStore(tmp_path / "pictures", session, frozenset())
        yield DiskSourceVideoStore(tmp_path / "sources", FFMPEG, images, session, frozenset())


def left_in(tmp_path):
    return list((tmp_path / "sources").iterdir())


async def test_a_stored_video_is_kept_as_it_is_and_measured(store, tmp_path):
    path = await made(tmp_path, "job.mp4", *SMALL)
    kept = await store.keep(path, name="the video")

    assert (kept.width, kept.height) == (96, 64)
    assert kept.duration_seconds == pytest.approx(1.0, abs=0.1)
    assert kept.size_bytes == store.path(kept).stat().st_size
    assert path.exists()
    assert [one.name for one in left_in(tmp_path)] == [kept.key]


async def test_the_same_video_is_stored_once(store, tmp_path):
    path = await made(tmp_path, "job.mp4", *SMALL)

    assert await store.keep(path, name="a") == await store.keep(path, name="b")
    assert len(left_in(tmp_path)) == 1


@pytest.mark.parametrize(
    ("name", "recipe", "sides"),
    [
        ("a.webm", WEBM, (96, 64)),
        ("a.mp4", HEVC, (96, 64)),
        ("a.mov", (*counted(8, size="64x96"), *H264), (64, 96)),
        ("a.gif", counted(8), (96, 64)),
    ],
    ids=["WebM", "HEVC", "vertical", "GIF"],
)
async def test_other_formats_are_converted(store, tmp_path, name, recipe, sides):
    kept = await store.keep(await made(tmp_path, name, *recipe), name=name)
    found = await probe(FFMPEG, store.path(kept), tmp_path)

    assert found is not None
    assert found.has_played_pixels
    assert (found.width, found.height) == (kept.width, kept.height) == sides


async def test_odd_sides_are_kept(store, tmp_path):
    recipe = (*counted(8, size="97x65"), *H264, "-pix_fmt", "yuv444p")
    kept = await store.keep(await made(tmp_path, "a.mp4", *recipe), name="a")

    assert abs(kept.width - 97) <= 1
    assert abs(kept.height - 65) <= 1


CONTENTS = {
    "zero bytes": (b"", "is empty"),
    "words": (b"words that are no video", "isn't a video"),
    "a playlist": (b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1/segment.ts\n", "isn't a video"),
    "a list": (b"ffconcat version 1.0\nfile http://127.0.0.1/a.mp4\n", "isn't a video"),
    "a data address": (b"data:video/mp4;base64,AAAAGGZ0eXBpc29t", "isn't a video"),
    "an MPD": (b"<?xml version='1.0'?><MPD><BaseURL>http://127.0.0.1</BaseURL></MPD>", "isn't a"),
    "a PNG": (picture("PNG"), "is a picture"),
    "a JPEG": (picture("JPEG"), "is a picture"),
    "a WebP": (picture("WEBP"), "picture"),
    "a GIF of one picture": (picture("GIF"), "is a picture"),
    "an AVIF": (picture("AVIF"), "is a picture"),
    "a head": (b"\x00\x00\x00\x18ftypisom" + bytes(500), "damaged"),
}


@pytest.mark.parametrize("kind", CONTENTS)
async def test_what_is_no_video_is_refused_and_leaves_nothing(store, tmp_path, kind):
    content, said = CONTENTS[kind]
    path = tmp_path / "given.mp4"
    path.write_bytes(content)

    with pytest.raises(VideoRejectedError, match=said):
        await store.keep(path, name="given.mp4")
    assert left_in(tmp_path) == []


async def test_sound_alone_is_refused(store, tmp_path):
    path = await made(tmp_path, "a.mp4", *tone(1), "-c:a", "aac")

    with pytest.raises(VideoRejectedError, match="no moving picture"):
        await store.keep(path, name="a.mp4")
    assert left_in(tmp_path) == []


@pytest.mark.parametrize("share", [0.3, 0.9])
async def test_an_incomplete_video_is_refused(store, tmp_path, share):
    whole = (await made(tmp_path, "a.mp4", *SMALL, "-movflags", "+faststart")).read_bytes()
    path = tmp_path / "cut.mp4"
    path.write_bytes(whole[: int(len(whole) * share)])

    with pytest.raises(VideoRejectedError, match="incomplete"):
        await store.keep(path, name="cut.mp4")
    assert left_in(tmp_path) == []


async def test_twenty_minutes_are_too_long(store, tmp_path):
    slow = (*counted(3), "-vf", "setpts=N*600/TB", "-r", "1/600", *H264)

    with pytest.raises(VideoRejectedError, match=r"lasts \d+ minutes\. Cut it to at most 2"):
        await store.keep(await made(tmp_path, "a.mp4", *slow), name="a.mp4")
    assert left_in(tmp_path) == []


async def test_a_huge_video_is_refused_before_it_is_read(store, tmp_path):
    path = tmp_path / "huge.mp4"
    path.write_bytes(b"\x00\x00\x00\x18ftypisom")
    os.truncate(path, 101 * 1024 * 1024)  # most of it a hole

    with pytest.raises(VideoRejectedError, match="larger than 100 MB"):
        await store.keep(path, name="huge.mp4")
    assert left_in(tmp_path) == []


async def test_a_video_that_is_gone_is_said(store, tmp_path):
    with pytest.raises(VideoRejectedError, match="I no longer have the video"):
        await store.keep(tmp_path / "gone.mp4", name="the video")


async def test_a_download_stops_at_the_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "MAX_BYTES", 1024 * 1024)
    sent = 0

    async def handler(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        while sent < 500:  # of as many megabytes
            await response.write(bytes(1024 * 1024))
            sent += 1
        return response

    async with serving(handler) as origin:
        allowed = frozenset({origin.removeprefix("http://")})
        async with guarded_session(allowed) as session:
            images = DiskImageStore(tmp_path / "pictures", session, allowed)
            store = DiskSourceVideoStore(tmp_path / "sources", FFMPEG, images, session, allowed)
            with pytest.raises(VideoRejectedError, match="larger than 1 MB"):
                await store.fetch(f"{origin}/a.mp4", name="a.mp4")
    assert sent < 100
    assert left_in(tmp_path) == []


async def test_a_private_address_is_refused(store):
    with pytest.raises(VideoRejectedError, match="Upload the video itself"):
        await store.fetch("http://127.0.0.1/a.mp4", name="a.mp4")


async def test_a_container_that_names_other_files_reads_none(store, tmp_path):
    """A QuickTime data reference may name any address."""
    whole = (await made(tmp_path, "a.mp4", *SMALL)).read_bytes()
    path = tmp_path / "referring.mp4"
    path.write_bytes(whole.replace(b"url \x00\x00\x00\x01", b"alis\x00\x00\x00\x00"))

    kept = await store.keep(path, name="a")  # what it holds itself is all there is

    assert kept.duration_seconds > 0


async def test_both_frames_become_pictures(store, tmp_path):
    path = await made(tmp_path, "job.mp4", *counted(8), *H264)
    first, last = await store.first_frame(path, name="a"), await store.last_frame(path, name="a")

    assert (first.width, first.height) == (last.width, last.height) == (96, 64)
    content, _ = await store._images.prepare(last, max_bytes=10**6)
    with Image.open(io.BytesIO(content)) as opened:
        assert opened.convert("L").tobytes()[48 + 32 * 96] > 120


async def test_a_frame_of_no_video_is_refused(store, tmp_path):
    with pytest.raises(VideoRejectedError):
        await store.last_frame(tmp_path / "gone.mp4", name="the video")


async def test_old_videos_go_but_for_those_needed(store, tmp_path):
    kept = await store.keep(await made(tmp_path, "a.mp4", *SMALL), name="a")
    other = await store.keep(await made(tmp_path, "b.mp4", *counted(8), *H264), name="b")
    (tmp_path / "sources" / "killed.part").mkdir()
    late = datetime(2100, 1, 1, tzinfo=UTC)

    assert await store.forget_older(datetime(2001, 1, 1, tzinfo=UTC), keep=()) == 0
    assert await store.forget_older(late, keep={kept.key}) == 2
    assert [path.name for path in left_in(tmp_path)] == [kept.key]
    assert not store.path(other).exists()
