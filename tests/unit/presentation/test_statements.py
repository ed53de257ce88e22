"""A member's card: what is left, told once and never larger than it is."""

from bot.domain.ledger import (
    Account,
    AccountKind,
    Posting,
    Transaction,
    TransactionKind,
    account_id,
)
from bot.domain.limits import Allowance, RateLimit, Rules
from bot.domain.offers import Place
from bot.domain.policy import Policy
from bot.domain.pricing import Price
from bot.domain.statements import Statement
from bot.domain.windows import Window
from bot.ids import AccountId, ChannelId, GuildId, JobId, ModelId, TransactionId, UserId
from bot.presentation import money
from tests.factories import NOW
from tests.fakes import treasury

GUILD, FERN = GuildId(1), UserId(3)
HELD, SPENT = (account_id(GUILD, kind) for kind in (AccountKind.HELD, AccountKind.SPENT))
FILM = ("Seedance", Price(120_000, False))
PLACE = Place(GUILD, ChannelId(9), FERN)
DAILY = Rules(allowance=Allowance(1_500_000, Window.DAY))


def make_standing(**fields):
    return treasury.make_standing(PLACE, NOW, **fields)


def moved(kind, account, job_id):
    postings = (Posting(account, 120_000),)
    name = TransactionId(f"{kind}-{job_id}")
    return Transaction(name, GUILD, kind, NOW, postings, JobId(job_id), FERN)


def fields_of(embed):
    return {field.name: field.value for field in embed.fields}


def test_a_film_that_was_paid_for_is_told_once():
    latest = (
        moved(TransactionKind.SETTLE, SPENT, "a"),
        moved(TransactionKind.RESERVE, HELD, "a"),
        moved(TransactionKind.RESERVE, HELD, "b"),
    )

    lately = fields_of(money.statement(Statement(make_standing(), None, (), latest)))["Lately"]

    assert [line.split(" ", 1)[1] for line in lately.splitlines()] == [
        "🎬 paid for a film: $0.12",
        "⏳ held for a film: $0.12",
    ]


def test_no_more_films_are_promised_than_the_pool_pays_for():
    pool = Account(AccountId("1:pool:2026-11"), GUILD, AccountKind.POOL, None, NOW)
    standing = make_standing(rules=DAILY, policy=Policy(GUILD, pool_micros=250_000), pool=pool)

    told = money.statement(Statement(standing, FILM, (), ()))

    assert "$1.50 left of $1.50" in str(told.description)
    assert "≈ **2 films** with Seedance" in str(told.description)


def test_every_limit_that_holds_is_on_the_card():
    rules = Rules(
        rates=(RateLimit(5, 3600),),
        open_jobs_most=2,
        film_micros_most=500_000,
        models=frozenset({ModelId("veo")}),
        channels=frozenset({ChannelId(9)}),
    )

    limits = fields_of(money.statement(Statement(make_standing(rules=rules), None, (), ())))

    assert limits["Limits"].splitlines() == [
        "0 of 2 films at once",
        "0 of 5 wishes in an hour",
        "a film may cost $0.50",
        "1 model may be used",
        "films are made in <#9>",
    ]
