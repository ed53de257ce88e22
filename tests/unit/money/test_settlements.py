"""The money of one job, from its reservation to its last refund."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from bot.catalog.request import Origin
from bot.errors import InvalidRequestError
from bot.guilds.audit import Actor
from bot.ids import AccountId, EventId, GuildId, UserId
from bot.jobs.job import Failure, FailureKind, JobState
from bot.money.changes import RefundJob
from bot.money.ledger import Account, AccountKind, TransactionKind, account_id
from bot.money.limits import (
    Allowance,
    Event,
    LimitReachedError,
    Policy,
    RateLimit,
    Rules,
    facts_of,
)
from bot.money.plans import EventVideos
from bot.money.settlements import (
    NOT_PAID_FOR,
    REFUNDED_ALREADY,
    EventShare,
    JobBooks,
    Reserved,
    plan_refund,
    plan_reservation,
    plan_resolution,
    plan_service_refund,
)
from bot.money.windows import Window
from tests.factories import NOW, make_job, make_submission
from tests.fakes.money_store import make_standing
from tests.unit.money.books import Books, WrittenTwiceError

JOB = make_job(cost_micros=300)
GUILD, MEMBER = JOB.guild_id, JOB.user_id
PLACE = Origin(GUILD, JOB.channel_id, MEMBER)
TONIGHT = datetime(2026, 11, 22, tzinfo=UTC)
DAILY = Rules(allowance=Allowance(1000, Window.DAY))
ADA = Actor(GUILD, UserId(1), "key", NOW)
EDIT = RefundJob(JOB.id, "it was black")
HELD = (AccountKind.HELD, AccountKind.POOL_HELD)
SPENT = (AccountKind.SPENT, AccountKind.POOL_SPENT)
OWN = (AccountKind.ALLOWANCE, AccountKind.GRANT, AccountKind.EVENT)
EVENT = AccountId("10:event:1")

amounts = st.integers(0, 500)


def account(kind, detail, ends_at=None, *, funded=0, balance=0):
    owner = None if kind in {AccountKind.POOL, AccountKind.EVENT} else MEMBER
    return Account(account_id(GUILD, kind, detail), GUILD, kind, owner, ends_at, funded, balance)


def standing_of(*, rules=DAILY, pool_micros=None, grants=(), event=None, used=0, **fields):
    policy = Policy(GUILD, rules=rules, pool_micros=pool_micros)
    return make_standing(
        PLACE,
        NOW,
        rules=rules,
        policy=policy,
        allowance=account(AccountKind.ALLOWANCE, "30:2026-11-21", TONIGHT, funded=used),
        pool=account(AccountKind.POOL, "2026-11"),
        grants=tuple(
            account(AccountKind.GRANT, f"30:{n}", funded=balance, balance=balance)
            for n, balance in enumerate(grants)
        ),
        event=event,
        **fields,
    )


def event_of(balance=1000):
    source = account(AccountKind.EVENT, "1", funded=1000, balance=balance)
    return Event(EventId("1"), source, 3, 0, 1000)


def reserved(budget, job=JOB):
    """The books after a reservation, what was reserved, and the plan of it."""
    more = () if budget.event is None else (budget.event.account,)
    books = Books(budget.allowance, budget.pool, *budget.grants, *more)
    plan = plan_reservation(job, budget, facts_of(job.request, job.cost_micros, PLACE))
    books.write(plan)
    draws = [one for one in plan.transactions[1].postings if one.micros < 0]
    return books, [Reserved(books.accounts[one.account_id], -one.micros) for one in draws], plan


def ended(state=JobState.SUCCEEDED, kind=None, *, is_submitted=True):
    failure = Failure(kind, "why") if kind else None
    at = NOW if is_submitted else None
    return replace(JOB, state=state, failure=failure, submitted_at=at)


def submission_of(charged=None, precharged=None):
    return make_submission(JOB, charged_micros=charged, precharged_micros=precharged)


def settled(budget, charged=300):
    """The books of a job that succeeded, and what they say of it."""
    books, draws, _ = reserved(budget)
    plan = plan_resolution(ended(), submission_of(charged), draws)
    books.write(plan)
    return books, JobBooks(tuple(draws), plan.transactions[1])


def shares_of(job_books, *, is_over=True):
    """What an event has paid for a video by itself."""
    spent = job_books.spent(AccountKind.SPENT)
    kinds = {one.account.kind for one in job_books.reserved}
    return [EventShare(EVENT, spent, is_over)] if AccountKind.EVENT in kinds else []


def test_a_reservation_opens_funds_and_holds_in_one_plan():
    budget = standing_of(rules=replace(DAILY, rates=(RateLimit(3, 60),)), pool_micros=5000)

    books, draws, plan = reserved(budget)

    fund, reserve = plan.transactions
    assert (fund.kind, fund.job_id, fund.user_id) == (TransactionKind.FUND, None, MEMBER)
    assert (reserve.kind, reserve.job_id) == (TransactionKind.RESERVE, JOB.id)
    assert plan.accounts == (budget.allowance, budget.pool)
    assert [(one.account.kind, one.micros) for one in draws] == [
        (AccountKind.ALLOWANCE, 300),
        (AccountKind.POOL, 300),
    ]
    assert books.balance(*HELD) == 600
    [window] = plan.rates
    assert (window.user_id, window.period_seconds, window.used) == (MEMBER, 60, 1)
    assert window.instants == (NOW,)
    assert plan.events == ()
    assert plan.notice is None


def test_an_event_counts_the_video_it_pays_for():
    _, _, plan = reserved(standing_of(event=event_of()))

    assert plan.events == (EventVideos(EVENT, 1),)


def test_a_pool_half_used_is_a_notice_of_the_pool():
    _, _, plan = reserved(standing_of(pool_micros=600))

    assert plan.notice is not None
    assert (plan.notice.pool_id, plan.notice.alert.share) == (AccountId("10:pool:2026-11"), 50)


def test_a_request_beyond_a_limit_plans_nothing():
    with pytest.raises(LimitReachedError):
        reserved(standing_of(rules=Rules(allowance=Allowance(299, Window.DAY))))


@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.RENDERING])
def test_a_job_under_way_is_not_resolved(state):
    _, draws, _ = reserved(standing_of())

    assert plan_resolution(replace(JOB, state=state), None, draws).transactions == ()


def test_a_job_that_reserved_nothing_is_not_resolved():
    assert plan_resolution(ended(), submission_of(300), []).transactions == ()


@pytest.mark.parametrize(
    ("job", "charged", "kind", "spent"),
    [
        (ended(), 300, TransactionKind.SETTLE, 300),
        (ended(), 120, TransactionKind.SETTLE, 120),
        (ended(), 0, TransactionKind.RELEASE, 0),
        (ended(JobState.CANCELLED, is_submitted=False), None, TransactionKind.RELEASE, 0),
        (ended(JobState.FAILED, FailureKind.REFUSED), None, TransactionKind.RELEASE, 0),
    ],
)
def test_what_was_held_is_settled_or_released(job, charged, kind, spent):
    books, draws, _ = reserved(standing_of())
    submission = submission_of(charged) if job.submitted_at else None

    plan = plan_resolution(job, submission, draws)
    books.write(plan)

    assert plan.transactions[1].kind is kind
    assert books.balance(*HELD) == 0
    assert books.balance(AccountKind.SPENT) == spent


@pytest.mark.parametrize(("charged", "videos"), [(300, 0), (0, -1)])
def test_a_video_that_cost_nothing_gives_its_place_in_the_event_back(charged, videos):
    _, draws, _ = reserved(standing_of(event=event_of()))

    plan = plan_resolution(ended(), submission_of(charged), draws)

    assert [one.videos for one in plan.events if isinstance(one, EventVideos)] == (
        [videos] if videos else []
    )


def test_a_charge_beyond_all_that_there_was_is_funded_first_and_the_pool_looked_at():
    budget = standing_of(rules=Rules(allowance=Allowance(310, Window.DAY)), pool_micros=310)
    books, draws, _ = reserved(budget)

    plan = plan_resolution(ended(), submission_of(700), draws)
    books.write(plan)

    assert books.balance(AccountKind.SPENT) == books.balance(AccountKind.POOL_SPENT) == 700
    assert books.balance(*OWN, AccountKind.POOL) == 0
    assert plan.pool_checked == JOB.state_changed_at
    assert plan_resolution(ended(), submission_of(300), draws).pool_checked is None


def test_a_refund_goes_to_a_grant_and_to_the_pool_of_its_month():
    books, job_books = settled(standing_of(pool_micros=5000))

    plan = plan_refund(ADA, EDIT, [job_books], shares_of(job_books))
    books.write(plan)

    [grant] = books.of(AccountKind.GRANT)
    assert (grant.id, grant.user_id) == (f"10:grant:30:refund-{JOB.id}", MEMBER)
    assert grant.balance_micros == 300
    assert books.balance(*SPENT) == 0
    [refund] = plan.transactions
    assert (refund.actor_id, refund.user_id, refund.job_id) == (ADA.user_id, MEMBER, JOB.id)
    assert plan.audit is not None
    assert (plan.audit.what, plan.audit.after) == (
        f"refund of video {JOB.id}",
        "$0.01: it was black",
    )


def test_a_refund_of_an_events_video_goes_to_the_event_with_room_for_another():
    books, job_books = settled(standing_of(event=event_of()))

    plan = plan_refund(ADA, EDIT, [job_books], shares_of(job_books))
    books.write(plan)

    assert plan.events == (EventVideos(EVENT, -1),)
    assert books.accounts[EVENT].balance_micros == 1000
    assert list(books.of(AccountKind.GRANT)) == []


def test_only_what_was_paid_for_here_and_not_given_back_is_refunded():
    _, paid = settled(standing_of())
    [refund] = plan_refund(ADA, EDIT, [paid], shares_of(paid)).transactions
    _, free = settled(standing_of(), charged=0)
    elsewhere = replace(ADA, guild_id=GuildId(99))
    again = replace(paid, refunds=(refund,))
    cases = [
        (ADA, JobBooks(), NOT_PAID_FOR),
        (ADA, free, NOT_PAID_FOR),
        (elsewhere, paid, NOT_PAID_FOR),
        (ADA, again, REFUNDED_ALREADY),
    ]

    for by, books, reason in cases:
        with pytest.raises(InvalidRequestError) as caught:
            plan_refund(by, EDIT, [books], shares_of(books))
        assert caught.value.reasons == (reason,)


def test_a_service_that_charged_less_gives_the_difference_back_once():
    books, job_books = settled(standing_of(pool_micros=5000))

    plan = plan_service_refund(ended(), submission_of(100), job_books, NOW, shares_of(job_books))
    books.write(plan)

    assert books.balance(AccountKind.SPENT) == books.balance(AccountKind.POOL_SPENT) == 100
    [refund] = plan.transactions
    assert (refund.actor_id, refund.reason) == (None, "the service charged less")
    again = replace(job_books, refunds=(refund,))
    assert plan_service_refund(ended(), submission_of(0), again, NOW, []).transactions == ()
    books.write(plan_refund(ADA, EDIT, [again], shares_of(again)))
    assert books.balance(*SPENT) == 0


@pytest.mark.parametrize(("charged", "videos"), [(100, []), (0, [-1])])
def test_a_service_refund_of_the_whole_price_alone_leaves_an_event_room_for_another(
    charged, videos
):
    _, job_books = settled(standing_of(event=event_of()))

    plan = plan_service_refund(
        ended(), submission_of(charged), job_books, NOW, shares_of(job_books)
    )

    assert [one.videos for one in plan.events if isinstance(one, EventVideos)] == videos


@pytest.mark.parametrize(("share", "is_over"), [(300, False), (301, True), (0, True)])
def test_an_event_pays_for_another_video_only_where_the_last_of_its_money_is_back(share, is_over):
    """Of a storyboard that goes on, or another shot of which it paid for."""
    _, job_books = settled(standing_of(event=event_of()))
    shares = [EventShare(EVENT, share, is_over)]

    assert plan_refund(ADA, EDIT, [job_books], shares).events == ()
    assert plan_service_refund(ended(), submission_of(0), job_books, NOW, shares).events == ()


ENDS = st.sampled_from(
    [
        (JobState.SUCCEEDED, None),
        (JobState.CANCELLED, None),
        (JobState.EXPIRED, None),
        *((JobState.FAILED, kind) for kind in FailureKind),
    ]
)


@given(
    allowance=st.none() | amounts,
    used=amounts,
    grants=st.lists(amounts, max_size=3),
    pool=st.none() | st.integers(0, 2000),
    event=st.none() | amounts,
    end=ENDS,
    is_submitted=st.booleans(),
    charged=st.none() | st.integers(0, 2000),
    later=st.integers(0, 2000),
)
def test_the_money_of_a_job_comes_to_nothing_at_every_step_of_its_life(
    allowance, used, grants, pool, event, end, is_submitted, charged, later
):
    """`Books` hold every plan to it: sums of nothing, no account below zero, each id once."""
    rules = Rules(allowance=None if allowance is None else Allowance(allowance, Window.DAY))
    sponsor = None if event is None else event_of(event)
    budget = standing_of(rules=rules, used=used, grants=grants, pool_micros=pool, event=sponsor)
    try:
        books, draws, plan = reserved(budget)
    except LimitReachedError:
        return
    plans = [plan]
    assert books.balance(*HELD) == 2 * JOB.cost_micros

    job = ended(*end, is_submitted=is_submitted)
    submission = submission_of(charged) if is_submitted else None
    plans.append(plan_resolution(job, submission, draws))
    books.write(plans[-1])
    job_books = JobBooks(tuple(draws), plans[-1].transactions[1])
    assert books.balance(*HELD) == 0
    assert books.balance(AccountKind.SPENT) == job_books.spent(AccountKind.SPENT)

    plans.append(
        plan_service_refund(job, submission_of(later), job_books, NOW, shares_of(job_books))
    )
    books.write(plans[-1])
    refunds = tuple(one for one in plans[-1].transactions if one.postings)
    job_books = replace(job_books, refunds=refunds)
    assert books.balance(AccountKind.POOL_SPENT) == job_books.spent(AccountKind.POOL_SPENT)

    try:
        plans.append(plan_refund(ADA, EDIT, [job_books], shares_of(job_books)))
    except InvalidRequestError:
        assert books.balance(AccountKind.POOL_SPENT) == 0
    else:
        books.write(plans[-1])
        assert books.balance(*SPENT) == 0
    for one in plans:
        if any(transaction.postings for transaction in one.transactions):
            with pytest.raises(WrittenTwiceError):
                books.write(one)
