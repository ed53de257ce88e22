"""A community manages its budget: as its admin and as its members, by command."""

import asyncio
import re
from functools import partial

import pytest

from tests.office import Office, card_of
from tests.studio import FOX, is_card, is_deletion, is_failure, opened_form, settled_answer


@pytest.fixture
async def offices(studio, ada, fern):
    """The bot runs; the admin's office and a member's."""
    channel = studio.people.channel("videos")
    async with studio.bot(), ada.watching() as admins, fern.watching() as members:
        yield Office(ada, channel, admins), Office(fern, channel, members)


async def test_an_allowance_is_asked_about_then_holds_at_once_and_is_shown_as_videos(
    studio, offices
):
    admin, member = offices
    asked = await admin.ask("quota-admin allowance", dollars="0.20", period="day")
    assert "Nothing changes until you press" in asked["content"]
    assert "no limit on what you can spend" in card_of(await member.ask("quota show"))["text"]

    said = await admin.set("allowance", dollars="0.20", period="day")
    before = card_of(await member.ask("quota show"))
    first, second = [await member.request() for _ in range(2)]
    await studio.videos(member.watch, 2)
    third = await member.request()
    after = card_of(await member.ask("quota show"))

    assert said.startswith("✅ Done.")
    assert "**$0.20 left of $0.20**" in before["text"]
    assert "≈ **2 videos** with" in before["text"]
    assert "You'll have $0.11 left" in first
    assert "Accepted" in second
    assert "you have $0.03 left of $0.20" in third
    assert "<t:" in third
    assert "A server admin can change that." in third
    assert "/quota-admin" not in third
    assert "**$0.03 left of $0.20**" in after["text"]
    assert "paid for a video" in after["Recent activity"]
    assert len(studio.runs) == 2


async def test_a_hundred_commands_at_once_never_pass_a_limit(studio, ada):
    channel = studio.people.channel("videos")
    async with studio.bot() as parts, ada.watching() as watch:
        admin = Office(ada, channel, watch)
        await admin.set("pool", dollars="0.50")
        await admin.set("requests", limits="none")
        await admin.set("concurrency")
        await asyncio.gather(*(ada.command(channel, "video", FOX) for _ in range(100)))
        await studio.videos(watch, 6)
        assert await parts.stores.jobs.list_active() == []
        assert await parts.stores.money.audit() == []

    assert len(studio.runs) == 6  # of $0.08 each, from $0.50


async def test_what_failed_costs_the_member_nothing_and_its_message_says_so(studio, offices):
    admin, member = offices
    await admin.set("allowance", dollars="1", period="month")
    await member.request(prompt="something nsfwlater")
    failed = await member.watch.until(is_failure)
    told = card_of(await member.ask("quota show"))

    assert "weren't charged" in failed["content"]
    assert "**$1.00 left of $1.00**" in told["text"]
    assert "released" in told["Recent activity"]


async def test_a_grant_a_gift_and_an_event_each_pay_for_videos(studio, offices):
    admin, member = offices
    ada, fern = admin.person, member.person
    await admin.set("allowance", dollars="0", period="day")
    await admin.set("gifts", dollars="1")
    assert "$0.00 left of $0.00" in await member.request()

    await admin.set("grant", member=fern.id, dollars="0.30", reason="won the contest")
    gift = await member.ask("quota gift", member=ada.id, dollars="0.10")
    assert "You have $0.20 left" in gift["content"]
    assert "Accepted" in await admin.request()
    assert "🎁 gift from" in card_of(await admin.ask("quota show"))["Recent activity"]

    opened = await admin.set("event-open", videos=2, max_price="0.20")
    assert "The next 2 videos" in opened
    assert "Accepted" in await member.request()
    await studio.videos(member.watch, 2)
    told = card_of(await member.ask("quota show"))
    assert "The next video here is free: the server pays." in told["🎁 Event"]
    assert "**$0.20 left" in told["text"]


async def test_a_role_is_exempt_and_the_kill_switch_stops_even_it(studio, offices):
    admin, member = offices
    await admin.set("requests", limits="0 per day")
    assert "0 of 0 requests" in await member.request()

    await admin.set("exempt", exempt=True, member=member.person.id)
    assert "Accepted" in await member.request()

    paused = await admin.set("pause")
    assert "videos: enabled → paused" in paused
    assert "paused" in await member.request()
    assert "⏸" in card_of(await admin.ask("quota-admin show"))["title"]
    await admin.set("resume")
    assert "Accepted" in await member.request()


