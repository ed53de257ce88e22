"""What a newcomer does, with the real bot on the sandbox, through the people's interface."""

import io
from functools import partial

import pytest
from PIL import Image

from tests.people import Upload
from tests.pictures import picture
from tests.studio import FOX, is_card, outcome_of, settled_answer


async def test_words_become_a_film_in_the_channel(studio):
    fern, films = studio.people.person("Fern"), studio.people.channel("films")

    async with studio.bot(), fern.watching() as watch:
        record = await fern.command(films, "video", FOX)
        [film] = await studio.films(watch)
        card = await watch.until(partial(is_card, title="Done"))
        said = await settled_answer(fern, watch, record)

    assert record["state"] == "deferred"
    assert said.startswith("🎬 Accepted, for $0.09.")
    assert f"<@{fern.id}>" in film["content"]
    assert [user["id"] for user in film["mentions"]] == [fern.id]
    assert film["attachments"][0]["content_type"] == "video/mp4"
    assert "a fox running through snow" in card["embeds"][0]["description"]
    assert card["components"] == []
    assert len(studio.runs) == 1


async def test_a_reaction_makes_a_picture_move_once_per_member(studio):
    fern, juno = studio.people.person("Fern"), studio.people.person("Juno")
    channel = studio.people.channel("pictures")
    message = await juno.say(channel, "look", Upload("sky.png", picture(), "image/png"))

    async with studio.bot(), fern.watching() as watch:
        await fern.react(message, "🎬")
        [film] = await studio.films(watch)
        await fern.unreact(message, "🎬")
        await fern.react(message, "🎬")
        await juno.react(message, "🎬")
        films = await studio.films(watch, 2)

    assert f"<@{fern.id}>" in film["content"]
    assert f"<@{juno.id}>" in films[1]["content"]
    assert len(studio.runs) == 2


async def test_a_reaction_works_on_a_message_from_before_the_bot_came(studio):
    fern, channel = studio.people.person("Fern"), studio.people.channel("pictures")
    message = next(m for m in await fern.read(channel) if m["attachments"])

    async with studio.bot(), fern.watching() as watch:
        await fern.react(message, "🎬")
        [film] = await studio.films(watch)

    assert film["message_reference"]["message_id"] == message["id"]


async def test_the_message_command_animates_too(studio):
    fern, channel = studio.people.person("Fern"), studio.people.channel("pictures")
    message = await fern.say(channel, "", Upload("sky.webp", picture("WEBP"), "image/webp"))

    async with studio.bot(), fern.watching() as watch:
        record = await fern.menu(channel, "Animate", message["id"])
        await studio.films(watch)
        said = await settled_answer(fern, watch, record)

    assert said.startswith("🎬 Accepted, for $0.")
    assert "The film's card follows in the channel" in said


@pytest.mark.undocumented  # Discord's document knows no forwards
async def test_a_forwarded_picture_moves_too(studio):
    fern, pictures = studio.people.person("Fern"), studio.people.channel("pictures")
    message = next(m for m in await fern.read(pictures) if m["attachments"])
    pointer = {"channel_id": pictures, "message_id": message["id"]}
    forwarded = await fern.say(studio.people.channel("films"), forward=pointer)

    async with studio.bot(), fern.watching() as watch:
        await fern.react(forwarded, "🎬")
        await studio.films(watch)

    assert len(studio.runs) == 1


async def test_a_sticker_moves_too(studio):
    fern, pictures = studio.people.person("Fern"), studio.people.channel("pictures")
    sticker = studio.people.guild["stickers"][0]
    message = await fern.say(pictures, sticker_ids=[sticker["id"]])

    async with studio.bot(), fern.watching() as watch:
        await fern.react(message, "🎬")
        await studio.films(watch)

    assert len(studio.runs) == 1


async def test_a_wish_is_called_off_while_it_waits(studio):
    fern, films = studio.people.person("Fern"), studio.people.channel("films")

    async with studio.bot() as parts, fern.watching() as watch:
        parts.providers.clear()  # so that it waits for ever
        await fern.command(films, "video", FOX)
        card = await watch.until(partial(is_card, title="Waiting for its turn"))
        pressed = await fern.press(card, card["components"][0]["components"][0]["custom_id"])
        said = await settled_answer(fern, watch, pressed)
        await watch.until(partial(is_card, title="Called off"))

    assert said == "Called off. Nothing was charged."
    assert studio.runs == []


