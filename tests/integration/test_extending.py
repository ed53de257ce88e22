"""A video is continued: by its model's own extension or from its last frame, and a longer one is posted."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from bot.catalog.extension import ExtensionPlan, Way
from bot.catalog.request import Derivation, Origin, Parent
from bot.composition import Application
from bot.errors import InvalidRequestError, VideoRejectedError
from bot.ids import ChannelId, GuildId, IdempotencyKey, UserId
from bot.jobs.job import Job
from bot.providers.nanogpt.client import NanoGpt
from sandbox.videos.rendering import Renderer
from sandbox.videos.sources import GivenVideo, measured
from tests.people import Person, Upload
from tests.pictures import picture
from tests.studio import FOX, Studio, settled_answer

WAN = {
    "prompt": "a fox running through snow",
    "model": "alibaba/wan-3.0/text-to-video",
    "duration": 2,
    "resolution": "480p",
}  # 0.14 dollars; its extension costs 0.10


def place_of(studio: Studio, person: Person, channel: str) -> Origin:
    return Origin(
        GuildId(int(studio.people.guild["id"])),
        ChannelId(int(studio.people.channel(channel))),
        UserId(int(person.id)),
    )


async def latest_job(parts: Application, place: Origin) -> Job:
    """Of a member whose jobs have all ended."""
    return (await parts.stores.jobs.list_ended(place.guild_id, place.user_id, 1))[0]


async def extended(parts: Application, place: Origin, key: str, **asked: Any) -> ExtensionPlan:
    """Order an extension of the member's latest video, as a press would."""
    services, job = parts.client.services, await latest_job(parts, place)
    plan = await services.extending.of_job(job, place, **asked)
    result = await services.ordering.ask(plan.request, place, IdempotencyKey(key))
    assert result.job is not None
    assert plan.price is not None
    assert result.job.cost_micros == plan.price.cost_micros
    return plan


async def drawn(folder: Path, source: str, *encoding: str) -> bytes:
    """A small file, drawn by ffmpeg."""
    target = folder / "drawn.mp4"
    made = ("-y", "-f", "lavfi", "-i", source, *encoding, str(target))
    child = await asyncio.create_subprocess_exec(Renderer().program, "-v", "error", *made)
    assert await child.wait() == 0
    return target.read_bytes()


async def red_for(seconds: int, folder: Path, rate: int = 12, size: str = "640x360") -> bytes:
    """A small video of one colour, which is quick to make."""
    source = f"color=c=red:s={size}:r={rate}:d={seconds}"
    return await drawn(folder, source, "-pix_fmt", "yuv420p")


async def seen(studio: Studio, message: Any) -> GivenVideo:
    """The video of a message, as its reader gets it."""
    async with studio.people.session.get(message["attachments"][0]["url"]) as answer:
        return await measured(await answer.read(), Renderer())


async def test_a_video_is_continued_from_its_last_frame_and_posted_as_one(studio, fern):
    place = place_of(studio, fern, "videos")
    async with studio.bot() as parts, fern.watching() as watch:
        await fern.command(str(place.channel_id), "video", FOX)
        await studio.videos(watch)
        plan = await extended(parts, place, "extend:1", prompt="it jumps over a brook")
        messages = await studio.videos(watch, 2)
        job = await latest_job(parts, place)
        first, second = [await seen(studio, one) for one in messages]

    assert (plan.way, plan.request.model_id) == (Way.LAST_FRAME, "seedance-lite-video")
    assert plan.total_seconds == pytest.approx(10.0, abs=0.1)
    assert first.seconds == pytest.approx(5.0, abs=0.1)
    assert second.seconds == pytest.approx(10.0, abs=0.1)
    assert (second.width, second.height) == (first.width, first.height)
    assert "it jumps over a brook" in messages[1]["content"]
    assert job.artifact is not None
    assert job.artifact.remark is None
    assert job.artifact.duration_seconds == pytest.approx(10.0, abs=0.1)
    assert job.request.parent is not None
    assert (job.request.parent.derivation, job.request.parent.extended) == (Derivation.EXTEND, 0)
    assert [run["cost"] for run in studio.runs] == [0.08007, 0.08007]


