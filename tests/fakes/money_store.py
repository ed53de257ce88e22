"""A money store that limits nothing, unless it is told how a member stands."""

from datetime import datetime
from typing import Any

from bot.catalog.request import Origin
from bot.money.ledger import Account, AccountKind, account_id
from bot.money.limits import BudgetSnapshot, Policy, Rules


def make_standing(place: Origin, now: datetime, **fields: Any) -> BudgetSnapshot:
    """Nothing limits this member, except for what is named."""
    guild_id = place.guild_id
    policy = Policy(guild_id, rules=Rules())
    given: dict[str, Any] = {
        "policy": policy,
        "rules": Rules(),
        "at": now,
        "allowance": _account(place, AccountKind.ALLOWANCE),
        "grants": (),
        "pool": _account(place, AccountKind.POOL),
        "event": None,
        "rates": {},
        "open_jobs": 0,
    }
    return BudgetSnapshot(**given | fields)


def _account(place: Origin, kind: AccountKind) -> Account:
    return Account(account_id(place.guild_id, kind), place.guild_id, kind, place.user_id)


class FakeMoneyStore:
    """Answers how members stand; `fields` are those of every standing."""

    def __init__(self) -> None:
        self.fields: dict[str, Any] = {}

    async def budget(self, place: Origin, now: datetime) -> BudgetSnapshot:
        return make_standing(place, now, **self.fields)

    async def rules(self, place: Origin) -> Rules:
        found: Rules = self.fields.get("rules", Rules())
        return found
