"""A member's card: what is left, told once and never larger than it is."""

import pytest

from bot.catalog.pricing import Price
from bot.catalog.request import Origin
from bot.ids import (
    AccountId,
    ChannelId,
    EventId,
    GuildId,
    JobId,
    ModelId,
    OfferId,
    TransactionId,
    UserId,
)
from bot.money.ledger import (
    Account,
    AccountKind,
    Posting,
    Transaction,
    TransactionKind,
    account_id,
)
from bot.money.limits import (
    Allowance,
    Event,
    Policy,
    RateLimit,
    Rules,
)
from bot.money.reports import Statement
from bot.money.windows import Window
from bot.presentation import money
from tests.factories import NOW
from tests.fakes import money_store

GUILD, FERN = GuildId(1), UserId(3)
VIDEO = ("Seedance", Price(120_000, False))
PLACE = Origin(GUILD, ChannelId(9), FERN)
DAILY = Rules(allowance=Allowance(1_500_000, Window.DAY))


def make_standing(**fields):
    return money_store.make_standing(PLACE, NOW, **fields)


def moved(kind, account, job_id):
    postings = (Posting(account_id(GUILD, account), account, 120_000),)
    name = TransactionId(f"{kind}-{job_id}")
    return Transaction(name, GUILD, kind, NOW, postings, JobId(job_id), FERN)


def fields_of(embed):
    return {field.name: field.value for field in embed.fields}


def test_a_video_that_was_paid_for_is_told_once():
    latest = (
        moved(TransactionKind.SETTLE, AccountKind.SPENT, "a"),
        moved(TransactionKind.RESERVE, AccountKind.HELD, "a"),
        moved(TransactionKind.RESERVE, AccountKind.HELD, "b"),
    )

    lately = fields_of(money.statement(Statement(make_standing(), None, (), latest)))[
        "Recent activity"
    ]

    assert [line.split(" ", 1)[1] for line in lately.splitlines()] == [
        "🎬 paid for a video: $0.12",
        "⏳ reserved for a video: $0.12",
    ]


def test_no_more_videos_are_promised_than_the_pool_pays_for():
    pool = Account(AccountId("1:pool:2026-11"), GUILD, AccountKind.POOL, None, NOW)
    budget = make_standing(rules=DAILY, policy=Policy(GUILD, pool_micros=250_000), pool=pool)

    told = money.statement(Statement(budget, VIDEO, (), ()))

    assert "$1.50 left of $1.50" in str(told.description)
    assert "≈ **2 videos** with Seedance" in str(told.description)


def test_every_limit_that_holds_is_on_the_card():
    rules = Rules(
        rates=(RateLimit(5, 3600),),
        open_jobs_most=2,
        video_micros_most=500_000,
        video_seconds_most=12,
        models=frozenset({ModelId("veo")}),
        channels=frozenset({ChannelId(9)}),
    )

    limits = fields_of(money.statement(Statement(make_standing(rules=rules), None, (), ())))

    assert limits["Limits"].splitlines() == [
        "0 of 2 concurrent videos",
        "0 of 5 requests per hour",
        "up to $0.50 per video",
        "up to 12 s per video",
        "1 model allowed",
        "videos allowed in <#9>",
    ]


@pytest.mark.parametrize(
    ("used", "said"),
    [(2, "The next video here is free: "), (1, "The next 2 videos here are free: ")],
)
def test_free_videos_are_counted_as_one_or_as_many(used, said):
    account = Account(account_id(GUILD, AccountKind.EVENT), GUILD, AccountKind.EVENT, FERN)
    event = Event(EventId("e"), account, 3, used, 1_000_000)

    fields = fields_of(money.statement(Statement(make_standing(event=event), None, (), ())))

    assert fields["🎁 Event"].startswith(said)


@pytest.mark.parametrize(
    ("kind", "micros", "said"),
    [
        (TransactionKind.RESERVE, 900, "⏳ reserved for a better prompt: less than $0.01"),
        (TransactionKind.SETTLE, 400, "✨ paid for a better prompt: less than $0.01"),
        (TransactionKind.SETTLE, 10_000, "✨ paid for a better prompt: $0.01"),
        (TransactionKind.SETTLE, 0, "✨ paid for a better prompt: $0.00"),
    ],
)
def test_a_better_prompt_is_named_though_it_costs_less_than_a_cent(kind, micros, said):
    account = AccountKind.HELD if kind is TransactionKind.RESERVE else AccountKind.SPENT
    posting = Posting(account_id(GUILD, account), account, micros)
    one = Transaction(
        TransactionId("x"), GUILD, kind, NOW, (posting,), improvement_id=OfferId("offer")
    )
    budget = money_store.make_standing(Origin(GUILD, ChannelId(2), FERN), NOW)

    assert money.entry(one, budget).endswith(f" {said}")
