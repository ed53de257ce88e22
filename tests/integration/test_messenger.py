"""The bot's own messages on a real channel: how a failure is told, and how each is found again."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

from bot.clock import SystemClock
from bot.guilds.notices import Notice
from bot.ids import ChannelId, GuildId
from bot.jobs.messages import DeliveryKind, DeliveryState
from tests.factories import new_notice_id
from tests.people import Upload
from tests.studio import is_card, is_deletion, is_failure, remove, settled_answer

FOX = {"prompt": "a fox running through snow", "model": "seedance-lite-video", "duration": 5}
EPHEMERAL = 64
HISTORY_PAGE = 100  # messages that Discord gives at once
REFUSED_LATER = {**FOX, "prompt": "something nsfwlater"}


async def test_a_member_whose_video_fails_is_mentioned_in_the_one_message_that_is_left(studio):
    fern, videos = studio.people.person("Fern"), studio.people.channel("videos")

    async with studio.bot(), fern.watching() as watch:
        await fern.command(videos, "video", REFUSED_LATER)
        card = await watch.until(partial(is_card, title=""))
        word = await watch.until(is_failure)
        await watch.until(partial(is_deletion, of=card))
        left = await fern.read(videos)

    assert [user["id"] for user in word["mentions"]] == [fern.id]
    assert "Please modify your prompt" in word["content"]
    assert "charged" in word["content"]
    assert f"> {REFUSED_LATER['prompt']}" in word["content"]
    assert "Seedance Lite" in word["content"]
    assert word["id"] in {one["id"] for one in left}


async def posted_in(person, channel):
    """What everyone sees there."""
    return [one for one in await person.read(channel) if not one["flags"] & EPHEMERAL]


async def test_a_card_names_its_member_without_a_ping_and_gives_way_to_the_video(studio):
    fern, videos = studio.people.person("Fern"), studio.people.channel("videos")
    studio.make_slowly()

    async with studio.bot() as parts, fern.watching() as watch:
        await fern.command(videos, "video", FOX)
        card = await watch.until(partial(is_card, title="Rendering"))
        await studio.make_at_once()
        [video] = await studio.videos(watch)
        await watch.until(partial(is_deletion, of=card))
        left = await posted_in(fern, videos)
        delivery = await parts.stores.messages.find_delivery(job_of(card), DeliveryKind.CARD)

    assert f"<@{fern.id}>" in card["content"]
    assert card["mentions"] == []
    assert [one["id"] for one in left] == [video["id"]]
    assert [user["id"] for user in video["mentions"]] == [fern.id]
    for part in (FOX["prompt"], "Seedance Lite", "5 s", "$"):
        assert part in video["content"]
    assert delivery.state is DeliveryState.DELETED


async def test_a_card_that_a_moderator_deleted_is_gone_and_its_video_comes_all_the_same(studio):
    fern, videos = studio.people.person("Fern"), studio.people.channel("videos")
    ada = studio.people.person("Ada")
    studio.make_slowly()

    async with studio.bot() as parts, fern.watching() as watch:
        await fern.command(videos, "video", FOX)
        card = await watch.until(partial(is_card, title="Rendering"))
        await ada.delete(card)
        await studio.make_at_once()
        await studio.videos(watch)
        far_off = parts.clock.now() + timedelta(hours=1)
        while await parts.stores.temporary.list_due(far_off, 1):
            await parts.clock.sleep(0.05)
        assert await parts.stores.money.audit() == []


def is_owl(kind, data, *, title):
    return is_card(kind, data, title=title) and "an owl" in str(data["embeds"])


async def test_every_message_of_a_job_is_found_again_after_a_crash(studio):
    fern, videos = studio.people.person("Fern"), studio.people.channel("videos")

    async with studio.bot() as parts, fern.watching() as watch:
        await fern.command(videos, "video", REFUSED_LATER)
        word = await watch.until(is_failure)
        await fern.command(videos, "video", FOX)
        [video] = await studio.videos(watch)
        studio.make_slowly()
        await fern.command(videos, "video", {**FOX, "prompt": "an owl"})
        card = await watch.until(partial(is_owl, title="Rendering"))
        wanted = [
            (card, DeliveryKind.CARD, job_of(card)),
            (word, DeliveryKind.FAILURE, word["content"][-16:]),
            (video, DeliveryKind.VIDEO, video["components"][0]["components"][0]["custom_id"][-16:]),
        ]
        messenger = parts.loops.dispatcher._context.messenger
        found = [
            await messenger.find_posted(await parts.stores.messages.find_delivery(job_id, kind))
            for _, kind, job_id in wanted
        ]

    assert found == [int(message["id"]) for message, _, _ in wanted]


async def test_a_word_in_a_log_channel_is_found_again_after_a_crash_and_no_one_elses(studio):
    fern, log = studio.people.person("Fern"), studio.people.channel("videos")
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
        messenger = parts.loops.dispatcher._context.messenger
        await fern.say(log, copied.text)
        before = await messenger.find_notice(word)
        await messenger.post_notice(word)

        assert not before
        assert await messenger.find_notice(word)
        assert not await messenger.find_notice(copied)
        # a clock that was ahead noted when it was tried: no one knows when that was
        assert await messenger.find_notice(replace(word, posting_at=now + timedelta(hours=1)))


async def test_a_word_is_found_again_in_a_log_channel_where_everyone_talks(studio):
    fern, log = studio.people.person("Fern"), studio.people.channel("videos")
    now = SystemClock().now()
    guild_id = GuildId(int(studio.people.guild["id"]))
    word = Notice(new_notice_id(), guild_id, ChannelId(int(log)), "⚠️ Away.", now, now)
    for number in range(10 * HISTORY_PAGE + 10):
        await fern.say(log, f"word {number}")

    async with studio.bot() as parts:
        messenger = parts.loops.dispatcher._context.messenger
        await messenger.post_notice(word)

        assert await messenger.find_notice(word)


async def test_a_video_is_found_again_in_a_channel_where_everyone_talks(studio):
    fern, videos = studio.people.person("Fern"), studio.people.channel("videos")
    begun = SystemClock().now()
    for number in range(HISTORY_PAGE + 10):
        await fern.say(videos, f"word {number}")

    async with studio.bot() as parts, fern.watching() as watch:
        await fern.command(videos, "video", FOX)
        [video] = await studio.videos(watch)
        job_id = video["components"][0]["components"][0]["custom_id"][-16:]
        delivery = await parts.stores.messages.find_delivery(job_id, DeliveryKind.VIDEO)
        messenger = parts.loops.dispatcher._context.messenger
        found = await messenger.find_posted(replace(delivery, owed_at=begun))

    assert found == int(video["id"])


async def test_a_file_that_is_no_picture_is_named_when_it_shall_move(studio):
    fern, videos = studio.people.person("Fern"), studio.people.channel("videos")
    message = await fern.say(videos, "", Upload("notes.txt", b"only words", "text/plain"))

    async with studio.bot(), fern.watching() as watch:
        record = await fern.menu(videos, "Animate", message["id"])
        said = await settled_answer(fern, watch, record)

    assert said.startswith("notes.txt isn't a picture I can read. Choose a message")


def job_of(card):
    return card["embeds"][0]["footer"]["text"].removeprefix("Job ")


async def test_of_a_video_that_its_member_deletes_nothing_is_left(studio):
    fern, videos = studio.people.person("Fern"), studio.people.channel("videos")

    async with studio.bot(), fern.watching() as watch:
        await fern.command(videos, "video", FOX)
        card = await watch.until(partial(is_card, title=""))
        [video] = await studio.videos(watch)
        await remove(fern, watch, video)
        await watch.until(partial(is_deletion, of=video))
        await watch.until(partial(is_deletion, of=card))
        left = await posted_in(fern, videos)

    assert left == []


async def test_without_cards_the_private_answer_says_so_and_can_cancel(studio):
    ada, fern = studio.people.person("Ada"), studio.people.person("Fern")
    videos = studio.people.channel("videos")
    studio.is_idle = True

    async with studio.bot() as parts, ada.watching() as admin, fern.watching() as watch:
        change = await ada.command(videos, "settings cards", {"place": "off"})
        assert "Cards are **off**" in await settled_answer(ada, admin, change)
        record = await fern.command(videos, "video", FOX)
        said = await settled_answer(fern, watch, record)
        answer = (await fern.interaction(record))["message"]
        [cancel] = answer["components"][0]["components"]
        pressed = await fern.press(answer, cancel["custom_id"])
        cancelled = await settled_answer(fern, watch, pressed)
        left = await posted_in(fern, videos)
        assert await parts.stores.jobs.list_active() == []

    assert "I'll mention you in this channel" in said
    assert "card" not in said
    assert cancelled == "Cancelled. Nothing was charged."
    assert left == []
