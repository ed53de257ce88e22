"""Servers' rules and money."""

from datetime import datetime
from typing import Protocol

from bot.domain.admission import Standing
from bot.domain.edits import Actor, Edit, OpenedEvent, PastEdit, PendingEdit
from bot.domain.ledger import Gift, Transaction
from bot.domain.limits import Rules
from bot.domain.offers import Place
from bot.domain.policy import Override, Policy, Subject
from bot.domain.usage import Spending
from bot.ids import EditId, GuildId, UserId


class Treasury(Protocol):
    """Servers' rules and money. Every method is one transaction; changes are in force at once."""

    async def policy(self, guild_id: GuildId) -> Policy: ...

    async def overrides(self, guild_id: GuildId) -> list[Override]: ...

    async def override(self, guild_id: GuildId, subject: Subject) -> Rules:
        """The rules of a role or a member; empty ones where there are none."""

    async def standing(self, place: Place, now: datetime) -> Standing:
        """How a member stands in a server now."""

    async def apply(self, by: Actor, edit: Edit) -> None:
        """Make a change and note it in the audit log.

        Raises PolicyChangedError if the rules moved meanwhile, InvalidRequestError for what
        cannot be done (no such film or event, an event that is open already, less to take back).
        """

    async def give(self, gift: Gift) -> None:
        """From a member's own money to another's.

        Raises InvalidRequestError where gifts are not allowed or there is not enough,
        DuplicateRequestError for a key that was used before.
        """

    async def events(self, guild_id: GuildId, now: datetime) -> list[OpenedEvent]: ...

    async def transactions(
        self, guild_id: GuildId, user_id: UserId, most: int
    ) -> list[Transaction]:
        """A member's movements of money, latest first; what the bot funds is left out."""

    async def spending(
        self, guild_id: GuildId, since: datetime, before: datetime
    ) -> list[Spending]:
        """Films that were paid for, or given back, oldest first."""

    async def history(self, guild_id: GuildId, most: int) -> list[PastEdit]:
        """Who changed what, latest first."""

    async def keep(self, pending: PendingEdit) -> None:
        """Keep a change until it is confirmed; forgets those that expired."""

    async def find_pending(self, edit_id: EditId) -> PendingEdit | None: ...

    async def take_pending(self, edit_id: EditId) -> bool:
        """Whether it was still there; it is not any more."""

    async def audit(self) -> list[str]:
        """Everything in the books that does not add up; nothing, if all is well."""
