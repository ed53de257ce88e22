"""Cards in a thread of their channel, on a Discord with its own mind about threads."""

import pytest

from tests.studio import FOX, is_card, is_failure, settled_answer

CREATE_PUBLIC_THREADS, SEND_IN_THREADS = 1 << 35, 1 << 38
VOICE = 2
NAME = "Video requests"


async def take_away(studio, channel, permission):
    bot = (await studio.people.call("GET", "/world"))["application"]["bot"]
    denied = {"id": bot["id"], "type": 1, "allow": "0", "deny": str(permission)}
    await studio.people.call("PATCH", f"/channels/{channel}", {"permission_overwrites": [denied]})


async def threads_of(studio, channel):
    world = await studio.people.call("GET", "/world")
    threads = world["guilds"][0]["threads"]
    return [one for one in threads if one["parent_id"] == channel and one["name"] == NAME]


async def set_threads(studio, ada):
    """Cards go to threads and stay there; what goes wrong is told in `welcome`."""
    log = studio.people.channel("welcome")
    said = ""
    async with ada.watching() as watch:
        for command, options in (
            ("settings cards", {"place": "thread", "keep": True}),
            ("settings log-channel", {"channel": log}),
        ):
            record = await ada.command(log, command, options)
            said = await settled_answer(ada, watch, record)
    assert f"Log channel: <#{log}>, for alerts, reports and removed videos" in said
    return said


async def make(studio, person, watch, channel, number):
    """A request to its end: where its card and its video are posted."""
    await person.command(channel, "video", FOX)
    video = (await studio.videos(watch, number))[-1]
    cards = [
        event["data"]
        for event in watch.seen
        if event["type"] == "MESSAGE_CREATE" and is_card("MESSAGE_CREATE", event["data"], title="")
    ]
    assert len(cards) == number
    return cards[-1]["channel_id"], video["channel_id"]


async def told(studio, ada, watch):
    """The warnings in the log channel."""
    await watch.until(lambda kind, data: kind == "MESSAGE_CREATE" and "⚠️" in data["content"])
    messages = await ada.read(studio.people.channel("welcome"))
    return [one["content"] for one in messages if "⚠️" in one["content"]]


async def test_a_restart_and_an_archive_later_it_is_still_the_same_thread(studio, ada, fern):
    videos = studio.people.channel("videos")

    async with fern.watching() as watch:
        async with studio.bot():
            said = await set_threads(studio, ada)
            places = [await make(studio, fern, watch, videos, 1)]
        [thread] = await threads_of(studio, videos)
        await studio.people.call("PATCH", f"/channels/{thread['id']}", {"archived": True})
        async with studio.bot():
            places.append(await make(studio, fern, watch, videos, 2))
        [again] = await threads_of(studio, videos)

    assert "posted in a thread of the request's channel" in said
    assert places == [(thread["id"], videos)] * 2
    assert (again["id"], again["thread_metadata"]["archived"]) == (thread["id"], False)


async def test_the_video_replaces_the_card_in_the_thread(studio, ada, fern):
    videos = studio.people.channel("videos")

    async with studio.bot(), fern.watching() as watch:
        await set_threads(studio, ada)
        async with ada.watching() as admin:
            change = await ada.command(videos, "settings cards", {"place": "thread"})
            await settled_answer(ada, admin, change)
        record = await fern.command(videos, "video", FOX)
        said = await settled_answer(fern, watch, record)
        [video] = await studio.videos(watch)
        card = next(
            event["data"] for event in watch.seen if is_card(event["type"], event["data"], title="")
        )
        await watch.until(lambda kind, data: kind == "MESSAGE_DELETE" and data["id"] == card["id"])
        [thread] = await threads_of(studio, videos)

    assert "thread **Video requests**" in said
    assert card["channel_id"] == thread["id"]
    assert video["channel_id"] == videos


async def test_a_failure_is_told_in_the_channel(studio, ada, fern):
    videos = studio.people.channel("videos")

    async with studio.bot(), fern.watching() as watch:
        await set_threads(studio, ada)
        await fern.command(videos, "video", {**FOX, "prompt": "something nsfwlater"})
        word = await watch.until(is_failure)

    assert word["channel_id"] == videos


async def test_a_thread_that_was_deleted_is_replaced_and_nothing_is_said(studio, ada, fern):
    videos = studio.people.channel("videos")

    async with studio.bot(), fern.watching() as watch:
        await set_threads(studio, ada)
        first, _ = await make(studio, fern, watch, videos, 1)
        await studio.people.call("DELETE", f"/channels/{first}")
        second, _ = await make(studio, fern, watch, videos, 2)
        third, _ = await make(studio, fern, watch, videos, 3)
        messages = await ada.read(studio.people.channel("welcome"))

    assert first != second == third != videos
    assert not any("⚠️" in one["content"] for one in messages)


