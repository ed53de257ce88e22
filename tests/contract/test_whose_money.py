"""Every statement about money touches the rows it names, beside another job's, member's or server's.

The kind: a condition that is dropped from a statement. Each test keeps two of everything, with the
wrong one first in every order, so that a statement which finds too much answers with it.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import InvalidRequestError
from bot.ids import ChannelId, GuildId, UserId
from bot.jobs.job import Artifact, JobState
from bot.jobs.stores import Change
from bot.money.changes import (
    CloseEvent,
    MakeGrant,
    OpenEvent,
    RefundJob,
    SetPolicy,
)
from bot.money.ledger import Gift, TransactionKind
from bot.money.limits import RateLimit, Rules
from tests.contract.branches import (
    ADMIN,
    CENT,
    ELSEWHERE,
    FRIEND,
    PLACE,
    PLACES,
    admin_of,
    allow_gifts,
)
from tests.contract.databases import on_databases
from tests.factories import NOW, make_submission

OTHER_CHANNEL = replace(PLACE, channel_id=ChannelId(21))
HOUR = timedelta(hours=1)


async def request(branch, place, **more):
    return await branch.request(place, guild_id=place.guild_id, **more)


@on_databases
@pytest.mark.parametrize("charged", [4, 7])
async def test_a_job_settles_at_what_its_own_submission_was_charged(branch, charged):
    """Where its end is written without one, the latest of its own is read."""
    jobs = {place: await request(branch, place) for place in PLACES}
    for number, (place, job) in enumerate(jobs.items()):
        mine = charged if place is PLACE else 9
        for attempt in (1, 2):
            sent = make_submission(
                job,
                attempt=attempt if place is PLACE else 5 + number + attempt,
                charged_micros=(mine if attempt == 2 else 1) * CENT,
                tag=f"{job.id}-{attempt}",
            )
            assert not (
                await branch.jobs.save([Change(await branch.jobs.get(job.id), sent)])
            ).conflicts
    ended = await branch.jobs.get(jobs[PLACE].id)
    done = replace(
        ended,
        state=JobState.SUCCEEDED,
        submitted_at=NOW,
        artifact=Artifact("a", 1),
    )
    assert not (await branch.jobs.save([Change(done)])).conflicts

    [spent] = await branch.money_store.spending(PLACE.guild_id, NOW - HOUR, NOW + HOUR)
    assert (spent.job_id, spent.member_micros) == (done.id, charged * CENT)
    assert await branch.money_store.audit() == []


@on_databases
async def test_the_end_of_one_job_leaves_the_money_of_all_others_held(branch):
    jobs = [await request(branch, place) for place in PLACES]
    second = await request(branch, PLACE, cost_micros=3 * CENT)
    await branch.end(jobs[2], charged_micros=10 * CENT)

    balances = await branch.balances()
    assert balances["10:held"] == 13 * CENT
    assert balances["11:held"] == 10 * CENT
    assert balances["10:spent"] == 10 * CENT
    assert "11:spent" not in balances
    await branch.cancel(second)
    assert (await branch.balances())["10:held"] == 10 * CENT


@on_databases
async def test_only_a_job_that_was_paid_and_not_given_back_is_refunded(branch):
    jobs = [await request(branch, place) for place in PLACES]
    for job in jobs[:2]:
        await branch.end(job, charged_micros=10 * CENT)
    await branch.money_store.apply(admin_of(FRIEND, "back"), RefundJob(jobs[0].id, "it is broken"))

    with pytest.raises(InvalidRequestError):  # it has not ended
        await branch.money_store.apply(admin_of(PLACE, "open"), RefundJob(jobs[2].id, "why"))
    with pytest.raises(InvalidRequestError):  # another server's
        await branch.money_store.apply(admin_of(PLACE, "theirs"), RefundJob(jobs[1].id, "why"))
    await branch.end(jobs[2], charged_micros=10 * CENT)
    await branch.money_store.apply(admin_of(PLACE, "back"), RefundJob(jobs[2].id, "broken too"))
    with pytest.raises(InvalidRequestError):
        await branch.money_store.apply(
            admin_of(PLACE, "again"), RefundJob(jobs[2].id, "broken too")
        )

    assert await branch.money_store.audit() == []
    spent = await branch.money_store.spending(ELSEWHERE.guild_id, NOW - HOUR, NOW + HOUR)
    assert [one.member_micros for one in spent] == [10 * CENT]


@on_databases
async def test_a_withdrawal_is_booked_as_one(branch):
    await allow_gifts(branch, PLACE)
    for place in PLACES:
        await branch.money_store.apply(
            admin_of(place, "grant"), MakeGrant(place.user_id, 30 * CENT, "a prize")
        )
    await branch.money_store.apply(
        admin_of(PLACE, "back"), MakeGrant(PLACE.user_id, -10 * CENT, "a mistake")
    )

    found = await branch.money_store.transactions(PLACE.guild_id, PLACE.user_id, 9)
    assert sorted((one.kind, one.reason, one.actor_id) for one in found) == [
        (TransactionKind.GRANT, "a prize", ADMIN),
        (TransactionKind.WITHDRAW, "a mistake", ADMIN),
    ]
    assert await branch.own_left() == 120 * CENT
    friends = await branch.money_store.budget(FRIEND, NOW)
    assert [one.balance_micros for one in friends.grants] == [30 * CENT]
    takes_all = MakeGrant(FRIEND.user_id, -30 * CENT, "all of it")
    await branch.money_store.apply(admin_of(FRIEND, "all"), takes_all)
    assert (await branch.money_store.budget(FRIEND, NOW)).grants == ()


@on_databases
async def test_a_statement_names_a_members_own_movements_page_by_page(branch):
    """More of each kind than a page holds, the latest first, and others' between them."""
    for place in PLACES:
        if place is not FRIEND:
            await allow_gifts(branch, place)
        for number in range(6):
            at = NOW + timedelta(seconds=number)
            await branch.money_store.apply(
                admin_of(place, f"grant-{number}", at), MakeGrant(place.user_id, CENT, f"{number}")
            )
    for number in range(6):
        at = NOW + timedelta(seconds=number, milliseconds=500)
        given = Gift(PLACE, FRIEND.user_id, CENT, at, f"gift-{number}")
        got = Gift(FRIEND, PLACE.user_id, CENT, at, f"back-{number}")
        for gift in (given, got):
            await branch.money_store.give(gift)

    found = await branch.money_store.transactions(PLACE.guild_id, PLACE.user_id, 5)
    everything = await branch.money_store.transactions(PLACE.guild_id, PLACE.user_id, 99)

    latest = NOW + timedelta(seconds=5, milliseconds=500)
    assert [(one.kind, one.at) for one in found] == [
        (TransactionKind.GIFT, latest),
        (TransactionKind.GIFT, latest),
        (TransactionKind.GRANT, NOW + timedelta(seconds=5)),
        (TransactionKind.GIFT, latest - timedelta(seconds=1)),
        (TransactionKind.GIFT, latest - timedelta(seconds=1)),
    ]
    kinds = [one.kind for one in everything]
    assert kinds.count(TransactionKind.GIFT) == 12
    assert kinds.count(TransactionKind.GRANT) == 6
    assert len(everything) == 18


