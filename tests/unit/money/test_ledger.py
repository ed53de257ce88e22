"""The books: whatever is reserved, spent and given back comes to nothing in sum."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from bot.ids import AccountId, GuildId
from bot.jobs.job import (
    TERMINAL_STATES,
    Failure,
    FailureKind,
    JobState,
)
from bot.money.ledger import (
    MEMBER_ACCOUNTS,
    Account,
    AccountKind,
    Allocation,
    Forecast,
    Outcome,
    Posting,
    account_id,
    forecast,
    held_of,
    is_free,
    on_server,
    outcome_of,
    posted,
    reserving,
    resolving,
    shortfall,
)
from tests.factories import NOW, make_job, make_submission

GUILD = GuildId(10)
HELD = account_id(GUILD, AccountKind.HELD)
SPENT = account_id(GUILD, AccountKind.SPENT)
POOL_HELD = account_id(GUILD, AccountKind.POOL_HELD)
POOL_SPENT = account_id(GUILD, AccountKind.POOL_SPENT)
ENDS = sorted(TERMINAL_STATES)

amounts = st.integers(1, 10_000_000)


@st.composite
def draws_of_one_side(draw):
    """From one to five accounts of a member, or the one of a server's month."""
    if draw(st.booleans()):
        return (
            Allocation(
                account_id(GUILD, AccountKind.POOL, "2026-11"), AccountKind.POOL, draw(amounts)
            ),
        )
    kinds = draw(st.lists(st.sampled_from(sorted(MEMBER_ACCOUNTS)), min_size=1, max_size=5))
    return tuple(
        Allocation(account_id(GUILD, kind, number), kind, draw(amounts))
        for number, kind in enumerate(kinds)
    )


def total(postings):
    return sum(posting.micros for posting in postings)


def by_account(postings):
    assert len({posting.account_id for posting in postings}) == len(postings)
    assert all(posting.micros for posting in postings)
    return {posting.account_id: posting.micros for posting in postings}


def member_draws(*micros):
    """From the first account to the last one drawn."""
    return [
        Allocation(AccountId(f"account {n}"), AccountKind.GRANT, m) for n, m in enumerate(micros)
    ]


def test_an_account_is_called_by_its_server_its_kind_and_what_it_is_for():
    name = account_id(GUILD, AccountKind.ALLOWANCE, 30, "2026-11-21")

    assert name == "10:allowance:30:2026-11-21"


def test_postings_on_one_account_become_one_and_those_of_nothing_none():
    kinds = [AccountKind.HELD, AccountKind.SPENT, AccountKind.POOL_HELD]
    moved = zip([*kinds, *kinds], [3, -3, 5, 4, -4, -5], strict=True)

    assert posted(on_server(GUILD, kind, micros) for kind, micros in moved) == (
        Posting(HELD, AccountKind.HELD, 7),
        Posting(SPENT, AccountKind.SPENT, -7),
    )


def test_what_was_used_of_an_account_is_what_came_in_and_is_no_longer_there():
    account = Account(HELD, GUILD, AccountKind.GRANT, funded_micros=100, balance_micros=30)

    assert account.used_micros == 70


@pytest.mark.parametrize("kind", [AccountKind.ALLOWANCE, AccountKind.GRANT, AccountKind.EVENT])
def test_a_members_money_waits_on_the_members_side(kind):
    assert held_of(kind) is AccountKind.HELD
    assert held_of(AccountKind.POOL) is AccountKind.POOL_HELD


@given(member=draws_of_one_side(), pool=draws_of_one_side())
def test_a_reservation_moves_money_and_makes_none(member, pool):
    draws = [*member, *(replace(one, account_id=AccountId(f"{one.account_id}'")) for one in pool)]

    moved = by_account(reserving(GUILD, draws))

    assert sum(moved.values()) == 0
    assert all(moved[one.account_id] == -one.micros for one in draws)
    assert sum(moved.get(held, 0) for held in (HELD, POOL_HELD)) == sum(d.micros for d in draws)


