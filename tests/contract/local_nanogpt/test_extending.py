"""The local NanoGPT's models that continue a video: strict about the source, and continuing it truly."""

import asyncio
import base64
import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from sandbox.providers.nanogpt.overrides import Overrides
from sandbox.videos.rendering import Renderer, RenderRequest
from sandbox.videos.sources import measured
from tests.local_nanogpt import Json, Wire, local_nanogpt

WAN = {"model": "alibaba/wan-3.0/video-extend", "duration": 2, "resolution": "480p"}  # 0.10 dollars
GROK = {"model": "grok-imagine-video-extend", "duration": "2"}
NEAR = 24.0  # of 255, on average: the still begins to move at once
FAR = 40.0


@pytest.fixture
async def wire(tmp_path) -> AsyncIterator[Wire]:
    async with local_nanogpt(tmp_path, blank=False) as opened:
        yield opened


async def rendered(folder: Path, seconds: float = 2, **fields) -> bytes:
    target = folder / "given.mp4"
    request = RenderRequest("a red fox in snow", seconds, "360p", **fields)
    await Renderer().render(request, target)
    return target.read_bytes()


async def red_for(seconds: int, folder: Path) -> bytes:
    """A small video of one colour, which is quick to make however long it is."""
    target, drawn = folder / "red.mp4", f"color=c=red:s=64x64:r=5:d={seconds}"
    made = ("-f", "lavfi", "-i", drawn, "-pix_fmt", "yuv420p", str(target))
    child = await asyncio.create_subprocess_exec(Renderer().program, "-v", "error", *made)
    assert await child.wait() == 0
    return target.read_bytes()


@pytest.fixture
async def source(tmp_path) -> bytes:
    return await rendered(tmp_path)


def inside(content: bytes) -> Json:
    return {"videoDataUrl": f"data:video/mp4;base64,{base64.b64encode(content).decode()}"}


def differing(one: bytes, other: bytes) -> float:
    pictures = [
        Image.open(io.BytesIO(png)).convert("RGB").resize((160, 90)) for png in (one, other)
    ]
    return sum(ImageStat.Stat(ImageChops.difference(*pictures)).mean) / 3


async def first_frame(content: bytes, folder: Path) -> bytes:
    """Of a video: the last frame of its first quarter of a second."""
    path, frame = folder / "made.mp4", folder / "first.png"
    path.write_bytes(content)
    child = await asyncio.create_subprocess_exec(
        Renderer().program, "-v", "error", "-y", "-i", str(path), "-frames:v", "1", str(frame)
    )
    assert await child.wait() == 0
    return frame.read_bytes()


async def test_an_extension_begins_with_the_last_frame_of_its_source(wire, source, tmp_path):
    run = await wire.made(**WAN, **inside(source), prompt="a green dragon")

    given = await measured(source, Renderer())
    made = await measured((wire.service.folder / run.video).read_bytes(), Renderer())
    first = await first_frame(made.content, tmp_path)
    assert run.state == "COMPLETED"
    assert made.seconds == 2.0
    assert made.width / made.height == pytest.approx(16 / 9, abs=0.01)
    assert differing(first, given.last_frame) < NEAR
    assert differing(plain("white"), given.last_frame) > FAR  # or the measure would say nothing


def plain(colour: str) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (160, 90), colour).save(written, "PNG")
    return written.getvalue()


async def test_it_may_hand_out_the_source_as_well(wire, source):
    wire.service.overrides = Overrides(generation_seconds=0, extension="whole")

    run = await wire.made(**WAN, **inside(source))

    made = await measured((wire.service.folder / run.video).read_bytes(), Renderer())
    assert made.seconds == pytest.approx(4.0, abs=0.1)
    assert (made.width, made.height) == (640, 360)


async def test_a_source_is_fetched_from_its_address(wire):
    first = await wire.made(model="bytedance-seedance-v1-pro-fast", duration="2")
    address = f"{wire.service.storage_origin}/storage/{first.video}"

    run = await wire.made(**WAN, videoUrl=address)

    assert run.state == "COMPLETED"


