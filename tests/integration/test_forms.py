"""The forms of `/create` and Animate, on the sandbox: what they offer, what comes of them, what comes back."""

from functools import partial

import pytest

from bot.errors import StorageError
from tests.people import Upload
from tests.pictures import picture
from tests.studio import SHORT, buttons_of, is_failure, opened_form, settled_answer

SILENT = "seedance-lite-video"


def fields_of(modal):
    """Each field by its custom id."""
    return {one["component"]["custom_id"]: one["component"] for one in modal["components"]}


def chosen(field):
    return [one["value"] for one in field["options"] if one.get("default")]


async def answer_of(watch, record):
    """The whole private answer, once it says something."""

    def answered(kind, data):
        return (
            kind == "INTERACTION_RECORD"
            and data["id"] == record["id"]
            and bool((data["message"] or {}).get("content"))
        )

    return (await watch.until(answered))["message"]


async def text_of(studio, message):
    [file] = message["attachments"]
    async with studio.people.session.get(file["url"]) as answer:
        return await answer.text()


@pytest.fixture
def videos(studio):
    return studio.people.channel("videos")


async def opened(watch, person, channel, **options):
    record = await person.command(channel, "create", options)
    return await opened_form(watch, record)


async def test_a_form_becomes_a_video_like_a_command(studio, fern, videos):
    async with studio.bot() as parts, fern.watching() as watch:
        form = await opened(watch, fern, videos)
        fields = {"prompt": "a fox", "model": [SILENT], "length": ["5"], "shape": ["9:16"]}
        record = await fern.submit(form, fields)
        said = await settled_answer(fern, watch, record)
        await studio.videos(watch)
        assert await parts.stores.money.audit() == []

    assert said.startswith("🎬 Accepted for $0.")
    [run] = studio.runs
    assert "a fox" in str(run)


async def test_a_form_has_five_fields_with_at_most_25_models(studio, fern, videos):
    async with studio.bot() as parts, fern.watching() as watch:
        form = await opened(watch, fern, videos)
        known = len(list(parts.client.services.catalog))

    modal = form["modal"]
    assert [one["label"] for one in modal["components"]] == [
        "Prompt", "Pictures", "Model", "Length", "Shape and sound",
    ]  # fmt: skip
    fields = fields_of(modal)
    assert len(fields["model"]["options"]) == min(25, known + 2)
    assert chosen(fields["model"]) == ["any"]
    assert "$" in fields["model"]["options"][1]["description"]


async def test_a_model_that_is_not_listed_is_named_with_the_command_or_in_the_prompt(
    studio, fern, videos
):
    async with studio.bot() as parts, fern.watching() as watch:
        first = await opened(watch, fern, videos)
        listed = {one["value"] for one in fields_of(first["modal"])["model"]["options"]}
        hidden = next(
            one
            for one in parts.client.services.catalog
            if one.model_id not in listed and "text" in one.kinds and not one.is_explicit
        )
        form = await opened(watch, fern, videos, model=hidden.name)
        fields = {"prompt": f"a fox\nmodel: {hidden.name}", "model": ["other"]}
        record = await fern.submit(first, fields)
        said = await answer_of(watch, record)

    assert chosen(fields_of(form["modal"])["model"]) == [hidden.model_id]
    assert hidden.name in str(said) or "Accepted" in said["content"]


async def test_every_reason_comes_at_once_with_the_text_and_a_way_to_go_on(studio, fern, videos):
    text = "a fox " * 100
    fields = {
        "prompt": text, "model": [SILENT], "length": ["5"], "shape": ["16:9", "9:16"],
    }  # fmt: skip
    async with studio.bot() as parts, fern.watching() as watch:
        form = await opened(watch, fern, videos)
        long = next(one["value"] for one in fields_of(form["modal"])["length"]["options"][::-1])
        record = await fern.submit(form, fields | {"length": [long]})
        message = await answer_of(watch, record)
        assert await text_of(studio, message) == text
        [button] = buttons_of(message)
        again = await opened_form(
            watch, await fern.press(message | {"channel_id": videos}, button["custom_id"])
        )
        filled = fields_of(again["modal"])
        sent = await fern.submit(again, {"length": ["5"], "shape": ["16:9"]})
        said = await settled_answer(fern, watch, sent)
        assert len(await parts.stores.jobs.list_active()) <= 1

    assert "- Choose one shape: 16:9 or 9:16." in message["content"]
    assert f"not {long} s" in message["content"]
    assert "Nothing was charged." in message["content"]
    assert filled["prompt"]["value"] == text
    assert (chosen(filled["model"]), chosen(filled["length"])) == ([SILENT], [long])
    assert sorted(chosen(filled["shape"])) == ["16:9", "9:16"]
    assert said.startswith("🎬 Accepted")


