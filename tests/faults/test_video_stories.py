"""What a service delivers in the place of a good video, or on the way to it.

The kind: videos in other formats than every client plays, cut short, without a picture, or no more
than sound; stores that redirect, in a circle too, with headers of tens of kilobytes; and messages
that Discord refuses for the words they quote. What can be played is posted in H.264; what cannot
ends in words, and its member has the money back.
"""

import asyncio
import re
import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import imageio_ffmpeg
import pytest

from bot.ids import GuildId
from bot.media.videos.converting import Converter
from bot.media.videos.ffmpeg import Ffmpeg
from bot.worker import download
from sandbox.videos.rendering import RenderRequest
from tests.faults.lines import DISCORD, NANOGPT_VIDEOS
from tests.faults.troubles import Strike, Trouble
from tests.people import Json
from tests.studio import is_failure

PICTURES = ("-f", "lavfi", "-i", "testsrc2=size=64x48:rate=8:duration=2")
SOUND = ("-f", "lavfi", "-i", "sine=duration=1")
H264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p")
HEVC = ("-c:v", "libx265", "-x265-params", "log-level=none")
OTHER_FORMATS = {
    "HEVC": (*PICTURES, *HEVC, "-f", "mp4"),
    "VP9 in WebM": (*PICTURES, "-c:v", "libvpx-vp9", "-f", "webm"),
    "MPEG-4 part 2": (*PICTURES, "-c:v", "mpeg4", "-f", "mp4"),
}
NO_VIDEOS = {
    "no pictures": (*PICTURES, "-frames:v", "0", *H264, "-f", "mp4"),
    "sound alone": (*SOUND, "-c:a", "aac", "-f", "mp4"),
    "cut short": (*PICTURES, *H264, "-f", "mp4"),  # its index stands at the end
}
SIGNATURE = "x" * 6 * 1024  # as long as the sandbox takes addresses
COOKIE = "x" * 48 * 1024
DAY = timedelta(days=1)
FETCH: Json = {"method": "GET", "path": "/storage/*"}
POST: Json = {"method": "POST", "path": "*/channels/*/messages"}
HARMFUL = b'{"message": "Message blocked by harmful links filter", "code": 240000}'
FFMPEG = Ffmpeg(Path(imageio_ffmpeg.get_ffmpeg_exe()))


@dataclass
class Delivers:
    """In the place of the sandbox's renderer: this file, whatever was asked for."""

    file: Path

    async def render(self, _request: RenderRequest, target: Path) -> None:
        await asyncio.to_thread(shutil.copyfile, self.file, target)


async def deliver(lined, recipe, *, share=1.0):
    """Have the service make such a video, or the first share of it, for everyone."""
    file = lined.folder.parent / "made"
    finished = await FFMPEG.run(*recipe, str(file), folder=file.parent)
    assert finished.code == 0, finished.output[-600:]
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * share)])
    lined.sandbox.nanogpt.service._renderer = Delivers(file)


async def codec_posted(lined, fern):
    """How the video that stands in the channel is encoded, as ffmpeg describes it."""
    posted = await fern.read(lined.people.channel("videos"))
    [address] = [file["url"] for message in posted for file in message["attachments"]]
    file = lined.folder.parent / "posted"
    async with lined.people.session.get(address) as response:
        file.write_bytes(await response.read())
    told = (await FFMPEG.run("-i", str(file), folder=file.parent)).output
    return re.findall(r"Video: (\w+)", told)


async def paid_by_members(lined, parts):
    """In millionths of a dollar, what was given back taken off."""
    guild, now = GuildId(int(lined.people.guild["id"])), parts.clock.now()
    spending = await parts.stores.money.spending(guild, now - DAY, now + DAY)
    return sum(one.member_micros for one in spending)


