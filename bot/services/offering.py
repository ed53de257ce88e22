"""From a wish to a job: at once where it is cheap, else by a quote that its member confirms.

An offer carries the idempotency key of its wish, so that it becomes one job however often it is
confirmed, and whatever else the same wish led to.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.domain.admission import Standing
from bot.domain.jobs import Job
from bot.domain.offers import OFFER_HOLDS_FOR, Offer, Place
from bot.domain.quotes import Left, Quote
from bot.domain.requests import VideoRequest
from bot.errors import (
    NotYourOfferError,
    OfferExpiredError,
    PriceRoseError,
    ProviderPausedError,
)
from bot.ids import IdempotencyKey, OfferId
from bot.ports import Clock, GuildStore, OfferStore
from bot.services.accepting import Accepting
from bot.services.balances import Balances
from bot.services.budgeting import Budgeting
from bot.services.pausing import Pauses
from bot.services.quoting import Quoting

FORGOTTEN_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a wish came to: a job, or an offer that waits to be confirmed."""

    quote: Quote
    left: Left | None = None  # after it; None where nobody can say
    job: Job | None = None
    offer: Offer | None = None


class Offering:
    """The one way in which money is agreed to."""

    def __init__(
        self,
        *,
        store: OfferStore,
        guilds: GuildStore,
        quoting: Quoting,
        accepting: Accepting,
        pauses: Pauses,
        balances: Balances,
        budgeting: Budgeting,
        clock: Clock,
        new_offer_id: Callable[[], OfferId],
    ) -> None:
        self._store = store
        self._guilds = guilds
        self._quoting = quoting
        self._accepting = accepting
        self._pauses = pauses
        self._balances = balances
        self._budgeting = budgeting
        self._clock = clock
        self._new_offer_id = new_offer_id

    async def ask(self, request: VideoRequest, place: Place, key: IdempotencyKey) -> Asked:
        """Accept a wish, or offer it at its price.

        Raises InvalidRequestError, ProviderPausedError, LimitReachedError, DuplicateRequestError.
        """
        quote = await self._quoting.quote(request)
        await self._ensure_open(quote)
        standing = await self._budgeting.ensure_room(quote, place)
        settings = await self._guilds.get(place.guild_id)
        left = await self._left_after(quote, standing)
        if quote.price.cost_micros > settings.confirm_above_micros:
            return Asked(quote, left, offer=await self.offer(quote, place, key))
        return Asked(quote, left, job=await self._accepting.accept(quote, place, key))

    async def offer(self, quote: Quote, place: Place, key: IdempotencyKey) -> Offer:
        """Keep a quote until it is confirmed or expires."""
        now = self._clock.now()
        offer = Offer(
            id=self._new_offer_id(),
            key=key,
            place=place,
            request=quote.request,
            cost_micros=quote.price.cost_micros,
            expires_at=now + OFFER_HOLDS_FOR,
        )
        await self._store.forget_expired(now - FORGOTTEN_AFTER)
        await self._store.put(offer)
        return offer

    async def confirm(self, offer_id: OfferId, presser: Place) -> Asked:
        """With the roles that its member has now.

        Raises NotYourOfferError, OfferExpiredError, PriceRoseError, and what `ask` raises.
        """
        offer = await self._store.get(offer_id)
        if offer.place.user_id != presser.user_id:
            raise NotYourOfferError
        if self._clock.now() >= offer.expires_at:
            raise OfferExpiredError
        quote = await self._quoting.quote(offer.request)
        await self._ensure_open(quote)
        if quote.price.cost_micros > offer.cost_micros:
            raise PriceRoseError
        place = replace(offer.place, role_ids=presser.role_ids, parent_id=presser.parent_id)
        standing = await self._budgeting.ensure_room(quote, place)
        left = await self._left_after(quote, standing)  # nothing may fail once it is accepted
        return Asked(quote, left, job=await self._accepting.accept(quote, place, offer.key))

    async def _left_after(self, quote: Quote, standing: Standing) -> Left | None:
        """Of the member's own money where it is limited, else in the account at the provider."""
        cost = quote.price.cost_micros
        if standing.own_left_micros is not None:
            is_sponsored = standing.event is not None and standing.event.pays_for(cost)
            own = max(standing.own_left_micros - (0 if is_sponsored else cost), 0)
            return Left(own, is_own=True)
        held = await self._balances.left_after(quote.capability.provider, cost)
        return None if held is None else Left(held, is_own=False)

    async def _ensure_open(self, quote: Quote) -> None:
        known = await self._pauses.get(quote.capability.provider)
        is_paused = known.is_paused(self._clock.now())
        if is_paused and known.reason is not None and known.paused_until is not None:
            raise ProviderPausedError(known.provider, known.reason, known.paused_until)
