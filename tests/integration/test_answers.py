"""Whatever a member asks for, and whatever goes wrong in the meantime, they read a clear word of it."""

from functools import partial
from typing import Any

import pytest

from bot.ids import UserId
from cogs._shared.drafts import Drafts
from tests.people import Person, Upload, Watch
from tests.pictures import picture
from tests.studio import FOX, Json, Studio, buttons_of, opened_form, remove, settled_answer

FACE = Upload("face.png", picture(), "image/png")


async def picture_in(person: Person, channel: str) -> Json:
    return next(message for message in await person.read(channel) if message["attachments"])


async def order_fault(studio: Studio, **fault: Any) -> None:
    await studio.people.call("POST", "/faults", {"kind": "status", **fault})


async def public_quote(watch: Watch) -> Any:
    return await watch.until(
        lambda kind, data: kind == "MESSAGE_CREATE" and "This video costs" in data["content"]
    )


async def test_an_option_of_thousands_of_characters_is_answered(studio, fern):
    videos = studio.people.channel("videos")
    async with studio.bot(), fern.watching() as watch:
        options = {**FOX, "aspect_ratio": "16:9 " * 1000, "resolution": "480p " * 1000}
        said = await settled_answer(fern, watch, await fern.command(videos, "video", options))

    assert "`resolution` 480p 480p" in said
    assert "`aspect_ratio`" in said
    assert said.endswith("Nothing was charged.")


async def test_a_public_quote_that_cannot_be_taken_away_is_confirmed_all_the_same(studio, ada):
    pictures = studio.people.channel("pictures")
    async with studio.bot(), ada.watching() as watch:
        asked = await ada.command(pictures, "settings confirm-above", {"dollars": "0"})
        await settled_answer(ada, watch, asked)
        await ada.react(await picture_in(ada, pictures), "🎬")
        quote = await public_quote(watch)
        path = f"*/messages/{quote['id']}"
        await order_fault(studio, method="DELETE", path=path, status=503, times=9)
        pressed = await ada.press(quote, buttons_of(quote)[0]["custom_id"])
        await studio.videos(watch)
        said = (await ada.interaction(pressed))["message"]["content"]

    assert said.startswith("🎬 Accepted")


async def test_a_reaction_whose_message_cannot_be_read_for_a_moment_makes_it_move(studio, ada):
    picture = await picture_in(ada, studio.people.channel("pictures"))
    async with studio.bot(), ada.watching() as watch:
        path = f"*/messages/{picture['id']}"
        await order_fault(studio, method="GET", path=path, status=503, times=1)
        await ada.react(picture, "🎬")
        [video] = await studio.videos(watch)

    assert f"<@{ada.id}>" in video["content"]


@pytest.mark.parametrize("uploads", [(), (FACE,)], ids=["words", "with a picture"])
async def test_a_storyboard_sent_after_a_restart_becomes_its_video(studio, fern, uploads):
    videos = studio.people.channel("videos")
    chosen = {"reference_1": "attachment://0"} if uploads else {}
    async with fern.watching() as watch:
        async with studio.bot() as parts:
            form = await opened_form(
                watch, await fern.command(videos, "storyboard", chosen, *uploads)
            )
            kept = Drafts(parts.stores.notes, parts.clock)
            assert await kept.find(form["modal"]["custom_id"], UserId(int(fern.id)))
        async with studio.bot() as parts:
            sent = await fern.submit(form, {"shots": "a fox in the snow\na bear in the snow"})
            said = await settled_answer(fern, watch, sent)
            [job] = await parts.stores.jobs.list_active(user_id=UserId(int(fern.id)))

    assert said.startswith("🎬 Accepted")
    assert [shot.prompt for shot in job.request.shots] == [
        "a fox in the snow",
        "a bear in the snow",
    ]
    assert len(job.request.pictures) == len(uploads)


async def test_what_was_written_into_a_form_that_was_replaced_is_given_back(studio, fern):
    videos = studio.people.channel("videos")
    async with studio.bot() as parts, fern.watching() as watch:
        first = await opened_form(watch, await fern.command(videos, "storyboard"))
        second = await opened_form(watch, await fern.command(videos, "storyboard"))
        kept = Drafts(parts.stores.notes, parts.clock)
        assert await kept.find(second["modal"]["custom_id"], UserId(int(fern.id)))
        sent = await fern.submit(first, {"shots": "a fox in the snow"})
        said = await settled_answer(fern, watch, sent)
        [file] = (await fern.interaction(sent))["message"]["attachments"]

    assert "Use `/storyboard` again" in said
    assert file["filename"] == "storyboard.txt"


