"""Messages reach a channel in which something changed while the video was made."""

import asyncio
import contextlib
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from bot.delivery.leases import Lease
from bot.delivery.messenger import CardView
from bot.delivery.temporary import DeletionSchedule
from bot.errors import DeliveryUnavailableError, MessageHeldError
from bot.ids import ChannelId, GuildId
from bot.jobs.messages import DeliveryKind, edited
from tests.factories import NOW, make_delivery, make_image, make_job, make_request
from tests.people import Upload
from tests.studio import FOX, is_card, is_deletion, outcome_of, settled_answer

SEND_MESSAGES, ATTACH_FILES, READ_MESSAGE_HISTORY = 1 << 11, 1 << 15, 1 << 16


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
    videos = studio.people.channel("videos")
    place = {
        "guild_id": GuildId(int(studio.people.guild["id"])),
        "channel_id": ChannelId(int(videos)),
    }
    images = (make_image(key="first.png"), make_image(key="last.png"))
    job = make_job(request=make_request(image=images[0], end_image=images[1]), **place)
    (tmp_path / "last.png").write_bytes(b"a picture")
    view = CardView(job, "Fake Model", NOW)

    async with studio.bot() as parts:
        messenger = parts.loops.dispatcher._context.messenger
        card = make_delivery(job)
        message_id = await messenger.post_card(
            card, view, [tmp_path / image.key for image in images]
        )
        posted = replace(card, message_id=message_id)
        await messenger.edit_card(posted, view)
        addresses = await messenger.picture_addresses(posted)
        [message] = [row for row in await fern.read(videos) if row["id"] == str(message_id)]

    assert [file["filename"] for file in message["attachments"]] == ["picture-2.png"]
    assert len(addresses) == 1


async def test_a_card_in_an_archived_thread_is_found_and_is_changed_once_something_wakes_it(
    studio, fern
):
    videos = studio.people.channel("videos")
    studio.is_idle = True
    async with studio.bot() as parts, fern.watching() as watch:
        asked = {"as": fern.id, "name": "foxes"}
        thread = await studio.people.call("POST", f"/channels/{videos}/threads", asked)
        await fern.command(thread["id"], "video", FOX)
        job_id = await noted_card(parts, watch)
        await studio.people.call("PATCH", f"/channels/{thread['id']}", {"archived": True})
        context, store = parts.loops.dispatcher._context, parts.stores.jobs
        card = await store.find_delivery(job_id, DeliveryKind.CARD)
        view = await context.view(await store.get(job_id))

        with pytest.raises(DeliveryUnavailableError):
            await context.messenger.edit_card(card, view)
        assert await context.messenger.find_posted(card) == card.message_id
        await fern.say(thread["id"], "wake up")
        await context.messenger.edit_card(card, view)


async def test_a_card_in_a_thread_that_is_opened_again_does_not_wait_out_its_pause(studio, fern):
    videos = studio.people.channel("videos")
    studio.is_idle = True
    async with studio.bot() as parts, fern.watching() as watch:
        thread = f"/channels/{(await thread_of(studio, fern, videos))['id']}"
        await fern.command(thread.removeprefix("/channels/"), "video", FOX)
        job_id = await noted_card(parts, watch)
        await studio.people.call("PATCH", thread, {"archived": True, "locked": True})
        card = await parts.stores.messages.find_delivery(job_id, DeliveryKind.CARD)
        pause = parts.clock.now() + timedelta(minutes=10)
        await parts.stores.messages.save_delivery(edited(card, None, pause))
        await studio.people.call("PATCH", thread, {"archived": False, "locked": False})

        await watch.until(
            lambda kind, data: kind == "MESSAGE_UPDATE" and data["id"] == str(card.message_id)
        )


@contextlib.asynccontextmanager
async def taken_away_in_the_meantime(studio, person, permission):
    """A video rendering in a channel where the bot has just lost this."""
    videos = studio.people.channel("videos")
    studio.make_slowly()
    async with studio.bot(), person.watching() as watch:
        await person.command(videos, "video", FOX)
        await watch.until(partial(is_card, title="Rendering"))
        await take_away(studio, videos, permission)
        await studio.make_at_once()
        yield watch


