"""A storyboard from its list of shots to its one video: what each shot starts from and shows, and what is paid.

The kind: what reaches the service is read from its own books, what is paid from the ledger.
"""

import asyncio
import base64
import io
import itertools
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops, ImageStat

from bot.catalog.request import Origin, Shot, VideoRequest
from bot.ids import ChannelId, GuildId, UserId
from bot.jobs.job import Job, JobState
from bot.money.ledger import TransactionKind
from bot.providers.nanophoto.models import MODEL_ID, NAME
from sandbox.providers.nanogpt.runs import OPENING_BALANCE_MICROS
from sandbox.videos.rendering import Renderer
from tests.factories import NOW
from tests.integration.test_every_situation import hurry
from tests.integration.test_video_buttons import Desk, at_desk
from tests.people import Upload
from tests.pictures import picture
from tests.studio import SHORT, Json, buttons_of, opened_form

SHOT = 80_070  # millionths of a dollar for five seconds by the cheapest model
WITH_REFERENCES = {"model": "alibaba/wan-3.0/reference-to-video", "resolution": "480p"}
GUARD = "Max"  # who reads along, and sees no private answer
TINY = (64, 36)
MOST_SHOTS = 20
LIST = "a fox in the snow\na hare in the grass\nan owl at night"


async def written(desk: Desk, shots: str, *files: Upload, **options: Any) -> Json:
    """Fern's answer to a list of shots."""
    fern = desk.offices["Fern"]
    command = await fern.person.command(fern.channel, "storyboard", options, *files)
    form = await opened_form(fern.watch, command)
    return await desk.answer_to("Fern", await fern.person.submit(form, {"shots": shots}))


async def made(desk: Desk, shots: str, *files: Upload, **options: Any) -> tuple[Json, Job]:
    """Its video, and its job."""
    hurry(desk)
    answer = await written(desk, shots, *files, **options)
    assert "Accepted" in answer["content"], answer["content"]
    video = await desk.next_video(desk.offices[GUARD])
    return video, await desk.job_of(video)


async def used(desk: Desk) -> int:
    """The money that Fern's videos hold or have spent."""
    guild, office = GuildId(int(desk.studio.people.guild["id"])), desk.offices["Fern"]
    place = Origin(guild, ChannelId(int(office.channel)), UserId(int(office.person.id)))
    budget = await desk.parts.stores.money.budget(place, desk.parts.clock.now())
    return budget.allowance.used_micros


async def kinds_of_transactions(desk: Desk) -> list[TransactionKind]:
    guild = GuildId(int(desk.studio.people.guild["id"]))
    fern = UserId(int(desk.offices["Fern"].person.id))
    return [one.kind for one in await desk.parts.stores.money.transactions(guild, fern, 100)]


def numbered(count: int) -> str:
    return "\n".join(f"scene {number}" for number in range(1, count + 1))


async def test_of_21_shots_made_one_by_one_it_says_how_many_to_leave_out(studio):
    async with at_desk(studio) as desk:
        await desk.offices["Ada"].set("concurrency", videos=1)
        answer = await written(desk, numbered(MOST_SHOTS + 1), **SHORT)
        assert await desk.jobs() == []
        assert await kinds_of_transactions(desk) == []

    assert answer["content"] == (
        "A storyboard has up to 20 shots here, and you wrote 21."
        " Leave 1 out, or split it into several storyboards. Nothing was charged.\n"
        "Your text is in the attached file, so you can send it again."
    )
    assert [one["filename"] for one in answer["attachments"]] == ["storyboard.txt"]
    assert studio.runs == []


async def test_21_shots_in_one_piece_are_the_one_video_that_a_server_allows(studio):
    """Its service makes them by one request."""
    shots = tuple(Shot(f"scene {number}") for number in range(1, MOST_SHOTS + 2))
    usual = VideoRequest("x", MODEL_ID, duration_seconds=8, resolution="720p", shots=shots)
    async with at_desk(studio) as desk:
        for _ in range(30):  # as if such videos had been made here before, in an instant
            await desk.parts.stores.render_times.observe_render_time(NAME, usual, 0.5, NOW)
        fern = desk.offices["Fern"]
        await desk.offices["Ada"].set("concurrency", videos=1)
        offer = await written(desk, numbered(len(shots)), model=MODEL_ID)
        assert await used(desk) == 0
        [confirm] = [one for one in buttons_of(offer) if one["label"].startswith("Make it for")]
        record = await fern.person.press(offer, confirm["custom_id"])
        accepted = await desk.answer_to("Fern", record)
        refused = await fern.request()
        video = await desk.next_video(desk.offices[GUARD])
        job = await desk.job_of(video)
        assert await used(desk) == job.cost_micros
        assert [one.id for one in await desk.jobs() if not one.is_shot] == [job.id]

    assert confirm["label"] == "Make it for $4.20"
    assert accepted["content"].startswith("🎬 Accepted for $4.20.")
    assert refused == (
        "You have 1 video in progress; the limit is 1. Wait for one to finish, or cancel one on"
        " its card. A server admin can change that. Nothing was charged."
    )
    assert job.state is JobState.SUCCEEDED
    assert job.cost_micros == 4_200_000
    assert len(studio.sandbox.nanophoto.service.books.shots) == len(shots)
    assert studio.runs == []