@given(draws=draws_of_one_side(), spent=st.integers(0, 30_000_000), data=st.data())
def test_an_end_moves_all_that_was_held_whatever_it_cost(draws, spent, data):
    left = {one.account_id: data.draw(st.integers(0, 5_000_000)) for one in draws}
    short = shortfall(draws, spent, left)
    left[draws[0].account_id] += short

    postings = resolving(GUILD, draws, spent, left)

    moved, held = by_account(postings), account_id(GUILD, held_of(draws[0].kind))
    reserved = sum(one.micros for one in draws)
    assert total(postings) == 0
    assert moved[held] == -reserved
    assert moved.get(SPENT, 0) + moved.get(POOL_SPENT, 0) == spent
    for one in draws:
        back = moved.get(one.account_id, 0)
        assert -left[one.account_id] <= back <= one.micros
        assert back >= 0 or spent > reserved
    assert set(moved) <= {held, SPENT, POOL_SPENT, *(one.account_id for one in draws)}


@given(draws=draws_of_one_side(), spent=st.integers(0, 30_000_000), data=st.data())
def test_only_what_the_accounts_do_not_hold_is_missing(draws, spent, data):
    left = {one.account_id: data.draw(st.integers(0, 5_000_000)) for one in draws}

    short = shortfall(draws, spent, left)

    enough = sum(one.micros for one in draws) + sum(left.values())
    assert short == max(spent - enough, 0)


def test_what_was_reserved_too_much_goes_back_to_what_was_drawn_last():
    moved = by_account(resolving(GUILD, member_draws(10, 20, 30), 25, {}))

    assert moved == {HELD: -60, SPENT: 25, "account 1": 5, "account 2": 30}


def test_what_was_reserved_too_little_is_taken_from_what_was_drawn_first():
    left = {AccountId("account 0"): 4, AccountId("account 1"): 100}

    moved = by_account(resolving(GUILD, member_draws(10, 20), 50, left))

    assert moved == {HELD: -30, SPENT: 50, "account 0": -4, "account 1": -16}


def test_a_video_that_cost_what_it_was_said_to_cost_touches_no_account_again():
    assert by_account(resolving(GUILD, member_draws(10, 20), 30, {})) == {HELD: -30, SPENT: 30}


def test_a_video_that_cost_nothing_gives_everything_back():
    moved = by_account(resolving(GUILD, member_draws(10, 20), 0, {}))

    assert moved == {HELD: -30, "account 0": 10, "account 1": 20}


def test_a_side_that_reserved_nothing_resolves_nothing():
    assert resolving(GUILD, [], 5, {}) == ()
    assert shortfall([], 5, {}) == 0


def ended(state, kind=None, *, submitted=True, cost=500):
    """A job that ended so, after the service had taken it or before."""
    failure = Failure(kind, "why") if kind else None
    at = NOW if submitted else None
    return make_job(state=state, failure=failure, submitted_at=at, cost_micros=cost)


@pytest.mark.parametrize("state", sorted(set(JobState) - TERMINAL_STATES))
def test_a_job_under_way_has_no_outcome_yet(state):
    job = make_job(state=state, submitted_at=NOW)

    assert outcome_of(job, make_submission(job, charged_micros=1)) is None


@pytest.mark.parametrize(
    ("charged", "precharged", "paid"),
    [(300, 400, 300), (700, 400, 700), (0, 400, 0), (None, 400, 400), (None, None, 500)],
)
@pytest.mark.parametrize("state", [JobState.SUCCEEDED, JobState.CANCELLED])
def test_a_video_costs_what_was_charged_as_far_as_anyone_knows(state, charged, precharged, paid):
    job = ended(state)
    submission = make_submission(job, charged_micros=charged, precharged_micros=precharged)

    assert outcome_of(job, submission) == Outcome(paid, paid)


def test_what_was_cancelled_before_it_began_costs_nothing():
    job = ended(JobState.CANCELLED, submitted=False)

    assert outcome_of(job, None) == Outcome(0, 0)
    assert outcome_of(job, make_submission(job)) == Outcome(0, 0)


@pytest.mark.parametrize("submitted", [True, False])
@pytest.mark.parametrize("state", sorted(JobState))
@pytest.mark.parametrize("kind", sorted(FailureKind))
def test_a_job_that_is_shown_as_free_is_booked_so(state, kind, submitted):
    """The kind: every end, and every failure, whatever a service charged."""
    job = ended(state, kind if state is JobState.FAILED else None, submitted=submitted)
    outcome = outcome_of(job, make_submission(job, charged_micros=300))
    costs_nothing = outcome is not None and outcome.member_micros == 0

    assert is_free(job) <= costs_nothing
    assert is_free(job) or not costs_nothing or state is JobState.SUCCEEDED


