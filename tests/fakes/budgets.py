"""Budgets, pauses, offers and servers' settings in memory, held to the databases' contract."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.catalog.presets import Preset, PresetOwner
from bot.catalog.request import Origin
from bot.clock import Clock, SystemClock
from bot.delivery.messenger import PrivateAnswer
from bot.delivery.threads import CardThread, ThreadTrouble
from bot.errors import LeaseLostError, OfferExpiredError, StorageError
from bot.guilds.audit import Actor, AuditNote
from bot.guilds.moderation import BlockedMember, Word
from bot.guilds.notices import (
    MAX_PUT_OFF,
    MAX_STANDS,
    Notice,
    NoticeState,
    TemporaryMessage,
)
from bot.guilds.settings import GuildSettings, LogLevel, PicturesFor
from bot.ids import (
    ChannelId,
    GuildId,
    JobId,
    MessageId,
    ModelId,
    NoticeId,
    OfferId,
    ProviderName,
    UserId,
)
from bot.instants import CLOCKS_DIFFER_BY, made_by
from bot.money.ledger import Improvement, ImprovementState, Outcome
from bot.money.limits import RequestFacts
from bot.ordering.offers import Offer
from bot.ordering.presets import Saving
from bot.providers.availability import Availability
from bot.providers.pacing import Pace
from bot.providers.request_limits import Purpose, RequestRule
from bot.retries import LONGEST_WAIT


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
        now = self.clock.now()
        since = now - timedelta(seconds=rule.per_seconds)
        made = self.made[rule.name] = [made_by(at, now) for at in self.made.get(rule.name, [])]
        return sorted(at for at in made if at > since)


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
class InMemoryImprovements:
    """The port `ImprovementStore`, where nothing limits anyone; `spent` is what each cost whom."""

    offers: InMemoryOffers = field(default_factory=InMemoryOffers)
    rows: dict[OfferId, Improvement] = field(default_factory=dict)

    @property
    def spent(self) -> dict[OfferId, Outcome]:
        ended = {one.id: one.outcome for one in self.rows.values()}
        return {key: outcome for key, outcome in ended.items() if outcome is not None}

    async def begin(
        self, improvement: Improvement, _place: Origin, _facts: RequestFacts
    ) -> Improvement | None:
        found = await self.find(improvement.id)
        self.rows.setdefault(improvement.id, improvement)
        return found

    async def end(self, improvement: Improvement, offer: Offer | None) -> bool:
        if self.rows[improvement.id].state is not ImprovementState.ASKING:
            return False
        self.rows[improvement.id] = improvement
        if offer is not None:
            await self.offers.put(offer)
        return True

    async def find(self, offer_id: OfferId) -> Improvement | None:
        found = self.rows.get(offer_id)
        return None if found is None else replace(found, outcome=None)

    async def list_overdue(self, before: datetime, ahead: datetime, most: int) -> list[Improvement]:
        asking = (one for one in self.rows.values() if one.state is ImprovementState.ASKING)
        due = [one for one in asking if one.asked_at <= before or one.asked_at > ahead]
        return sorted(due, key=lambda one: (one.asked_at, one.id))[:most]


@dataclass
class InMemoryFavorites:
    """The port `FavoriteStore`."""

    models: dict[tuple[GuildId, UserId], ModelId] = field(default_factory=dict)

    async def get(self, guild_id: GuildId, user_id: UserId) -> ModelId | None:
        return self.models.get((guild_id, user_id))

    async def put(self, guild_id: GuildId, user_id: UserId, model_id: ModelId | None) -> None:
        if model_id == "":
            msg = f"CHECK constraint failed: {user_id}"
            raise StorageError(msg)
        if model_id is None:
            self.models.pop((guild_id, user_id), None)
        else:
            self.models[guild_id, user_id] = model_id


@dataclass
class InMemoryMembers:
    """The port `MemberStore`."""

    without_recipe: set[UserId] = field(default_factory=set)
    chosen: dict[UserId, PicturesFor] = field(default_factory=dict)

    async def has_recipe(self, user_id: UserId) -> bool:
        return user_id not in self.without_recipe

    async def put_recipe(self, user_id: UserId, *, is_on: bool) -> None:
        if is_on:
            self.without_recipe.discard(user_id)
        else:
            self.without_recipe.add(user_id)

    async def pictures(self, user_id: UserId) -> PicturesFor | None:
        return self.chosen.get(user_id)

    async def put_pictures(self, user_id: UserId, pictures: PicturesFor) -> None:
        self.chosen[user_id] = pictures


@dataclass
class InMemoryBlocks:
    """The port `BlockStore`."""

    blocks: dict[tuple[GuildId, UserId], BlockedMember] = field(default_factory=dict)
    noted: list[AuditNote] = field(default_factory=list)

    async def is_blocked(self, guild_id: GuildId, user_id: UserId) -> bool:
        return (guild_id, user_id) in self.blocks

    async def block(self, block: BlockedMember, noted: AuditNote) -> None:
        self.blocks[block.guild_id, block.user_id] = block
        self.noted.append(noted)

    async def unblock(self, guild_id: GuildId, user_id: UserId, noted: AuditNote) -> bool:
        gone = self.blocks.pop((guild_id, user_id), None) is not None
        self.noted += [noted] if gone else []
        return gone

    async def list_blocked(
        self, guild_id: GuildId, most: int, skip: int = 0
    ) -> list[BlockedMember]:
        found = [one for one in self.blocks.values() if one.guild_id == guild_id]
        latest = sorted(found, key=lambda one: (one.blocked_at, one.user_id), reverse=True)
        return latest[skip : skip + most]

    async def list_cancelling(self) -> list[BlockedMember]:
        return [one for _, one in sorted(self.blocks.items()) if one.is_cancelling]

    async def end_cancelling(self, block: BlockedMember) -> None:
        key = block.guild_id, block.user_id
        if key in self.blocks and self.blocks[key].blocked_at == block.blocked_at:
            self.blocks[key] = replace(self.blocks[key], is_cancelling=False)


@dataclass
class InMemoryWords:
    """The port `WordStore`."""

    words: dict[GuildId, dict[str, Word]] = field(default_factory=dict)
    versions: Counter[GuildId] = field(default_factory=Counter)
    noted: list[AuditNote] = field(default_factory=list)

    async def version(self, guild_id: GuildId) -> int:
        return self.versions[guild_id]

    async def list_words(self, guild_id: GuildId) -> list[Word]:
        return list(self.words.get(guild_id, {}).values())

    async def add(
        self, by: Actor, words: Sequence[Word], most: int, noted: AuditNote
    ) -> list[Word] | None:
        self.versions[by.guild_id] += 1
        known = self.words.setdefault(by.guild_id, {})
        added = [one for one in words if one.key not in known]
        if len(known) + len(added) > most:
            return None
        known |= {one.key: one for one in added}
        self.noted += [noted] if added else []
        return added

    async def remove(self, guild_id: GuildId, key: str, noted: AuditNote) -> bool:
        self.versions[guild_id] += 1
        gone = self.words.get(guild_id, {}).pop(key, None) is not None
        self.noted += [noted] if gone else []
        return gone


@dataclass
class InMemoryGuilds:
    """The port `GuildStore`."""

    settings: dict[GuildId, GuildSettings] = field(default_factory=dict)
    noted: list[AuditNote] = field(default_factory=list)
    waiting: dict[ProviderName, list[GuildId]] = field(default_factory=dict)

    async def get(self, guild_id: GuildId) -> GuildSettings:
        return self.settings.get(guild_id, GuildSettings(guild_id))

    async def put(self, settings: GuildSettings, noted: AuditNote | None = None) -> None:
        if settings.confirm_above_micros < 0:
            msg = f"CHECK constraint failed: {settings.guild_id}"
            raise StorageError(msg)
        self.settings[settings.guild_id] = settings
        self.noted += [] if noted is None else [noted]

    async def list_waiting_for(self, provider: ProviderName) -> list[GuildId]:
        return self.waiting.get(provider, [])

    async def list_log_channels(self) -> list[tuple[GuildId, ChannelId]]:
        return [
            (guild_id, channel_id)
            for guild_id, one in sorted(self.settings.items())
            if (channel_id := one.log_channel_for(LogLevel.TROUBLE)) is not None
        ]


@dataclass
class InMemoryPresets:
    """The port `PresetStore`."""

    presets: dict[tuple[PresetOwner, str], Preset] = field(default_factory=dict)
    noted: list[AuditNote] = field(default_factory=list)

    async def add(self, preset: Preset, most: int, noted: AuditNote | None = None) -> Saving:
        if (preset.owner, preset.key) in self.presets:
            return Saving.NAME_TAKEN
        if sum(owner == preset.owner for owner, _ in self.presets) >= most:
            return Saving.FULL
        self.presets[preset.owner, preset.key] = preset
        self.noted += [] if noted is None else [noted]
        return Saving.SAVED

    async def list_for(self, guild_id: GuildId, user_id: UserId) -> list[Preset]:
        owners = [PresetOwner(user_id=user_id), PresetOwner(guild_id=guild_id)]
        return [
            preset
            for owner in owners
            for (whose, _), preset in sorted(self.presets.items(), key=lambda item: item[0][1])
            if whose == owner
        ]

    async def delete(self, owner: PresetOwner, key: str, noted: AuditNote | None = None) -> bool:
        gone = self.presets.pop((owner, key), None) is not None
        self.noted += [noted] if gone and noted is not None else []
        return gone


@dataclass
class InMemoryNotices:
    """The port `NoticeStore`."""

    notices: dict[NoticeId, Notice] = field(default_factory=dict)

    async def owe(self, notice: Notice) -> bool:
        return self.notices.setdefault(notice.id, notice) is notice

    async def claim(self, intent: Notice) -> bool:
        owed = self.notices.get(intent.id)
        if owed is None or owed.state is not NoticeState.OWED or owed.attempts >= intent.attempts:
            return False
        self.notices[intent.id] = replace(intent, text=owed.text)
        return True

    async def save(self, notice: Notice) -> None:
        owed = self.notices.get(notice.id)
        if owed is None or (owed.state, owed.attempts) != (NoticeState.OWED, notice.attempts):
            raise LeaseLostError(notice.nonce)
        self.notices[notice.id] = replace(notice, text=owed.text)  # the words are written once

    async def list_owed(self, now: datetime, most: int) -> list[Notice]:
        owed = [
            one
            for one in self.notices.values()
            if one.state is NoticeState.OWED
            and not now < one.next_attempt_at <= now + LONGEST_WAIT + CLOCKS_DIFFER_BY
        ]
        return sorted(owed, key=lambda one: (one.owed_at, one.id))[:most]


@dataclass
class InMemoryCardThreads:
    """The port `CardThreadStore`."""

    notices: InMemoryNotices
    threads: dict[ChannelId, CardThread] = field(default_factory=dict)
    claims: dict[ChannelId, datetime] = field(default_factory=dict)

    async def get(self, channel_id: ChannelId) -> CardThread:
        return self.threads.get(channel_id, CardThread())

    async def claim(
        self, guild_id: GuildId, channel_id: ChannelId, now: datetime, until: datetime
    ) -> bool:
        if now < self.claims.get(channel_id, now) <= until + CLOCKS_DIFFER_BY:
            return False
        self.claims[channel_id] = until
        return True

    async def put(self, channel_id: ChannelId, thread_id: ChannelId | None) -> None:
        known = await self.get(channel_id)
        self.threads[channel_id] = replace(known, thread_id=thread_id)
        self.claims.pop(channel_id, None)

    async def note(
        self,
        guild_id: GuildId,
        channel_id: ChannelId,
        trouble: ThreadTrouble | None,
        notice: Notice | None = None,
    ) -> None:
        known = await self.get(channel_id)
        if known.trouble is not trouble and notice is not None:
            await self.notices.owe(notice)
        self.threads[channel_id] = replace(known, trouble=trouble)


@dataclass
class InMemoryPrivateAnswers:
    """The port `PrivateAnswerStore`."""

    answers: dict[JobId, PrivateAnswer] = field(default_factory=dict)

    async def put(self, answer: PrivateAnswer) -> None:
        self.answers[answer.job_id] = answer

    async def claim_due(self, now: datetime, until: datetime, most: int) -> list[PrivateAnswer]:
        latest = until + CLOCKS_DIFFER_BY
        due = [one for one in self.answers.values() if not now < one.next_look_at <= latest]
        due = sorted(due, key=lambda one: (one.next_look_at, one.job_id))[:most]
        claimed = [replace(one, next_look_at=until) for one in due]
        self.answers |= {one.job_id: one for one in claimed}
        return claimed

    async def save(self, answer: PrivateAnswer) -> None:
        if self._is_latest(answer):
            self.answers[answer.job_id] = answer

    async def remove(self, answer: PrivateAnswer) -> None:
        if self._is_latest(answer):
            del self.answers[answer.job_id]

    def _is_latest(self, answer: PrivateAnswer) -> bool:
        known = self.answers.get(answer.job_id)
        return known is not None and known.token == answer.token


@dataclass
class InMemoryPassing:
    """The port `TemporaryMessages`."""

    messages: dict[MessageId, tuple[TemporaryMessage, datetime]] = field(default_factory=dict)

    async def put(self, message: TemporaryMessage) -> None:
        self.messages.setdefault(message.message_id, (message, message.delete_at))

    async def put_off(self, message: TemporaryMessage, at: datetime) -> None:
        if message.message_id in self.messages:
            tried = replace(message, attempts=message.attempts + 1)
            self.messages[message.message_id] = (tried, at)

    async def list_due(self, now: datetime, most: int) -> list[TemporaryMessage]:
        first, again = (now + most + CLOCKS_DIFFER_BY for most in (MAX_STANDS, MAX_PUT_OFF))
        due = [
            one
            for one, at in self.messages.values()
            if not now < at <= (again if one.attempts else first)
        ]
        return sorted(due, key=lambda one: (one.delete_at, one.message_id))[:most]

    async def remove(self, message: TemporaryMessage) -> None:
        self.messages.pop(message.message_id, None)


def free_pace() -> Pace:
    """No rule at all."""
    clock = SystemClock()
    return Pace(InMemoryBudgets(clock), dict.fromkeys(Purpose, ()), clock)