@pytest.mark.parametrize("hands_out", ["new", "whole"])
async def test_a_models_own_extension_gets_the_video_itself(studio, fern, hands_out):
    studio.sandbox.nanogpt.service.overrides.extension = hands_out
    place = place_of(studio, fern, "videos")
    async with studio.bot() as parts, fern.watching() as watch:
        await fern.command(str(place.channel_id), "video", WAN)
        await studio.videos(watch)
        plan = await extended(parts, place, "extend:1")
        await studio.videos(watch, 2)
        await extended(parts, place, "extend:2")
        messages = await studio.videos(watch, 3)
        lengths = [(await seen(studio, one)).seconds for one in messages]
        job = await latest_job(parts, place)

    assert (plan.way, plan.request.model_id) == (Way.OWN, "alibaba/wan-3.0/video-extend")
    assert lengths == pytest.approx([2.0, 4.0, 6.0], abs=0.15)
    assert job.request.parent is not None
    assert job.request.parent.extended == 1
    assert [(run["model"], run["cost"]) for run in studio.runs] == [
        ("alibaba/wan-3.0/text-to-video", 0.14),
        ("alibaba/wan-3.0/video-extend", 0.10),
        ("alibaba/wan-3.0/video-extend", 0.10),
    ]


async def test_a_video_too_large_to_be_sent_inside_is_fetched_from_its_message(
    studio, fern, monkeypatch
):
    monkeypatch.setattr(NanoGpt, "pictures_max_bytes", 1_000)
    place = place_of(studio, fern, "videos")
    async with studio.bot() as parts, fern.watching() as watch:
        await fern.command(str(place.channel_id), "video", WAN)
        [first] = await studio.videos(watch)
        await extended(parts, place, "extend:1")
        messages = await studio.videos(watch, 2)
        length = (await seen(studio, messages[1])).seconds

    body = list(studio.sandbox.nanogpt.service.books.runs.values())[1].body
    posted = URL(first["attachments"][0]["url"])
    assert "videoDataUrl" not in body
    assert URL(body["videoUrl"]).path == posted.path
    assert length == pytest.approx(4.0, abs=0.15)


async def test_a_fifth_extension_is_refused_before_anything_is_read_or_charged(studio, fern):
    place = place_of(studio, fern, "videos")
    async with studio.bot() as parts, fern.watching() as watch:
        await fern.command(str(place.channel_id), "video", WAN)
        await studio.videos(watch)
        job = await latest_job(parts, place)
        parent = Parent(Derivation.EXTEND, None, 4)
        fourth = replace(job, request=replace(job.request, parent=parent))
        with pytest.raises(InvalidRequestError) as refused:
            await parts.client.services.extending.of_job(fourth, place)

    assert len(refused.value.reasons) == 1
    assert "has been extended 4 times" in refused.value.reasons[0]
    assert len(studio.runs) == 1


async def test_another_bots_video_is_continued_from_its_last_frame(studio, fern, tmp_path):
    place = place_of(studio, fern, "videos")
    clip = Upload("clip.mp4", await red_for(3, tmp_path), "video/mp4")
    async with studio.bot() as parts, fern.watching() as watch:
        message = await fern.say(str(place.channel_id), "mine", clip)
        services, address = parts.client.services, message["attachments"][0]["url"]
        plan, _ = await services.extending.of_address(
            address, "clip.mp4", place, prompt="it blooms"
        )
        await services.ordering.ask(plan.request, place, IdempotencyKey("extend:1"))
        job_messages = await studio.videos(watch, 2)
        made = await seen(studio, job_messages[-1])

    assert plan.way is Way.LAST_FRAME
    assert plan.total_seconds is not None
    assert made.seconds == pytest.approx(plan.total_seconds, abs=0.3)


