"""What every store of improvements promises: an offer's prompt is paid for once, and settled once.

The family of ends: with a better prompt, at the price that was said, below and above it; without
one, charged or not; lost; and each of them again, from another process, after the first.
"""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.errors import OfferExpiredError
from bot.ids import IdempotencyKey, ModelId, UserId
from bot.money.changes import OpenEvent
from bot.money.ledger import Improvement, ImprovementState, Outcome, TransactionKind
from bot.money.limits import (
    Allowance,
    LimitKind,
    LimitReachedError,
    RateLimit,
    RequestFacts,
    Rules,
    facts_of,
)
from bot.money.windows import Window
from bot.ordering.offers import OFFER_HOLDS_FOR, Offer
from bot.providers.contract import ImprovementFault
from bot.storage.guilds import SqlOfferStore
from bot.storage.money import Money
from bot.storage.money_store import SqlImprovementStore
from tests.contract.branches import CENT, DAILY, NOTHING, PLACE, at_once, by
from tests.contract.databases import on_databases
from tests.factories import NOW, make_request, new_offer_id
from tests.fakes.budgets import InMemoryImprovements

REQUEST = make_request()
FACTS = facts_of(REQUEST, 50 * CENT, PLACE)
LATER = NOW + timedelta(seconds=9)


@pytest.fixture
def store(kind, engine):
    return (
        InMemoryImprovements() if kind == "memory" else SqlImprovementStore(engine, Money(engine))
    )


def make_improvement(**fields):
    given: dict[str, Any] = {
        "id": new_offer_id(),
        "guild_id": PLACE.guild_id,
        "channel_id": PLACE.channel_id,
        "user_id": PLACE.user_id,
        "model_id": ModelId("chatty"),
        "reserved_micros": 900,
        "asked_at": NOW,
    }
    return Improvement(**given | fields)


def improved(improvement, micros, own=None):
    return replace(
        improvement,
        state=ImprovementState.IMPROVED,
        ended_at=LATER,
        outcome=Outcome(micros if own is None else own, micros),
        improved_id=new_offer_id(),
    )


def failed(improvement, fault=ImprovementFault.EMPTY, micros=0):
    ended = {"ended_at": LATER, "outcome": Outcome(0, micros), "fault": fault}
    return replace(improvement, state=ImprovementState.FAILED, **ended)


def offer_of(ended):
    key = IdempotencyKey("interaction:1")
    request = replace(REQUEST, prompt="a red fox")
    return Offer(ended.improved_id, key, PLACE, request, 50 * CENT, NOW + OFFER_HOLDS_FOR)


async def test_it_is_begun_once_and_read_as_it_was_written(store):
    improvement = make_improvement()

    assert await store.find(improvement.id) is None
    assert await store.begin(improvement, PLACE, FACTS) is None
    assert await store.begin(replace(improvement, asked_at=LATER), PLACE, FACTS) == improvement
    assert await store.find(improvement.id) == improvement


async def test_it_ends_once(store):
    improvement = make_improvement()
    await store.begin(improvement, PLACE, FACTS)
    ended = failed(improvement)

    assert await store.end(ended, None)
    assert not await store.end(improved(improvement, 5), None)
    assert await store.find(improvement.id) == replace(ended, outcome=None)
    assert await store.begin(improvement, PLACE, FACTS) == replace(ended, outcome=None)


async def test_those_that_do_not_end_are_found_also_if_a_clock_was_wrong(store):
    ended, new, old, ahead = (
        make_improvement(asked_at=NOW + timedelta(seconds=seconds))
        for seconds in (0, 100, 50, 90_000)
    )
    for one in (ended, new, old, ahead):
        await store.begin(one, PLACE, FACTS)
    await store.end(failed(ended), None)

    due = await store.list_overdue(NOW + timedelta(seconds=60), NOW + timedelta(hours=1), 10)

    assert due == [old, ahead]
    assert await store.list_overdue(NOW, NOW + timedelta(days=2), 10) == []


@on_databases
async def test_the_most_it_can_cost_is_held_before_the_service_is_asked(branch):
    await branch.decide(rules=DAILY, pool_micros=500 * CENT)
    await branch.improvements.begin(make_improvement(), PLACE, FACTS)

    assert await branch.own_left() == 100 * CENT - 900
    assert await branch.pool_used() == 900
    assert (await branch.balances())["10:held"] == 900
    assert await branch.money_store.audit() == []


ENDS = {  # what it costs its member, and the server
    "as said": (lambda it: improved(it, 900), 900, 900),
    "less": (lambda it: improved(it, 400), 400, 400),
    "more": (lambda it: improved(it, 5000, own=900), 900, 5000),
    "free": (lambda it: improved(it, 0), 0, 0),
    "not charged": (failed, 0, 0),
    "charged in vain": (lambda it: failed(it, micros=400), 0, 400),
    "lost": (lambda it: failed(it, ImprovementFault.LOST, 900), 0, 900),
}


