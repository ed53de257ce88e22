"""Messages reach a channel in which something changed while the film was made."""

import contextlib
from dataclasses import replace
from functools import partial

import pytest

from bot.domain.deliveries import DeliveryKind
from bot.errors import DeliveryUnavailableError
from bot.ids import ChannelId, GuildId
from bot.ports import CardView
from tests.factories import NOW, make_delivery, make_image, make_job, make_request
from tests.studio import FOX, is_card, outcome_of, settled_answer

SEND_MESSAGES, ATTACH_FILES, READ_MESSAGE_HISTORY = 1 << 11, 1 << 15, 1 << 16
MAKING_SECONDS = 2.0


async def take_away(studio, channel, permission):
    """The bot may no longer do this here, and has heard of it."""
    bot = (await studio.people.call("GET", "/world"))["application"]["bot"]
    denied = {"id": bot["id"], "type": 1, "allow": "0", "deny": str(permission)}
    await studio.people.call("PATCH", f"/channels/{channel}", {"permission_overwrites": [denied]})


def mentions(person, kind, data):
    """Whether an event is a new message that mentions this member."""
    return kind == "MESSAGE_CREATE" and person.id in [user["id"] for user in data["mentions"]]


def job_of(card):
    return card["embeds"][0]["footer"]["text"].removeprefix("Job ")


async def test_a_card_whose_picture_is_no_longer_kept_is_posted_and_changed_without_it(
    studio, fern, tmp_path
):
    films = studio.people.channel("films")
    place = {
        "guild_id": GuildId(int(studio.people.guild["id"])),
        "channel_id": ChannelId(int(films)),
    }
    images = (make_image(key="first.png"), make_image(key="last.png"))
    job = make_job(request=make_request(image=images[0], end_image=images[1]), **place)
    (tmp_path / "last.png").write_bytes(b"a picture")
    view = CardView(job, "Fake Model", NOW)

    async with studio.bot() as parts:
        courier = parts.delivering._outbox.courier
        card = make_delivery(job)
        message_id = await courier.post_card(card, view, [tmp_path / image.key for image in images])
        posted = replace(card, message_id=message_id)
        await courier.edit_card(posted, view)
        addresses = await courier.picture_addresses(posted)
        [message] = [row for row in await fern.read(films) if row["id"] == str(message_id)]

    assert [file["filename"] for file in message["attachments"]] == ["picture-2.png"]
    assert len(addresses) == 1


async def test_a_card_in_an_archived_thread_is_found_and_is_changed_once_something_wakes_it(
    studio, fern
):
    films = studio.people.channel("films")
    async with studio.bot() as parts, fern.watching() as watch:
        asked = {"as": fern.id, "name": "foxes"}
        thread = await studio.people.call("POST", f"/channels/{films}/threads", asked)
        await fern.command(thread["id"], "video", FOX)
        job_id = job_of(await watch.until(partial(is_card, title="Done")))
        await studio.people.call("PATCH", f"/channels/{thread['id']}", {"archived": True})
        outbox, store = parts.delivering._outbox, parts.store
        card = await store.find_delivery(job_id, DeliveryKind.CARD)
        view = await outbox.view(await store.get(job_id))

        with pytest.raises(DeliveryUnavailableError):
            await outbox.courier.edit_card(card, view)
        assert await outbox.courier.find_posted(card) == card.message_id
        await fern.say(thread["id"], "wake up")
        await outbox.courier.edit_card(card, view)


@contextlib.asynccontextmanager
async def taken_away_meanwhile(studio, person, permission):
    """A film in the making in a channel where the bot has just lost this."""
    films = studio.people.channel("films")
    studio.sandbox.nanogpt.service.switches.generation_seconds = MAKING_SECONDS
    async with studio.bot(), person.watching() as watch:
        await person.command(films, "video", FOX)
        await watch.until(partial(is_card, title="In the making"))
        await take_away(studio, films, permission)
        yield watch


async def test_a_member_hears_of_a_film_that_may_no_longer_be_attached(studio, fern):
    async with taken_away_meanwhile(studio, fern, ATTACH_FILES) as watch:
        word = await watch.until(partial(mentions, fern))
        card = await watch.until(
            lambda kind, data: is_card(kind, data, title="Done") and "Watch it" in outcome_of(data)
        )

    assert (
        "I may not attach files in this channel, so here is the service's link" in word["content"]
    )
    assert f"/{word['id']})" in outcome_of(card)


async def test_the_card_of_a_film_that_may_not_be_posted_any_more_says_how_to_get_it(studio, fern):
    async with taken_away_meanwhile(studio, fern, SEND_MESSAGES) as watch:
        await watch.until(
            lambda kind, data: is_card(kind, data, title="Done") and "`/show`" in outcome_of(data)
        )


async def test_where_history_may_not_be_read_nothing_is_begun(studio, fern):
    films = studio.people.channel("films")
    await take_away(studio, films, READ_MESSAGE_HISTORY)
    async with studio.bot(), fern.watching() as watch:
        said = await settled_answer(fern, watch, await fern.command(films, "video", FOX))

    assert "I lack Read Message History" in said
    assert studio.runs == []


async def test_a_film_for_a_message_that_may_no_longer_be_answered_comes_all_the_same(studio, ada):
    pictures = studio.people.channel("pictures")
    message = next(row for row in await ada.read(pictures) if row["attachments"])
    studio.sandbox.nanogpt.service.switches.generation_seconds = MAKING_SECONDS
    async with studio.bot() as parts, ada.watching() as watch:
        await ada.menu(pictures, "Animate", message["id"])
        card = await watch.until(partial(is_card, title="In the making"))
        await take_away(studio, pictures, READ_MESSAGE_HISTORY)

        [film] = await studio.films(watch)
        delivery = await parts.store.find_delivery(job_of(card), DeliveryKind.FILM)
        with pytest.raises(DeliveryUnavailableError):  # for nobody can say that it is not there
            await parts.delivering._outbox.courier.find_posted(delivery)

    assert film["attachments"]
    assert film.get("message_reference") is None


async def test_a_word_of_failure_comes_though_it_may_no_longer_answer_the_card(studio, fern):
    films = studio.people.channel("films")
    studio.sandbox.nanogpt.service.switches.generation_seconds = MAKING_SECONDS
    async with studio.bot(), fern.watching() as watch:
        await fern.command(films, "video", {**FOX, "prompt": "something nsfwlater"})
        await watch.until(partial(is_card, title="In the making"))
        await take_away(studio, films, READ_MESSAGE_HISTORY)

        word = await watch.until(partial(mentions, fern))

    assert "there will be no film" in word["content"]
    assert word.get("message_reference") is None
