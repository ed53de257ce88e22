"""What a newcomer does, with the real bot on the sandbox, through the people's interface."""

import io
from functools import partial

import pytest
from PIL import Image

from tests.people import Upload
from tests.pictures import picture
from tests.studio import (
    FOX,
    buttons_of,
    is_card,
    is_deletion,
    is_failure,
    outcome_of,
    remove,
    settled_answer,
)


async def test_words_become_a_video_in_the_channel(studio):
    fern, videos = studio.people.person("Fern"), studio.people.channel("videos")

    async with studio.bot(), fern.watching() as watch:
        record = await fern.command(videos, "video", FOX)
        card = await watch.until(partial(is_card, title="Queued"))
        [video] = await studio.videos(watch)
        await watch.until(partial(is_deletion, of=card))
        said = await settled_answer(fern, watch, record)

    assert record["state"] == "deferred"
    assert said.startswith("🎬 Accepted for $0.09.")
    assert f"<@{fern.id}>" in video["content"]
    assert [user["id"] for user in video["mentions"]] == [fern.id]
    assert video["attachments"][0]["content_type"] == "video/mp4"
    assert "a fox running through snow" in card["embeds"][0]["description"]
    assert "a fox running through snow" in video["content"]
    assert len(studio.runs) == 1


async def test_a_reaction_makes_a_picture_move_once_per_member(studio):
    fern, juno = studio.people.person("Fern"), studio.people.person("Juno")
    channel = studio.people.channel("pictures")
    message = await juno.say(channel, "look", Upload("sky.png", picture(), "image/png"))

    async with studio.bot(), fern.watching() as watch:
        await fern.react(message, "🎬")
        [video] = await studio.videos(watch)
        await fern.unreact(message, "🎬")
        await fern.react(message, "🎬")
        await juno.react(message, "🎬")
        videos = await studio.videos(watch, 2)

    assert f"<@{fern.id}>" in video["content"]
    assert f"<@{juno.id}>" in videos[1]["content"]
    assert len(studio.runs) == 2


async def test_a_reaction_works_on_a_message_from_before_the_bot_came(studio):
    fern, channel = studio.people.person("Fern"), studio.people.channel("pictures")
    message = next(m for m in await fern.read(channel) if m["attachments"])

    async with studio.bot(), fern.watching() as watch:
        await fern.react(message, "🎬")
        [video] = await studio.videos(watch)

    assert video["message_reference"]["message_id"] == message["id"]


async def test_the_message_command_animates_too(studio):
    fern, channel = studio.people.person("Fern"), studio.people.channel("pictures")
    message = await fern.say(channel, "", Upload("sky.webp", picture("WEBP"), "image/webp"))

    async with studio.bot(), fern.watching() as watch:
        record = await fern.animate(watch, channel, message["id"])
        await studio.videos(watch)
        said = await settled_answer(fern, watch, record)

    assert said.startswith("🎬 Accepted for $0.")
    assert "Follow its card in the channel" in said


@pytest.mark.undocumented  # Discord's document knows no forwards
async def test_a_forwarded_picture_moves_too(studio):
    fern, pictures = studio.people.person("Fern"), studio.people.channel("pictures")
    message = next(m for m in await fern.read(pictures) if m["attachments"])
    pointer = {"channel_id": pictures, "message_id": message["id"]}
    forwarded = await fern.say(studio.people.channel("videos"), forward=pointer)

    async with studio.bot(), fern.watching() as watch:
        await fern.react(forwarded, "🎬")
        await studio.videos(watch)

    assert len(studio.runs) == 1


async def test_a_sticker_moves_too(studio):
    fern, pictures = studio.people.person("Fern"), studio.people.channel("pictures")
    sticker = studio.people.guild["stickers"][0]
    message = await fern.say(pictures, sticker_ids=[sticker["id"]])

    async with studio.bot(), fern.watching() as watch:
        await fern.react(message, "🎬")
        await studio.videos(watch)

    assert len(studio.runs) == 1