async def test_it_keeps_an_upright_shape(wire, tmp_path):
    upright = await rendered(tmp_path, aspect_ratio="9:16")

    run = await wire.made(**WAN, **inside(upright))

    made = await measured((wire.service.folder / run.video).read_bytes(), Renderer())
    assert made.width < made.height


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({}, 400, "requires an input video"),
        ({"videoDataUrl": ""}, 400, "requires an input video"),
        ({"video": "https://videos.example/a.mp4"}, 400, "requires an input video"),
        ({"videoDataUrl": "data:video/mp4;base64,%%%"}, 400, "Invalid videoDataUrl"),
        ({"videoDataUrl": "data:video/mp4;base64,AAAA"}, 400, "could not be read"),
        ({"videoUrl": "nowhere"}, 400, "Invalid videoUrl"),
        ({"videoUrl": "http://127.0.0.1:1/a.mp4"}, 400, "could not be read"),
        ({"videoAttachmentId": "att_1"}, 404, "Attachment not found"),
    ],
    ids=str,
)
async def test_a_wrong_or_missing_source_is_refused_free_of_charge(wire, fields, status, said):
    answered, body, _ = await wire.submit(**(WAN | fields))

    assert answered == status
    assert said in str(body["error"])
    assert wire.service.books.entries == []


@pytest.mark.parametrize(
    "extra",
    [
        {"imageDataUrl": "data:image/png;base64,AAAA"},
        {"imageUrl": "https://pictures.example/a.png"},
        {"last_image": "https://pictures.example/a.png"},
        {"referenceImages": ["https://pictures.example/a.png"]},
        {"audioUrl": "https://sounds.example/a.mp3"},
    ],
    ids=lambda extra: next(iter(extra)),
)
async def test_media_beside_the_source_are_a_validation_error(wire, source, extra):
    answered, body, _ = await wire.submit(**WAN, **inside(source), **extra)

    assert (answered, body["error"]["code"]) == (422, "validation_error")
    assert wire.service.books.entries == []


@pytest.mark.parametrize(("seconds", "fields"), [(121, WAN), (1, GROK)])
async def test_a_source_too_long_or_too_short_is_refused(wire, tmp_path, seconds, fields):
    content = await red_for(seconds, tmp_path)

    answered, body, _ = await wire.submit(**fields, **inside(content))

    assert answered == 400
    assert "seconds long" in str(body["error"])
    assert wire.service.books.entries == []


async def test_more_than_four_megabytes_inside_are_refused(wire, source):
    padded = source + bytes(4 * 1024 * 1024)

    answered, _, _ = await wire.submit(**WAN, **inside(padded))

    assert answered == 413


@pytest.mark.parametrize(
    ("fields", "dollars"),
    [
        (WAN, 0.10),
        ({"model": "alibaba/wan-3.0/video-extend", "duration": 2}, 0.20),
        (GROK, 0.16),  # two seconds at the highest rate, and two of the source
        ({"model": "veo3-1-extend"}, 2.80),
        ({"model": "veo3-1-fast-extend", "resolution": "720p"}, 1.05),
        ({"model": "bytedance-seedance-2-0-mini-video-extend"}, 0.60),
        ({"model": "bytedance-seedance-v1.5-pro-extend", "resolution": "480p"}, 0.12),
    ],
    ids=str,
)
async def test_an_extension_is_charged_by_its_own_price(wire, source, fields, dollars):
    asked = {"model": "", "duration": None, "resolution": None} | fields | inside(source)
    asked = {name: value for name, value in asked.items() if value is not None}
    wanted = {"prompt": "it jumps"} | asked

    status, quoted, _ = await wire.call(
        "POST", "/api/generate-video", json=wanted, headers={"x-x402": "true"}
    )
    _, body, _ = await wire.call("POST", "/api/generate-video", json=wanted)

    assert status == 402
    assert float(quoted["payment"]["amountUsd"]) == body["cost"] == pytest.approx(dollars)


async def test_an_edit_still_takes_a_video_and_is_no_extension(wire, source):
    run = await wire.made(model="grok-imagine-video-edit", **inside(source))

    assert run.state == "COMPLETED"
