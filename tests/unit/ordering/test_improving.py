"""An offer's prompt is improved once; whatever goes wrong, the member's own is still there.

The family: the service says no (key, balance, model, content, rate), is away, or loses its answer;
its text is no prompt, or none that the model takes; the process dies before or after the question;
the offer is over, someone else's, a storyboard, or too long; the switch or the price is missing.
"""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.catalog.request import Origin, Shot
from bot.errors import (
    ContentRefusedError,
    DuplicateRequestError,
    InvalidRequestError,
    LeaseLostError,
    NotYourOfferError,
    OfferExpiredError,
    ProviderBalanceError,
    ProviderCredentialsError,
    ProviderRateLimitedError,
    ProviderRejectedRequestError,
    ProviderUnavailableError,
    SubmissionUncertainError,
    WordNotAllowedError,
)
from bot.guilds.settings import GuildSettings
from bot.ids import ChannelId, GuildId, IdempotencyKey, ModelId, RoleId, UserId
from bot.money.ledger import ImprovementState, Outcome
from bot.ordering.offers import OFFER_HOLDS_FOR
from bot.ordering.prompts.improving import LOST_AFTER, MAX_PROMPT, SENT_WITHIN, Improving
from bot.providers.contract import Improved, ImprovementFault, ImproverPrice
from tests.factories import NOW, make_capability, make_request, new_offer_id
from tests.fakes.messenger import all_stand

PLACE = Origin(GuildId(10), ChannelId(20), UserId(30))
KEY = IdempotencyKey("interaction:1")
MODERATOR = UserId(9)
EXPENSIVE = make_request(duration_seconds=10)  # $1.00
BETTER = "A red fox leaps through deep snow"
MOST = 900


class FakeImprover:
    """The port `ImprovesPrompts`: answers as it is told."""

    def __init__(self, answer=None):
        self.answer = Improved(BETTER, charged_micros=400) if answer is None else answer
        self.price = ImproverPrice(ModelId("chatty"), MOST)
        self.asked = []

    async def improver_price(self, _prompt):
        return self.price

    async def improve(self, prompt, *, stale_at):
        self.asked.append((prompt, stale_at))
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


@pytest.fixture
def improver():
    return FakeImprover()


@pytest.fixture
async def improving(world, process, improver):
    await world.guilds.put(GuildSettings(PLACE.guild_id, improves_prompts=True))
    return make_improving(world, process, improver)


def make_improving(world, process, improver):
    return Improving(
        store=world.improvements,
        guilds=world.guilds,
        ordering=process.ordering,
        quotes=process.services.quotes,
        improver=improver,
        clock=world.clock,
        new_offer_id=new_offer_id,
    )


@pytest.fixture
async def offer(process):
    return (await process.ordering.ask(EXPENSIVE, PLACE, KEY)).offer


async def test_the_better_prompt_is_an_offer_beside_the_old_one(world, process, improving, offer):
    ended = await improving.improve(offer)

    better = await world.offers.get(ended.improved_id)
    assert better.request == replace(offer.request, prompt=BETTER)
    assert (better.cost_micros, better.key, better.place) == (1_000_000, KEY, PLACE)
    assert better.expires_at == NOW + OFFER_HOLDS_FOR
    assert await world.offers.get(offer.id) == offer
    assert world.improvements.spent == {offer.id: Outcome(400, 400)}
    await process.ordering.confirm(better.id, PLACE, all_stand)
    with pytest.raises(DuplicateRequestError):
        await process.ordering.confirm(offer.id, PLACE, all_stand)


async def test_the_service_is_asked_once_however_often_it_is_pressed(improving, improver, offer):
    first = await improving.improve(offer)
    again = await improving.improve(offer)

    assert improver.asked == [(EXPENSIVE.prompt, NOW + SENT_WITHIN)]
    assert again == replace(first, outcome=None)
    assert (await improving.choice(offer)).is_made


@pytest.mark.parametrize(
    ("charged", "outcome"),
    [(400, Outcome(400, 400)), (5000, Outcome(MOST, 5000)), (None, Outcome(MOST, MOST))],
)
async def test_a_member_never_pays_more_than_was_said(
    world, improving, improver, offer, charged, outcome
):
    improver.answer = Improved(BETTER, charged_micros=charged)
    await improving.improve(offer)

    assert world.improvements.spent == {offer.id: outcome}