@on_databases
async def test_what_was_given_counts_by_day_server_and_member(branch):
    for place in (PLACE, ELSEWHERE):
        await allow_gifts(branch, place)
    third = UserId(33)

    async def give(place, to, cents, at=NOW, key=""):
        key = f"{place.guild_id}-{place.user_id}-{to}-{at}-{key}"
        await branch.money_store.give(Gift(place, to, cents * CENT, at, key))

    await give(ELSEWHERE, FRIEND.user_id, 80)
    await give(PLACE, FRIEND.user_id, 80, NOW - timedelta(days=1))
    await give(PLACE, FRIEND.user_id, 80, NOW + timedelta(days=400))  # the clock was ahead
    await branch.money_store.apply(
        admin_of(PLACE, "grant"), MakeGrant(FRIEND.user_id, 80 * CENT, "a prize")
    )
    await give(FRIEND, third, 80)

    await give(PLACE, FRIEND.user_id, 90)
    with pytest.raises(InvalidRequestError, match=r"given \$0\.90 today"):
        await give(PLACE, third, 1)
    with pytest.raises(InvalidRequestError, match=r"got \$0\.80 today"):
        await give(replace(PLACE, user_id=UserId(34)), third, 11)


@on_databases
async def test_spending_is_told_of_one_server_and_one_time(branch):
    for place in PLACES:
        for at in (NOW - HOUR, NOW, NOW + HOUR):
            job = await request(branch, place, accepted_at=at)
            await branch.end(job, at=at, charged_micros=10 * CENT)
    await request(branch, PLACE)  # reserved, and not spent

    found = await branch.money_store.spending(PLACE.guild_id, NOW, NOW + HOUR)

    assert {(one.user_id, one.at) for one in found} == {
        (PLACE.user_id, NOW),
        (FRIEND.user_id, NOW),
    }
    assert len(found) == 2


@on_databases
async def test_grants_are_a_members_own_in_one_server_while_they_hold(branch):
    await allow_gifts(branch, PLACE)
    for place in PLACES:
        for key, ends_at in (("lapsed", NOW), ("later", NOW + HOUR), ("never", None)):
            await branch.money_store.apply(
                admin_of(place, key), MakeGrant(place.user_id, 5 * CENT, key, ends_at)
            )

    budget = await branch.money_store.budget(PLACE, NOW)

    assert [(one.user_id, one.guild_id, one.ends_at) for one in budget.grants] == [
        (PLACE.user_id, PLACE.guild_id, NOW + HOUR),
        (PLACE.user_id, PLACE.guild_id, None),
    ]


@on_databases
async def test_open_jobs_are_a_members_own_in_one_server(branch):
    for place in PLACES:
        await request(branch, place)
    await branch.cancel(await request(branch, PLACE))

    assert (await branch.money_store.budget(PLACE, NOW)).open_jobs == 1
    assert (await branch.money_store.budget(FRIEND, NOW)).open_jobs == 1


