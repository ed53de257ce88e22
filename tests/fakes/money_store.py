"""A treasury that limits nothing, unless it is told how a member stands."""

from datetime import datetime
from typing import Any

from bot.domain.admission import Standing
from bot.domain.ledger import Account, AccountKind, account_id
from bot.domain.limits import Rules
from bot.domain.offers import Place
from bot.domain.policy import Policy


def make_standing(place: Place, now: datetime, **fields: Any) -> Standing:
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
    return Standing(**given | fields)


def _account(place: Place, kind: AccountKind) -> Account:
    return Account(account_id(place.guild_id, kind), place.guild_id, kind, place.user_id)


class FakeTreasury:
    """Answers how members stand; `fields` are those of every standing."""

    def __init__(self) -> None:
        self.fields: dict[str, Any] = {}

    async def standing(self, place: Place, now: datetime) -> Standing:
        return make_standing(place, now, **self.fields)
