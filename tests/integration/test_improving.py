"""Improve my prompt on the sandbox: pressed on a quote, paid for once, and never in the way.

What a press does is read in both books: the community's and the service's.
"""

import pytest

from bot.ids import GuildId, OfferId, UserId
from bot.money.ledger import ImprovementState, TransactionKind
from bot.presentation.answers import IMPROVING
from tests.office import Office
from tests.studio import buttons_of, settled_answer

PROMPT = "a fox running through snow"
CHAT = "/api/v1/chat/completions"


@pytest.fixture
def videos(studio):
    return studio.people.channel("videos")


class Desk:
    """Fern at a quote, in a server that offers better prompts."""

    def __init__(self, studio, parts, fern, videos, watch):
        self.studio, self.parts, self.videos = studio, parts, videos
        self.member = Office(fern, videos, watch)

    async def quote(self, **options):
        admin = self.studio.people.person("Ada")
        async with admin.watching() as watch:
            office = Office(admin, self.videos, watch)
            await office.ask("settings confirm-above", dollars="0")
            said = await office.ask("settings improve", offer="on")
            assert "up to $0.01 each" in said["content"]
            assert "gemini" in said["content"]
        asked = {"prompt": PROMPT, "model": "seedance-lite-video", "duration": 5, **options}
        return await self.member.ask("video", **asked) | {"channel_id": self.videos}

    async def press(self, message, label):
        """The answer, once it is no longer about waiting."""
        [button] = [one for one in buttons_of(message) if one["label"].startswith(label)]
        record = await self.member.person.press(message, button["custom_id"])

        def answered(kind, data):
            if kind != "INTERACTION_RECORD" or data["id"] != record["id"]:
                return False
            content = (data.get("message") or {}).get("content") or ""
            is_new = content and content != message["content"]
            return bool(is_new) and not content.startswith(IMPROVING)

        found = await self.member.watch.until(answered)
        return found["message"] | {"channel_id": self.videos}

    @property
    def charged_micros(self):
        service = self.studio.sandbox.nanogpt.service
        return [one.cost_micros for one in service.books.completions.values()]

    async def paid(self):
        """What Fern and the pool paid for better prompts, and whether the books are sound."""
        guild, fern = GuildId(int(self.studio.people.guild["id"])), UserId(int(self.who))
        assert await self.parts.stores.money.audit() == []
        found = await self.parts.stores.money.transactions(guild, fern, 50)
        ended = [one for one in found if one.improvement_id and one.kind != TransactionKind.RESERVE]
        sums = {"spent": 0, "pool_spent": 0}
        for one in ended:
            for posting in one.postings:
                if posting.kind in sums:
                    sums[posting.kind] += posting.micros
        return sums["spent"], sums["pool_spent"]

    @property
    def who(self):
        return self.member.person.id


def labels_of(message):
    return [one["label"] for one in buttons_of(message)]


async def test_a_better_prompt_is_paid_for_once_and_made_into_a_video(studio, fern, videos):
    async with studio.bot() as parts, fern.watching() as watch:
        desk = Desk(studio, parts, fern, videos, watch)
        quote = await desk.quote()
        better = await desk.press(quote, "Improve")
        own = await desk.press(better, "Use mine")
        shown = await desk.press(own, "Show")
        paid = await desk.paid()
        accepted = await desk.press(shown, "Make it")
        [video] = await studio.videos(watch)

    assert labels_of(quote)[1] == "Improve my prompt · up to $0.01"
    assert better["content"].startswith(
        f"✨ **Improved prompt**, for up to $0.01\n> {PROMPT}, seen from low down"
    )
    assert "This video costs **" in better["content"]
    assert [one.partition(" for ")[0] for one in labels_of(better)] == ["Make it", "Use mine"]
    assert own["content"].startswith("This video costs **")
    assert labels_of(own)[1] == "Show the improved prompt"
    assert shown["content"] == better["content"]
    [charged] = desk.charged_micros
    assert paid == (charged, charged)
    assert accepted["content"].startswith("🎬 Accepted")
    [run] = studio.runs
    assert run["prompt"].startswith(f"{PROMPT}, seen from low down")
    assert "seen from low down" in video["content"]


@pytest.mark.parametrize(
    ("manner", "said"),
    [
        ({"chat": "empty"}, "NanoGPT's answer had no prompt in it."),
        ({"refuse": {"path": CHAT, "status": 402}}, "NanoGPT doesn't improve prompts right now."),
        ({"refuse": {"path": CHAT, "status": 502, "envelope": 6}}, "NanoGPT's answer was lost."),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
async def test_without_a_better_prompt_the_members_own_is_made(studio, fern, videos, manner, said):
    async with studio.bot() as parts, fern.watching() as watch:
        desk = Desk(studio, parts, fern, videos, watch)
        quote = await desk.quote()
        await studio.people.call("PATCH", "/providers/nanogpt", manner)
        answer = await desk.press(quote, "Improve")
        own, pool = await desk.paid()
        accepted = await desk.press(answer, "Make it")
        await studio.videos(watch)

    assert answer["content"].startswith(f"{said} ")
    assert "You weren't charged for it, and your prompt is unchanged." in answer["content"]
    assert labels_of(answer)[1:] == ["Improve my prompt · up to $0.01"]
    assert own == 0
    assert pool >= sum(desk.charged_micros)
    assert accepted["content"].startswith("🎬 Accepted")
    assert [run["prompt"] for run in studio.runs] == [PROMPT]


async def test_a_better_prompt_pings_no_one_and_is_shown_as_it_is(studio, fern, videos):
    async with studio.bot() as parts, fern.watching() as watch:
        desk = Desk(studio, parts, fern, videos, watch)
        quote = await desk.quote()
        text = f"@everyone a **fox** <@{fern.id}> [link](https://example.org)"
        await studio.people.call("PATCH", "/providers/nanogpt", {"chat_text": text})
        better = await desk.press(quote, "Improve")

    assert f"<@{fern.id}>" not in better["content"].replace("\\<", "")
    assert "@everyone" not in better["content"]
    assert "\\*\\*fox\\*\\*" in better["content"]
    assert "https://" not in better["content"]


async def test_a_bot_that_stops_while_it_waits_leaves_the_members_own_prompt(studio, fern, videos):
    async with fern.watching() as watch:
        async with studio.bot() as parts:
            desk = Desk(studio, parts, fern, videos, watch)
            quote = await desk.quote()
            slow = {"path": CHAT, "kind": "latency", "seconds": 300}
            await studio.people.call("POST", "/providers/nanogpt/faults", slow)
            [_, button] = buttons_of(quote)
            record = await fern.press(quote, button["custom_id"])
            assert IMPROVING in await settled_answer(fern, watch, record)
            offer_id = OfferId(button["custom_id"].rpartition(":")[2])
            while await parts.stores.improvements.find(offer_id) is None:
                await parts.clock.sleep(0.02)
        async with studio.bot() as parts:
            desk.parts = parts
            waiting = (await fern.interaction(record))["message"] | {"channel_id": videos}
            left = await parts.stores.improvements.find(offer_id)
            accepted = await desk.press(waiting, "Make it")
            await studio.videos(watch)
            own, _ = await desk.paid()

    assert left.state is not ImprovementState.IMPROVED  # unanswered, or already given up
    assert own == 0
    assert labels_of(waiting)[1] == "Check again"
    assert accepted["content"].startswith("🎬 Accepted")
    assert [run["prompt"] for run in studio.runs] == [PROMPT]
