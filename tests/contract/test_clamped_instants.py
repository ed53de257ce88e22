"""What a clock that was ahead wrote down counts as made now, in every store.

The kind: any stored instant that holds something up, written by a clock that was an hour or 400 days
ahead and came back, by this process or another; what is only as far ahead as a wait, or as clocks may
differ, stays as it is.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.guilds.notices import Notice
from bot.ids import EditId, IdempotencyKey, NoticeId, OfferId, UserId
from bot.instants import CLOCKS_DIFFER_BY
from bot.jobs.job import TIME_TO_RENDER, JobState
from bot.jobs.messages import DeliveryState
from bot.jobs.stores import Change
from bot.money.changes import CHANGE_HOLDS_FOR, PendingChange, ResetPolicy
from bot.money.limits import LimitKind, RateLimit, Rules
from bot.ordering.offers import OFFER_HOLDS_FOR, Offer
from bot.retries import POSTING_LEASE
from bot.storage.guilds import SqlNoticeStore, SqlOfferStore
from bot.storage.stores import SqlJobStore
from tests.contract.branches import PLACE, Branch
from tests.contract.databases import on_databases
from tests.contract.job_stores import accept, claim, rendering
from tests.factories import NOW, PROVIDER, make_request, make_submission
from tests.fakes.budgets import InMemoryNotices
from tests.fakes.job_store import InMemoryJobStore

LEASE = 120.0
AHEAD = [timedelta(hours=1), timedelta(days=400)]
far_ahead = pytest.mark.parametrize("ahead", AHEAD, ids=["an hour", "400 days"])


@pytest.fixture
def store(kind, engine):
    return InMemoryJobStore() if kind == "memory" else SqlJobStore(engine)


async def clamp(store, *, is_thorough=False):
    await store.clamp_instants(NOW, LEASE, is_thorough=is_thorough)


@far_ahead
async def test_a_job_at_its_provider_is_due_and_has_its_time_from_now(store, ahead):
    then = NOW + ahead
    wrong = await rendering(
        store,
        submitted_at=then,
        last_queued_at=then,
        deadline_at=then + TIME_TO_RENDER,
        next_action_at=then + timedelta(seconds=5),
        state_changed_at=then,
    )
    soon = NOW + timedelta(seconds=100)
    right = await rendering(store, next_action_at=soon, deadline_at=NOW + TIME_TO_RENDER)

    await clamp(store)

    found = await store.get(wrong.id)
    assert (found.submitted_at, found.last_queued_at, found.state_changed_at) == (NOW, NOW, NOW)
    assert (found.next_action_at, found.deadline_at) == (NOW, NOW + TIME_TO_RENDER)
    assert found.version == wrong.version
    assert await store.get(right.id) == right


@far_ahead
async def test_a_wait_that_a_provider_asked_for_ends_only_at_a_start(store, ahead):
    at = NOW + min(ahead, timedelta(hours=20))
    job = await rendering(store, next_action_at=at, errors_in_row=1)

    await clamp(store)
    assert (await store.get(job.id)).next_action_at == at

    await clamp(store, is_thorough=True)
    assert (await store.get(job.id)).next_action_at == NOW


@pytest.mark.parametrize("differ", [timedelta(0), CLOCKS_DIFFER_BY])
async def test_what_another_clock_may_call_now_stays(store, differ):
    then = NOW + differ
    job = await rendering(store, submitted_at=then, deadline_at=then + TIME_TO_RENDER)
    waiting = await accept(store, accepted_at=then, state_changed_at=then, next_action_at=then)

    await clamp(store, is_thorough=True)

    assert await store.get(job.id) == job
    assert await store.get(waiting.id) == waiting


@far_ahead
async def test_a_lease_of_a_clock_that_was_ahead_ends_as_if_it_was_taken_now(store, ahead):
    waiting, other = await accept(store), await accept(store)
    making = await rendering(store)
    then = NOW + ahead
    await store.claim("gone", PROVIDER, [waiting.id], then, LEASE, most=1, most_in_hand=9)
    assert [one.id for one in await store.claim_due("gone", then, LEASE, 9)] == [making.id]
    await claim(store, "alive", [other.id])

    await clamp(store)

    almost, after = NOW + timedelta(seconds=LEASE - 1), NOW + timedelta(seconds=LEASE)
    assert await store.claim_due("two", almost, LEASE, 9) == []
    assert await claim(store, "two", [waiting.id], now=almost) == []
    assert [one.id for one in await store.claim_due("two", after, LEASE, 9)] == [making.id]
    assert [one.id for one in await claim(store, "two", [waiting.id], now=after)] == [waiting.id]


@far_ahead
async def test_a_job_that_waits_is_due_and_takes_its_place_from_now(store, ahead):
    then = NOW + ahead + timedelta(hours=26)
    first = await accept(store, accepted_at=then, next_action_at=then, state_changed_at=then)

    await clamp(store)

    assert [one.job_id for one in await store.list_next(PROVIDER, NOW, 9)] == [first.id]
    assert (await store.get(first.id)).accepted_at == NOW


@far_ahead
async def test_a_lost_answer_is_looked_up_from_now(store, ahead):
    job = await rendering(store)
    ended = await rendering(store)
    for one in (job, ended):
        sent = make_submission(one, intended_at=NOW + ahead, accepted_at=NOW + ahead)
        await store.save([Change(one, sent)])
    over = replace(await store.get(ended.id), state=JobState.CANCELLED)
    await store.save([Change(over)])

    await clamp(store)

    found = await store.find_submission(job.id)
    assert (found.intended_at, found.accepted_at) == (NOW, NOW)
    assert (await store.find_submission(ended.id)).intended_at == NOW + ahead  # holds up nothing


@far_ahead
async def test_the_lease_of_a_post_counts_as_taken_now_and_a_next_try_is_due(store, ahead):
    posted_by_one, owed = await accept(store), await accept(store)
    [mine, other] = list(await store.list_owed(NOW, 9))
    then = NOW + ahead
    await store.save_delivery(
        replace(mine, state=DeliveryState.POSTING, next_attempt_at=then + POSTING_LEASE)
    )
    await store.save_delivery(replace(other, next_attempt_at=then))
    assert {mine.job_id, other.job_id} == {posted_by_one.id, owed.id}

    await clamp(store)

    assert [row.job_id for row in await store.list_owed(NOW, 9)] == [other.job_id]
    after = NOW + POSTING_LEASE
    assert mine.job_id in {row.job_id for row in await store.list_owed(after, 9)}


@far_ahead
async def test_a_card_may_be_edited_again_after_the_clock_came_back(store, ahead):
    job = await accept(store)
    [card] = await store.list_owed(NOW, 9)
    await store.save_delivery(
        replace(card, state=DeliveryState.POSTED, message_id=7, next_attempt_at=NOW + ahead)
    )

    await clamp(store, is_thorough=True)

    [(found, _)] = await store.list_posted_cards(changed_since=NOW)
    assert (found.job_id, found.next_attempt_at) == (job.id, NOW)


async def test_render_times_of_a_clock_that_was_ahead_are_not_the_latest_forever(store):
    request = make_request()
    await store.observe_render_time(PROVIDER, request, 500.0, NOW + timedelta(days=400))
    await clamp(store, is_thorough=True)
    await store.observe_render_time(PROVIDER, request, 50.0, NOW + timedelta(seconds=1))

    assert await store.list_render_times(PROVIDER, request, 1) == [50.0]


@far_ahead
async def test_a_notice_is_due_whenever_a_clock_that_was_ahead_would_try_it(kind, engine, ahead):
    notices = InMemoryNotices() if kind == "memory" else SqlNoticeStore(engine)
    soon = NOW + POSTING_LEASE
    for number, at in enumerate((NOW + ahead, soon), start=1):
        await notices.owe(
            Notice(NoticeId(str(number)), PLACE.guild_id, PLACE.channel_id, "word", NOW, at)
        )

    assert [one.id for one in await notices.list_owed(NOW, 9)] == ["1"]


@on_databases
@far_ahead
async def test_an_offer_and_an_edit_hold_for_their_minutes_from_now(engine, ahead):
    offers, branch = SqlOfferStore(engine), Branch(engine)
    held = {"wrong": NOW + ahead + OFFER_HOLDS_FOR, "right": NOW + OFFER_HOLDS_FOR}
    for name, until in held.items():
        key = IdempotencyKey(name)
        await offers.put(Offer(OfferId(name), key, PLACE, make_request(), 1, until))
    edit = PendingChange(
        EditId("wrong"), PLACE.guild_id, UserId(1), ResetPolicy(), NOW + ahead + CHANGE_HOLDS_FOR
    )
    await branch.money_store.keep(edit)

    await clamp(branch.jobs)

    assert (await offers.get(OfferId("wrong"))).expires_at == NOW + OFFER_HOLDS_FOR
    assert (await offers.get(OfferId("right"))).expires_at == held["right"]
    found = await branch.money_store.find_pending(EditId("wrong"))
    assert found is not None
    assert found.expires_at == NOW + CHANGE_HOLDS_FOR


@on_databases
@far_ahead
async def test_a_members_rate_limit_counts_requests_of_a_wrong_clock_as_made_now(engine, ahead):
    branch = Branch(engine)
    await branch.decide(rules=Rules(rates=(RateLimit(2, 3600),), open_jobs_most=100))
    other = replace(PLACE, user_id=UserId(77))

    async def ask(at, place=PLACE):
        return await branch.request(place, accepted_at=at, state_changed_at=at, next_action_at=at)

    for _ in range(2):
        assert not isinstance(await ask(NOW + ahead), LimitKind)
    assert not isinstance(await ask(NOW, other), LimitKind)
    assert (await branch.money_store.budget(PLACE, NOW)).rates[3600] == [NOW, NOW]

    assert await ask(NOW + timedelta(seconds=3599)) is LimitKind.RATE
    assert not isinstance(await ask(NOW + timedelta(seconds=3600)), LimitKind)