async def test_a_continuous_shot_starts_from_the_last_frame_of_the_one_before(studio):
    async with at_desk(studio) as desk:
        _, job = await made(desk, LIST, continuous=True, **SHORT)
        shots = await desk.parts.stores.shots.list_shots(job.id)
        ends = [await both_ends(studio.folder / "videos" / f"{shot.id}.mp4") for shot in shots]
        assert await used(desk) == job.cost_micros

    bodies = [run.body for run in studio.sandbox.nanogpt.service.books.runs.values()]
    assert [body["prompt"] for body in bodies] == LIST.splitlines()
    assert "imageDataUrl" not in bodies[0]
    for (first, last), body in zip(ends, bodies[1:], strict=False):
        start = shrunk(Image.open(io.BytesIO(base64.b64decode(body["imageDataUrl"].split(",")[1]))))
        assert difference(start, last) < 3
        assert difference(start, last) < difference(start, first) / 2
    assert job.cost_micros == 3 * SHOT


async def both_ends(path: Path) -> tuple[Image.Image, Image.Image]:
    """The first and the last frame of a video, small."""
    width, height = TINY
    child = await asyncio.create_subprocess_exec(
        *(Renderer().program, "-v", "error", "-i", str(path), "-vf", f"scale={width}:{height}"),
        *("-pix_fmt", "rgb24", "-f", "rawvideo", "-"),
        stdout=asyncio.subprocess.PIPE,
    )
    frames, _ = await child.communicate()
    size = width * height * 3
    return (
        Image.frombytes("RGB", TINY, frames[:size]),
        Image.frombytes("RGB", TINY, frames[-size:]),
    )


def shrunk(image: Image.Image) -> Image.Image:
    return image.convert("RGB").resize(TINY, Image.Resampling.BICUBIC)


def difference(one: Image.Image, other: Image.Image) -> float:
    """How far two pictures are apart, from 0 to 255."""
    channels = ImageStat.Stat(ImageChops.difference(one, other)).mean
    return sum(channels) / len(channels)


async def test_every_shot_shows_what_the_reference_shows(studio):
    face = Upload("face.png", picture(size=(640, 360), colour=(20, 160, 220)), "image/png")
    async with at_desk(studio) as desk:
        await desk.offices["Ada"].ask("settings confirm-above", dollars="100")
        _, job = await made(desk, LIST, face, reference_1="attachment://0", **WITH_REFERENCES)
        assert await used(desk) == job.cost_micros

    bodies = [run.body for run in studio.sandbox.nanogpt.service.books.runs.values()]
    assert sorted(body["prompt"] for body in bodies) == sorted(LIST.splitlines())
    for body in bodies:
        [reference] = references_in(body)
        shown = Image.open(io.BytesIO(base64.b64decode(reference.split(",")[1])))
        assert difference(shrunk(shown), Image.new("RGB", TINY, (20, 160, 220))) < 3
    assert {shot.reference_images for shot in job.request.shots} == {job.request.reference_images}


def references_in(body: Json) -> list[str]:
    given = [value for name, value in body.items() if "reference" in name.lower() and value]
    lists = [one if isinstance(one, list) else [one] for one in given]
    return [one for one in itertools.chain(*lists) if str(one).startswith("data:")]


async def test_a_shot_that_fails_is_given_back_and_the_others_are_paid_for(studio):
    async with at_desk(studio) as desk:
        video, job = await made(
            desk, "a fox in the snow\nsomething nsfwlater\nan owl at night", **SHORT
        )
        shots = await desk.parts.stores.shots.list_shots(job.id)
        kinds = await kinds_of_transactions(desk)
        assert await used(desk) == 2 * SHOT

    assert "Shot 2 is missing; you weren't charged for it." in video["content"]
    assert [shot.state for shot in shots] == [
        JobState.SUCCEEDED, JobState.FAILED, JobState.SUCCEEDED,
    ]  # fmt: skip
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        TransactionKind.RESERVE: 3, TransactionKind.SETTLE: 2, TransactionKind.RELEASE: 1,
    }  # fmt: skip
    [left] = studio.sandbox.nanogpt.service.books.balances.values()
    assert OPENING_BALANCE_MICROS - left == 2 * SHOT
