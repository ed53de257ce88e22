"""Which models a member may use, and which one makes what they ask for, everywhere at once.

The kind: every door through which a model comes into a request. One that forgets the server's rule
offers what is refused afterwards; one that forgets what was asked refuses what another could make.
"""

import pytest

from bot.catalog.request import Origin
from bot.ids import ChannelId, GuildId, UserId
from tests.people import Upload
from tests.pictures import picture
from tests.studio import FOX, buttons_of, is_failure, settled_answer

KLING = "kling-v21-standard"  # not what anything would choose by itself
PICTURE = Upload("me.png", picture(size=(640, 360)), "image/png")
FIRST_AND_LAST = {"image": "attachment://0", "end_image": "attachment://1"}
QUOTED = "minimax-h3-singularity/image-to-video"


@pytest.fixture
def videos(studio):
    return studio.people.channel("videos")


async def private(person, watch, record):
    """The whole private answer."""

    def answered(kind, data):
        message = data.get("message") if kind == "INTERACTION_RECORD" else None
        return bool(message and data["id"] == record["id"] and message["embeds"])

    return (await watch.until(answered))["message"]


async def test_a_model_that_is_allowed_by_its_shown_name_is_the_only_one_everywhere(
    studio, videos, ada, fern
):
    async with studio.bot() as parts, ada.watching() as admins, fern.watching() as watch:
        shown = parts.catalog.find(KLING)
        record = await ada.command(
            videos, "quota-admin models", {"action": "allow", "model": shown.name}
        )
        assert KLING in await settled_answer(ada, admins, record)

        offered = await fern.complete(videos, "video", {"model": ""}, "model")
        listed = await private(fern, watch, await fern.command(videos, "models list"))
        compared = await fern.command(
            videos, "models compare", {"model_1": KLING, "model_2": "veo3-1-video"}
        )
        assert [choice["value"] for choice in offered] == [KLING]
        assert listed["embeds"][0]["title"].startswith("1 model")
        assert "can't use this model" in await settled_answer(fern, watch, compared)

        asked = {"prompt": "it waves", "image": "attachment://0"}
        said = await settled_answer(
            fern, watch, await fern.command(videos, "video", asked, PICTURE)
        )
        assert "Accepted" in said
        message = await ada.say(videos, "look", PICTURE)
        await fern.react(message, "🎬")
        await studio.videos(watch, 2)

    assert [run["model"] for run in studio.runs] == [KLING, KLING]


async def test_a_request_without_a_model_is_made_by_the_cheapest_that_can(studio, videos, fern):
    async with studio.bot() as parts, fern.watching() as watch:
        record = await fern.command(
            videos, "video", {"prompt": "it waves", **FIRST_AND_LAST}, PICTURE, PICTURE
        )
        said = await settled_answer(fern, watch, record)
        assert "Accepted" in said
        await studio.videos(watch)
        [run] = studio.runs
        able = parts.catalog.find(run["model"])

    assert able.end_image
    assert not able.is_explicit
    assert run["cost"] <= 0.2


async def test_what_no_list_prices_is_offered_at_the_services_own_quote_and_charged_so(
    studio, videos, fern
):
    async with studio.bot(), fern.watching() as watch:
        asked = {"prompt": "it waves", "model": QUOTED, "image": "attachment://0", "duration": 15,
                 "resolution": "1080p"}  # fmt: skip
        record = await fern.command(videos, "video", asked, PICTURE)
        assert "$3.00" in await settled_answer(fern, watch, record)
        assert studio.runs == []

        message = (await fern.interaction(record))["message"]
        [button] = buttons_of(message)
        await fern.press(message, button["custom_id"])
        await studio.videos(watch)

    [run] = studio.runs
    assert (run["model"], run["cost"]) == (QUOTED, 3.0)


async def test_without_a_quote_it_is_refused_and_the_long_prompt_comes_back(studio, videos, fern):
    studio.sandbox.nanogpt.service.overrides.quotes = False
    prompt = "it waves, slowly, " * 20
    async with studio.bot(), fern.watching() as watch:
        asked = {"prompt": prompt, "model": QUOTED, "image": "attachment://0"}
        record = await fern.command(videos, "video", asked, PICTURE)
        said = await settled_answer(fern, watch, record)
        message = (await fern.interaction(record))["message"]

    assert "I don't know the price" in said
    assert [one["filename"] for one in message["attachments"]] == ["prompt.txt"]
    assert studio.runs == []


