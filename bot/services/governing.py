"""A server's rules and money, as its admins change and see them.

Whoever calls this has checked that the member may manage the server. A change that lets more money
be spent, or concerns everybody's money, is kept until the same member confirms it.
"""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from bot.domain import windows
from bot.domain.edits import (
    EDIT_HOLDS_FOR,
    Actor,
    Edit,
    MakeGrant,
    OpenEvent,
    PastEdit,
    PendingEdit,
    Proposed,
    SetPolicy,
    SetRules,
    must_be_confirmed,
)
from bot.domain.ledger import forecast
from bot.domain.limits import RATE_MOST, Rules, effective
from bot.domain.offers import Place
from bot.domain.policy import POOL_MOST_MICROS, Policy, Subject
from bot.domain.statements import Overview, Report
from bot.domain.usage import Spending, UsageChart, by_day, totals
from bot.domain.windows import Window
from bot.errors import InvalidRequestError, NotYourOfferError, OfferExpiredError
from bot.ids import ChannelId, EditId, GuildId, UserId
from bot.ports import Charts, Clock, Treasury
from bot.services.budgeting import SHARES_MOST, local_date, month_name

HISTORY_MOST = 15
NOBODY = UserId(0)


class Governing:
    """One place for every change of rules and money."""

    def __init__(
        self,
        treasury: Treasury,
        charts: Charts,
        clock: Clock,
        new_edit_id: Callable[[], EditId],
    ) -> None:
        self._treasury = treasury
        self._charts = charts
        self._clock = clock
        self._new_edit_id = new_edit_id

    async def overview(self, guild_id: GuildId) -> Overview:
        now = self._clock.now()
        place = Place(guild_id, ChannelId(0), NOBODY)
        standing = await self._treasury.standing(place, now)
        policy = standing.policy
        first, after = windows.bounds(Window.MONTH, now, policy.zone)
        used = standing.pool.used_micros
        return Overview(
            policy,
            tuple(await self._treasury.overrides(guild_id)),
            tuple(await self._treasury.events(guild_id, now)),
            used,
            forecast(used, policy.pool_micros, first, after, now),
            after,
        )

    async def propose(self, guild_id: GuildId, user_id: UserId, edit: Edit) -> Proposed:
        """Make the change, or keep it until it is confirmed.

        Raises InvalidRequestError, PolicyChangedError.
        """
        _ensure_sound(edit)
        policy, rules_before = await self._before(guild_id, edit)
        before = await self._replaced(guild_id, edit)
        if _is_so_already(edit, before):
            return Proposed(edit, before)
        now, edit_id = self._clock.now(), self._new_edit_id()
        if not must_be_confirmed(edit, policy, rules_before):
            await self._treasury.apply(Actor(guild_id, user_id, edit_id, now), edit)
            return Proposed(edit, before)
        pending = PendingEdit(edit_id, guild_id, user_id, edit, now + EDIT_HOLDS_FOR)
        await self._treasury.keep(pending)
        return Proposed(edit, before, pending)

    async def confirm(self, edit_id: EditId, guild_id: GuildId, user_id: UserId) -> Proposed:
        """Once. Raises NotYourOfferError, OfferExpiredError, and what `propose` raises."""
        pending = await self._treasury.find_pending(edit_id)
        now = self._clock.now()
        if pending is None or now >= pending.expires_at:
            raise OfferExpiredError
        if pending.actor_id != user_id or pending.guild_id != guild_id:
            raise NotYourOfferError
        if not await self._treasury.take_pending(edit_id):
            raise OfferExpiredError
        before = await self._replaced(guild_id, pending.edit)
        await self._treasury.apply(Actor(guild_id, user_id, edit_id, now), pending.edit)
        return Proposed(pending.edit, before)

    async def policy_edit(self, guild_id: GuildId, change: Callable[[Policy], Policy]) -> SetPolicy:
        """A change of the server's rules as they are now."""
        return SetPolicy(change(await self._treasury.policy(guild_id)))

    async def rules_edit(
        self, guild_id: GuildId, subject: Subject, change: Callable[[Rules], Rules]
    ) -> SetRules:
        """A change of a role's or a member's rules as they are now."""
        return SetRules(subject, change(await self._treasury.override(guild_id, subject)))

    async def history(self, guild_id: GuildId) -> list[PastEdit]:
        return await self._treasury.history(guild_id, HISTORY_MOST)

    async def report(
        self,
        guild_id: GuildId,
        server: str,
        names: Mapping[int, str],
        models: Mapping[str, str],
    ) -> Report:
        """This month; `names` are those of members, `models` those of models, by id."""
        now, policy = self._clock.now(), await self._treasury.policy(guild_id)
        first, after = windows.bounds(Window.MONTH, now, policy.zone)
        spent = await self._treasury.spending(guild_id, first, after)
        members = totals(spent, lambda one: names.get(one.user_id, "somebody who left"))
        title = f"{server} · {month_name(now, policy.zone)}"
        chart = UsageChart(
            title=title,
            first=local_date(first, policy.zone),
            last=local_date(now, policy.zone),
            by_day=by_day(spent, policy.zone),
            limit_micros=policy.pool_micros,
            shares_title="By member",
            shares=tuple(members[:SHARES_MOST]),
        )
        picture = await self._charts.usage(chart)
        by_model = totals(spent, lambda one: models.get(one.model_id, one.model_id))
        return Report(title, tuple(spent), tuple(members), tuple(by_model), picture)

    async def spenders(self, guild_id: GuildId) -> set[UserId]:
        """Whose names a report of this month needs."""
        now, policy = self._clock.now(), await self._treasury.policy(guild_id)
        first, after = windows.bounds(Window.MONTH, now, policy.zone)
        return {one.user_id for one in await self._treasury.spending(guild_id, first, after)}

    async def export(self, guild_id: GuildId, days: int) -> bytes:
        """Films of the last days as CSV, with a line for each."""
        now = self._clock.now()
        spent = await self._treasury.spending(guild_id, now - timedelta(days=days), now)
        return csv_of(spent)

    async def _replaced(self, guild_id: GuildId, edit: Edit) -> Policy | Rules:
        """The rules in whose place the edit's would stand."""
        if isinstance(edit, SetRules):
            return await self._treasury.override(guild_id, edit.subject)
        return await self._treasury.policy(guild_id)

    async def _before(self, guild_id: GuildId, edit: Edit) -> tuple[Policy, Rules]:
        policy = await self._treasury.policy(guild_id)
        if not isinstance(edit, SetRules):
            return policy, policy.rules
        own = await self._treasury.override(guild_id, edit.subject)
        return policy, filled(own, policy.rules)


