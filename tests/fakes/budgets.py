"""Budgets, pauses, offers and servers' settings in memory, held to the databases' contract."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.clock import SystemClock
from bot.domain.availability import Availability
from bot.domain.budgets import Purpose, RequestRule
from bot.domain.guilds import GuildSettings
from bot.domain.notices import Notice, NoticeState
from bot.domain.offers import Offer
from bot.errors import OfferExpiredError, StorageError
from bot.ids import ChannelId, GuildId, NoticeId, OfferId, ProviderName
from bot.ports import Clock
from bot.providers.pacing import Pace


@dataclass
class InMemoryBudgets:
    """The port `RequestBudgets`."""

    clock: Clock
    made: dict[str, list[datetime]] = field(default_factory=dict)

    async def take(self, rules: Sequence[RequestRule], purpose: Purpose) -> datetime | None:
        at = await self.free_at(rules, purpose)
        if at is not None:
            return at
        for rule in rules:
            self.made.setdefault(rule.name, []).append(self.clock.now())
        return None

    async def free_at(self, rules: Sequence[RequestRule], purpose: Purpose) -> datetime | None:
        waits = [at for rule in rules if (at := self._wait(rule, purpose)) is not None]
        return max(waits, default=None)

    async def used(self, rule: RequestRule) -> int:
        return len(self._counted(rule))

    def _wait(self, rule: RequestRule, purpose: Purpose) -> datetime | None:
        counted = self._counted(rule)
        excess = len(counted) - rule.most_for(purpose)
        return None if excess < 0 else counted[excess] + timedelta(seconds=rule.per_seconds)

    def _counted(self, rule: RequestRule) -> list[datetime]:
        since = self.clock.now() - timedelta(seconds=rule.per_seconds)
        return sorted(at for at in self.made.get(rule.name, []) if at > since)


@dataclass
class InMemoryAvailability:
    """The port `AvailabilityStore`."""

    known: dict[ProviderName, Availability] = field(default_factory=dict)

    async def get(self, provider: ProviderName) -> Availability:
        return self.known.get(provider, Availability(provider))

    async def replace(self, known: Availability, after: Availability) -> bool:
        is_paused, has_reason = after.paused_until is not None, bool(after.reason)
        if is_paused != has_reason or min(after.failures_in_row, after.pauses_in_row) < 0:
            msg = f"CHECK constraint failed: {after.provider}"
            raise StorageError(msg)
        if self.known.setdefault(after.provider, known) != known:
            return False
        self.known[after.provider] = after
        return True


@dataclass
class InMemoryOffers:
    """The port `OfferStore`."""

    offers: dict[OfferId, Offer] = field(default_factory=dict)

    async def put(self, offer: Offer) -> None:
        self.offers[offer.id] = offer

    async def get(self, offer_id: OfferId) -> Offer:
        if offer_id not in self.offers:
            raise OfferExpiredError
        return self.offers[offer_id]

    async def forget_expired(self, before: datetime) -> None:
        self.offers = {key: one for key, one in self.offers.items() if one.expires_at > before}


@dataclass
class InMemoryGuilds:
    """The port `GuildStore`."""

    settings: dict[GuildId, GuildSettings] = field(default_factory=dict)

    async def get(self, guild_id: GuildId) -> GuildSettings:
        return self.settings.get(guild_id, GuildSettings(guild_id))

    async def put(self, settings: GuildSettings) -> None:
        if settings.confirm_above_micros < 0:
            msg = f"CHECK constraint failed: {settings.guild_id}"
            raise StorageError(msg)
        self.settings[settings.guild_id] = settings

    async def list_log_channels(self) -> list[tuple[GuildId, ChannelId]]:
        return [
            (guild_id, one.log_channel_id)
            for guild_id, one in sorted(self.settings.items())
            if one.log_channel_id is not None
        ]


@dataclass
class InMemoryNotices:
    """The port `NoticeStore`."""

    notices: dict[NoticeId, Notice] = field(default_factory=dict)

    async def owe(self, notice: Notice) -> None:
        self.notices.setdefault(notice.id, notice)

    async def claim(self, intent: Notice) -> bool:
        owed = self.notices.get(intent.id)
        if owed is None or owed.state is not NoticeState.OWED or owed.attempts >= intent.attempts:
            return False
        self.notices[intent.id] = replace(intent, text=owed.text)
        return True

    async def save(self, notice: Notice) -> None:
        owed = self.notices.get(notice.id)
        if owed is not None:  # the words are written once
            self.notices[notice.id] = replace(notice, text=owed.text)

    async def list_owed(self, now: datetime, most: int) -> list[Notice]:
        owed = [
            one
            for one in self.notices.values()
            if one.state is NoticeState.OWED and one.next_attempt_at <= now
        ]
        return sorted(owed, key=lambda one: (one.owed_at, one.id))[:most]


def free_pace() -> Pace:
    """No rule at all."""
    clock = SystemClock()
    return Pace(InMemoryBudgets(clock), dict.fromkeys(Purpose, ()), clock)