async def test_the_video_of_a_card_that_went_with_its_thread_comes_all_the_same(studio, ada, fern):
    videos = studio.people.channel("videos")
    studio.make_slowly()

    async with studio.bot(), fern.watching() as watch:
        await set_threads(studio, ada)
        await fern.command(videos, "video", FOX)
        card = await watch.until(lambda kind, data: is_card(kind, data, title="Rendering"))
        await studio.people.call("DELETE", f"/channels/{card['channel_id']}")
        await studio.make_at_once()
        [video] = await studio.videos(watch)

    assert video["channel_id"] == videos


@pytest.mark.parametrize(
    ("permission", "is_open"),
    [(CREATE_PUBLIC_THREADS, False), (SEND_IN_THREADS, False), (SEND_IN_THREADS, True)],
)
async def test_without_the_permission_cards_are_in_the_channel_and_staff_hears_it_once(
    studio, ada, fern, permission, is_open
):
    videos, number = studio.people.channel("videos"), 1

    async with studio.bot(), fern.watching() as watch, ada.watching() as admin:
        await set_threads(studio, ada)
        if is_open:
            await make(studio, fern, watch, videos, 1)
            number = 2
        await take_away(studio, videos, permission)
        places = [await make(studio, fern, watch, videos, number + one) for one in range(2)]
        said = await told(studio, ada, admin)

    assert places == [(videos, videos)] * 2
    [text] = said
    assert text.startswith(f"⚠️ I post the cards of requests in <#{videos}> itself:")
    assert "Send Messages in Threads" in text


async def test_a_locked_thread_is_left_alone_and_staff_hears_it_once(studio, ada, fern):
    videos = studio.people.channel("videos")

    async with studio.bot(), fern.watching() as watch, ada.watching() as admin:
        await set_threads(studio, ada)
        thread, _ = await make(studio, fern, watch, videos, 1)
        await studio.people.call("PATCH", f"/channels/{thread}", {"locked": True})
        places = [await make(studio, fern, watch, videos, number) for number in (2, 3)]
        said = await told(studio, ada, admin)

    assert places == [(videos, videos)] * 2
    [text] = said
    assert "locked" in text


async def test_where_there_are_no_threads_cards_are_in_the_channel(studio, ada, fern):
    guild = studio.people.guild["id"]
    voice = await studio.people.call(
        "POST", f"/guilds/{guild}/channels", {"name": "stage", "type": VOICE}
    )

    async with studio.bot(), fern.watching() as watch, ada.watching() as admin:
        await set_threads(studio, ada)
        places = [await make(studio, fern, watch, voice["id"], number) for number in (1, 2)]
        said = await told(studio, ada, admin)

    assert places == [(voice["id"], voice["id"])] * 2
    [text] = said
    assert "has no threads" in text


async def test_a_card_of_a_request_in_a_thread_is_posted_there_and_no_one_complains(
    studio, ada, fern
):
    videos = studio.people.channel("videos")
    asked = {"as": fern.id, "name": "foxes"}
    thread = await studio.people.call("POST", f"/channels/{videos}/threads", asked)

    async with studio.bot(), fern.watching() as watch:
        await set_threads(studio, ada)
        places = await make(studio, fern, watch, thread["id"], 1)
        messages = await ada.read(studio.people.channel("welcome"))

    assert places == (thread["id"], thread["id"])
    assert not any("⚠️" in one["content"] for one in messages)


async def test_a_card_for_a_picture_in_another_channel_is_no_answer_to_it(studio, ada):
    """Discord takes answers only to messages of the same channel."""
    pictures = studio.people.channel("pictures")
    message = next(row for row in await ada.read(pictures) if row["attachments"])

    async with studio.bot(), ada.watching() as watch:
        await set_threads(studio, ada)
        await ada.react(message, "🎬")
        [video] = await studio.videos(watch)
        [thread] = await threads_of(studio, pictures)
        [card] = [one for one in await ada.read(thread["id"]) if one["embeds"]]

    assert card.get("message_reference") is None
    assert video["message_reference"]["message_id"] == message["id"]


async def test_a_thread_that_no_one_recorded_is_found_and_not_opened_again(studio):
    """As after a crash between opening it and writing that down."""
    videos = studio.people.channel("videos")

    async with studio.bot() as parts:
        messenger = parts.loops.dispatcher._context.messenger
        first = await messenger.open_thread(int(videos))
        again = await messenger.open_thread(int(videos))
        await studio.people.call("PATCH", f"/channels/{first}", {"archived": True})
        archived = await messenger.open_thread(int(videos))

    assert first == again == archived
    assert len(await threads_of(studio, videos)) == 1