@on_databases
async def test_it_is_settled_once_and_a_member_pays_for_a_prompt_they_get(branch):
    await branch.decide(rules=DAILY, pool_micros=500 * CENT)
    for name, (end, own, pool) in ENDS.items():
        own_before, pool_before = await branch.own_left(), await branch.pool_used()
        improvement = make_improvement()
        await branch.improvements.begin(improvement, PLACE, FACTS)
        ended = end(improvement)
        offer = offer_of(ended) if ended.improved_id else None
        twice = [branch.improvements.end(ended, offer) for _ in range(2)]

        assert sorted(await at_once(*twice)) == [False, True], name
        assert own_before - await branch.own_left() == own, name
        assert await branch.pool_used() - pool_before == pool, name
        latest = await branch.money_store.transactions(PLACE.guild_id, PLACE.user_id, 99)
        kinds = {one.kind for one in latest if one.improvement_id == improvement.id}
        last = TransactionKind.SETTLE if pool else TransactionKind.RELEASE
        assert kinds == {TransactionKind.RESERVE, last}, name
    assert not {name for name in await branch.balances() if "held" in name}
    assert await branch.money_store.audit() == []


@on_databases
async def test_the_new_offer_is_there_with_its_money_or_not_at_all(branch):
    improvement, offers = make_improvement(), SqlOfferStore(branch.engine)
    await branch.improvements.begin(improvement, PLACE, FACTS)
    first, second = improved(improvement, 400), improved(improvement, 400)
    await branch.improvements.end(first, offer_of(first))
    await branch.improvements.end(second, offer_of(second))

    assert (await offers.get(first.improved_id)).request.prompt == "a red fox"
    with pytest.raises(OfferExpiredError):
        await offers.get(second.improved_id)


@on_databases
async def test_of_many_presses_at_once_one_is_paid_for(branches):
    improvement = make_improvement()
    await branches[0].decide(rules=DAILY)
    tries = [
        branch.improvements.begin(improvement, PLACE, FACTS)
        for branch in branches
        for _ in range(4)
    ]
    begun = await asyncio.gather(*tries)

    assert begun.count(None) == 1
    assert await branches[0].own_left() == 100 * CENT - 900
    assert await branches[0].money_store.audit() == []


FREE: dict[str, Any] = {"rules": Rules(), "pool_micros": None, "is_paused": False}
REFUSED: dict[LimitKind, tuple[dict[str, Any], RequestFacts]] = {
    LimitKind.PAUSED: ({"is_paused": True}, FACTS),
    LimitKind.ALLOWANCE: ({"rules": DAILY}, facts_of(REQUEST, 100 * CENT, PLACE)),
    LimitKind.POOL: ({"pool_micros": 50 * CENT}, FACTS),
    LimitKind.MODEL: ({"rules": Rules(models=frozenset())}, FACTS),
    LimitKind.CHANNEL: ({"rules": Rules(channels=frozenset())}, FACTS),
    LimitKind.VIDEO_COST: ({"rules": Rules(video_micros_most=CENT)}, FACTS),
    LimitKind.OPEN_JOBS: ({"rules": Rules(open_jobs_most=0)}, FACTS),
    LimitKind.RATE: ({"rules": Rules(rates=(RateLimit(0, 60),))}, FACTS),
}


@on_databases
async def test_beyond_a_limit_nothing_is_written(branch):
    """The video's limits hold, and the video must still be in reach afterwards."""
    for limit, (policy, facts) in REFUSED.items():
        await branch.decide(**FREE | policy)
        improvement = make_improvement()

        with pytest.raises(LimitReachedError) as caught:
            await branch.improvements.begin(improvement, PLACE, facts)

        assert limit in {one.kind for one in caught.value.refusals}
        assert await branch.improvements.find(improvement.id) is None
    assert await branch.balances() == {}


@on_databases
async def test_a_rate_limit_counts_a_members_improvements_by_themselves(branch):
    await branch.decide(rules=Rules(rates=(RateLimit(2, 60),)))
    await branch.request(cost_micros=CENT)
    for seconds in (0, 1):
        asked_at = NOW + timedelta(seconds=seconds)
        await branch.improvements.begin(make_improvement(asked_at=asked_at), PLACE, FACTS)

    with pytest.raises(LimitReachedError):
        await branch.improvements.begin(make_improvement(asked_at=LATER), PLACE, FACTS)
    friend = make_improvement(user_id=UserId(31), asked_at=LATER)
    assert (
        await branch.improvements.begin(friend, replace(PLACE, user_id=UserId(31)), FACTS) is None
    )
    after = make_improvement(asked_at=NOW + timedelta(seconds=61))
    assert await branch.improvements.begin(after, PLACE, FACTS) is None


@on_databases
async def test_an_event_pays_for_the_video_and_its_member_for_the_prompt(branch):
    await branch.decide(rules=NOTHING)
    await branch.money_store.apply(by("event"), OpenEvent(PLACE.channel_id, 1, 60 * CENT, None))

    with pytest.raises(LimitReachedError):
        await branch.improvements.begin(make_improvement(), PLACE, FACTS)
    await branch.decide(rules=replace(DAILY, allowance=Allowance(1000, Window.DAY)))
    assert await branch.improvements.begin(make_improvement(), PLACE, FACTS) is None

    [event] = await branch.money_store.events(PLACE.guild_id, NOW)
    assert (event.videos_left, event.left_micros) == (1, 60 * CENT)


@on_databases
async def test_it_is_in_the_servers_report_and_counts_as_no_video(branch):
    improvement = make_improvement()
    await branch.improvements.begin(improvement, PLACE, FACTS)
    ended = improved(improvement, 400)
    await branch.improvements.end(ended, offer_of(ended))

    [spent] = await branch.money_store.spending(PLACE.guild_id, NOW, LATER + timedelta(seconds=1))

    assert (spent.job_id, spent.model_id, spent.prompt) == (improvement.id, "chatty", "")
    assert (spent.member_micros, spent.pool_micros, spent.is_video) == (400, 400, False)
    assert spent.channel_id == PLACE.channel_id
