"""One video from each example of both services' documents, by slash command, and what surrounds it."""

import io
import subprocess
from functools import partial

import imageio_ffmpeg
import pytest
from PIL import Image

from bot.catalog.request import Shot, VideoRequest
from bot.providers.nanophoto.models import MODEL_ID, NAME
from tests.factories import NOW
from tests.people import Upload
from tests.pictures import picture
from tests.studio import KeptVideos, buttons_of, is_card, is_deletion, is_failure, settled_answer

VEO = {"model": MODEL_ID}
EAGLE = "A majestic eagle soaring through mountain peaks at sunset"
WAVE = "Make the person in the image wave hello"
SKYLINE = """\
Wide shot of a city skyline at dawn, golden hour lighting
Close-up of a coffee cup on a windowsill, steam rising

A person walking through a park, autumn leaves falling
"""
IN_WORDS = {
    "veo": {"model": "veo2-video", "prompt": EAGLE, "duration": 5, "aspect_ratio": "16:9"},
    "kling": {"model": "kling-video-v2", "prompt": EAGLE, "duration": 5, "negative_prompt": "blur"},
    "hunyuan": {"model": "hunyuan-video", "prompt": EAGLE, "resolution": "720p"},
    "seedance": {"model": "seedance-video", "prompt": EAGLE, "resolution": "1080p", "seed": 42},
    "lite": {"model": "seedance-lite-video", "prompt": EAGLE, "resolution": "720p", "duration": 5},
}
WITH_PICTURE = {
    "kling standard": {"model": "kling-v21-standard", "prompt": WAVE, "duration": 5},
    "kling pro": {"model": "kling-v21-pro", "prompt": "Animate this scene with a slow dolly zoom"},
    "wan": {"model": "wan-video-image-to-video", "prompt": WAVE, "resolution": "720p", "seed": 42},
}
RETRIEVER = "A golden retriever running on a beach at sunset, cinematic lighting"
SHOT = VideoRequest("x", MODEL_ID, duration_seconds=8, resolution="720p")
SHARP = VideoRequest("x", MODEL_ID, duration_seconds=8, resolution="1080p")
THREE = VideoRequest(
    "x", MODEL_ID, duration_seconds=8, resolution="720p", shots=(Shot("a"), Shot("b"), Shot("c"))
)


async def taught(parts, *requests):
    """As if such videos had been made here before, in an instant."""
    for request in requests:
        for _ in range(30):
            await parts.stores.render_times.observe_render_time(NAME, request, 0.5, NOW)


async def confirmed(fern, watch, record):
    """Agree to a quote with its button; what is said then."""
    message = (await fern.interaction(record))["message"]
    button = message["components"][0]["components"][0]
    return button["label"], await fern.press(message, button["custom_id"])


async def made(studio, fern, command, options, *files):
    """The video of a command, agreed to where its price asks for that."""
    videos = studio.people.channel("videos")
    async with studio.bot() as parts, fern.watching() as watch:
        await taught(parts, SHOT, SHARP)
        record = await fern.command(videos, command, options, *files)
        said = await settled_answer(fern, watch, record)
        if "Accepted" not in said:
            await confirmed(fern, watch, record)
        card = await watch.until(partial(is_card, title=""))
        [video] = await studio.videos(watch)
        await watch.until(partial(is_deletion, of=card))
    return video


async def content_of(studio, video):
    async with studio.people.session.get(video["attachments"][0]["url"]) as answer:
        assert answer.status == 200
        return await answer.read()


@pytest.mark.parametrize("options", IN_WORDS.values(), ids=IN_WORDS)
async def test_every_example_in_words_of_nanogpt_becomes_a_video(studio, fern, options):
    video = await made(studio, fern, "video", options)

    assert video["attachments"]
    [run] = studio.runs
    assert run["model"] == options["model"]


@pytest.mark.parametrize("options", WITH_PICTURE.values(), ids=WITH_PICTURE)
async def test_every_example_with_a_picture_of_nanogpt_becomes_a_video(studio, fern, options):
    upload = Upload("me.png", picture(size=(640, 360)), "image/png")
    await made(studio, fern, "video", {**options, "image": "attachment://0"}, upload)

    [run] = studio.runs
    assert run["model"] == options["model"]


