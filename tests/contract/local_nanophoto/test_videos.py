"""The videos that the local NanoPhoto hands out are real: their codec, size, length and pictures."""

import io
import re
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import imageio_ffmpeg
import pytest
from aiohttp import web
from PIL import Image, ImageStat

from sandbox.app import Sandbox, running_sandbox
from sandbox.settings import SandboxSettings
from tests.serving import serving

Json = dict[str, Any]

HEADERS = {"Authorization": "Bearer np-sandbox"}
RED, BLUE = (220, 20, 20), (20, 20, 220)


@dataclass
class Gallery:
    """A site with plain pictures by their names; it keeps what it was sent."""

    origin: str = ""
    cookies: list[str | None] = field(default_factory=list)
    authorizations: list[str | None] = field(default_factory=list)

    async def picture(self, request: web.Request) -> web.StreamResponse:
        self.cookies.append(request.headers.get("Cookie"))
        self.authorizations.append(request.headers.get("Authorization"))
        if request.path == "/moved":
            raise web.HTTPFound("/red", headers={"Set-Cookie": "seen=1; Path=/"})
        if request.path == "/broken":
            return web.Response(body=b"no picture", content_type="image/png")
        if request.path not in {"/red", "/blue"}:
            return web.Response(status=404)
        content = io.BytesIO()
        Image.new("RGB", (320, 240), RED if request.path == "/red" else BLUE).save(content, "PNG")
        return web.Response(body=content.getvalue(), content_type="image/png")


@dataclass
class Cinema:
    """Orders videos over HTTP and looks at them."""

    sandbox: Sandbox
    session: aiohttp.ClientSession
    folder: Path

    async def post(self, path: str, body: Json) -> Json:
        address = f"{self.sandbox.nanophoto.origin}/api/veo-3/{path}"
        async with self.session.post(address, json=body, headers=HEADERS) as answer:
            assert answer.status == 200
            return dict(await answer.json())

    async def shown(self, *shots: Json, **more: Any) -> list[Json]:
        """What check-status says of the shots when they are over."""
        tasks = (await self.post("generate", {"shots": shots, **more}))["shots"]
        await self.sandbox.nanophoto.service.making[tasks[0]["taskId"]]
        return list((await self.post("check-status", {"taskIds": tasks, **more}))["shots"])

    async def video(self, shot: Json) -> Path:
        async with self.session.get(shot["videoUrl"]) as answer:
            assert answer.status == 200
            path = self.folder / f"{shot['taskId']}.mp4"
            path.write_bytes(await answer.read())
            return path


@pytest.fixture
async def cinema(tmp_path) -> AsyncIterator[Cinema]:
    settings = SandboxSettings(port=0, generation_seconds=0, data_dir=tmp_path, traffic_log=None)
    async with running_sandbox(settings) as sandbox, aiohttp.ClientSession() as session:
        yield Cinema(sandbox, session, tmp_path)


@pytest.fixture
async def gallery() -> AsyncIterator[Gallery]:
    gallery = Gallery()
    async with serving(gallery.picture) as gallery.origin:
        yield gallery


def a_shot(name: str = "shot-1", **fields: Any) -> Json:
    request = {"prompt": "a fox", "generationType": "TEXT_2_VIDEO", "aspectRatio": "16:9"}
    return {"id": name, **request, **fields}


def described(video: Path) -> Json:
    """What ffmpeg says of its pictures and its sound."""
    told = ffmpeg("-i", str(video), "-c", "copy", "-f", "null", "-").stderr.decode()
    size = re.search(r"Video: (\w+).*? (\d{2,5})x(\d{2,5})\b", told)
    sound = re.search(r"Audio: (\w+)", told)
    length = re.search(r"Duration: (\d+):(\d+):([\d.]+)", told)
    assert size is not None
    assert length is not None
    hours, minutes, seconds = (float(part) for part in length.groups())
    return {
        "codec": size[1],
        "audio_codec": sound[1] if sound else "",
        "size": (int(size[2]), int(size[3])),
        "duration": hours * 3600 + minutes * 60 + seconds,
    }


def frames_of(video: Path) -> list[Image.Image]:
    """One small frame of every second."""
    options = ("-vf", "fps=1,scale=64:36", "-pix_fmt", "rgb24", "-f", "rawvideo", "-")
    raw = ffmpeg("-i", str(video), *options).stdout
    length = 64 * 36 * 3
    return [
        Image.frombytes("RGB", (64, 36), raw[start : start + length])
        for start in range(0, len(raw), length)
    ]