async def test_a_video_that_a_moderator_took_down_is_shown_to_its_member_alone(studio, fern, ada):
    videos = studio.people.channel("videos")
    async with studio.bot(), fern.watching() as watch, ada.watching() as adas:
        await fern.command(videos, "video", FOX)
        [video] = await studio.videos(watch)
        await remove(ada, adas, video)
        job_id = buttons_of(video)[0]["custom_id"].rpartition(":")[2]
        shown_to_all = await fern.command(videos, "show", {"video": job_id, "to_all": True})
        refused = await settled_answer(fern, watch, shown_to_all)
        shown = await fern.command(videos, "show", {"video": job_id})
        said = await settled_answer(fern, watch, shown)
        message = (await fern.interaction(shown))["message"]

    assert "I can only show it to you. Leave out `to_all`" in refused
    assert "a fox running through snow" in said
    assert message["attachments"]
    assert message["flags"] & 64


async def test_the_name_of_a_bad_picture_is_said_in_public_as_it_is(studio, fern):
    message = await fern.say(
        studio.people.channel("pictures"), "", Upload("__big__.png", b"only words", "image/png")
    )
    async with studio.bot(), fern.watching() as watch:
        await fern.react(message, "🎬")
        told = await watch.until(
            lambda kind, data: kind == "MESSAGE_CREATE" and data["author"].get("bot") is True
        )

    assert "\\_\\_big\\_\\_.png is not a picture I can read" in told["content"]


@pytest.mark.parametrize(
    ("refused", "expected"),
    [
        (1, "a fox running through snow"),
        (2, "too large for this channel, so here's the video service's"),
    ],
    ids=["once", "always"],
)
async def test_a_video_that_discord_finds_too_large_comes_smaller_or_as_a_link(
    studio, fern, refused, expected
):
    videos = studio.people.channel("videos")
    async with studio.bot(), fern.watching() as watch:
        await fern.command(videos, "video", FOX)
        [video] = await studio.videos(watch)
        job_id = buttons_of(video)[0]["custom_id"].rpartition(":")[2]
        path, body = "/webhooks/*/messages/@original", {"message": "too large", "code": 40005}
        await order_fault(studio, method="PATCH", path=path, status=413, body=body, times=refused)
        shown = await fern.command(videos, "show", {"video": job_id})
        said = await settled_answer(fern, watch, shown)

    assert expected in said


LONGEST = ("x*_`<@1>|" * 700)[:6000]  # what Discord takes for an option
TOO_LONG = {
    "settings confirm-above": ({"dollars": LONGEST}, "isn't an amount"),
    "quota-admin allowance": ({"dollars": LONGEST, "period": "day"}, "isn't an amount"),
    "quota-admin pool": ({"dollars": "9" * 6000}, "isn't an amount"),
    "quota-admin requests": ({"limits": LONGEST}, "isn't a rate limit"),
    "quota-admin timezone": ({"zone": LONGEST}, "isn't a time zone"),
    "quota-admin models": ({"action": "allow", "model": LONGEST}, "Choose a model from the list"),
    "quota-admin refund": (
        {"video": LONGEST, "reason": "*" * 200},
        "can't find a paid video with that job number",
    ),
    "quota-admin event-open": (
        {"videos": 1000, "max_price": "1", "lasts": LONGEST},
        "isn't a duration",
    ),
    "models compare": ({"model_1": LONGEST, "model_2": LONGEST}, "There's no model"),
    "video": ({"prompt": LONGEST, "model": LONGEST}, "There's no model"),
    "show": ({"video": LONGEST}, "I can't find that video"),
}


async def test_the_longest_of_inputs_is_answered_with_what_to_change(studio, ada):
    videos = studio.people.channel("videos")
    async with studio.bot(), ada.watching() as watch:
        for command, (options, expected) in TOO_LONG.items():
            said = await settled_answer(ada, watch, await ada.command(videos, command, options))
            assert expected in said, command
            assert len(said) < 500


async def test_a_list_of_every_model_is_allowed_one_by_one_and_told_in_short(studio, ada):
    videos = studio.people.channel("videos")
    async with studio.bot() as parts, ada.watching() as watch:
        names, said = parts.client.services.catalog.names(), ""
        for model_id in list(names)[:40]:
            allow = {"action": "allow", "model": model_id}
            asked = await ada.command(videos, "quota-admin models", allow)
            said = await settled_answer(ada, watch, asked)
        await ada.command(videos, "quota-admin show")
        card = await watch.until(partial(is_answer_with_card, title="Server limits"))

    assert said.startswith("✅ Done.")
    assert "and 32 more" in said
    assert "and 32 more" in str(card["message"]["embeds"][0]["fields"])


def is_answer_with_card(kind: str, data: Json, *, title: str) -> bool:
    """Whether an event is a private answer that shows this card."""
    cards = (data.get("message") or {}).get("embeds", ()) if kind == "INTERACTION_RECORD" else ()
    return any(card.get("title") == title for card in cards)
