"""A member's own money: what is left, limit usage and gifts."""

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.catalog.pricing import Price
from bot.catalog.request import Origin
from bot.clock import Clock
from bot.errors import InvalidRequestError, MemberBlockedError
from bot.ids import ModelId
from bot.jobs.stores import JobStore
from bot.money import windows
from bot.money.ledger import Gift
from bot.money.limits import (
    BudgetSnapshot,
    LimitKind,
    LimitReachedError,
    RequestFacts,
    bars,
    ensure_within,
    refusals_of_any,
)
from bot.money.reports import Statement, UsageChart, by_day, totals
from bot.money.store import Charts, MoneyStore
from bot.money.windows import Window

LATEST = 6  # transactions on a statement
MAX_SHARES = 8


class MemberMoney:
    """Read one member's accounts on a server; write only gifts."""

    def __init__(
        self,
        money: MoneyStore,
        store: JobStore,
        charts: Charts,
        clock: Clock,
    ) -> None:
        self._money = money
        self._store = store
        self._charts = charts
        self._clock = clock

    async def ensure_room(self, facts: RequestFacts, place: Origin) -> BudgetSnapshot:
        """Refuse a request before its price is shown.

        A pre-check only: the transaction that accepts the job decides. Raises LimitReachedError and
        MemberBlockedError.
        """
        budget = await self._money.budget(place, self._clock.now())
        try:
            ensure_within(budget, facts)
        except LimitReachedError as error:
            if any(one.kind is LimitKind.POOL for one in error.refusals):
                now = self._clock.now()
                await self._money.notify_refusal(place.guild_id, facts.cost_micros, now)
            raise
        return budget

    async def ensure_any_room(self, place: Origin) -> None:
        """Check every limit that does not depend on the video. Raises as `ensure_not_barred`."""
        budget = await self.ensure_not_barred(place)
        refused = refusals_of_any(budget, place)
        if refused:
            raise LimitReachedError(refused)

    async def ensure_not_barred(self, place: Origin) -> BudgetSnapshot:
        """Check that the member may make videos here at all.

        Raises LimitReachedError and MemberBlockedError.
        """
        budget = await self._money.budget(place, self._clock.now())
        if budget.is_blocked:
            raise MemberBlockedError
        barring = bars(budget, place)
        if barring:
            raise LimitReachedError(barring)
        return budget

    async def allowed_models(self, place: Origin) -> frozenset[ModelId] | None:
        """Models this member may use; None for all."""
        return (await self._money.rules(place)).allowed_models

    async def statement(self, place: Origin, video: tuple[str, Price] | None) -> Statement:
        """A member's statement, with a video of this model and price as the yardstick."""
        budget = await self._money.budget(place, self._clock.now())
        jobs = await self._store.list_active(user_id=place.user_id)
        here = tuple(job for job in jobs if job.guild_id == place.guild_id)
        latest = await self._money.transactions(place.guild_id, place.user_id, LATEST)
        return Statement(budget, video, here, tuple(latest))

    async def give(self, place: Origin, receiver: Origin, micros: int, key: str) -> BudgetSnapshot:
        """Give `micros` to another member; return the giver's new budget.

        Raises InvalidRequestError, DuplicateRequestError.
        """
        if micros <= 0:
            raise InvalidRequestError(["Choose an amount above $0."])
        now, to = self._clock.now(), receiver.user_id
        await self._money.give(Gift(place, to, micros, now, key, receiver.role_ids))
        return await self._money.budget(place, self._clock.now())

    async def month(self, place: Origin, name: str, models: Mapping[str, str]) -> bytes:
        """Draw the member's month by day and model as a PNG; `models` maps ids to names."""
        now = self._clock.now()
        budget = await self._money.budget(place, now)
        zone = budget.policy.zone
        first, after = windows.bounds(Window.MONTH, now, zone)
        spent = await self._money.spending(place.guild_id, first, after)
        own = [one for one in spent if one.user_id == place.user_id]
        given = budget.rules.allowance
        is_monthly = given is not None and given.window is Window.MONTH
        chart = UsageChart(
            title=f"{name} · {month_name(now, zone)}",
            first=local_date(first, zone),
            last=local_date(now, zone),
            by_day=by_day(own, zone),
            limit_micros=budget.allowance_micros if is_monthly else None,
            shares_title="By model",
            shares=tuple(
                totals(own, lambda one: models.get(one.model_id, one.model_id))[:MAX_SHARES]
            ),
        )
        return await self._charts.usage(chart)


def local_date(at: datetime, zone: str) -> date:
    """The date in a server's time zone."""
    return at.astimezone(ZoneInfo(zone)).date()


def month_name(at: datetime, zone: str) -> str:
    """The month in a server's time zone, such as `November 2026`."""
    return at.astimezone(ZoneInfo(zone)).strftime("%B %Y")
