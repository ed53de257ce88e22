"""Money is agreed to in one way: at once where a video is cheap, else by pressing a button in time."""

import asyncio
import contextlib
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.catalog.pricing import PriceLine, PriceList
from bot.catalog.request import Origin
from bot.errors import (
    DuplicateRequestError,
    InvalidRequestError,
    NotYourOfferError,
    OfferExpiredError,
    PriceRoseError,
    ProviderBalanceError,
)
from bot.guilds.settings import GuildSettings
from bot.ids import ChannelId, GuildId, IdempotencyKey, MessageId, OfferId, UserId
from bot.jobs.job import JobState
from bot.money.limits import LimitReachedError, Rules
from bot.ordering.offers import OFFER_HOLDS_FOR
from bot.ordering.ordering import FORGOTTEN_AFTER
from bot.providers.availability import PauseReason, ProviderPausedError
from tests.factories import NOW, PROVIDER, make_capability, make_request
from tests.fakes.messenger import all_stand

PLACE = Origin(GuildId(10), ChannelId(20), UserId(30), MessageId(40))
KEY = IdempotencyKey("interaction:1")
CHEAP = make_request()  # $0.50, as much as is made without asking
EXPENSIVE = make_request(duration_seconds=10)  # $1.00


def cost(world, micros):
    """From now on every video costs this."""
    world.catalog.replace([make_capability(prices=PriceList((PriceLine(micros),)))])


async def test_a_cheap_video_is_made_at_once(world, process):
    asked = await process.ordering.ask(CHEAP, PLACE, KEY)

    assert asked.offer is None
    assert asked.job == await world.store.get(asked.job.id)
    assert (asked.job.state, asked.job.cost_micros) == (JobState.QUEUED, 500_000)
    assert asked.job.idempotency_key == KEY
    assert (asked.job.channel_id, asked.job.source_message_id) == (20, 40)
    assert asked.left_micros is None  # nothing limits it; what the account holds is not for members


async def test_an_expensive_video_is_offered_and_nothing_is_spent(world, process):
    asked = await process.ordering.ask(EXPENSIVE, PLACE, KEY)

    assert asked.job is None
    assert asked.offer == await world.offers.get(asked.offer.id)
    assert (asked.offer.cost_micros, asked.offer.place) == (1_000_000, PLACE)
    assert asked.offer.expires_at == NOW + timedelta(minutes=10)
    assert await world.store.list_active() == []


@pytest.mark.parametrize(("above", "is_offered"), [(500_000, False), (499_999, True), (0, True)])
async def test_a_server_decides_above_which_price_its_members_are_asked(
    world, process, above, is_offered
):
    await world.guilds.put(GuildSettings(GuildId(10), above))

    asked = await process.ordering.ask(CHEAP, PLACE, KEY)

    assert (asked.offer is not None) == is_offered
    assert (asked.job is None) == is_offered


async def test_a_video_that_costs_nothing_is_made_at_once_wherever_the_threshold_lies(
    world, process
):
    cost(world, 0)
    await world.guilds.put(GuildSettings(GuildId(10), 0))

    assert (await process.ordering.ask(CHEAP, PLACE, KEY)).job is not None


async def test_the_same_request_asked_twice_is_made_once(world, process):
    await process.ordering.ask(CHEAP, PLACE, KEY)

    with pytest.raises(DuplicateRequestError):
        await process.ordering.ask(CHEAP, PLACE, KEY)

    assert len(await world.store.list_active()) == 1


async def test_a_request_that_cannot_be_made_is_neither_offered_nor_made(world, process):
    with pytest.raises(InvalidRequestError):
        await process.ordering.ask(replace(EXPENSIVE, resolution="8k"), PLACE, KEY)

    assert world.offers.offers == {}
    assert await world.store.list_active() == []


async def test_a_confirmed_offer_is_the_video_that_was_shown(world, process):
    offer = (await process.ordering.ask(EXPENSIVE, PLACE, KEY)).offer
    world.clock.advance(60)

    asked = await process.ordering.confirm(offer.id, PLACE, all_stand)

    assert asked.job.request == offer.request
    assert asked.job.cost_micros == 1_000_000
    assert (asked.job.idempotency_key, asked.job.source_message_id) == (KEY, 40)
    assert asked.offer is None


async def test_a_model_for_adults_is_confirmed_only_where_its_channel_still_is_for_them(
    world, process
):
    world.catalog.replace([make_capability(is_explicit=True)])
    offer = (await process.ordering.ask(EXPENSIVE, PLACE, KEY)).offer

    with pytest.raises(InvalidRequestError, match="makes videos for adults"):
        await process.ordering.confirm(offer.id, PLACE, all_stand)

    assert await world.store.list_active() == []
    assert (await process.ordering.confirm(offer.id, PLACE, all_stand, adults=True)).job is not None