@pytest.mark.parametrize(
    ("options", "count"),
    [
        ({"prompt": RETRIEVER, **VEO}, 0),
        ({"prompt": RETRIEVER, **VEO, "resolution": "1080p"}, 0),
        ({"prompt": "It begins so", **VEO, "image": "attachment://0"}, 1),
        (
            {
                "prompt": "It begins so and ends so",
                **VEO,
                "image": "attachment://0",
                "end_image": "attachment://1",
            },
            2,
        ),
        ({"prompt": "The character comes alive", **VEO, "reference_1": "attachment://0"}, 1),
        (
            {
                "prompt": "All three",
                **VEO,
                "reference_1": "attachment://0",
                "reference_2": "attachment://1",
                "reference_3": "attachment://2",
            },
            3,
        ),
    ],
    ids=["words", "1080p", "first", "first and last", "reference", "references"],
)
async def test_every_kind_of_shot_of_nanophoto_becomes_a_video(studio, fern, options, count):
    uploads = [
        Upload(f"{number}.png", picture(size=(640, 360), colour=(number * 80, 90, 160)))
        for number in range(count)
    ]
    video = await made(studio, fern, "video", options, *uploads)

    assert 7.5 <= seconds_of(await content_of(studio, video)) <= 8.5
    assert len(studio.sandbox.nanophoto.service.books.shots) == 1


class Onlooker(KeptVideos):
    """Keeps the pictures that each video is made from."""

    def __init__(self, folder):
        super().__init__(folder)
        self.seen = []

    async def render(self, request, target):
        self.seen += [Image.open(io.BytesIO(request.image)).size]
        await super().render(request, target)


async def test_a_small_picture_is_enlarged_for_a_service_that_fetches_it(studio, fern, tmp_path):
    onlooker = Onlooker(tmp_path)
    studio.sandbox.nanophoto.service.studio._renderer = onlooker
    upload = Upload("emoji.png", picture(size=(128, 64)), "image/png")

    await made(studio, fern, "video", {**VEO, "prompt": WAVE, "image": "attachment://0"}, upload)

    assert onlooker.seen == [(600, 300)]


def seconds_of(video):
    """How long it plays, decoded to its end; raises where it does not play through."""
    program = imageio_ffmpeg.get_ffmpeg_exe()
    command = [
        program,
        "-v",
        "error",
        "-xerror",
        "-i",
        "pipe:0",
        "-f",
        "null",
        "-progress",
        "-",
        "-",
    ]
    played = subprocess.run(command, input=video, capture_output=True, check=True)  # noqa: S603 - our own arguments
    assert played.stderr == b""
    times = [
        line for line in played.stdout.decode().splitlines() if line.startswith("out_time_us=")
    ]
    return int(times[-1].partition("=")[2]) / 1_000_000


async def test_three_shots_arrive_as_one_video_that_plays_through(studio, fern):
    videos = studio.people.channel("videos")

    async with studio.bot() as parts, fern.watching() as watch:
        await taught(parts, THREE)
        record = await fern.command(
            videos, "storyboard", {"aspect_ratio": "16:9", "model": "nanophoto/veo-3.1"}
        )
        entered = await fern.submit(record, {"shots": SKYLINE})
        label, pressed = await asked_first(fern, watch, entered)
        [video] = await studio.videos(watch)
        said = await settled_answer(fern, watch, pressed)

    content = await content_of(studio, video)
    assert label == "Make it for $0.60"
    assert "Accepted" in said
    assert 23.5 <= seconds_of(content) <= 25
    assert len([one for one in await fern.read(videos) if one["attachments"]]) == 1


async def asked_first(fern, watch, record):
    said = await settled_answer(fern, watch, record)
    assert "Accepted" not in said
    return await confirmed(fern, watch, record)


LITE = {"prompt": EAGLE, "model": "seedance-lite-video", "duration": 5, "resolution": "480p"}