async def test_a_form_that_was_opened_before_a_restart_is_sent_after_it(studio, fern, videos):
    async with studio.bot(), fern.watching() as watch:
        form = await opened(watch, fern, videos)
    async with studio.bot(), fern.watching() as watch:
        record = await fern.submit(form, {"prompt": "a fox", "model": [SILENT]})
        assert "Accepted" in await settled_answer(fern, watch, record)
        await studio.videos(watch)


async def test_pictures_come_along_also_when_the_form_is_opened_again(studio, fern, videos):
    upload = Upload("sky.png", picture(), "image/png")
    async with studio.bot() as parts, fern.watching() as watch:
        form = await opened(watch, fern, videos)
        fields = {"prompt": "it moves", "pictures": ["attachment://0"], "shape": ["16:9", "9:16"]}
        message = await answer_of(watch, await fern.submit(form, fields, upload))
        [button] = buttons_of(message)
        pressed = await fern.press(message | {"channel_id": videos}, button["custom_id"])
        again = await opened_form(watch, pressed)
        sent = await fern.submit(again, {"shape": []})
        said = await settled_answer(fern, watch, sent)
        await studio.videos(watch)
        [job] = await parts.stores.jobs.list_ended(*who(studio, fern), 5)

    assert said.startswith("🎬 Accepted")
    assert job.request.image is not None


def who(studio, person):
    return int(studio.people.guild["id"]), int(person.id)


async def test_where_the_database_is_away_the_text_comes_back_all_the_same(studio, fern, videos):
    async with studio.bot() as parts, fern.watching() as watch:
        form = await opened(watch, fern, videos)

        async def away(*_args):
            raise StorageError

        real = parts.client.services.notes.set_note
        vars(parts.client.services.notes)["set_note"] = away
        vars(parts.client.services.member_money)["allowed_models"] = away
        record = await fern.submit(form, {"prompt": "a fox in the snow"})
        message = await answer_of(watch, record)
        assert await text_of(studio, message) == "a fox in the snow"
        vars(parts.client.services.notes)["set_note"] = real
        del vars(parts.client.services.member_money)["allowed_models"]

    assert "My database isn't working right now." in message["content"]
    assert message["components"] == []


async def test_something_unexpected_gives_the_text_back_with_a_reference(studio, fern, videos):
    async with studio.bot() as parts, fern.watching() as watch:
        form = await opened(watch, fern, videos)

        async def broken(*_args):
            raise RuntimeError

        vars(parts.client.services.ordering)["ask"] = broken
        record = await fern.submit(form, {"prompt": "a fox in the snow"})
        message = await answer_of(watch, record)
        assert await text_of(studio, message) == "a fox in the snow"

    assert "give the bot's operator this reference" in message["content"]
    assert buttons_of(message)


async def test_animate_asks_how_for_one_picture(studio, fern):
    channel = studio.people.channel("pictures")
    message = await fern.say(channel, "", Upload("sky.webp", picture("WEBP"), "image/webp"))
    async with studio.bot() as parts, fern.watching() as watch:
        record = await fern.menu(channel, "Animate", message["id"])
        form = await opened_form(watch, record)
        sent = await fern.submit(form, {"prompt": "the clouds drift", "shape": "any"})
        said = await settled_answer(fern, watch, sent)
        [video] = await studio.videos(watch)
        [job] = await parts.stores.jobs.list_ended(*who(studio, fern), 5)

    labels = [one["label"] for one in form["modal"]["components"]]
    assert labels == ["Prompt", "Model", "Length", "Shape", "Sound"]
    assert fields_of(form["modal"])["prompt"]["value"].startswith("Bring this picture to life")
    assert said.startswith("🎬 Accepted")
    assert job.request.prompt == "the clouds drift"
    assert job.request.image is not None
    assert video["message_reference"]["message_id"] == message["id"]


