"""A member's own money: what is left, how far the limits are used, and gifts."""

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.domain import windows
from bot.domain.admission import Film, Standing, refusals
from bot.domain.ledger import Gift
from bot.domain.offers import Place
from bot.domain.quotes import Quote
from bot.domain.statements import Statement
from bot.domain.usage import UsageChart, by_day, totals
from bot.domain.windows import Window
from bot.errors import InvalidRequestError, LimitReachedError
from bot.ids import ModelId, UserId
from bot.ports import Charts, Clock, JobStore, Treasury
from bot.services.inquiring import Inquiring

LATEST = 6  # movements of money on a statement
SHARES_MOST = 8


class Budgeting:
    """Reads the books of one member of one server; writes only gifts."""

    def __init__(
        self,
        treasury: Treasury,
        store: JobStore,
        inquiring: Inquiring,
        charts: Charts,
        clock: Clock,
    ) -> None:
        self._treasury = treasury
        self._store = store
        self._inquiring = inquiring
        self._charts = charts
        self._clock = clock

    async def ensure_room(self, quote: Quote, place: Place) -> Standing:
        """Refuse before a price is shown for nothing; the accepting transaction decides.

        Raises LimitReachedError.
        """
        standing = await self._treasury.standing(place, self._clock.now())
        channels = {place.channel_id} | ({place.parent_id} if place.parent_id else set())
        film = Film(quote.price.cost_micros, quote.request.model_id, frozenset(channels))
        refused = refusals(standing, film)
        if refused:
            raise LimitReachedError(refused)
        return standing

    async def statement(self, place: Place, model_id: ModelId | None) -> Statement:
        """How a member stands, with films of this model as the measure."""
        standing = await self._treasury.standing(place, self._clock.now())
        jobs = await self._store.list_active(user_id=place.user_id)
        here = tuple(job for job in jobs if job.guild_id == place.guild_id)
        latest = await self._treasury.transactions(place.guild_id, place.user_id, LATEST)
        film = None if model_id is None else await self._inquiring.usual_price(model_id)
        return Statement(standing, film, here, tuple(latest))

    async def give(self, place: Place, to: UserId, micros: int, key: str) -> Standing:
        """Raises InvalidRequestError, DuplicateRequestError."""
        if micros <= 0:
            raise InvalidRequestError(["Give more than nothing."])
        await self._treasury.give(Gift(place, to, micros, self._clock.now(), key))
        return await self._treasury.standing(place, self._clock.now())

    async def month(self, place: Place, name: str, models: Mapping[str, str]) -> bytes:
        """A PNG of the member's month, by day and model; `models` are their names, by id."""
        now = self._clock.now()
        standing = await self._treasury.standing(place, now)
        zone = standing.policy.zone
        first, after = windows.bounds(Window.MONTH, now, zone)
        spent = await self._treasury.spending(place.guild_id, first, after)
        own = [one for one in spent if one.user_id == place.user_id]
        given = standing.rules.allowance
        is_monthly = given is not None and given.window is Window.MONTH
        chart = UsageChart(
            title=f"{name} · {month_name(now, zone)}",
            first=local_date(first, zone),
            last=local_date(now, zone),
            by_day=by_day(own, zone),
            limit_micros=standing.allowance_micros if is_monthly else None,
            shares_title="By model",
            shares=tuple(
                totals(own, lambda one: models.get(one.model_id, one.model_id))[:SHARES_MOST]
            ),
        )
        return await self._charts.usage(chart)


def local_date(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


def month_name(at: datetime, zone: str) -> str:
    return at.astimezone(ZoneInfo(zone)).strftime("%B %Y")