@pytest.mark.parametrize(
    "kind",
    [FailureKind.REFUSED, FailureKind.REJECTED, FailureKind.PROVIDER, FailureKind.OPERATOR],
)
def test_a_failure_of_the_service_costs_no_one_anything(kind):
    job = ended(JobState.FAILED, kind)

    assert outcome_of(job, make_submission(job, precharged_micros=400)) == Outcome(0, 0)


@pytest.mark.parametrize(
    ("submitted", "precharged", "pool"), [(False, None, 500), (True, 400, 400), (True, None, 500)]
)
def test_what_no_one_could_find_out_stays_with_the_pool_at_its_worst(submitted, precharged, pool):
    job = ended(JobState.FAILED, FailureKind.UNCERTAIN, submitted=submitted)

    assert outcome_of(job, make_submission(job, precharged_micros=precharged)) == Outcome(0, pool)


@pytest.mark.parametrize(("precharged", "pool"), [(400, 400), (None, 500)])
def test_a_video_that_never_came_is_the_pools_and_not_the_members(precharged, pool):
    job = ended(JobState.EXPIRED)

    assert outcome_of(job, make_submission(job, precharged_micros=precharged)) == Outcome(0, pool)


@pytest.mark.parametrize(("submitted", "pool"), [(True, 400), (False, 0)])
def test_a_video_that_we_lost_is_paid_for_by_the_pool(submitted, pool):
    job = ended(JobState.FAILED, FailureKind.INTERRUPTED, submitted=submitted)

    assert outcome_of(job, make_submission(job, charged_micros=400)) == Outcome(0, pool)


@pytest.mark.parametrize("state", ENDS)
@pytest.mark.parametrize("kind", [None, *FailureKind])
@given(
    charged=st.none() | st.integers(0, 1000),
    precharged=st.none() | st.integers(0, 1000),
    submitted=st.booleans(),
)
def test_every_end_has_an_outcome_and_a_member_pays_for_videos_alone(
    state, kind, charged, precharged, submitted
):
    job = ended(state, kind, submitted=submitted)
    submission = make_submission(job, charged_micros=charged, precharged_micros=precharged)

    outcome = outcome_of(job, submission)

    assert outcome is not None
    assert 0 <= outcome.member_micros <= outcome.pool_micros
    if state in {JobState.FAILED, JobState.EXPIRED}:
        assert outcome.member_micros == 0


DAYS = 30
FIRST, AFTER = NOW, NOW + timedelta(days=DAYS)


def test_a_month_that_goes_on_as_it_began_comes_to_its_pace():
    tenth = FIRST + timedelta(days=10)

    assert forecast(100, None, FIRST, AFTER, tenth) == Forecast(300, None)
    assert forecast(100, 300, FIRST, AFTER, tenth) == Forecast(300, None)


def test_a_pool_that_will_not_last_says_when_it_is_empty():
    tenth = FIRST + timedelta(days=10)

    assert forecast(100, 150, FIRST, AFTER, tenth) == Forecast(300, FIRST + timedelta(days=15))
    assert forecast(100, 100, FIRST, AFTER, tenth) == Forecast(300, tenth)


def test_a_month_without_videos_lasts():
    assert forecast(0, 100, FIRST, AFTER, FIRST) == Forecast(0, None)
    assert forecast(0, 0, FIRST, AFTER, FIRST + timedelta(days=1)) == Forecast(0, None)


def test_the_first_video_of_a_month_does_not_cry_wolf():
    second = FIRST + timedelta(seconds=1)

    assert forecast(10, None, FIRST, AFTER, second).expected_micros == 10 * 24 * DAYS


@given(
    used=st.integers(0, 10**12),
    pool=st.none() | st.integers(0, 10**12),
    passed=st.floats(0, 1),
)
def test_a_forecast_is_never_below_what_is_used_nor_its_end_outside_the_month(used, pool, passed):
    found = forecast(used, pool, FIRST, AFTER, FIRST + (AFTER - FIRST) * passed)

    assert found.expected_micros >= used
    if found.empty_at is not None:
        assert FIRST <= found.empty_at <= AFTER
        assert pool is not None
        assert found.expected_micros > pool