def filled(own: Rules, server: Rules) -> Rules:
    """What held for somebody before they had these rules of their own."""
    return effective(server, (), own)


def csv_of(spent: Sequence[Spending]) -> bytes:
    """UTF-8, a line for each film. No cell begins as a formula would."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["at", "job", "member", "model", "pool_usd", "member_usd"])
    for one in spent:
        amounts = (f"{micros / 1_000_000:.6f}" for micros in (one.pool_micros, one.member_micros))
        writer.writerow([one.at.isoformat(), one.job_id, one.user_id, one.model_id, *amounts])
    return text.getvalue().encode()


def _is_so_already(edit: Edit, before: Policy | Rules) -> bool:
    match edit:
        case SetPolicy(policy):
            return policy == before
        case SetRules(_, rules):
            return rules == before
        case _:
            return False


def _ensure_sound(edit: Edit) -> None:
    """Raises InvalidRequestError for figures that no server means."""
    match edit:
        case SetPolicy(policy):
            _ensure_amount(policy.pool_micros)
            _ensure_amount(policy.gift_micros_most)
            _ensure_rules(policy.rules)
            if not windows.is_zone(policy.zone):
                name = policy.zone[:40]
                reason = f"`{name}` is no time zone: write one such as Europe/Berlin."
                raise InvalidRequestError([reason])
        case SetRules(_, rules):
            _ensure_rules(rules)
        case MakeGrant(micros=micros):
            _ensure_amount(abs(micros))
            if not micros:
                raise InvalidRequestError(["Grant more than nothing, or take something back."])
        case OpenEvent(films_most=films, film_micros_most=micros):
            _ensure_amount(films * micros)
            if films <= 0 or micros <= 0:
                raise InvalidRequestError(["An event needs at least one film and some money."])
        case _:
            pass


def _ensure_rules(rules: Rules) -> None:
    _ensure_amount(None if rules.allowance is None else rules.allowance.micros)
    _ensure_amount(rules.film_micros_most)
    if any(not 0 <= rate.most <= RATE_MOST for rate in rules.rates or ()):
        raise InvalidRequestError([f"Choose a rate between 0 and {RATE_MOST} wishes."])
    if rules.open_jobs_most is not None and not 0 <= rules.open_jobs_most <= RATE_MOST:
        raise InvalidRequestError([f"Choose between 0 and {RATE_MOST} films at once."])


def _ensure_amount(micros: int | None) -> None:
    if micros is not None and not 0 <= micros <= POOL_MOST_MICROS:
        raise InvalidRequestError(["Choose an amount between $0 and $1,000,000."])