async def noted_card(parts, watch):
    """The job of a request that waits, once its card is posted and noted."""
    job_id = job_of(await watch.until(partial(is_card, title="Queued")))
    async with asyncio.timeout(60):
        while True:
            card = await parts.stores.messages.find_delivery(job_id, DeliveryKind.CARD)
            if card.shown is not None:
                return job_id
            await parts.clock.sleep(0.05)


async def test_a_member_hears_of_a_video_that_may_no_longer_be_attached(studio, fern):
    async with taken_away_in_the_meantime(studio, fern, ATTACH_FILES) as watch:
        card = await watch.until(partial(is_card, title=""))
        word = await watch.until(partial(mentions, fern))
        await watch.until(partial(is_deletion, of=card))

    assert (
        "I can't attach files in this channel, so here's the video service's link"
        in word["content"]
    )


async def test_the_card_of_a_video_that_may_not_be_posted_any_more_says_how_to_get_it(studio, fern):
    async with taken_away_in_the_meantime(studio, fern, SEND_MESSAGES) as watch:
        await watch.until(
            lambda kind, data: is_card(kind, data, title="Done") and "`/show`" in outcome_of(data)
        )


async def test_where_history_may_not_be_read_nothing_is_begun(studio, fern):
    videos = studio.people.channel("videos")
    await take_away(studio, videos, READ_MESSAGE_HISTORY)
    async with studio.bot(), fern.watching() as watch:
        said = await settled_answer(fern, watch, await fern.command(videos, "video", FOX))

    assert "I'm missing the Read Message History permission" in said
    assert studio.runs == []


async def test_a_video_for_a_message_that_may_no_longer_be_answered_comes_all_the_same(studio, ada):
    pictures = studio.people.channel("pictures")
    message = next(row for row in await ada.read(pictures) if row["attachments"])
    studio.make_slowly()
    async with studio.bot() as parts, ada.watching() as watch:
        await ada.animate(watch, pictures, message["id"])
        card = await watch.until(partial(is_card, title="Rendering"))
        await take_away(studio, pictures, READ_MESSAGE_HISTORY)
        await studio.make_at_once()

        [video] = await studio.videos(watch)
        delivery = await parts.stores.messages.find_delivery(job_of(card), DeliveryKind.VIDEO)
        with pytest.raises(DeliveryUnavailableError):  # for no one can say that it is not there
            await parts.loops.dispatcher._context.messenger.find_posted(delivery)

    assert video["attachments"]
    assert video.get("message_reference") is None


async def test_a_failure_notice_comes_though_it_may_no_longer_answer_the_card(studio, fern):
    videos = studio.people.channel("videos")
    studio.make_slowly()
    async with studio.bot(), fern.watching() as watch:
        await fern.command(videos, "video", {**FOX, "prompt": "something nsfwlater"})
        await watch.until(partial(is_card, title="Rendering"))
        await take_away(studio, videos, READ_MESSAGE_HISTORY)
        await studio.make_at_once()

        word = await watch.until(partial(mentions, fern))

    assert "your video failed" in word["content"]
    assert word.get("message_reference") is None


SEND_MESSAGES_IN_THREADS = 1 << 38
MANY_EDITS = {
    "method": "PATCH",
    "kind": "status",
    "status": 429,
    "headers": {"Via": "1.1 google", "Retry-After": "40"},
    "body": {"message": "many edits", "code": 30046, "retry_after": 40.0, "global": False},
    "times": 10,
}
HARMFUL = {
    "method": "POST",
    "path": "/channels/*/messages",
    "kind": "status",
    "status": 400,
    "body": {"message": "Message blocked by harmful links filter", "code": 240000},
}


async def thread_of(studio, person, channel):
    asked = {"as": person.id, "name": "foxes"}
    return await studio.people.call("POST", f"/channels/{channel}/threads", asked)


def lease_of(parts):
    async def renew():
        """No one takes it over."""

    return Lease(renew, timedelta(minutes=1), parts.clock)