@pytest.mark.parametrize(
    ("answer", "fault", "pool"),
    [
        (Improved(fault=ImprovementFault.EMPTY, charged_micros=400), ImprovementFault.EMPTY, 400),
        (Improved(fault=ImprovementFault.TOO_LONG), ImprovementFault.TOO_LONG, MOST),
        (Improved(fault=ImprovementFault.REFUSED, charged_micros=0), ImprovementFault.REFUSED, 0),
        (ContentRefusedError("x"), ImprovementFault.REFUSED, 0),
        (ProviderBalanceError("x"), ImprovementFault.OPERATOR, 0),
        (ProviderCredentialsError("x"), ImprovementFault.OPERATOR, 0),
        (ProviderRejectedRequestError("x"), ImprovementFault.OPERATOR, 0),
        (ProviderRateLimitedError("x"), ImprovementFault.BUSY, 0),
        (ProviderUnavailableError("x"), ImprovementFault.UNAVAILABLE, 0),
        (LeaseLostError("x"), ImprovementFault.UNAVAILABLE, 0),
        (SubmissionUncertainError("x"), ImprovementFault.LOST, MOST),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
async def test_without_a_prompt_a_member_pays_nothing(
    world, process, improving, improver, offer, answer, fault, pool
):
    improver.answer = answer
    ended = await improving.improve(offer)

    assert (ended.state, ended.fault) == (ImprovementState.FAILED, fault)
    assert world.improvements.spent == {offer.id: Outcome(0, pool)}
    assert (await process.ordering.confirm(offer.id, PLACE, all_stand)).job is not None


async def test_a_prompt_that_the_model_does_not_take_is_none(world, improving, improver, offer):
    world.catalog.replace([make_capability(prompt_max_characters=len(EXPENSIVE.prompt))])
    improver.answer = Improved("x" * 500, charged_micros=400)
    ended = await improving.improve(offer)

    assert ended.fault is ImprovementFault.UNFIT
    assert world.improvements.spent == {offer.id: Outcome(0, 400)}


async def test_a_better_prompt_with_a_listed_word_is_none(
    world, process, improving, improver, offer
):
    await process.services.words.add(PLACE.guild_id, MODERATOR, ["gore"])
    improver.answer = Improved("A fox, g\u200bоre", charged_micros=400)  # noqa: RUF001 - a look-alike
    ended = await improving.improve(offer)

    assert (ended.state, ended.fault) == (ImprovementState.FAILED, ImprovementFault.NOT_ALLOWED)
    assert world.improvements.spent == {offer.id: Outcome(0, 400)}
    assert list(world.offers.offers) == [offer.id]


async def test_a_word_that_was_listed_after_the_quote_is_not_sent_to_be_improved(
    world, process, improving, improver, offer
):
    await process.services.words.add(PLACE.guild_id, MODERATOR, [EXPENSIVE.prompt.split()[-1]])

    with pytest.raises(WordNotAllowedError):
        await improving.improve(offer)
    assert (improver.asked, world.improvements.rows) == ([], {})


async def test_a_process_that_dies_while_it_asks_leaves_the_worst_case_to_the_pool(
    world, process, improving, improver, offer
):
    improver.answer = asyncio.CancelledError()  # the process dies
    with pytest.raises(asyncio.CancelledError):
        await improving.improve(offer)
    next_one = make_improving(world, process, FakeImprover())

    assert (await next_one.improve(offer)).state is ImprovementState.ASKING
    assert await next_one.end_lost() == 0
    world.clock.advance(LOST_AFTER.total_seconds())
    assert await next_one.end_lost() == 1
    assert await next_one.end_lost() == 0

    ended = await next_one.improve(offer)
    assert ended.fault is ImprovementFault.LOST
    assert world.improvements.spent == {offer.id: Outcome(0, MOST)}


async def test_a_press_ends_what_was_lost_before_the_round_does(world, improving, improver, offer):
    improver.answer = asyncio.CancelledError()  # the process dies
    with pytest.raises(asyncio.CancelledError):
        await improving.improve(offer)
    world.clock.advance(LOST_AFTER.total_seconds())

    assert (await improving.improve(offer)).fault is ImprovementFault.LOST
    assert len(improver.asked) == 1


async def test_an_answer_after_it_was_given_up_changes_nothing(world, improving, improver, offer):
    class Slow(FakeImprover):
        async def improve(self, prompt, *, stale_at):
            world.clock.advance(LOST_AFTER.total_seconds())
            await improving.end_lost()
            return await super().improve(prompt, stale_at=stale_at)

    improving._improver = Slow()
    ended = await improving.improve(offer)

    assert ended.fault is ImprovementFault.LOST
    assert world.improvements.spent == {offer.id: Outcome(0, MOST)}
    assert list(world.offers.offers) == [offer.id]


async def test_it_is_off_unless_the_server_and_the_operator_want_it(
    world, process, improver, offer
):
    off = make_improving(world, process, improver)
    assert await off.choice(offer) == await make_improving(world, process, None).choice(offer)
    assert (await off.choice(offer)).price is None
    with pytest.raises(InvalidRequestError, match="is off"):
        await off.improve(offer)
    await world.guilds.put(GuildSettings(PLACE.guild_id, improves_prompts=True))
    assert (await off.choice(offer)).price == improver.price
    with pytest.raises(InvalidRequestError, match="is off"):
        await make_improving(world, process, None).improve(offer)
    improver.price = None
    assert (await off.choice(offer)).price is None
    with pytest.raises(InvalidRequestError, match="don't know what"):
        await off.improve(offer)
    assert world.improvements.rows == {}


@pytest.mark.parametrize(
    "fields",
    [{"prompt": "x" * (MAX_PROMPT + 1)}, {"prompt": " "}, {"shots": (Shot("a"), Shot("b"))}],
    ids=["too long", "empty", "storyboard"],
)
async def test_only_one_short_prompt_can_be_improved(improving, improver, offer, fields):
    other = replace(offer, id=new_offer_id(), request=replace(offer.request, **fields))

    assert (await improving.choice(other)).price is None
    with pytest.raises(InvalidRequestError):
        await improving.improve(other)
    assert improver.asked == []


async def test_an_offer_that_is_over_is_not_improved(world, process, improving, improver, offer):
    world.clock.advance(timedelta(minutes=10).total_seconds())

    with pytest.raises(OfferExpiredError):
        await improving.improve(offer)
    again = await process.ordering.offer_again(offer)
    assert (again.offer.id != offer.id, again.offer.key) == (True, KEY)
    assert (await improving.improve(again.offer)).state is ImprovementState.IMPROVED


async def test_only_its_member_may_find_an_offer(process, offer):
    with pytest.raises(NotYourOfferError):
        await process.ordering.find_offer(offer.id, replace(PLACE, user_id=UserId(31)))
    roles = replace(PLACE, role_ids=frozenset({RoleId(7)}))
    assert (await process.ordering.find_offer(offer.id, roles)).place == roles