async def test_animate_makes_one_video_of_each_picture_that_was_chosen(studio, fern):
    channel = studio.people.channel("pictures")
    files = [Upload(f"{n}.png", picture(colour=(n, 9, 9)), "image/png") for n in (1, 2, 3)]
    message = await fern.say(channel, "", *files)
    async with studio.bot() as parts, fern.watching() as watch:
        form = await opened_form(watch, await fern.menu(channel, "Animate", message["id"]))
        field = fields_of(form["modal"])["pictures"]
        keys = [one["value"] for one in field["options"]]
        sent = await fern.submit(form, {"pictures": [keys[0], keys[2]]})
        await settled_answer(fern, watch, sent)
        await studio.videos(watch, 2)
        jobs = await parts.stores.jobs.list_ended(*who(studio, fern), 5)
        assert await parts.stores.money.audit() == []

    assert [one["label"] for one in field["options"]] == ["1 · 1.png", "2 · 2.png", "3 · 3.png"]
    assert len({job.idempotency_key for job in jobs}) == 2
    assert len({job.request.image.key for job in jobs}) == 2


async def test_animate_of_a_deleted_message_gives_the_text_back(studio, fern):
    channel = studio.people.channel("pictures")
    message = await fern.say(channel, "", Upload("sky.png", picture(), "image/png"))
    async with studio.bot(), fern.watching() as watch:
        form = await opened_form(watch, await fern.menu(channel, "Animate", message["id"]))
        path = f"/channels/{channel}/messages/{message['id']}?as={fern.id}"
        await studio.people.call("DELETE", path)
        sent = await fern.submit(form, {"prompt": "the clouds drift"})
        back = await answer_of(watch, sent)
        assert await text_of(studio, back) == "the clouds drift"

    assert back["content"].startswith("That picture is gone. Choose another one.")
    assert SHORT["model"] == SILENT


async def test_a_refused_video_is_made_with_other_words(studio, fern, videos):
    upload = Upload("sky.png", picture(), "image/png")
    async with studio.bot() as parts, fern.watching() as watch:
        options = {"prompt": "something nsfwlater", "image": "attachment://0", "seed": 7}
        await fern.command(videos, "video", options, upload)
        card = await watch.until(partial(is_failure, prompt="nsfwlater"))
        [button] = buttons_of(card)
        form = await opened_form(watch, await fern.press(card, button["custom_id"]))
        sent = await fern.submit(form, {"prompt": "something nice"})
        said = await settled_answer(fern, watch, sent)
        await studio.videos(watch)
        refused, made = sorted(
            await parts.stores.jobs.list_ended(*who(studio, fern), 5),
            key=lambda job: job.accepted_at,
        )
        assert await parts.stores.money.audit() == []

    assert button["label"] == "Change the words"
    assert fields_of(form["modal"])["prompt"]["value"] == "something nsfwlater"
    assert chosen(fields_of(form["modal"])["model"]) == [refused.request.model_id]
    assert said.startswith("🎬 Accepted")
    assert made.request.prompt == "something nice"
    assert made.request.image == refused.request.image


async def test_a_refused_video_still_refused_keeps_the_new_words(studio, fern, ada, videos):
    async with studio.bot(), fern.watching() as watch:
        await fern.command(videos, "video", {"prompt": "something nsfwlater", **SHORT})
        card = await watch.until(partial(is_failure, prompt="nsfwlater"))
        [button] = buttons_of(card)
        form = await opened_form(watch, await fern.press(card, button["custom_id"]))
        sent = await fern.submit(form, {"prompt": "new words", "shape": ["sound"]})
        message = await answer_of(watch, sent)
        assert await text_of(studio, message) == "new words"
        pressed = await ada.press(card, button["custom_id"])

    assert "makes silent videos. Leave the sound out." in message["content"]
    assert pressed["state"] != "modal"