@pytest.mark.parametrize(
    ("name", "content"),
    [("sky.png", picture()), ("words.mp4", b"no video"), ("empty.mp4", b"\0")],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_is_no_video_gets_one_sentence_and_nothing_is_charged(
    studio, fern, name, content
):
    place = place_of(studio, fern, "videos")
    async with studio.bot() as parts:
        message = await fern.say(str(place.channel_id), "", Upload(name, content, "video/mp4"))
        with pytest.raises(VideoRejectedError) as refused:
            await parts.client.services.extending.of_address(
                message["attachments"][0]["url"], name, place, prompt="it blooms"
            )
        ended = await parts.stores.jobs.list_ended(place.guild_id, place.user_id, 1)

    assert name in str(refused.value)
    assert ended == []
    assert studio.runs == []


async def asked_to_extend(studio: Studio, fern: Person, message: Any) -> str:
    """The answer to Extend video in the Apps menu of this message."""
    async with fern.watching() as watch:
        record = await fern.menu(message["channel_id"], "Extend video", message["id"])
        return await settled_answer(fern, watch, record)


async def test_extend_video_refuses_twenty_minutes_and_charges_nothing(studio, fern, tmp_path):
    place = place_of(studio, fern, "videos")
    talk = Upload("talk.mp4", await red_for(1200, tmp_path, rate=1), "video/mp4")
    async with studio.bot() as parts:
        message = await fern.say(str(place.channel_id), "my talk", talk)
        said = await asked_to_extend(studio, fern, message)
        await ensure_nothing_came_of_it(studio, parts, place)

    assert said == "talk.mp4 lasts 20 minutes. Cut it to at most 2 minutes. Nothing was charged."


async def test_extend_video_takes_hevc_and_any_shape_and_refuses_sound_alone(
    studio, fern, tmp_path
):
    """One sentence where there is no picture; what has one is continued, in the nearest shape."""
    place = place_of(studio, fern, "videos")
    hevc = ("-c:v", "libx265", "-x265-params", "log-level=none", "-tag:v", "hvc1")
    odd = ("-c:v", "libx264", "-pix_fmt", "yuv444p")
    files = {
        "hevc.mp4": await drawn(tmp_path, "color=c=red:s=320x180:r=12:d=2", *hevc),
        "vertical.mp4": await red_for(2, tmp_path, size="180x320"),
        "odd.mp4": await drawn(tmp_path, "color=c=red:s=181x321:r=12:d=2", *odd),
    }
    sound = Upload("sound.mp4", await drawn(tmp_path, "sine=d=2", "-c:a", "aac"), "video/mp4")
    async with studio.bot() as parts:
        silent = await asked_to_extend(
            studio, fern, await fern.say(str(place.channel_id), "", sound)
        )
        await ensure_nothing_came_of_it(studio, parts, place)
        plans = {}
        for name, content in files.items():
            upload = Upload(name, content, "video/mp4")
            message = await fern.say(str(place.channel_id), "", upload)
            plans[name], _ = await parts.client.services.extending.of_address(
                message["attachments"][0]["url"], name, place, prompt="it blooms"
            )

    assert silent.startswith("sound.mp4 ")
    assert silent.endswith(" Nothing was charged.")
    assert {plan.way for plan in plans.values()} == {Way.LAST_FRAME}
    assert {plan.total_seconds for plan in plans.values()} == {7}
    sides = {name: _is_upright(plan) for name, plan in plans.items()}
    assert sides == {"hevc.mp4": False, "vertical.mp4": True, "odd.mp4": True}


def _is_upright(plan: ExtensionPlan) -> bool:
    image = plan.request.image
    assert image is not None
    return image.height > image.width


async def test_extend_video_refuses_500_mb_unread_and_charges_nothing(studio, fern, tmp_path):
    place = place_of(studio, fern, "videos")
    movie = Upload("movie.mp4", await red_for(3, tmp_path), "video/mp4")
    async with studio.bot() as parts:
        message = await fern.say(str(place.channel_id), "my movie", movie)
        [attachment] = message["attachments"]
        path = studio.sandbox.discord.world.blobs.path(int(attachment["id"]))
        os.truncate(path, 500 * 1024 * 1024)  # sparse: it takes no room
        said = await asked_to_extend(studio, fern, message)
        await ensure_nothing_came_of_it(studio, parts, place)

    assert said == (
        "movie.mp4 is larger than 100 MB. Send a shorter or smaller video. Nothing was charged."
    )


async def ensure_nothing_came_of_it(studio: Studio, parts: Application, place: Origin) -> None:
    """No job, no money moved, no request to a service, and no file left behind."""
    store = parts.stores.jobs
    assert await store.list_active(user_id=place.user_id) == []
    assert await store.list_ended(place.guild_id, place.user_id, 1) == []
    assert await parts.stores.money.transactions(place.guild_id, place.user_id, 1) == []
    assert studio.runs == []
    assert list((studio.folder / "source-videos").iterdir()) == []
