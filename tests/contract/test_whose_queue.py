"""Every statement about a queue, a lease or an instant touches the rows it names alone.

The kind: a condition that is dropped from a statement. Each test keeps two providers, members and
processes with a job in every state, the wrong ones first in every order.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.ids import EditId, IdempotencyKey, MessageId, OfferId, ProviderName, UserId
from bot.jobs.job import TIME_TO_RENDER, JobState
from bot.jobs.messages import posted, posting
from bot.jobs.queue import InHand, Line, Turn
from bot.jobs.stores import Agenda, Change
from bot.money.changes import PendingChange, ResetPolicy
from bot.ordering.offers import Offer
from bot.retries import POSTING_LEASE
from bot.storage.guilds import SqlOfferStore
from bot.storage.stores import SqlJobStore
from tests.contract.branches import ADMIN, PLACE, Branch
from tests.contract.databases import on_databases
from tests.contract.job_stores import (
    COUNTED,
    ENDED,
    WITH_A_PROVIDER,
    accept,
    claim,
    ids_of,
    in_state,
    move,
    one_of_each,
)
from tests.factories import NOW, PROVIDER, make_request, make_submission

OTHER = ProviderName("another")  # before PROVIDER in any order
HOUR = timedelta(hours=1)
LATER = NOW + HOUR
AHEAD = NOW + timedelta(days=400)
LEASE = 120.0


@pytest.fixture
def store(engine):
    return SqlJobStore(engine)


def after(seconds):
    return NOW + timedelta(seconds=seconds)


# --- queues --------------------------------------------------------------------------------------


@on_databases
async def test_who_waits_and_who_runs_is_counted_at_one_provider(store):
    """With one provider twice as busy, and one member with priority."""
    for _ in range(2):
        await one_of_each(store, provider=OTHER, user_id=UserId(31), has_priority=True)
    theirs = await one_of_each(store, user_id=UserId(31), has_priority=True)
    mine = await one_of_each(store)

    waiting = {one.job_id for one in await store.list_waiting(PROVIDER)}
    assert waiting == {theirs[JobState.QUEUED].id, mine[JobState.QUEUED].id}
    assert await store.count_in_hand(PROVIDER) == InHand(len(COUNTED), len(COUNTED))
    assert await store.count_in_hand(OTHER) == InHand(2 * len(COUNTED), 0)


@on_databases
async def test_turns_follow_what_a_member_has_in_hand_at_that_provider(store):
    """What a member has elsewhere, or had, sets no one back; what runs here does."""
    first, second, third = (UserId(number) for number in (1, 2, 3))
    for user_id in (third, second, first, first):
        await one_of_each(store, provider=OTHER, user_id=user_id, accepted_at=NOW - HOUR)
    for state in (*ENDED, JobState.DOWNLOADING):
        await accept(store, user_id=first, **in_state(state))
    await accept(store, user_id=second, state=JobState.RENDERING, accepted_at=NOW - HOUR)
    waiting = [
        await accept(store, user_id=user_id, accepted_at=after(number))
        for number, user_id in enumerate((first, second, third))
    ]

    order = [waiting[0].id, waiting[2].id, waiting[1].id]
    assert [one.job_id for one in await store.list_next(PROVIDER, LATER, 9)] == order
    assert [one.job_id for one in await store.list_next(PROVIDER, LATER, 1)] == order[:1]
    [elsewhere, *_] = await store.list_waiting(OTHER)
    line = await store.list_turns(PROVIDER, [waiting[2].id, elsewhere.job_id])
    assert line == Line((Turn(waiting[2].id, has_priority=False, number=2),), first=0, others=3)


@on_databases
async def test_a_job_whose_turn_is_not_due_holds_up_no_one_else(store):
    later = await accept(store, next_action_at=LATER)
    due = await accept(store)

    assert [one.job_id for one in await store.list_next(PROVIDER, NOW, 9)] == [due.id]
    both = await store.list_next(PROVIDER, LATER, 9)
    assert [one.job_id for one in both] == [later.id, due.id]


@on_databases
async def test_what_is_in_hand_or_claimed_is_counted_at_one_provider_and_once(store):
    """Three run, one is between its claim and its request, one is claimed: one more of six."""
    for _ in range(2):
        await one_of_each(store, provider=OTHER)
    elsewhere = [one.job_id for one in await store.list_waiting(OTHER)]
    assert len(await store.claim("two", OTHER, elsewhere, NOW, 60, most=9, most_in_hand=99)) == 2
    await one_of_each(store)
    jobs = [await accept(store) for _ in range(5)]
    claimed = await claim(store, "two", [job.id for job in jobs[:2]])
    await move(store, claimed[0], JobState.SUBMITTING)

    mine = [job.id for job in jobs[2:]]
    assert len(await claim(store, "one", mine, most_in_hand=len(COUNTED) + 3)) == 1


# --- leases --------------------------------------------------------------------------------------


@on_databases
async def test_only_waiting_jobs_that_were_named_and_are_due_are_claimed(store):
    jobs = await one_of_each(store)
    later = await accept(store, next_action_at=LATER)
    unnamed, named = await accept(store), await accept(store)

    ids = [*ids_of(jobs.values()), later.id, named.id]
    found = await claim(store, "one", ids, most=99)

    assert ids_of(found) == {jobs[JobState.QUEUED].id, named.id}
    everything = [*ids, unnamed.id]
    assert ids_of(await claim(store, "two", everything, most=99)) == {unnamed.id}
    assert later.id in ids_of(await claim(store, "two", everything, now=LATER, most=99))


@on_databases
async def test_only_jobs_with_a_provider_that_are_due_are_claimed_as_due(store):
    jobs = await one_of_each(store)
    held = [await accept(store, state=JobState.RENDERING) for _ in range(2)]
    await one_of_each(store, next_action_at=LATER)
    at_hand = [held[0].id]

    found = await store.claim_due("one", NOW, 60, 99, besides=at_hand)

    assert ids_of(found) == {held[1].id} | {jobs[state].id for state in WITH_A_PROVIDER}
    assert ids_of(await store.claim_due("two", NOW, 60, 99)) == {held[0].id}
    assert ids_of(await store.claim_due("one", NOW, 60, 99, besides=at_hand)) == ids_of(found)


@on_databases
async def test_only_jobs_that_render_at_one_provider_are_claimed_for_its_list(store):
    await one_of_each(store, provider=OTHER, next_action_at=LATER)
    jobs = await one_of_each(store, next_action_at=LATER)
    taken = await accept(store, state=JobState.RENDERING)
    assert ids_of(await store.claim_due("two", NOW, 60, 1)) == {taken.id}

    for _ in range(2):
        found = await store.claim_rendering("one", PROVIDER, NOW, 60, 99)
        assert ids_of(found) == {jobs[JobState.RENDERING].id}
    late = await store.claim_rendering("one", PROVIDER, after(60), 60, 99)
    assert ids_of(late) == {jobs[JobState.RENDERING].id, taken.id}


@on_databases
async def test_a_lease_is_renewed_of_the_jobs_named_and_of_ones_own(store):
    theirs, mine, other = [await accept(store, state=JobState.RENDERING) for _ in range(3)]
    assert ids_of(await store.claim_due("two", NOW, 60, 1)) == {theirs.id}
    assert ids_of(await store.claim_due("one", NOW, 60, 9)) == {mine.id, other.id}

    await store.renew("one", [theirs.id, mine.id], NOW, 600)

    assert ids_of(await store.claim_due("three", after(60), 60, 9)) == {theirs.id, other.id}


@on_databases
async def test_a_job_that_has_ended_is_never_due(store):
    for at in (NOW - HOUR, LATER):
        for state, job in (await one_of_each(store, next_action_at=at)).items():
            if state not in ENDED:
                await store.save([Change(replace(job, state=JobState.CANCELLED))])

    assert await store.list_active() == []
    assert await store.agenda(NOW) == Agenda()
    await accept(store, next_action_at=LATER + HOUR)
    assert await store.agenda(NOW) == Agenda(is_due=False, next_at=LATER + HOUR)


# --- instants that a clock which was ahead wrote --------------------------------------------------


@on_databases
async def test_what_holds_nothing_up_stays_as_a_wrong_clock_wrote_it(store):
    """Ended jobs, and the place in the queue of those that have left it."""
    wrong = {"next_action_at": AHEAD, "deadline_at": AHEAD, "submitted_at": AHEAD}
    jobs = await one_of_each(store, accepted_at=AHEAD, last_queued_at=AHEAD, **wrong)

    await store.clamp_instants(NOW, LEASE, is_thorough=True)

    for state, job in jobs.items():
        found = await store.get(job.id)
        assert found.accepted_at == (NOW if state is JobState.QUEUED else AHEAD), state
        if state in ENDED:
            assert found == job


RIGHT = {
    "next_action_at": after(100),
    "submitted_at": NOW - HOUR,
    "last_queued_at": NOW - HOUR / 2,
    "deadline_at": LATER,
}
AS_IF_NOW = dict.fromkeys(RIGHT, NOW) | {"deadline_at": NOW + TIME_TO_RENDER}


@on_databases
@pytest.mark.parametrize("wrong", RIGHT)
async def test_of_a_job_only_the_instant_that_is_wrong_changes(store, wrong):
    job = await accept(store, state=JobState.RENDERING, **RIGHT | {wrong: AHEAD})
    other = await accept(store, state=JobState.RENDERING, **RIGHT)

    await store.clamp_instants(NOW, LEASE, is_thorough=True)

    assert await store.get(job.id) == replace(job, **{wrong: AS_IF_NOW[wrong]})
    assert await store.get(other.id) == other


@on_databases
@pytest.mark.parametrize("wrong", ["intended_at", "accepted_at"])
async def test_of_a_submission_only_the_instant_that_is_wrong_changes(store, wrong):
    first, other = [await accept(store, state=JobState.RENDERING) for _ in range(2)]
    right = {"intended_at": NOW - HOUR, "accepted_at": NOW - HOUR / 2}
    sent, others = make_submission(first, **right | {wrong: AHEAD}), make_submission(other, **right)
    for submission in (sent, others):
        await store.owe([], submission)

    await store.clamp_instants(NOW, LEASE, is_thorough=True)

    changed: dict[str, Any] = {wrong: NOW}
    assert await store.find_submission(first.id) == replace(sent, **changed)
    assert await store.find_submission(other.id) == others


@on_databases
async def test_no_lease_that_ends_soon_is_made_longer(store):
    """Of a claim, of a poll (whose job has a wrong instant beside it) and of a post."""
    waiting = await accept(store)
    polled = await accept(store, state=JobState.RENDERING, deadline_at=AHEAD)
    await store.claim("gone", PROVIDER, [waiting.id], NOW, 10, most=1, most_in_hand=9)
    assert len(await store.claim_due("gone", NOW, 10, 9)) == 1
    [card, other] = await store.list_owed(NOW, 9)
    for one in (card, other):
        await store.save_delivery(replace(posting(one, "gone", NOW), next_attempt_at=after(10)))

    await store.clamp_instants(NOW, LEASE, is_thorough=True)

    assert ids_of(await claim(store, "two", [waiting.id], now=after(10))) == {waiting.id}
    assert ids_of(await store.claim_due("two", after(10), 60, 9)) == {polled.id}
    assert len(await store.list_owed(after(10), 9)) == 2


@on_databases
async def test_of_messages_only_a_posted_card_may_be_edited_at_once(store):
    """A message that is being posted keeps its lease; a wait within what clocks differ by stays."""
    for _ in range(3):
        await accept(store)
    [held, soon, wrong] = await store.list_owed(NOW, 9)
    await store.save_delivery(posting(held, "alive", NOW))
    waits = {soon.job_id: after(30), wrong.job_id: AHEAD}
    for one in (soon, wrong):
        card = replace(posted(one, MessageId(7), "shown"), next_attempt_at=waits[one.job_id])
        await store.save_delivery(card)

    await store.clamp_instants(NOW, LEASE, is_thorough=True)

    assert await store.list_owed(NOW, 9) == []
    assert [one.job_id for one in await store.list_owed(NOW + POSTING_LEASE, 9)] == [held.job_id]
    cards = await store.list_posted_cards(changed_since=NOW)
    assert {card.job_id: card.next_attempt_at for card, _ in cards} == {
        soon.job_id: after(30),
        wrong.job_id: NOW,
    }


@on_databases
async def test_render_times_of_a_right_clock_keep_their_order(store):
    for minutes, seconds in ((10, 3.0), (30, 2.0)):
        at = NOW - timedelta(minutes=minutes)
        await store.observe_render_time(PROVIDER, make_request(), seconds, at)
    await store.clamp_instants(NOW, LEASE, is_thorough=True)
    await store.observe_render_time(PROVIDER, make_request(), 1.0, NOW - timedelta(minutes=1))

    assert await store.list_render_times(PROVIDER, make_request(), 9) == [1.0, 3.0, 2.0]


@on_databases
async def test_an_offer_and_an_edit_that_end_soon_do_not_hold_longer(engine):
    offers, branch, soon = SqlOfferStore(engine), Branch(engine), after(300)
    offer = Offer(OfferId("right"), IdempotencyKey("right"), PLACE, make_request(), 1, soon)
    edit = PendingChange(EditId("right"), PLACE.guild_id, ADMIN, ResetPolicy(), soon)
    await offers.put(offer)
    await branch.money_store.keep(edit)

    await branch.jobs.clamp_instants(NOW, LEASE, is_thorough=True)

    assert (await offers.get(offer.id)).expires_at == soon
    assert await branch.money_store.find_pending(edit.id) == edit


def test_the_helpers_know_every_state():
    assert ENDED | COUNTED | {JobState.QUEUED, JobState.DOWNLOADING} == set(JobState)