async def test_a_video_is_as_long_as_the_server_allows_also_in_shots(studio, offices):
    admin, member = offices
    changed = await admin.set("max-length", seconds=9)
    overview = card_of(await admin.ask("quota-admin show"))
    limits = card_of(await member.ask("quota show"))["Limits"]
    too_long = await member.request(duration=10)
    allowed = await member.request(duration=5)
    form = await member.person.command(member.channel, "storyboard")
    opened = await opened_form(member.watch, form)
    sent = await member.person.submit(opened, {"shots": "a fox\na bear"})
    storyboard = await settled_answer(member.person, member.watch, sent)
    own = await admin.set("max-length", seconds=10, member=member.person.id)
    longer = await member.request(duration=10)

    assert "maximum length: no limit → 9 s" in changed
    assert "maximum length: 9 s" in overview["Everyone"]
    assert "up to 9 s per video" in limits
    assert "would be 10 s long; the maximum here is 9 s. Choose a shorter duration" in too_long
    assert "A server admin can change that." in too_long
    assert "Accepted" in allowed
    assert re.search(r"would be 1\d s long", storyboard)
    assert "maximum length: same as everyone → 10 s" in own
    assert "Accepted" in longer


async def test_the_month_is_seen_in_charts_tables_files_and_history(studio, offices):
    admin, member = offices
    await admin.set("pool", dollars="5")
    await member.request()
    await studio.videos(member.watch, 1)

    usage = await admin.ask("quota-admin usage")
    export = await admin.ask("quota-admin export", days=7)
    history = card_of(await admin.ask("quota-admin history"))
    overview = card_of(await admin.ask("quota-admin show"))
    month = await member.ask("quota month")

    assert "Fern · 1 · $0.09" in card_of(usage)["By member"]
    assert "· 1 · $0.09" in card_of(usage)["By model"]
    assert "bytedance-" not in card_of(usage)["By model"]
    assert usage["embeds"][0]["image"]["url"].split("?")[0].endswith("usage.png")
    [file] = export["attachments"]
    async with studio.people.session.get(file["url"]) as answer:
        lines = (await answer.text()).splitlines()
    assert lines[0] == (
        "at,job,member,member_name,channel,channel_name,model,prompt,pool_usd,member_usd"
    )
    assert ",Fern," in lines[1]
    assert ",videos," in lines[1]
    assert "a fox running through snow" in lines[1]
    assert len(lines) == 2
    assert "pool: no limit → $5.00 per month" in history["text"]
    assert "left of $5.00" in overview["text"]
    [picture] = month["attachments"]
    assert picture["content_type"] == "image/png"


async def test_what_is_no_amount_no_rate_and_no_zone_is_said_and_changes_nothing(offices):
    admin, _ = offices

    assert "isn't an amount" in await admin.set("pool", dollars="a lot")
    assert "isn't a rate limit" in await admin.set("requests", limits="often")
    assert "isn't a time zone" in await admin.set("timezone", zone="Mars/Olympus")
    assert "Choose a role or a member" in await admin.set("clear")
    assert "No limit set" in card_of(await admin.ask("quota show"))["Server pool this month"]


async def test_who_asks_for_no_video_is_not_told_of_charges(offices):
    admin, _ = offices
    answers = [
        await admin.set("pool", dollars="a lot"),
        (await admin.ask("settings confirm-above", dollars="0.004"))["content"],
        (await admin.ask("models compare", model_1="nonsense", model_2="sora-2"))["content"],
        (await admin.ask("show", video="nonsense"))["content"],
        (await admin.ask("quota gift", member=admin.person.id, dollars="1"))["content"],
    ]
    assert "Nothing was charged" in await admin.request(model="nonsense")

    assert [one for one in answers if "charged" in one] == []


async def test_what_would_surprise_an_admin_is_refused_or_changes_nothing(offices):
    admin, member = offices
    videos = admin.channel
    bot = next(
        m["user"]["id"] for m in member.person.people.guild["members"] if m["user"].get("bot")
    )

    assert "Everything is allowed right now" in await admin.set(
        "channels", action="remove", channel=videos
    )
    assert "Bots can't make videos" in await admin.set(
        "grant", member=bot, dollars="1", reason="why not"
    )
    assert "already set that way" in await admin.set("resume")
    assert "No changes yet" in card_of(await admin.ask("quota-admin history"))["text"]


async def test_a_video_that_was_given_back_is_no_video_of_the_month(studio, offices):
    admin, member = offices
    await member.request()
    await studio.videos(member.watch, 1)
    card = await member.watch.until(partial(is_card, title=""))
    await member.watch.until(partial(is_deletion, of=card))
    job = card["embeds"][0]["footer"]["text"]

    assert "goes back" in await admin.set("refund", video=job, reason="it was black")
    assert "already refunded" in await admin.set("refund", video=job, reason="again")
    usage = card_of(await admin.ask("quota-admin usage"))

    assert usage["text"] == "0 videos for $0.00"
    assert usage["By member"] == "nothing yet"


async def test_members_may_not_see_or_change_what_admins_set(studio, fern):
    channel = studio.people.channel("videos")
    async with studio.bot():
        with pytest.raises(AssertionError, match="you cannot use this command here"):
            await fern.command(channel, "quota-admin show", {})