async def test_a_quote_below_the_charge_is_settled_at_what_was_charged(studio, videos, ada, fern):
    """The member agreed to the quote; the books hold what the service took."""
    studio.sandbox.nanogpt.service.overrides.quote_factor = 0.5
    async with studio.bot() as parts, fern.watching() as watch:
        asked = {"prompt": "it waves", "model": QUOTED, "image": "attachment://0", "duration": 15,
                 "resolution": "1080p"}  # fmt: skip
        record = await fern.command(videos, "video", asked, PICTURE)
        assert "$1.50" in await settled_answer(fern, watch, record)
        message = (await fern.interaction(record))["message"]
        [button] = buttons_of(message)
        await fern.press(message, button["custom_id"])
        await studio.videos(watch)
        place = Origin(GuildId(int(studio.people.guild["id"])), ChannelId(int(videos)), UserId(int(fern.id)))  # fmt: skip
        moved = await parts.stores.money.transactions(place.guild_id, place.user_id, 10)

    [run] = studio.runs
    assert run["cost"] == 3.0
    spent = [abs(one.micros) for entry in moved for one in entry.postings]
    assert 3_000_000 in spent
    assert 1_500_000 in spent  # what was reserved


async def test_a_favorite_decides_until_it_cannot_and_the_answer_says_so(studio, videos, ada, fern):
    async with studio.bot() as parts, fern.watching() as watch:
        name = parts.catalog.find(KLING).name
        record = await fern.command(videos, "models favorite", {"model": name.upper()})
        assert f"{name} is your favorite now" in await settled_answer(fern, watch, record)

        animated = await fern.command(
            videos, "video", {"prompt": "it waves", "image": "attachment://0"}, PICTURE
        )
        plain = await fern.command(videos, "video", {"prompt": "a fox"})
        said = [await settled_answer(fern, watch, one) for one in (animated, plain)]
        await studio.videos(watch, 2)

    assert said[0].startswith("🎬 Accepted")
    assert said[1].startswith(f"Your favorite, {name}, only animates pictures, so I chose ")
    assert "\n🎬 Accepted" in said[1]
    made = {run["model"] for run in studio.runs}
    assert KLING in made
    assert len(made) == 2


async def test_a_servers_default_is_set_by_admins_audited_and_kept_over_a_restart(
    studio, videos, ada, fern
):
    async with studio.bot(), ada.watching() as admins:
        options = {"kind": "image", "model": KLING}
        record = await ada.command(videos, "settings default-model", options)
        shown = await settled_answer(ada, admins, record)
        refused = await ada.command(
            videos, "settings default-model", {"kind": "text", "model": KLING}
        )
        assert "only animates pictures" in await settled_answer(ada, admins, refused)
        history = await private(ada, admins, await ada.command(videos, "quota-admin history"))
    async with studio.bot(), fern.watching() as watch:
        message = await ada.say(videos, "look", PICTURE)
        await fern.react(message, "🎬")
        await studio.videos(watch)

    assert "Default model for pictures: Kling" in shown
    assert "default model for pictures" in str(history["embeds"])
    assert [run["model"] for run in studio.runs] == [KLING]


async def test_a_list_compares_by_clip_and_second_and_tells_what_became_of_videos(
    studio, videos, fern
):
    async with studio.bot(), fern.watching() as watch:
        asked = {"prompt": "it waves", "model": KLING, "image": "attachment://0"}
        await fern.command(videos, "video", asked, PICTURE)
        await studio.videos(watch)
        studio.sandbox.nanogpt.service.overrides.fail = "error"
        await fern.command(videos, "video", asked, PICTURE)
        await watch.until(is_failure)
        listed = await private(fern, watch, await fern.command(videos, "models list", {"search": KLING}))  # fmt: skip

    [line, _] = listed["embeds"][0]["description"].splitlines()
    assert "$0.14 for 5 s, $0.028/s" in line
    assert "1 of 2 succeeded" in line


async def test_what_is_made_for_adults_needs_a_channel_for_adults(studio, videos, fern):
    async with studio.bot(), fern.watching() as watch:
        asked = {"prompt": "it waves", "image": "attachment://0",
                 "model": "bytedance/seedance-2.0/image-to-video-spicy"}  # fmt: skip
        record = await fern.command(videos, "video", asked, PICTURE)

        assert "age-restricted channel" in await settled_answer(fern, watch, record)
    assert studio.runs == []


async def test_a_storyboard_for_a_model_that_makes_single_shots_opens_a_form(studio, videos, fern):
    async with studio.bot(), fern.watching():
        record = await fern.command(videos, "storyboard", {"model": FOX["model"]})

        assert (await fern.interaction(record)).get("modal") is not None


async def test_a_storyboard_for_a_model_that_only_animates_pictures_is_refused(
    studio, videos, fern
):
    async with studio.bot() as parts, fern.watching() as watch:
        record = await fern.command(videos, "storyboard", {"model": KLING})
        name = parts.catalog.find(KLING).name

        said = await settled_answer(fern, watch, record)
    assert said.startswith(f"{name} only animates pictures. Choose a model that works from text.")