async def test_an_offer_holds_to_its_last_moment_and_not_beyond(world, process):
    first = (await process.ordering.ask(EXPENSIVE, PLACE, KEY)).offer
    second = (await process.ordering.ask(EXPENSIVE, PLACE, IdempotencyKey("other"))).offer
    world.clock.advance(OFFER_HOLDS_FOR.total_seconds() - 0.001)
    assert (await process.ordering.confirm(first.id, PLACE, all_stand)).job is not None

    world.clock.advance(0.001)
    with pytest.raises(OfferExpiredError):
        await process.ordering.confirm(second.id, PLACE, all_stand)

    assert len(await world.store.list_active()) == 1


async def test_what_was_never_offered_cannot_be_confirmed(process):
    with pytest.raises(OfferExpiredError):
        await process.ordering.confirm(OfferId("nothing"), PLACE, all_stand)


async def test_no_one_else_confirms_an_offer_not_even_an_expired_one(world, process):
    offer = (await process.ordering.ask(EXPENSIVE, PLACE, KEY)).offer
    for _ in range(2):
        with pytest.raises(NotYourOfferError):
            await process.ordering.confirm(offer.id, replace(PLACE, user_id=UserId(31)), all_stand)
        world.clock.advance(3600)

    assert await world.store.list_active() == []


async def test_a_video_that_became_more_expensive_is_not_made_for_the_old_price_nor_for_the_new(
    world, process
):
    offer = (await process.ordering.ask(EXPENSIVE, PLACE, KEY)).offer
    cost(world, 1_000_001)

    with pytest.raises(PriceRoseError):
        await process.ordering.confirm(offer.id, PLACE, all_stand)

    assert await world.store.list_active() == []


async def test_a_video_that_became_cheaper_is_made_for_the_new_price(world, process):
    offer = (await process.ordering.ask(EXPENSIVE, PLACE, KEY)).offer
    cost(world, 400_000)

    assert (await process.ordering.confirm(offer.id, PLACE, all_stand)).job.cost_micros == 400_000


async def test_a_model_that_is_gone_in_the_meantime_is_said_to_be_so(world, process):
    offer = (await process.ordering.ask(EXPENSIVE, PLACE, KEY)).offer
    world.catalog.replace([])

    with pytest.raises(InvalidRequestError, match="There's no model"):
        await process.ordering.confirm(offer.id, PLACE, all_stand)


async def test_a_button_that_is_pressed_twice_makes_one_video(world, process):
    offer = (await process.ordering.ask(EXPENSIVE, PLACE, KEY)).offer

    outcomes = await asyncio.gather(
        *(process.ordering.confirm(offer.id, PLACE, all_stand) for _ in range(10)),
        return_exceptions=True,
    )

    assert sum(isinstance(outcome, DuplicateRequestError) for outcome in outcomes) == 9
    assert len(await world.store.list_active()) == 1


async def test_of_several_offers_for_one_request_one_becomes_a_video(world, process):
    offers = [(await process.ordering.ask(EXPENSIVE, PLACE, KEY)).offer for _ in range(2)]
    await process.ordering.confirm(offers[0].id, PLACE, all_stand)

    with pytest.raises(DuplicateRequestError):
        await process.ordering.confirm(offers[1].id, PLACE, all_stand)

    assert len(await world.store.list_active()) == 1


async def test_a_paused_service_is_said_to_be_so_before_anything_is_agreed(world, process):
    offer = (await process.ordering.ask(EXPENSIVE, PLACE, KEY)).offer
    await process.core.breakers.observe(PROVIDER, ProviderBalanceError())

    for act in (
        process.ordering.ask(CHEAP, PLACE, IdempotencyKey("other")),
        process.ordering.confirm(offer.id, PLACE, all_stand),
    ):
        with pytest.raises(ProviderPausedError) as caught:
            await act
        assert (caught.value.provider, caught.value.reason) == (PROVIDER, PauseReason.BALANCE)
        assert caught.value.until == NOW + timedelta(minutes=10)
    assert await world.store.list_active() == []


async def test_after_its_pause_a_service_is_asked_again(world, process):
    await process.core.breakers.observe(PROVIDER, ProviderBalanceError())
    world.clock.advance(600)

    assert (await process.ordering.ask(CHEAP, PLACE, KEY)).job is not None


async def test_offers_of_days_ago_are_forgotten_when_others_are_made(world, process):
    old = (await process.ordering.ask(EXPENSIVE, PLACE, KEY)).offer
    world.clock.advance((OFFER_HOLDS_FOR + FORGOTTEN_AFTER).total_seconds())

    new = (await process.ordering.ask(EXPENSIVE, PLACE, IdempotencyKey("other"))).offer

    assert old.id != new.id
    assert list(world.offers.offers) == [new.id]


@pytest.mark.parametrize(("most", "is_refused"), [(5, False), (4, True)])
async def test_the_length_of_an_unpriced_model_is_its_default_before_any_picture_is_fetched(
    world, process, most, is_refused
):
    world.catalog.replace([make_capability(prices=PriceList())])
    world.money_store.fields["rules"] = Rules(video_seconds_most=most)

    possible = process.ordering.ensure_possible(make_request(duration_seconds=None), PLACE)

    with pytest.raises(LimitReachedError) if is_refused else contextlib.nullcontext():
        await possible
