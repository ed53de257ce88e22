"""A server's rules and money, as its admins change and see them.

The caller has already checked that the member may manage the server. A change that raises spending,
or touches everyone's money, is kept until the same member confirms it.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta

from bot.clock import Clock
from bot.errors import InvalidRequestError, NotYourOfferError, OfferExpiredError
from bot.guilds.audit import Actor
from bot.ids import EditId, GuildId, UserId
from bot.money import windows
from bot.money.account import MAX_SHARES, local_date, month_name
from bot.money.changes import (
    CHANGE_HOLDS_FOR,
    MakeGrant,
    OpenEvent,
    PastChange,
    PendingChange,
    PolicyChange,
    Proposed,
    SetPolicy,
    SetRules,
    ensure_of_use,
    must_be_confirmed,
)
from bot.money.ledger import forecast
from bot.money.limits import (
    Policy,
    Rules,
    faults_of,
    faults_of_amount,
)
from bot.money.policy import (
    Subject,
    SubjectKind,
    effective,
    rules_of,
    stricter,
)
from bot.money.reports import (
    Overview,
    Report,
    Spending,
    UsageChart,
    by_day,
    totals,
)
from bot.money.store import Charts, MoneyStore, PolicyStore
from bot.money.windows import Window

_log = logging.getLogger(__name__)

MAX_HISTORY = 10  # entries per page, so that none of its lines is left out


class PolicyAdmin:
    """The single entry point for changes of rules and money."""

    def __init__(
        self,
        policies: PolicyStore,
        money: MoneyStore,
        charts: Charts,
        clock: Clock,
        new_edit_id: Callable[[], EditId],
    ) -> None:
        self._policies = policies
        self._money = money
        self._charts = charts
        self._clock = clock
        self._new_edit_id = new_edit_id

    async def overview(self, guild_id: GuildId) -> Overview:
        now = self._clock.now()
        policy, pool = await self._money.pool(guild_id, now)
        first, after = windows.bounds(Window.MONTH, now, policy.zone)
        used = pool.used_micros
        return Overview(
            policy,
            tuple(await self._policies.overrides(guild_id)),
            tuple(await self._policies.events(guild_id, now)),
            used,
            forecast(used, policy.pool_micros, first, after, now),
            after,
        )

    async def propose(self, guild_id: GuildId, user_id: UserId, edit: PolicyChange) -> Proposed:
        """Apply the change, or keep it until it is confirmed.

        Raises InvalidRequestError, PolicyChangedError.
        """
        _ensure_sound(edit)
        if isinstance(edit, MakeGrant):
            # Refuse before asking for confirmation; the decision itself is made again as the money
            # moves.
            ensure_of_use(edit, await self._rules_of(guild_id, edit))
        policy, rules_before = await self._before(guild_id, edit)
        before = await self._replaced(guild_id, edit)
        if _is_so_already(edit, before):
            return Proposed(edit, before)
        stricter = _stricter_than_default(edit, policy)
        now, edit_id = self._clock.now(), self._new_edit_id()
        if not must_be_confirmed(edit, policy, rules_before):
            await self._policies.apply(Actor(guild_id, user_id, edit_id, now), edit)
            return Proposed(edit, before, stricter=stricter)
        pending = PendingChange(edit_id, guild_id, user_id, edit, now + CHANGE_HOLDS_FOR)
        await self._policies.keep(pending)
        return Proposed(edit, before, pending, stricter)

    async def confirm(self, edit_id: EditId, guild_id: GuildId, user_id: UserId) -> Proposed:
        """Apply a pending change, once.

        Raises NotYourOfferError, OfferExpiredError, and everything that `propose` raises.
        """
        pending = await self._policies.find_pending(edit_id)
        now = self._clock.now()
        if pending is None or now >= pending.expires_at:
            raise OfferExpiredError
        if pending.actor_id != user_id or pending.guild_id != guild_id:
            raise NotYourOfferError
        if not await self._policies.take_pending(edit_id):
            raise OfferExpiredError
        before = await self._replaced(guild_id, pending.edit)
        await self._policies.apply(Actor(guild_id, user_id, edit_id, now), pending.edit)
        return Proposed(pending.edit, before)

    async def policy_edit(self, guild_id: GuildId, change: Callable[[Policy], Policy]) -> SetPolicy:
        """Build a change of the server's current rules."""
        return SetPolicy(change(await self._policies.policy(guild_id)))

    async def rules_edit(
        self, guild_id: GuildId, subject: Subject, change: Callable[[Rules], Rules]
    ) -> SetRules:
        """Build a change of a role's or member's current rules."""
        return SetRules(subject, change(await self._policies.override(guild_id, subject)))

    async def history(
        self, guild_id: GuildId, page: int = 0, actor_id: UserId | None = None
    ) -> tuple[list[PastChange], bool]:
        """A page of the audit log, latest first, and whether an older page follows."""
        found = await self._policies.history(
            guild_id, MAX_HISTORY + 1, page * MAX_HISTORY, actor_id=actor_id
        )
        return found[:MAX_HISTORY], len(found) > MAX_HISTORY

    async def report(
        self,
        guild_id: GuildId,
        server: str,
        names: Mapping[int, str],
        models: Mapping[str, str],
    ) -> Report:
        """This month's report; `names` maps member ids and `models` model ids to names."""
        now, policy = self._clock.now(), await self._policies.policy(guild_id)
        first, after = windows.bounds(Window.MONTH, now, policy.zone)
        spent = await self._money.spending(guild_id, first, after)
        members = totals(spent, lambda one: names.get(one.user_id, "a former member"))
        title = f"{server} · {month_name(now, policy.zone)}"
        chart = UsageChart(
            title=title,
            first=local_date(first, policy.zone),
            last=local_date(now, policy.zone),
            by_day=by_day(spent, policy.zone),
            limit_micros=policy.pool_micros,
            shares_title="By member",
            shares=tuple(members[:MAX_SHARES]),
        )
        picture = await self._charts.usage(chart)
        by_model = totals(spent, lambda one: models.get(one.model_id, one.model_id))
        return Report(title, tuple(spent), tuple(members), tuple(by_model), picture)

    async def spenders(self, guild_id: GuildId) -> set[UserId]:
        """Members whose names this month's report needs."""
        now, policy = self._clock.now(), await self._policies.policy(guild_id)
        first, after = windows.bounds(Window.MONTH, now, policy.zone)
        return {one.user_id for one in await self._money.spending(guild_id, first, after)}

    async def spent_in(self, guild_id: GuildId, days: int) -> list[Spending]:
        """Videos of the last `days` days, for an export."""
        now = self._clock.now()
        return await self._money.spending(guild_id, now - timedelta(days=days), now)

    async def _rules_of(self, guild_id: GuildId, grant: MakeGrant) -> Rules:
        policy = await self._policies.policy(guild_id)
        overrides = await self._policies.overrides(guild_id)
        return rules_of(policy, overrides, grant.user_id, grant.receiver_roles or ())

    async def _replaced(self, guild_id: GuildId, edit: PolicyChange) -> Policy | Rules:
        """The rules that the change would replace."""
        if isinstance(edit, SetRules):
            return await self._policies.override(guild_id, edit.subject)
        return await self._policies.policy(guild_id)

    async def _before(self, guild_id: GuildId, edit: PolicyChange) -> tuple[Policy, Rules]:
        policy = await self._policies.policy(guild_id)
        if not isinstance(edit, SetRules):
            return policy, policy.rules
        own = await self._policies.override(guild_id, edit.subject)
        return policy, filled(own, policy.rules)