async def test_a_film_in_the_making_is_only_no_longer_watched(studio):
    fern, films = studio.people.person("Fern"), studio.people.channel("films")
    studio.sandbox.nanogpt.service.switches.generation_seconds = 3600

    async with studio.bot(), fern.watching() as watch:
        await fern.command(films, "video", FOX)
        card = await watch.until(partial(is_card, title="In the making"))
        pressed = await fern.press(card, card["components"][0]["components"][0]["custom_id"])
        said = await settled_answer(fern, watch, pressed)
        ended = await watch.until(partial(is_card, title="Called off"))

    assert "what it charges stays charged" in said
    assert outcome_of(ended).startswith("What the service charged stays charged.")


async def test_two_pictures_in_a_message_become_two_films(studio):
    fern, channel = studio.people.person("Fern"), studio.people.channel("pictures")
    uploads = [
        Upload("a.png", picture(), "image/png"),
        Upload("b.jpg", picture("JPEG", colour=(9, 9, 99)), "image/jpeg"),
    ]
    message = await fern.say(channel, "", *uploads)

    async with studio.bot(), fern.watching() as watch:
        await fern.react(message, "🎬")
        await studio.films(watch, 2)

    assert len(studio.runs) == 2


async def test_a_first_and_a_last_picture_make_a_film(studio):
    fern, films = studio.people.person("Fern"), studio.people.channel("films")
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
        await fern.command(films, "video", options, *uploads)
        await studio.films(watch)

    assert len(studio.runs) == 1


REFUSED = {
    "an unknown model": (
        {"prompt": "a fox", "model": "seedance-lite-vidoe"},
        "did you mean `seedance-lite-video`",
    ),
    "a duration that the model lacks": (
        {"prompt": "a fox", "model": "seedance-lite-video", "duration": 7},
        "makes films of 5 or 10 s, not of 7 s: the nearest is 5 s",
    ),
    "a prompt of 6000 characters": ({"prompt": "x" * 6000}, "shorten it by 2000"),
    "an empty prompt": ({"prompt": " "}, "The prompt is empty"),
    "a missing picture": (
        {"prompt": "wave", "model": "kling-v21-pro"},
        "only animates pictures: add a picture with `image`",
    ),
}


@pytest.mark.parametrize(("options", "expected"), REFUSED.values(), ids=REFUSED.keys())
async def test_bad_input_gets_one_clear_answer_and_nothing_is_spent(studio, options, expected):
    fern, films = studio.people.person("Fern"), studio.people.channel("films")

    async with studio.bot(), fern.watching() as watch:
        record = await fern.command(films, "video", options)
        said = await settled_answer(fern, watch, record)

    assert expected in said
    assert said.endswith("Nothing was charged.")
    assert studio.runs == []


def bomb():
    """A small file that would be 400 million pixels."""
    target = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(target, "PNG")
    return target.getvalue()


BAD_PICTURES = {
    "corrupt": (Upload("torn.png", picture()[:60], "image/png"), "torn.png is damaged"),
    "a bomb": (Upload("bomb.png", bomb(), "image/png"), "more than 33 megapixels"),
    "HEIC": (
        Upload("phone.heic", b"\0\0\0\x18ftypheic" + bytes(64), "image/heic"),
        "is a HEIC picture: send it as PNG, JPEG or WebP",
    ),
    "no picture at all": (
        Upload("notes.png", b"only words", "image/png"),
        "not a picture I can read",
    ),
}


@pytest.mark.parametrize(("upload", "expected"), BAD_PICTURES.values(), ids=BAD_PICTURES.keys())
async def test_a_bad_picture_is_refused_in_words_and_nothing_is_spent(studio, upload, expected):
    fern, films = studio.people.person("Fern"), studio.people.channel("films")
    options = {"prompt": "wave", "image": "attachment://0"}

    async with studio.bot(), fern.watching() as watch:
        record = await fern.command(films, "video", options, upload)
        said = await settled_answer(fern, watch, record)

    assert expected in said
    assert studio.runs == []


async def test_a_reaction_on_a_bad_picture_is_answered_to_that_member(studio):
    fern, channel = studio.people.person("Fern"), studio.people.channel("pictures")
    upload, expected = BAD_PICTURES["HEIC"]
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
        await studio.films(watch)

    assert len(studio.runs) == 1


async def test_only_the_member_or_a_moderator_may_delete_a_film(studio):
    fern, juno, ada = (studio.people.person(name) for name in ("Fern", "Juno", "Ada"))
    films = studio.people.channel("films")

    async with studio.bot(), fern.watching() as watch, juno.watching() as junos:
        await fern.command(films, "video", FOX)
        [film] = await studio.films(watch)
        custom_id = film["components"][0]["components"][0]["custom_id"]
        refused = await juno.press(film, custom_id)
        said = await settled_answer(juno, junos, refused)
        await ada.press(film, custom_id)
        gone = await watch.until(lambda kind, _data: kind == "MESSAGE_DELETE")

    assert said == "Only the member who asked for this film, or a moderator, may do that."
    assert gone["id"] == film["id"]