async def test_a_request_is_cancelled_while_it_waits(studio):
    fern, videos = studio.people.person("Fern"), studio.people.channel("videos")

    async with studio.bot() as parts, fern.watching() as watch:
        parts.providers.clear()  # so that it waits forever
        await fern.command(videos, "video", FOX)
        card = await watch.until(partial(is_card, title="Queued"))
        pressed = await fern.press(card, card["components"][0]["components"][0]["custom_id"])
        said = await settled_answer(fern, watch, pressed)
        await watch.until(partial(is_card, title="Cancelled"))

    assert said == "Cancelled. Nothing was charged."
    assert studio.runs == []


async def test_a_video_rendering_is_only_no_longer_watched(studio):
    fern, videos = studio.people.person("Fern"), studio.people.channel("videos")
    studio.make_slowly()

    async with studio.bot(), fern.watching() as watch:
        await fern.command(videos, "video", FOX)
        card = await watch.until(partial(is_card, title="Rendering"))
        pressed = await fern.press(card, buttons_of(card)[0]["custom_id"])
        asked = await settled_answer(fern, watch, pressed)
        question = (await fern.interaction(pressed))["message"]
        stopped = await fern.press(question, buttons_of(question)[0]["custom_id"])
        said = await settled_answer(fern, watch, stopped)
        ended = await watch.until(partial(is_card, title="Cancelled"))

    assert (
        asked
        == "The video service has already started, so you'll pay $0.09 either way. Cancel anyway?"
    )
    assert "you still pay what it charges" in said
    assert outcome_of(ended).startswith("You still pay what the video service charged.")


async def test_of_two_pictures_in_a_message_it_is_asked_which_one_and_both_become_videos(studio):
    fern, channel = studio.people.person("Fern"), studio.people.channel("pictures")
    uploads = [
        Upload("a.png", picture(), "image/png"),
        Upload("b.jpg", picture("JPEG", colour=(9, 9, 99)), "image/jpeg"),
    ]
    message = await fern.say(channel, "", *uploads)

    async with studio.bot(), fern.watching() as watch:
        await fern.react(message, "🎬")
        question = await watch.until(
            lambda kind, data: kind == "MESSAGE_CREATE" and "Which one" in data["content"]
        )
        assert studio.runs == []
        *_, both = buttons_of(question)
        await fern.press(question, both["custom_id"])
        await studio.videos(watch, 2)

    assert both["label"].startswith("All 2 for $0.")
    assert len(studio.runs) == 2


async def test_a_first_and_a_last_picture_make_a_video(studio):
    fern, videos = studio.people.person("Fern"), studio.people.channel("videos")
    options = {
        "prompt": "from dawn to dusk",
        "model": "kling-v21-pro",
        "image": "attachment://0",
        "end_image": "attachment://1",
    }
    uploads = [
        Upload("dawn.png", picture(), "image/png"),
        Upload("dusk.png", picture(colour=(20, 20, 80)), "image/png"),
    ]

    async with studio.bot(), fern.watching() as watch:
        await fern.command(videos, "video", options, *uploads)
        await studio.videos(watch)

    assert len(studio.runs) == 1


REFUSED = {
    "an unknown model": (
        {"prompt": "a fox", "model": "seedance-lite-vidoe"},
        "Did you mean `seedance-lite-video`",
    ),
    "a duration that the model lacks": (
        {"prompt": "a fox", "model": "seedance-lite-video", "duration": 7},
        "makes videos of 5 or 10 s, not 7 s. The nearest is 5 s",
    ),
    "an empty prompt": ({"prompt": " "}, "The prompt is empty"),
    "a missing picture": (
        {"prompt": "wave", "model": "kling-v21-pro"},
        "only animates pictures. Add a picture with `image`",
    ),
}


@pytest.mark.parametrize(("options", "expected"), REFUSED.values(), ids=REFUSED.keys())
async def test_bad_input_gets_one_clear_answer_and_nothing_is_spent(studio, options, expected):
    fern, videos = studio.people.person("Fern"), studio.people.channel("videos")

    async with studio.bot(), fern.watching() as watch:
        record = await fern.command(videos, "video", options)
        said = await settled_answer(fern, watch, record)

    assert expected in said
    assert said.endswith("Nothing was charged.")
    assert studio.runs == []


