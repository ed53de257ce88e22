"""Members as they stand, and what they ask for, for the tests of what is admitted."""

from dataclasses import replace
from datetime import UTC, datetime

from bot.ids import AccountId, ChannelId, EventId, GuildId, ModelId, UserId
from bot.money.ledger import (
    Account,
    AccountKind,
    account_id,
)
from bot.money.limits import (
    Allowance,
    BudgetSnapshot,
    Event,
    Policy,
    RequestFacts,
    Rules,
)
from bot.money.windows import Window
from tests.factories import NOW

GUILD, MEMBER = GuildId(10), UserId(30)


CENT = 10_000


MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)


MONTHS_END = datetime(2026, 12, 1, tzinfo=UTC)


ISSUED = account_id(GUILD, AccountKind.ISSUED)


ALLOWANCE = AccountId("10:allowance:30:2026-11-21")


POOL = AccountId("10:pool:2026-11")


NOTHING_SAID = Rules()


DAILY = Rules(allowance=Allowance(100 * CENT, Window.DAY))


def account(name, kind, ends_at, *, funded=0, balance=0):
    owner = None if kind in {AccountKind.POOL, AccountKind.EVENT} else MEMBER
    return Account(AccountId(name), GUILD, kind, owner, ends_at, funded, balance)


def grant(name, balance, ends_at=None):
    return account(name, AccountKind.GRANT, ends_at, funded=balance, balance=balance)


def make_standing(*, rules=NOTHING_SAID, pool_micros=None, is_paused=False, **fields):
    """Of a member who made nothing yet."""
    budget = BudgetSnapshot(
        policy=Policy(GUILD, pool_micros=pool_micros, is_paused=is_paused),
        rules=rules,
        at=NOW,
        allowance=account(ALLOWANCE, AccountKind.ALLOWANCE, MIDNIGHT),
        grants=(),
        pool=account(POOL, AccountKind.POOL, MONTHS_END),
        event=None,
        rates={},
        open_jobs=0,
    )
    return replace(budget, **fields)


def make_video(cost=30 * CENT, model="fake-model", channels=(20,)):
    return RequestFacts(cost, ModelId(model), frozenset(ChannelId(one) for one in channels))


def make_event(*, balance=1000 * CENT, most=10, used=0, video_micros_most=100 * CENT):
    source = account("10:event:1", AccountKind.EVENT, None, funded=1000 * CENT, balance=balance)
    return Event(EventId("1"), source, most, used, video_micros_most)


def used_of(budget, name, micros):
    """The same standing after so much of this account was used."""
    return replace(budget, **{name: replace(getattr(budget, name), funded_micros=micros)})