async def test_a_price_above_the_servers_threshold_is_agreed_to_first_and_once(studio, fern):
    ada, videos = studio.people.person("Ada"), studio.people.channel("videos")

    async with studio.bot(), fern.watching() as watch, ada.watching() as admin:
        change = await ada.command(videos, "settings confirm-above", {"dollars": "0.05"})
        assert "$0.05" in await settled_answer(ada, admin, change)
        record = await fern.command(videos, "video", LITE)
        quoted = await settled_answer(fern, watch, record)
        assert studio.runs == []
        message = (await fern.interaction(record))["message"]
        [button] = buttons_of(message)
        await fern.press(message, button["custom_id"])
        again = await fern.press(message, button["custom_id"])
        said = await settled_answer(fern, watch, again)
        await studio.videos(watch)

    assert "$0.09" in quoted
    assert "<t:" in quoted  # until when the quote holds
    assert len(studio.runs) == 1
    assert "already accepted this request" in said


async def test_a_key_that_is_refused_pauses_the_service_and_another_makes_the_video(studio, fern):
    ada, videos = studio.people.person("Ada"), studio.people.channel("videos")
    log = studio.people.channel("pictures")
    studio.sandbox.nanogpt.service.books.balances["sk-nano-sandbox"] = 0

    async with studio.bot() as parts, fern.watching() as watch, ada.watching() as admin:
        await taught(parts, SHOT)
        change = await ada.command(videos, "settings log-channel", {"channel": log})
        await settled_answer(ada, admin, change)
        first = await fern.command(videos, "video", LITE)
        await settled_answer(fern, watch, first)
        failed = await watch.until(is_failure)
        alert = await admin.until(partial(says, channel=log))
        second = await fern.command(videos, "video", LITE)
        said = await settled_answer(fern, watch, second)
        await confirmed(fern, watch, second)
        third = await fern.command(videos, "video", {"prompt": EAGLE})
        unnamed = await settled_answer(fern, watch, third)
        await studio.videos(watch, 2)

    assert "account is empty" in alert["content"]
    assert "Nothing was charged" in failed["content"]
    assert [one["label"] for one in buttons_of(failed)] == [
        "Retry with Veo 3.1 by NanoPhoto · $0.20"
    ]
    assert "These models can make your video now" in said
    assert "Accepted for $0.20" in unnamed  # a request that names no model waits for none
    assert studio.runs == []
    assert len(studio.sandbox.nanophoto.service.books.shots) == 2


def says(kind, data, *, channel):
    return kind == "MESSAGE_CREATE" and data["channel_id"] == channel


async def test_models_are_listed_by_price_page_by_page_and_compared(studio, fern):
    videos = studio.people.channel("videos")

    async with studio.bot(), fern.watching() as watch:
        record = await fern.command(videos, "models list", {"use": "picture", "max_price": 0.5})
        page = await listed(fern, watch, record, "Page 1")
        following = next(one for one in buttons_of(page) if "More expensive" in one["label"])
        turned = await fern.press(page, following["custom_id"])
        other = await listed(fern, watch, turned, "Page 2")
        pair = {"model_1": "seedance-lite-video", "model_2": MODEL_ID}
        compared = await fern.command(videos, "models compare", pair)
        sides = await watch.until(partial(answered_with, record=compared, words="Veo 3.1"))

    listed_lines = [line for line in lines_of(page) + lines_of(other) if "$" in line]
    amounts = [float(line.split("$")[1].split()[0]) for line in listed_lines]
    assert amounts == sorted(amounts)
    assert amounts[-1] <= 0.5
    assert "Seedance" in str(sides["message"]["embeds"])


def lines_of(page):
    return page["embeds"][0]["description"].splitlines()


def answered_with(kind, data, *, record, words):
    is_it = kind == "INTERACTION_RECORD" and data["id"] == record["id"] and data["message"]
    return bool(is_it) and words in str(data["message"]["embeds"])


async def listed(fern, watch, record, words):
    return (await watch.until(partial(answered_with, record=record, words=words)))["message"]