async def test_a_restart_in_the_middle_loses_nothing_and_repeats_nothing(studio):
    fern, films = studio.people.person("Fern"), studio.people.channel("films")
    studio.sandbox.nanogpt.service.switches.generation_seconds = 4.0

    async with fern.watching() as watch:
        async with studio.bot():
            await fern.command(films, "video", FOX)
            await watch.until(partial(is_card, title="In the making"))
        async with studio.bot():
            [film] = await studio.films(watch)
            done = await watch.until(
                lambda kind, data: is_card(kind, data, title="Done") and "Watch" in outcome_of(data)
            )

    assert film["id"] in outcome_of(done)
    assert len(studio.runs) == 1
    posted = [m for m in await fern.read(films) if m["attachments"]]
    assert len(posted) == 1


async def test_a_film_that_the_service_refuses_says_why_and_what_it_cost(studio):
    fern, films = studio.people.person("Fern"), studio.people.channel("films")
    service = studio.sandbox.nanogpt.service
    before = service.books.balances["sk-nano-sandbox"]

    async with studio.bot(), fern.watching() as watch:
        await fern.command(films, "video", {**FOX, "prompt": "something nsfwlater"})
        card = await watch.until(partial(is_card, title="No film"))

    assert "Please modify your prompt" in outcome_of(card)
    assert service.books.balances["sk-nano-sandbox"] == before


async def test_options_are_offered_from_the_chosen_models_abilities(studio):
    fern, films = studio.people.person("Fern"), studio.people.channel("films")

    async with studio.bot():
        models = await fern.complete(films, "video", {"prompt": "x", "model": "Kling 2"}, "model")
        given = {"prompt": "x", "model": "seedance-lite-video"}
        durations = await fern.complete(films, "video", {**given, "duration": ""}, "duration")
        ratios = await fern.complete(films, "video", {**given, "aspect_ratio": "9"}, "aspect_ratio")

    assert all("Kling" in choice["name"] and "$" in choice["name"] for choice in models)
    assert [choice["value"] for choice in durations] == [5, 10]
    assert "9:16" in [choice["value"] for choice in ratios]


async def test_where_no_film_could_be_posted_none_is_made(studio):
    ada = studio.people.person("Ada")
    films, pictures = studio.people.channel("films"), studio.people.channel("pictures")
    application = (await studio.people.call("GET", "/world"))["application"]
    deny = {"id": application["bot"]["id"], "type": 1, "allow": "0", "deny": str(1 << 15)}
    for channel in (films, pictures):
        await studio.people.call("PATCH", f"/channels/{channel}", {"permission_overwrites": [deny]})
    message = next(m for m in await ada.read(pictures) if m["attachments"])

    async with studio.bot(), ada.watching() as watch:
        await ada.react(message, "🎬")
        record = await ada.command(films, "video", FOX)
        said = await settled_answer(ada, watch, record)

    assert "I lack Attach Files" in said
    assert studio.runs == []


async def test_a_film_that_was_called_off_too_late_is_brought_by_show(studio):
    fern, films = studio.people.person("Fern"), studio.people.channel("films")
    studio.sandbox.nanogpt.service.switches.generation_seconds = 3.0

    async with studio.bot(), fern.watching() as watch:
        await fern.command(films, "video", FOX)
        card = await watch.until(partial(is_card, title="In the making"))
        await fern.press(card, card["components"][0]["components"][0]["custom_id"])
        ended = await watch.until(partial(is_card, title="Called off"))
        [run] = studio.sandbox.nanogpt.service.books.runs.values()
        await studio.sandbox.nanogpt.service.making[run.id]
        job_id = ended["embeds"][0]["footer"]["text"].removeprefix("Job ")
        offered = await fern.complete(films, "show", {"film": "fox"}, "film")
        record = await fern.command(films, "show", {"film": job_id})
        said = await settled_answer(fern, watch, record)
        message = (await fern.interaction(record))["message"]

    assert "`/show` brings it" in outcome_of(ended)
    assert [choice["value"] for choice in offered] == [job_id]
    assert "a fox running through snow" in said
    assert message["attachments"][0]["content_type"] == "video/mp4"
    assert len(studio.runs) == 1
    in_the_channel = [one for one in await fern.read(films) if not one["flags"] & 64]
    assert not [one for one in in_the_channel if one["attachments"]]