@pytest.mark.parametrize("recipe", OTHER_FORMATS.values(), ids=OTHER_FORMATS)
async def test_a_video_that_does_not_play_everywhere_is_posted_in_h264(lined, fern, recipe):
    await deliver(lined, recipe)
    async with lined.quick_bot() as parts, fern.watching() as watch:
        await lined.request(fern, ["fox 0"])
        await lined.ended(watch, 1)
        titles = await lined.judge(parts, fern, ["fox 0"])
        paid = await paid_by_members(lined, parts)

    assert list(titles.values()) == [1]
    assert await codec_posted(lined, fern) == ["h264"]
    assert paid > 0


async def test_a_video_that_is_posted_as_it_is_would_be_noticed(lined, fern, monkeypatch):
    async def played(*_: object) -> bool:
        return True

    monkeypatch.setattr(Converter, "is_played", played)
    await deliver(lined, OTHER_FORMATS["HEVC"])
    async with lined.quick_bot(), fern.watching() as watch:
        await lined.request(fern, ["fox 0"])
        await lined.ended(watch, 1)

    assert await codec_posted(lined, fern) == ["hevc"]


@pytest.mark.parametrize("what", NO_VIDEOS)
async def test_a_delivery_that_is_no_video_ends_in_words_and_costs_nothing(
    lined, fern, monkeypatch, what
):
    monkeypatch.setattr(download, "MAX_UNUSABLE", 2)
    await deliver(lined, NO_VIDEOS[what], share=0.5 if what == "cut short" else 1.0)
    async with lined.quick_bot() as parts, fern.watching() as watch:
        await lined.request(fern, ["fox 0"])
        failed = await watch.until(is_failure)
        titles = await lined.judge(parts, fern, ["fox 0"])
        paid = await paid_by_members(lined, parts)

    assert list(titles.values()) == [1]
    assert "couldn't download it" in failed["content"]
    assert "You weren't charged" in failed["content"]
    assert paid == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_with_long_headers_lead_to_the_video(lined, fern, status):
    headers = {"Location": f"?signature={SIGNATURE}", "Set-Cookie": COOKIE}
    redirect = Strike(Trouble.ANSWER, **FETCH, status=status, headers=headers, times=2)
    lined.order(NANOGPT_VIDEOS, redirect)
    async with lined.quick_bot() as parts, fern.watching() as watch:
        await lined.request(fern, ["fox 0"])
        await lined.ended(watch, 1)
        titles = await lined.judge(parts, fern, ["fox 0"])

    assert list(titles.values()) == [1]
    assert len(lined.lines[NANOGPT_VIDEOS].requests) == 3  # fetched once, at the end of both


async def test_redirects_in_a_circle_only_take_longer(lined, fern):
    circle = Strike(Trouble.ANSWER, **FETCH, status=302, headers={"Location": "?again"}, times=5)
    lined.order(NANOGPT_VIDEOS, circle)
    async with lined.quick_bot() as parts, fern.watching() as watch:
        await lined.request(fern, ["fox 0"])
        await lined.ended(watch, 1)
        titles = await lined.judge(parts, fern, ["fox 0"])

    assert list(titles.values()) == [1]
    assert circle.struck == 5


async def test_a_video_refused_for_what_it_quotes_is_sent_once_more_and_never_as_it_was(
    lined, fern
):
    refused = Strike(Trouble.ANSWER, **POST, after=1, status=400, body=HARMFUL)
    away = Strike(Trouble.ANSWER, **POST, after=1, status=503, body=b"<html>")
    lined.order(DISCORD, refused, away)
    async with lined.quick_bot() as parts, fern.watching() as watch:
        await lined.request(fern, ["fox 0"])
        await lined.ended(watch, 1)
        titles = await lined.judge(parts, fern, ["fox 0"])

    bodies = [request.body for request in lined.lines[DISCORD].heard]
    # what stands before the file: the recipe within it is the member's, and no one's to refuse
    said = [body.partition(b"filename=")[0] for body in bodies if b"filename=" in body]
    assert (refused.struck, away.struck) == (1, 1)
    assert [b"fox 0" in one for one in said] == [True, False, False]
    assert list(titles.values()) == [1]
