"""Ports of money: servers' rules, the ledger and charts."""

from datetime import datetime
from typing import Protocol

from bot.catalog.request import Origin
from bot.guilds.audit import Actor
from bot.ids import EditId, GuildId, UserId
from bot.money.changes import OpenedEvent, PastChange, PendingChange, PolicyChange
from bot.money.ledger import Account, Gift, Transaction
from bot.money.limits import BudgetSnapshot, Policy, Rules
from bot.money.policy import Override, Subject
from bot.money.reports import Spending, UsageChart


class PolicyStore(Protocol):
    """Servers' rules and their changes. Each method is one transaction.

    A change applies from the next request on.
    """

    async def policy(self, guild_id: GuildId) -> Policy: ...

    async def overrides(self, guild_id: GuildId) -> list[Override]: ...

    async def override(self, guild_id: GuildId, subject: Subject) -> Rules:
        """The override of a role or member; empty rules if there is none."""

    async def events(self, guild_id: GuildId, now: datetime) -> list[OpenedEvent]:
        """Events that are neither closed nor over."""

    async def apply(self, by: Actor, edit: PolicyChange) -> None:
        """Apply a change, move the money it concerns and record it in the audit log.

        Raises PolicyChangedError if the rules are no longer those it was made from, and
        InvalidRequestError for an impossible change (no such job or event, an event is already
        open, less to withdraw).
        """

    async def history(
        self, guild_id: GuildId, most: int, skip: int = 0, *, actor_id: UserId | None = None
    ) -> list[PastChange]:
        """Audit log, latest first, at most `most` entries after skipping `skip`.

        Of one admin or moderator with `actor_id`.
        """

    async def keep(self, pending: PendingChange) -> None:
        """Keep a change until it is confirmed; deletes expired ones."""

    async def find_pending(self, edit_id: EditId) -> PendingChange | None: ...

    async def take_pending(self, edit_id: EditId) -> bool:
        """Take a pending change, once; False if it is absent or already taken."""


class MoneyStore(Protocol):
    """The ledger of all servers. Each method is one transaction."""

    async def budget(self, place: Origin, now: datetime) -> BudgetSnapshot:
        """A member's remaining money on a server, and the use of each limit."""

    async def rules(self, place: Origin) -> Rules:
        """The rules that apply to a member: far cheaper than the whole `budget`."""

    async def pool(self, guild_id: GuildId, now: datetime) -> tuple[Policy, Account]:
        """A server's rules and its pool account of this month."""

    async def give(self, gift: Gift) -> None:
        """Move a member's own money to another member.

        Raises InvalidRequestError where gifts are off or there is not enough, DuplicateRequestError
        for a key that was used before.
        """

    async def notify_refusal(self, guild_id: GuildId, cost_micros: int, now: datetime) -> None:
        """Owe the admins one notice that the pool could not pay this price."""

    async def transactions(
        self, guild_id: GuildId, user_id: UserId, most: int
    ) -> list[Transaction]:
        """A member's transactions, latest first, without the bot's funding."""

    async def spending(
        self, guild_id: GuildId, since: datetime, before: datetime
    ) -> list[Spending]:
        """Paid and refunded videos, oldest first."""

    async def audit(self) -> list[str]:
        """Everything in the ledger that does not balance; empty if all is well."""

    async def damage(self) -> list[str]:
        """Unreadable rows, and what to do about them."""


class Charts(Protocol):
    """Renders charts."""

    async def usage(self, chart: UsageChart) -> bytes:
        """Render a PNG of about 1200 by 675 pixels, off the event loop."""