@on_databases
async def test_an_event_is_its_channels_and_ends_alone(branch):
    for place in (OTHER_CHANNEL, ELSEWHERE, PLACE):
        await branch.money_store.apply(
            admin_of(place, f"event-{place.channel_id}"),
            OpenEvent(place.channel_id, 5, 20 * CENT, NOW + HOUR),
        )
    await request(branch, OTHER_CHANNEL)
    await request(branch, PLACE)
    await request(branch, replace(PLACE, user_id=UserId(32)))

    left = {
        one.channel_id: one.videos_left for one in await branch.money_store.events(GuildId(10), NOW)
    }
    assert left == {PLACE.channel_id: 3, OTHER_CHANNEL.channel_id: 4}
    assert await branch.money_store.events(PLACE.guild_id, NOW + HOUR) == []

    await branch.money_store.apply(admin_of(PLACE, "close"), CloseEvent(PLACE.channel_id))
    open_now = await branch.money_store.events(PLACE.guild_id, NOW)
    assert [one.channel_id for one in open_now] == [OTHER_CHANNEL.channel_id]
    elsewhere = await branch.money_store.events(ELSEWHERE.guild_id, NOW)
    assert [one.videos_left for one in elsewhere] == [5]
    with pytest.raises(InvalidRequestError):
        await branch.money_store.apply(admin_of(PLACE, "twice"), CloseEvent(PLACE.channel_id))
    assert await branch.money_store.audit() == []


@on_databases
async def test_what_a_member_gave_is_told_of_one_server(branch):
    for place in (ELSEWHERE, PLACE):
        await allow_gifts(branch, place)
        await branch.money_store.give(
            Gift(place, FRIEND.user_id, place.guild_id * CENT, NOW, f"gift-{place.guild_id}")
        )

    [given] = await branch.money_store.transactions(PLACE.guild_id, PLACE.user_id, 9)
    assert (given.guild_id, given.kind) == (PLACE.guild_id, TransactionKind.GIFT)
    assert sorted(one.micros for one in given.postings) == [-10 * CENT, 10 * CENT]


@on_databases
async def test_of_two_jobs_each_gives_back_what_it_cost_itself(branch):
    """To its own member, from its own reservation."""
    jobs = {place: await request(branch, place) for place in PLACES}
    for cents, (place, job) in enumerate(jobs.items(), start=3):
        await branch.end(job, charged_micros=cents * CENT)
        await branch.money_store.apply(
            admin_of(place, "grant"), MakeGrant(place.user_id, CENT, "p")
        )
    await branch.money_store.apply(admin_of(FRIEND, "back"), RefundJob(jobs[FRIEND].id, "broken"))
    await branch.money_store.apply(admin_of(PLACE, "back"), RefundJob(jobs[PLACE].id, "broken"))

    left = {
        place.user_id: sorted(
            one.balance_micros for one in (await branch.money_store.budget(place, NOW)).grants
        )
        for place in (FRIEND, PLACE)
    }
    assert left == {FRIEND.user_id: [CENT, 3 * CENT], PLACE.user_id: [CENT, 5 * CENT]}
    found = await branch.money_store.transactions(PLACE.guild_id, PLACE.user_id, 9)
    moved = {one.kind: sum(abs(each.micros) for each in one.postings) for one in found}
    assert moved[TransactionKind.GRANT] == 2 * CENT
    assert await branch.money_store.audit() == []


@on_databases
async def test_rate_limits_count_a_members_own_requests_in_one_server(branch):
    for place in (ELSEWHERE, PLACE):
        before = await branch.money_store.policy(place.guild_id)
        policy = replace(before, rules=Rules(rates=(RateLimit(5, 3600),)))
        await branch.money_store.apply(admin_of(place, "rates"), SetPolicy(policy))
    made = {FRIEND: 3, ELSEWHERE: 2, PLACE: 1}
    for place, count in made.items():
        for _ in range(count):
            await request(branch, place)

    for place, count in made.items():
        assert (await branch.money_store.budget(place, NOW)).rates == {3600: [NOW] * count}


@on_databases
async def test_an_event_is_closed_alone_and_one_that_is_over_is_told_of_no_more(branch):
    async def change(place, edit):
        key = f"{place.channel_id}-{edit}"
        await branch.money_store.apply(admin_of(place, key), edit)

    for place in (ELSEWHERE, OTHER_CHANNEL, PLACE):
        first = OpenEvent(place.channel_id, 5, 20 * CENT, NOW + HOUR)
        await change(place, first)
        if place is not OTHER_CHANNEL:
            await change(place, CloseEvent(place.channel_id))
            await change(place, replace(first, ends_at=None))

    async def open_at(at):
        found = await branch.money_store.events(PLACE.guild_id, at)
        return sorted(one.channel_id for one in found)

    assert await open_at(NOW) == [PLACE.channel_id, OTHER_CHANNEL.channel_id]
    assert await open_at(NOW + HOUR) == [PLACE.channel_id]
    closed = await branch.rows("SELECT id FROM events WHERE closed_at IS NOT NULL")
    assert len(closed) == 2
