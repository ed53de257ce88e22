"""The answer that only its member sees: short with a card, live without one, and gone in the end."""

from datetime import timedelta

import pytest

from bot.delivery import private_answers
from bot.storage.rows import milliseconds
from tests.studio import FOX, Json, buttons_of, engine_of, settled_answer

AT_ONCE = timedelta(0)
FOR_PICTURES = "kling-v21-standard"


@pytest.fixture
def soon_read(monkeypatch):
    """A member who reads fast: no test waits for seconds."""
    monkeypatch.setattr(private_answers, "READ_FOR", AT_ONCE)


async def turn_off_cards(studio, ada):
    async with ada.watching() as watch:
        record = await ada.command(
            studio.people.channel("videos"), "settings cards", {"place": "off"}
        )
        await settled_answer(ada, watch, record)


async def until_it_says(watch, record, words):
    """What the answer says, once these words are in it."""

    def says(kind, data):
        if kind != "INTERACTION_RECORD" or data["id"] != record["id"]:
            return False
        return data["message"] is not None and words in data["message"]["content"]

    found: Json = await watch.until(says)
    return found["message"]


async def until_it_is_gone(watch, record):
    said = False

    def is_gone(kind, data):
        nonlocal said
        if kind != "INTERACTION_RECORD" or data["id"] != record["id"]:
            return False
        said = said or bool(data["message"] and data["message"]["content"])
        return said and data["message"] is None

    await watch.until(is_gone)


async def test_with_a_card_the_answer_is_short_and_goes_once_the_card_is_there(
    studio, fern, soon_read
):
    videos = studio.people.channel("videos")
    studio.is_idle = True

    async with studio.bot(), fern.watching() as watch:
        record = await fern.command(videos, "video", FOX)
        said = await settled_answer(fern, watch, record)
        await until_it_is_gone(watch, record)
        [card] = [one for one in await fern.read(videos) if one["embeds"]]

    assert said.startswith("🎬 Accepted for ")
    assert said.endswith("Follow its card in the channel.")
    assert "Queued" in card["embeds"][0]["title"]


async def test_without_a_card_the_answer_shows_how_it_goes_and_makes_way_for_the_video(
    studio, ada, fern, soon_read
):
    videos = studio.people.channel("videos")
    studio.sandbox.nanogpt.service.overrides.generation_seconds = 5

    async with studio.bot(), fern.watching() as watch:
        await turn_off_cards(studio, ada)
        record = await fern.command(videos, "video", FOX)
        live = await until_it_says(watch, record, "**Rendering** · Started <t:")
        await studio.videos(watch)
        await until_it_is_gone(watch, record)

    assert "I'll mention you in this channel when it's ready." in live["content"]
    assert [one["label"] for one in buttons_of(live)] == ["Cancel"]


async def test_a_restart_later_the_answer_still_follows_and_its_button_works(studio, ada, fern):
    videos = studio.people.channel("videos")
    studio.is_idle = True

    async with fern.watching() as watch:
        async with studio.bot():
            await turn_off_cards(studio, ada)
            record = await fern.command(videos, "video", FOX)
            queued = await until_it_says(watch, record, "**Queued**")
        async with studio.bot():
            [cancel] = buttons_of(queued)
            shown = queued | {"channel_id": videos}
            pressed = await fern.press(shown, cancel["custom_id"])
            said = await settled_answer(fern, watch, pressed)
            cancelled = await until_it_says(watch, record, "**Cancelled** · Nothing was charged.")

    assert said == "Cancelled. Nothing was charged."
    assert buttons_of(cancelled) == []


async def test_before_discord_lets_it_change_no_more_it_says_where_to_look(
    studio, ada, fern, monkeypatch
):
    monkeypatch.setattr(private_answers, "LAST_WORDS_BEFORE", private_answers.TOKEN_HOLDS_FOR)
    videos = studio.people.channel("videos")
    studio.make_slowly()

    async with studio.bot(), fern.watching() as watch:
        await turn_off_cards(studio, ada)
        record = await fern.command(videos, "video", FOX)
        last = await until_it_says(watch, record, "Discord doesn't let me change this message")
        await studio.make_at_once()
        [video] = await studio.videos(watch)

    assert (
        "I'll mention you in this channel when the video is ready, or if it fails."
        in last["content"]
    )
    assert fern.id in [one["id"] for one in video["mentions"]]


async def test_a_token_that_expired_early_is_let_go_and_the_video_comes(studio, ada, fern):
    """The sandbox's clock goes ahead, as Discord's may."""
    videos = studio.people.channel("videos")
    studio.make_slowly()

    async with studio.bot() as parts, fern.watching() as watch:
        await turn_off_cards(studio, ada)
        record = await fern.command(videos, "video", FOX)
        await until_it_says(watch, record, "**Rendering**")
        await studio.make_at_once()
        await studio.videos(watch)
        far = milliseconds(parts.clock.now() + timedelta(days=1))
        owed = {"now": far, "latest": far}
        while await engine_of(parts).read_one("find_due_private_answer", **owed):
            await parts.clock.sleep(0.05)


async def test_a_note_that_the_card_does_not_have_is_left_to_be_read(studio, fern, soon_read):
    """As that a favorite could not be used; the next answer shows that answers do go."""
    videos = studio.people.channel("videos")
    studio.is_idle = True

    async with studio.bot(), fern.watching() as watch:
        chosen = await fern.command(videos, "models favorite", {"model": FOR_PICTURES})
        await settled_answer(fern, watch, chosen)
        noted = await fern.command(videos, "video", {"prompt": "a fox"})
        said = await settled_answer(fern, watch, noted)
        plain = await fern.command(videos, "video", FOX)
        await until_it_is_gone(watch, plain)
        left = (await fern.interaction(noted))["message"]

    assert said.startswith("Your favorite, ")
    assert "\n🎬 Accepted" in said
    assert left["content"] == said