async def test_one_card_with_too_many_edits_keeps_no_other_from_being_edited(studio):
    videos = studio.people.channel("videos")
    place = {
        "guild_id": GuildId(int(studio.people.guild["id"])),
        "channel_id": ChannelId(int(videos)),
    }
    first, second = make_job(**place), make_job(**place)
    views = [CardView(job, "Fake Model", NOW) for job in (first, second)]

    async with studio.bot() as parts:
        messenger = parts.loops.dispatcher._context.messenger
        cards = []
        for view in views:
            card = make_delivery(view.job)
            cards.append(replace(card, message_id=await messenger.post_card(card, view, [])))
        held = f"/channels/{videos}/messages/{cards[0].message_id}"
        await studio.people.call("POST", "/faults", MANY_EDITS | {"path": held})

        async with asyncio.timeout(60):
            with pytest.raises(MessageHeldError) as raised:
                async with lease_of(parts).held():
                    await messenger.edit_card(cards[0], views[0])
            async with lease_of(parts).held():
                await messenger.edit_card(cards[1], views[1])

    assert raised.value.retry_after_seconds == 40


async def test_a_video_whose_prompt_discord_refuses_is_posted_without_it(studio, fern):
    videos = studio.people.channel("videos")
    await studio.people.call("POST", "/faults", HARMFUL | {"after": 1})
    async with studio.bot(), fern.watching() as watch:
        await fern.command(videos, "video", FOX)
        [video] = await studio.videos(watch)

    assert FOX["prompt"] not in video["content"]
    assert fern.id in video["content"]


async def test_in_a_thread_too_no_one_can_say_what_is_not_there_without_its_history(studio, fern):
    videos = studio.people.channel("videos")
    studio.is_idle = True
    async with studio.bot() as parts, fern.watching() as watch:
        thread = await thread_of(studio, fern, videos)
        await fern.command(thread["id"], "video", FOX)
        job_id = await noted_card(parts, watch)
        card = await parts.stores.messages.find_delivery(job_id, DeliveryKind.CARD)
        messenger = parts.loops.dispatcher._context.messenger
        assert await messenger.find_posted(card) == card.message_id

        await take_away(studio, videos, READ_MESSAGE_HISTORY)
        channel = parts.client.get_channel(int(videos))
        async with asyncio.timeout(60):
            while channel.permissions_for(channel.guild.me).read_message_history:
                await parts.clock.sleep(0.05)  # the bot has not heard of it yet
        with pytest.raises(DeliveryUnavailableError):
            await messenger.find_posted(card)


@pytest.mark.parametrize(
    ("denied", "in_thread"),
    [(SEND_MESSAGES, False), (SEND_MESSAGES_IN_THREADS, True)],
)
async def test_where_nothing_may_be_sent_nothing_is_begun(studio, fern, denied, in_thread):
    videos = studio.people.channel("videos")
    place = (await thread_of(studio, fern, videos))["id"] if in_thread else videos
    await take_away(studio, videos, denied)
    async with studio.bot(), fern.watching() as watch:
        said = await settled_answer(fern, watch, await fern.command(place, "video", FOX))

    assert ("Send Messages in Threads" in said) is in_thread
    assert "Send Messages" in said
    assert studio.runs == []


@pytest.mark.parametrize(
    ("denied", "in_thread"),
    [(SEND_MESSAGES_IN_THREADS, False), (SEND_MESSAGES, True)],
)
async def test_each_of_the_two_permissions_to_send_counts_where_it_is_asked_for(
    studio, fern, denied, in_thread
):
    videos = studio.people.channel("videos")
    place = (await thread_of(studio, fern, videos))["id"] if in_thread else videos
    await take_away(studio, videos, denied)
    async with studio.bot(), fern.watching() as watch:
        await fern.command(place, "video", FOX)
        [video] = await studio.videos(watch)

    assert video["channel_id"] == place


async def test_an_answer_to_a_reaction_is_deleted_by_the_bot_after_its_restart(
    studio, fern, monkeypatch
):
    delete_later = DeletionSchedule.delete_later

    async def soon(self, *message, seconds):
        await delete_later(self, *message, seconds=min(seconds, 1.0))

    monkeypatch.setattr(DeletionSchedule, "delete_later", soon)
    pictures = studio.people.channel("pictures")
    damaged = Upload("sky.png", b"no picture at all", "image/png")
    message = await fern.say(pictures, "look", damaged)

    def answers(kind, data):
        reference = data.get("message_reference") or {}
        return kind == "MESSAGE_CREATE" and reference.get("message_id") == message["id"]

    async with fern.watching() as watch:
        async with studio.bot():
            await fern.react(message, "🎬")
            answer = await watch.until(answers)
        async with studio.bot():
            gone = await watch.until(
                lambda kind, data: kind == "MESSAGE_DELETE" and data["id"] == answer["id"]
            )

    assert gone["channel_id"] == pictures