async def test_a_prompt_that_is_too_long_comes_back_in_a_file_and_nothing_is_spent(studio):
    fern, videos = studio.people.person("Fern"), studio.people.channel("videos")

    async with studio.bot(), fern.watching() as watch:
        record = await fern.command(videos, "video", {"prompt": "x" * 6000})
        said = await settled_answer(fern, watch, record)
        message = (await fern.interaction(record))["message"]

    assert "Shorten it by 2000. Nothing was charged.\nYour text is in the attached file" in said
    assert [one["size"] for one in message["attachments"]] == [6000]
    assert studio.runs == []


def bomb():
    """A small file that would be 400 million pixels."""
    target = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(target, "PNG", compress_level=1)  # quickly
    return target.getvalue()


BAD_PICTURES = {
    "corrupt": (Upload("torn.png", picture()[:60], "image/png"), "torn.png is damaged"),
    "a bomb": (Upload("bomb.png", bomb(), "image/png"), "more than 33 megapixels"),
    "a HEIC without a picture": (
        Upload("phone.heic", b"\0\0\0\x18ftypheic" + bytes(64), "image/heic"),
        "phone.heic is damaged",
    ),
    "no picture at all": (
        Upload("notes.png", b"only words", "image/png"),
        "not a picture I can read",
    ),
}


@pytest.mark.parametrize(("upload", "expected"), BAD_PICTURES.values(), ids=BAD_PICTURES.keys())
async def test_a_bad_picture_is_refused_in_words_and_nothing_is_spent(studio, upload, expected):
    fern, videos = studio.people.person("Fern"), studio.people.channel("videos")
    options = {"prompt": "wave", "image": "attachment://0"}

    async with studio.bot(), fern.watching() as watch:
        record = await fern.command(videos, "video", options, upload)
        said = await settled_answer(fern, watch, record)

    assert expected in said
    assert studio.runs == []


async def test_a_reaction_on_a_bad_picture_is_answered_to_that_member(studio):
    fern, channel = studio.people.person("Fern"), studio.people.channel("pictures")
    upload, expected = BAD_PICTURES["a HEIC without a picture"]
    message = await fern.say(channel, "", upload)

    async with studio.bot(), fern.watching() as watch:
        await fern.react(message, "🎬")
        told = await watch.until(
            lambda kind, data: kind == "MESSAGE_CREATE" and data["author"].get("bot") is True
        )

    assert expected in told["content"]
    assert f"<@{fern.id}>" in told["content"]


async def test_words_and_videos_are_left_alone(studio):
    fern, channel = studio.people.person("Fern"), studio.people.channel("pictures")
    words = await fern.say(channel, "no picture here")
    video = await fern.say(channel, "", Upload("a.mp4", b"\0\0\0\x18ftypmp42", "video/mp4"))
    picture_message = await fern.say(channel, "", Upload("a.png", picture(), "image/png"))

    async with studio.bot(), fern.watching() as watch:
        for message in (words, video, picture_message):
            await fern.react(message, "🎬")
        await studio.videos(watch)

    assert len(studio.runs) == 1


async def test_only_the_member_or_a_moderator_may_delete_a_video(studio):
    fern, juno, ada = (studio.people.person(name) for name in ("Fern", "Juno", "Ada"))
    videos = studio.people.channel("videos")

    async with (
        studio.bot(),
        fern.watching() as watch,
        juno.watching() as junos,
        ada.watching() as adas,
    ):
        await fern.command(videos, "video", FOX)
        [video] = await studio.videos(watch)
        said = await remove(juno, junos, video)
        await remove(ada, adas, video)
        await watch.until(partial(is_deletion, of=video))

    assert said == "Only the member who requested this video, or a moderator, can do that."