def ffmpeg(*arguments: str) -> "subprocess.CompletedProcess[bytes]":
    program = imageio_ffmpeg.get_ffmpeg_exe()
    return subprocess.run([program, *arguments], check=True, capture_output=True)  # noqa: S603 - our own arguments


def is_like(picture: Image.Image, colour: tuple[int, int, int]) -> bool:
    """Whether a small part of the picture, or all of it, has about this colour."""
    mean = ImageStat.Stat(picture).mean
    return all(abs(part - wanted) < 60 for part, wanted in zip(mean, colour, strict=True))


@pytest.mark.parametrize(
    ("resolution", "ratio", "size"),
    [
        ("720p", "16:9", (1280, 720)),
        ("720p", "9:16", (720, 1280)),
        ("1080p", "16:9", (1920, 1080)),
        ("4k", "9:16", (2160, 3840)),
    ],
)
async def test_a_video_has_the_asked_size_and_eight_seconds(cinema, resolution, ratio, size):
    (shot,) = await cinema.shown(a_shot(aspectRatio=ratio), resolution=resolution)

    video = described(await cinema.video(shot))

    assert (video["codec"], video["size"]) == ("h264", size)
    assert video["duration"] == pytest.approx(8, abs=0.1)
    assert video["audio_codec"] == "aac"


@pytest.mark.parametrize("ratios", [("16:9", "16:9"), ("9:16", "16:9")], ids=str)
async def test_a_joined_video_is_as_long_as_its_shots(cinema, ratios):
    cinema.sandbox.nanophoto.service.overrides.joined = True

    shown = await cinema.shown(*(a_shot(str(n), aspectRatio=r) for n, r in enumerate(ratios)))

    assert len({shot["videoUrl"] for shot in shown}) == 1
    video = described(await cinema.video(shown[0]))
    assert (video["codec"], video["size"]) == ("h264", (1280, 720))
    assert video["duration"] == pytest.approx(16, abs=0.2)


async def test_a_video_goes_from_its_first_picture_to_its_last(cinema, gallery):
    addresses = [f"{gallery.origin}/red", f"{gallery.origin}/blue"]
    kind = "FIRST_AND_LAST_FRAMES_2_VIDEO"

    (shot,) = await cinema.shown(a_shot(generationType=kind, imageUrls=addresses))

    frames = frames_of(await cinema.video(shot))
    assert is_like(frames[0], RED)
    assert is_like(frames[-1], BLUE)


async def test_every_reference_is_to_be_seen_in_the_video(cinema, gallery):
    addresses = [f"{gallery.origin}/red", f"{gallery.origin}/blue", f"{gallery.origin}/red"]

    (shot,) = await cinema.shown(a_shot(generationType="REFERENCE_2_VIDEO", imageUrls=addresses))

    frame = frames_of(await cinema.video(shot))[4]
    seen = [frame.crop((16 * n - 2, 16, 16 * n + 2, 20)) for n in (1, 2, 3)]
    assert [is_like(part, colour) for part, colour in zip(seen, (RED, BLUE, RED), strict=True)] == [
        True,
        True,
        True,
    ]


async def test_pictures_are_fetched_from_their_address_alone_without_cookies_or_keys(
    cinema, gallery
):
    addresses = [f"{gallery.origin}/moved"]

    (shot,) = await cinema.shown(a_shot(generationType="REFERENCE_2_VIDEO", imageUrls=addresses))

    assert shot["status"] == "completed"
    assert gallery.cookies == gallery.authorizations == [None, None]


async def test_the_page_s_own_picture_can_be_had_without_a_network(cinema):
    request = a_shot(
        generationType="REFERENCE_2_VIDEO",
        imageUrls=["https://static.nanophoto.ai/demo/nano-banana-pro.webp"],
    )

    (shot,) = await cinema.shown(request)

    assert shot["status"] == "completed"


@pytest.mark.parametrize("name", ["gone", "broken"])
async def test_a_picture_that_cannot_be_had_or_read_makes_its_shot_fail(cinema, gallery, name):
    request = a_shot(generationType="REFERENCE_2_VIDEO", imageUrls=[f"{gallery.origin}/{name}"])

    (shot,) = await cinema.shown(request)

    assert shot["status"] == "failed"
    assert shot["error"].startswith("Video generation failed: ")
    assert gallery.origin not in shot["error"]


async def test_no_one_at_the_address_makes_the_shot_fail(cinema):
    async with serving(Gallery().picture) as origin:
        pass  # gone again

    (shot,) = await cinema.shown(
        a_shot(generationType="REFERENCE_2_VIDEO", imageUrls=[f"{origin}/red"])
    )

    assert (shot["status"], cinema.sandbox.nanophoto.service.books.balances) == (
        "failed",
        {"np-sandbox": 1000},
    )
