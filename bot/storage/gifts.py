"""A member's gift to another: from their own money, capped a day for giver and receiver alike.

What is given lapses when it would have lapsed with its giver, so that passing money around makes
none of it last longer.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.domain import windows
from bot.domain.admission import Standing, left_of, own_draws
from bot.domain.ledger import (
    Account,
    AccountKind,
    Draw,
    Gift,
    Transaction,
    TransactionKind,
    account_id,
    posted,
)
from bot.domain.pricing import dollars
from bot.domain.windows import Window
from bot.errors import DuplicateRequestError, InvalidRequestError
from bot.ids import AccountId, TransactionId, UserId
from bot.storage import policies, rows
from bot.storage.databases import Engine
from bot.storage.money import Money, issued
from bot.storage.tables import Tables


class Gifts(Tables):
    """Takes the connection of a transaction."""

    def __init__(self, engine: Engine, money: Money) -> None:
        super().__init__(engine)
        self._money = money

    async def give(self, connection: Any, gift: Gift) -> None:
        """Raises InvalidRequestError, DuplicateRequestError."""
        standing = await self._money.standing_for(connection, gift.place, gift.at)
        if await self._one(connection, "get_account", id=_account_of(gift)):
            raise DuplicateRequestError(gift.key)
        await self._ensure_allowed(connection, standing, gift)
        if (standing.own_left_micros or 0) < gift.micros:
            raise InvalidRequestError(["You do not have that much left to give."])
        await self._bring_in(connection, standing, gift.key)
        await self._hand_over(connection, standing, gift)

    async def _ensure_allowed(self, connection: Any, standing: Standing, gift: Gift) -> None:
        most = standing.policy.gift_micros_most
        if most is None:
            raise InvalidRequestError(["This server does not allow gifts; a moderator can."])
        if standing.allowance_micros is None:
            raise InvalidRequestError(["Nothing limits you here, so there is nothing to give."])
        if gift.to == gift.place.user_id or gift.micros <= 0:
            raise InvalidRequestError(["Give something, to somebody else."])
        given, _ = await self._today(connection, standing, gift.place.user_id)
        _, got = await self._today(connection, standing, gift.to)
        if given + gift.micros > most:
            raise InvalidRequestError(
                [f"You may give {dollars(most)} a day, and gave {dollars(given)} today."]
            )
        if got + gift.micros > most:
            raise InvalidRequestError(
                [f"A member may get {dollars(most)} a day, and they got {dollars(got)} today."]
            )

    async def _today(self, connection: Any, standing: Standing, user_id: UserId) -> tuple[int, int]:
        since, _ = windows.bounds(Window.DAY, standing.at, standing.policy.zone)
        row = await self._one(
            connection,
            "sum_gifts",
            guild_id=standing.policy.guild_id,
            user_id=user_id,
            since=rows.milliseconds(since),
        )
        return (int(row["given"]), int(row["got"])) if row else (0, 0)

    async def _bring_in(self, connection: Any, standing: Standing, key: str) -> None:
        """The allowance as the rules have it, so that there is something to give from."""
        allowance, target = standing.allowance, standing.allowance_micros or 0
        parameters = policies.account_parameters(allowance)
        await self._one(connection, "insert_account", **parameters)
        delta = left_of(allowance, target) - allowance.balance_micros
        guild_id = standing.policy.guild_id
        fund = Transaction(
            TransactionId(f"fund-{key}"),
            guild_id,
            TransactionKind.FUND,
            standing.at,
            posted([(allowance.id, delta), (issued(guild_id), -delta)]),
            user_id=allowance.user_id,
        )
        await self._money.post(connection, fund)

    async def _hand_over(self, connection: Any, standing: Standing, gift: Gift) -> None:
        """As one grant, which lapses as the first of the giver's purses does."""
        draws = own_draws(standing, gift.micros)
        ends = _ends_of(standing, draws)
        place, kind = gift.place, AccountKind.GRANT
        grant = Account(_account_of(gift), place.guild_id, kind, gift.to, min(ends, default=None))
        await self._one(connection, "insert_account", **policies.account_parameters(grant))
        pairs = [(draw.account_id, -draw.micros) for draw in draws]
        handed = Transaction(
            TransactionId(f"gift-{gift.key}"),
            place.guild_id,
            TransactionKind.GIFT,
            gift.at,
            posted([*pairs, (grant.id, gift.micros)]),
            user_id=gift.to,
            actor_id=place.user_id,
            reason="gift",
        )
        await self._money.post(connection, handed)


def _account_of(gift: Gift) -> AccountId:
    return account_id(gift.place.guild_id, AccountKind.GRANT, gift.to, f"gift-{gift.key}")


def _ends_of(standing: Standing, draws: Sequence[Draw]) -> list[datetime]:
    drawn = {draw.account_id for draw in draws if draw.micros}
    purses = [standing.allowance, *standing.grants]
    return [one.ends_at for one in purses if one.id in drawn and one.ends_at is not None]
