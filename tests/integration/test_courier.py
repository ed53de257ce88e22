"""The bot's own messages on a real channel: how a failure is told, and how each is found again."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

from bot.clock import SystemClock
from bot.domain.deliveries import DeliveryKind
from bot.domain.notices import Notice
from bot.ids import ChannelId, GuildId
from tests.factories import new_notice_id
from tests.people import Upload
from tests.studio import is_card, outcome_of, settled_answer

FOX = {"prompt": "a fox running through snow", "model": "seedance-lite-video", "duration": 5}
HISTORY_PAGE = 100  # messages that Discord gives at once
REFUSED_LATER = {**FOX, "prompt": "something nsfwlater"}


def answers(card, kind, data):
    """Whether an event is a new message that replies to this card."""
    reference = data.get("message_reference") or {}
    return kind == "MESSAGE_CREATE" and reference.get("message_id") == card["id"]


async def test_a_member_whose_film_fails_is_mentioned_in_answer_to_the_card(studio):
    fern, films = studio.people.person("Fern"), studio.people.channel("films")

    async with studio.bot(), fern.watching() as watch:
        await fern.command(films, "video", REFUSED_LATER)
        card = await watch.until(partial(is_card, title="No film"))
        word = await watch.until(partial(answers, card))

    assert [user["id"] for user in word["mentions"]] == [fern.id]
    assert "Please modify your prompt" in word["content"]
    assert "charged" in word["content"]


async def test_every_message_of_a_job_is_found_again_after_a_crash(studio):
    fern, films = studio.people.person("Fern"), studio.people.channel("films")

    async with studio.bot() as parts, fern.watching() as watch:
        await fern.command(films, "video", REFUSED_LATER)
        card = await watch.until(partial(is_card, title="No film"))
        word = await watch.until(partial(answers, card))
        await fern.command(films, "video", FOX)
        [film] = await studio.films(watch)
        wanted = [
            (card, DeliveryKind.CARD, job_of(card)),
            (word, DeliveryKind.FAILURE, job_of(card)),
            (film, DeliveryKind.FILM, film["components"][0]["components"][0]["custom_id"][-16:]),
        ]
        courier = parts.delivering._outbox.courier
        found = [
            await courier.find_posted(await parts.store.find_delivery(job_id, kind))
            for _, kind, job_id in wanted
        ]

    assert found == [int(message["id"]) for message, _, _ in wanted]


async def test_a_word_in_a_log_channel_is_found_again_after_a_crash_and_nobody_elses(studio):
    fern, log = studio.people.person("Fern"), studio.people.channel("films")
    now = SystemClock().now()
    word = Notice(
        new_notice_id(),
        GuildId(int(studio.people.guild["id"])),
        ChannelId(int(log)),
        "⚠️ Away **again**.",
        now,
        now,
    )
    copied = replace(word, id=new_notice_id(), text="Back again.")

    async with studio.bot() as parts:
        courier = parts.delivering._outbox.courier
        await fern.say(log, copied.text)
        before = await courier.find_notice(word)
        await courier.post_notice(word)

        assert not before
        assert await courier.find_notice(word)
        assert not await courier.find_notice(copied)
        assert not await courier.find_notice(replace(word, posting_at=now + timedelta(hours=1)))


async def test_a_word_is_found_again_in_a_log_channel_where_everybody_talks(studio):
    fern, log = studio.people.person("Fern"), studio.people.channel("films")
    now = SystemClock().now()
    guild_id = GuildId(int(studio.people.guild["id"]))
    word = Notice(new_notice_id(), guild_id, ChannelId(int(log)), "⚠️ Away.", now, now)
    for number in range(10 * HISTORY_PAGE + 10):
        await fern.say(log, f"word {number}")

    async with studio.bot() as parts:
        courier = parts.delivering._outbox.courier
        await courier.post_notice(word)

        assert await courier.find_notice(word)


async def test_a_film_is_found_again_in_a_channel_where_everybody_talks(studio):
    fern, films = studio.people.person("Fern"), studio.people.channel("films")
    begun = SystemClock().now()
    for number in range(HISTORY_PAGE + 10):
        await fern.say(films, f"word {number}")

    async with studio.bot() as parts, fern.watching() as watch:
        await fern.command(films, "video", FOX)
        [film] = await studio.films(watch)
        job_id = film["components"][0]["components"][0]["custom_id"][-16:]
        delivery = await parts.store.find_delivery(job_id, DeliveryKind.FILM)
        courier = parts.delivering._outbox.courier
        found = await courier.find_posted(replace(delivery, owed_at=begun))

    assert found == int(film["id"])


async def test_a_file_that_is_no_picture_is_named_when_it_shall_move(studio):
    fern, films = studio.people.person("Fern"), studio.people.channel("films")
    message = await fern.say(films, "", Upload("notes.txt", b"only words", "text/plain"))

    async with studio.bot(), fern.watching() as watch:
        record = await fern.menu(films, "Animate", message["id"])
        said = await settled_answer(fern, watch, record)

    assert said.startswith("notes.txt is not a picture I can read: choose a message")


def job_of(card):
    return card["embeds"][0]["footer"]["text"].removeprefix("Job ")


async def test_the_card_of_a_film_that_was_deleted_no_longer_leads_to_it(studio):
    fern, films = studio.people.person("Fern"), studio.people.channel("films")

    async with studio.bot(), fern.watching() as watch:
        await fern.command(films, "video", FOX)
        [film] = await studio.films(watch)
        await fern.press(film, film["components"][0]["components"][0]["custom_id"])
        card = await watch.until(
            lambda kind, data: is_card(kind, data, title="Done") and "deleted" in outcome_of(data)
        )

    assert "Watch it" not in outcome_of(card)