async def test_a_restart_in_the_middle_loses_nothing_and_repeats_nothing(studio):
    fern, videos = studio.people.person("Fern"), studio.people.channel("videos")
    studio.make_slowly()

    async with fern.watching() as watch:
        async with studio.bot():
            await fern.command(videos, "video", FOX)
            card = await watch.until(partial(is_card, title="Rendering"))
        await studio.make_at_once()
        async with studio.bot():
            [video] = await studio.videos(watch)
            await watch.until(partial(is_deletion, of=card))

    assert len(studio.runs) == 1
    posted = [message["id"] for message in await fern.read(videos) if message["attachments"]]
    assert posted == [video["id"]]


async def test_a_video_that_the_service_refuses_says_why_and_what_it_cost(studio):
    fern, videos = studio.people.person("Fern"), studio.people.channel("videos")
    service = studio.sandbox.nanogpt.service
    before = service.books.balances["sk-nano-sandbox"]

    async with studio.bot(), fern.watching() as watch:
        await fern.command(videos, "video", {**FOX, "prompt": "something nsfwlater"})
        notice = await watch.until(is_failure)

    assert "Please modify your prompt" in notice["content"]
    assert service.books.balances["sk-nano-sandbox"] == before


async def test_options_are_offered_from_the_chosen_models_abilities(studio):
    fern, videos = studio.people.person("Fern"), studio.people.channel("videos")

    async with studio.bot():
        models = await fern.complete(videos, "video", {"prompt": "x", "model": "Kling 2"}, "model")
        given = {"prompt": "x", "model": "seedance-lite-video"}
        durations = await fern.complete(videos, "video", {**given, "duration": ""}, "duration")
        ratios = await fern.complete(
            videos, "video", {**given, "aspect_ratio": "9"}, "aspect_ratio"
        )

    names = [choice["name"] for choice in models]
    assert names
    assert [one for one in names if "Kling" not in one or "$" not in one] == []
    assert [choice["value"] for choice in durations] == [5, 10]
    assert "9:16" in [choice["value"] for choice in ratios]


async def test_where_no_video_could_be_posted_none_is_made(studio):
    ada = studio.people.person("Ada")
    videos, pictures = studio.people.channel("videos"), studio.people.channel("pictures")
    application = (await studio.people.call("GET", "/world"))["application"]
    deny = {"id": application["bot"]["id"], "type": 1, "allow": "0", "deny": str(1 << 15)}
    for channel in (videos, pictures):
        await studio.people.call("PATCH", f"/channels/{channel}", {"permission_overwrites": [deny]})
    message = next(m for m in await ada.read(pictures) if m["attachments"])

    async with studio.bot(), ada.watching() as watch:
        await ada.react(message, "🎬")
        record = await ada.command(videos, "video", FOX)
        said = await settled_answer(ada, watch, record)

    assert "I'm missing the Attach Files permission" in said
    assert studio.runs == []


async def test_a_video_that_was_cancelled_too_late_is_brought_by_show(studio):
    fern, videos = studio.people.person("Fern"), studio.people.channel("videos")
    studio.make_slowly()

    async with studio.bot(), fern.watching() as watch:
        await fern.command(videos, "video", FOX)
        card = await watch.until(partial(is_card, title="Rendering"))
        pressed = await fern.press(card, buttons_of(card)[0]["custom_id"])
        await settled_answer(fern, watch, pressed)
        question = (await fern.interaction(pressed))["message"]
        await fern.press(question, buttons_of(question)[0]["custom_id"])
        ended = await watch.until(partial(is_card, title="Cancelled"))
        await studio.make_at_once()
        job_id = ended["embeds"][0]["footer"]["text"].removeprefix("Job ")
        offered = await fern.complete(videos, "show", {"video": "fox"}, "video")
        record = await fern.command(videos, "show", {"video": job_id})
        said = await settled_answer(fern, watch, record)
        message = (await fern.interaction(record))["message"]

    assert "use `/show`" in outcome_of(ended)
    assert [choice["value"] for choice in offered] == [job_id]
    assert "a fox running through snow" in said
    assert message["attachments"][0]["content_type"] == "video/mp4"
    assert len(studio.runs) == 1
    in_the_channel = [one for one in await fern.read(videos) if not one["flags"] & 64]
    assert not [one for one in in_the_channel if one["attachments"]]
