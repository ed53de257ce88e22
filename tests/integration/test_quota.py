"""A community manages its budget: as its admin and as its members, by command."""

import asyncio
from functools import partial

import pytest

from tests.studio import FOX, buttons_of, is_card, outcome_of, settled_answer


class Office:
    """Somebody at their keyboard in #films, reading every private answer."""

    def __init__(self, person, channel, watch):
        self.person, self.channel, self.watch = person, channel, watch

    async def ask(self, command, **options):
        """The private answer, whole."""
        record = await self.person.command(self.channel, command, options)

        def answered(kind, data):
            message = data.get("message") if kind == "INTERACTION_RECORD" else None
            if message is None or data["id"] != record["id"]:
                return False
            return bool(message["content"] or message["embeds"] or message["attachments"])

        return (await self.watch.until(answered))["message"]

    async def set(self, command, **options):
        """A change, agreed to where that is asked for; what was said at last."""
        message = await self.ask(f"quota-admin {command}", **options)
        if not message["components"]:
            return message["content"]
        [button] = buttons_of(message)
        pressed = await self.person.press(message, button["custom_id"])
        return await settled_answer(self.person, self.watch, pressed)

    async def wish(self, **options):
        record = await self.person.command(self.channel, "video", {**FOX, **options})
        return await settled_answer(self.person, self.watch, record)


def card_of(message):
    [embed] = message["embeds"]
    fields = {field["name"]: field["value"] for field in embed.get("fields", [])}
    return {"title": embed["title"], "text": embed.get("description", ""), **fields}


@pytest.fixture
async def offices(studio, ada, fern):
    """The bot runs; the admin's office and a member's."""
    channel = studio.people.channel("films")
    async with studio.bot(), ada.watching() as admins, fern.watching() as members:
        yield Office(ada, channel, admins), Office(fern, channel, members)


async def test_an_allowance_is_asked_about_then_holds_at_once_and_is_shown_as_films(
    studio, offices
):
    admin, member = offices
    asked = await admin.ask("quota-admin allowance", dollars="0.20", window="day")
    assert "Nothing is changed until you press" in asked["content"]
    assert "Nothing limits how much" in card_of(await member.ask("quota show"))["text"]

    said = await admin.set("allowance", dollars="0.20", window="day")
    before = card_of(await member.ask("quota show"))
    first, second = [await member.wish() for _ in range(2)]
    await studio.films(member.watch, 2)
    third = await member.wish()
    after = card_of(await member.ask("quota show"))

    assert said.startswith("✅ Done.")
    assert "**$0.20 left of $0.20**" in before["text"]
    assert "≈ **1 film** with" in before["text"]
    assert "You then have $0.11 left" in first
    assert "Accepted" in second
    assert "you have $0.03 left of $0.20" in third
    assert "<t:" in third
    assert "/quota-admin" in third
    assert "**$0.03 left of $0.20**" in after["text"]
    assert "paid for a film" in after["Lately"]
    assert len(studio.runs) == 2


async def test_a_hundred_commands_at_once_never_pass_a_limit(studio, ada):
    channel = studio.people.channel("films")
    async with studio.bot() as parts, ada.watching() as watch:
        admin = Office(ada, channel, watch)
        await admin.set("pool", dollars="0.50")
        await admin.set("rates", wishes="none")
        await admin.set("concurrency")
        await asyncio.gather(*(ada.command(channel, "video", FOX) for _ in range(100)))
        await studio.films(watch, 6)
        assert await parts.store.list_active() == []
        assert await parts.treasury.audit() == []

    assert len(studio.runs) == 6  # of $0.08 each, from $0.50


async def test_what_failed_costs_the_member_nothing_and_its_card_says_so(studio, offices):
    admin, member = offices
    await admin.set("allowance", dollars="1", window="month")
    await member.wish(prompt="something nsfwlater")
    failed = await member.watch.until(partial(is_card, title="No film"))
    told = card_of(await member.ask("quota show"))

    assert "charged nothing" in outcome_of(failed)
    assert "**$1.00 left of $1.00**" in told["text"]
    assert "given back" in told["Lately"]