def filled(own: Rules, server: Rules) -> Rules:
    """The rules that held for a member before this override."""
    return effective(server, (), own)


def _stricter_than_default(edit: PolicyChange, policy: Policy) -> tuple[str, ...]:
    """Rules, by field, in which a role gets less than the server's default."""
    if isinstance(edit, SetRules) and edit.subject.kind is SubjectKind.ROLE:
        return stricter(policy.rules, edit.rules)
    return ()


def _is_so_already(edit: PolicyChange, before: Policy | Rules) -> bool:
    match edit:
        case SetPolicy(policy):
            return policy == before
        case SetRules(_, rules):
            return rules == before
        case _:
            return False


def _ensure_sound(edit: PolicyChange) -> None:
    """Raise InvalidRequestError for amounts that no server can mean."""
    for fault in _faults_of(edit):
        raise InvalidRequestError([fault])


def _faults_of(edit: PolicyChange) -> Iterable[str]:
    match edit:
        case SetPolicy(policy):
            yield from faults_of_amount(policy.pool_micros)
            yield from faults_of_amount(policy.gift_micros_most)
            yield from faults_of(policy.rules)
            if not windows.is_zone(policy.zone):
                yield f"`{policy.zone[:40]}` isn't a time zone. Write one like Europe/Berlin."
        case SetRules(_, rules):
            yield from faults_of(rules)
        case MakeGrant(micros=micros):
            yield from faults_of_amount(abs(micros))
            if not micros:
                yield "Choose an amount other than $0."
        case OpenEvent(videos_most=videos, video_micros_most=micros):
            yield from faults_of_amount(videos * micros)
            if videos <= 0 or micros <= 0:
                yield "An event needs at least one video and a maximum price above $0."
        case _:
            pass


async def ensure_books(store: MoneyStore) -> None:
    """Log an ERROR per damaged row or unbalanced account, or one INFO.

    The bot keeps running either way: its operator must judge the damage, and no video waits for
    that. Raises DatabaseBusyError, StorageError.
    """
    for finding in await store.damage():
        _log.error("database_is_damaged", extra={"detail": finding})
    findings = await store.audit()
    for finding in findings:
        _log.error("ledger_does_not_balance", extra={"detail": finding})
    if not findings:
        _log.info("ledger_balances")