async def test_a_grant_a_gift_and_an_event_each_pay_for_films(studio, offices):
    admin, member = offices
    ada, fern = admin.person, member.person
    await admin.set("allowance", dollars="0", window="day")
    await admin.set("gifts", dollars="1")
    assert "$0.00 left of $0.00" in await member.wish()

    await admin.set("grant", member=fern.id, dollars="0.30", reason="won the contest")
    gift = await member.ask("quota gift", member=ada.id, dollars="0.10")
    assert "You have $0.20 left" in gift["content"]
    assert "Accepted" in await admin.wish()
    assert "🎁 gift from" in card_of(await admin.ask("quota show"))["Lately"]

    opened = await admin.set("event-open", films=2, film_cost="0.20")
    assert "The next 2 films" in opened
    assert "Accepted" in await member.wish()
    await studio.films(member.watch, 2)
    told = card_of(await member.ask("quota show"))
    assert "The next 1 film here" in told["🎁 Event"]
    assert "**$0.20 left" in told["text"]


async def test_a_role_is_exempt_and_the_kill_switch_stops_even_it(studio, offices):
    admin, member = offices
    await admin.set("rates", wishes="0 a day")
    assert "0 of 0 wishes" in await member.wish()

    await admin.set("exempt", exempt=True, member=member.person.id)
    assert "Accepted" in await member.wish()

    paused = await admin.set("pause")
    assert "films: switched on → switched off" in paused
    assert "switched off" in await member.wish()
    assert "⏸" in card_of(await admin.ask("quota-admin show"))["title"]
    await admin.set("resume")
    assert "Accepted" in await member.wish()


async def test_the_month_is_seen_in_charts_tables_files_and_history(studio, offices):
    admin, member = offices
    await admin.set("pool", dollars="5")
    await member.wish()
    await studio.films(member.watch, 1)

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
    assert lines[0] == "at,job,member,model,pool_usd,member_usd"
    assert len(lines) == 2
    assert "pool: no cap → $5.00 a month" in history["text"]
    assert "left of $5.00" in overview["text"]
    [picture] = month["attachments"]
    assert picture["content_type"] == "image/png"


async def test_what_is_no_amount_no_rate_and_no_zone_is_said_and_changes_nothing(offices):
    admin, _ = offices

    assert "is no amount" in await admin.set("pool", dollars="a lot")
    assert "is no rate" in await admin.set("rates", wishes="often")
    assert "is no time zone" in await admin.set("timezone", zone="Mars/Olympus")
    assert "Choose a role or a member" in await admin.set("clear")
    assert "No cap is set" in card_of(await admin.ask("quota show"))["The server's month"]


async def test_who_asks_for_no_film_is_not_told_of_charges(offices):
    admin, _ = offices
    answers = [
        await admin.set("pool", dollars="a lot"),
        (await admin.ask("settings confirm-above", dollars="0.004"))["content"],
        (await admin.ask("models compare", model_1="nonsense", model_2="sora-2"))["content"],
        (await admin.ask("show", film="nonsense"))["content"],
        (await admin.ask("quota gift", member=admin.person.id, dollars="1"))["content"],
    ]
    assert "Nothing was charged" in await admin.wish(model="nonsense")

    assert [one for one in answers if "charged" in one] == []


async def test_what_would_surprise_an_admin_is_refused_or_changes_nothing(offices):
    admin, member = offices
    films = admin.channel
    bot = next(
        m["user"]["id"] for m in member.person.people.guild["members"] if m["user"].get("bot")
    )

    assert "no list to take it from" in await admin.set("channels", action="remove", channel=films)
    assert "A bot makes no films" in await admin.set(
        "grant", member=bot, dollars="1", reason="why not"
    )
    assert "so already" in await admin.set("resume")
    assert "Nothing was changed yet" in card_of(await admin.ask("quota-admin history"))["text"]


async def test_a_film_that_was_given_back_is_no_film_of_the_month(studio, offices):
    admin, member = offices
    await member.wish()
    await studio.films(member.watch, 1)
    card = await member.watch.until(partial(is_card, title="Done"))
    job = card["embeds"][0]["footer"]["text"]

    assert "goes back" in await admin.set("refund", film=job, reason="it was black")
    assert "given back already" in await admin.set("refund", film=job, reason="again")
    usage = card_of(await admin.ask("quota-admin usage"))

    assert usage["text"] == "0 films for $0.00"
    assert usage["By member"] == "nothing yet"


async def test_members_may_not_see_or_change_what_admins_set(studio, fern):
    channel = studio.people.channel("films")
    async with studio.bot():
        with pytest.raises(AssertionError, match="you cannot use this command here"):
            await fern.command(channel, "quota-admin show", {})
