"""Turn a request into a job: at once if cheap, else after confirmation.

An offer carries the idempotency key of its request, so that it becomes one job however often it is
confirmed and whatever else the same request led to.
"""

from collections.abc import Callable, Container
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.catalog.capability import check, complete
from bot.catalog.pricing import Price
from bot.catalog.request import Origin, VideoRequest
from bot.clock import Clock
from bot.errors import (
    InvalidRequestError,
    JobNotFoundError,
    NotYourJobError,
    NotYourOfferError,
    OfferExpiredError,
    PriceRoseError,
)
from bot.guilds.consent import Consent
from bot.guilds.moderation import WordFilter
from bot.guilds.settings import CardPlace, GuildStore
from bot.ids import IdempotencyKey, JobId, OfferId, ProviderName
from bot.jobs.job import FailureKind, Job, JobState
from bot.jobs.messages import DeliveryKind, owed
from bot.jobs.removed import Materials, MaterialsGoneError, RemovedVideos, Stands
from bot.jobs.stores import JobStore
from bot.jobs.storyboard import as_shot, as_storyboard
from bot.money.account import MemberMoney
from bot.money.limits import BudgetSnapshot, facts_of
from bot.ordering import derive
from bot.ordering.alternatives import Alternatives
from bot.ordering.choosing import ensure_suits
from bot.ordering.offers import OFFER_HOLDS_FOR, Offer, OfferStore
from bot.ordering.quotes import Quote, Quotes
from bot.providers.availability import ProviderPausedError
from bot.providers.circuit_breaker import CircuitBreakers

FORGOTTEN_AFTER = timedelta(days=1)


class Acceptance:
    """Write a job and its card; `wake` then starts the worker and the dispatcher.

    `fetching` providers fetch pictures from the card, so that such a request always has one.
    """

    def __init__(
        self,
        store: JobStore,
        clock: Clock,
        new_job_id: Callable[[], JobId],
        wake: Callable[[], None],
        *,
        guilds: GuildStore,
        fetching: Container[ProviderName] = (),
    ) -> None:
        self._guilds = guilds
        self._fetching = fetching
        self._store = store
        self._clock = clock
        self._new_job_id = new_job_id
        self._wake = wake

    async def accept(
        self, quote: Quote, place: Origin, key: IdempotencyKey
    ) -> tuple[Job, CardPlace]:
        """Write a job within every limit; return it, and where its card is posted.

        Raises DuplicateRequestError, with the first job's id, if the key was used before, and
        LimitReachedError with every limit that the video would exceed.
        """
        now = self._clock.now()
        job = Job(
            id=self._new_job_id(),
            idempotency_key=key,
            guild_id=place.guild_id,
            channel_id=place.channel_id,
            user_id=place.user_id,
            request=quote.request,
            provider=quote.capability.provider,
            cost_micros=quote.price.cost_micros,
            cost_is_estimate=quote.price.is_estimate,
            expected_seconds=quote.expected_seconds,
            state=JobState.QUEUED,
            accepted_at=now,
            state_changed_at=now,
            next_action_at=now,
            source_message_id=place.source_message_id,
        )
        shots = self._shots(job, quote)
        job = as_storyboard(job) if shots else job
        card = await self._card_place(quote, place)
        cards = [] if card is CardPlace.OFF else [owed(job, DeliveryKind.CARD, now)]
        await self._store.accept(job, cards, place, shots)
        self._wake()
        return job, card

    async def _card_place(self, quote: Quote, place: Origin) -> CardPlace:
        """Return where the card of such a request is posted in this server."""
        cards = (await self._guilds.get(place.guild_id)).cards
        must_have_one = quote.request.pictures and quote.capability.provider in self._fetching
        return CardPlace.CHANNEL if must_have_one and cards is CardPlace.OFF else cards

    def _shots(self, job: Job, quote: Quote) -> list[Job]:
        """Jobs of the shots that are made one by one."""
        return [
            as_shot(
                as_storyboard(job),
                number,
                self._new_job_id(),
                shot.request,
                cost_micros=shot.price.cost_micros,
                cost_is_estimate=shot.price.is_estimate,
                expected_seconds=shot.expected_seconds,
            )
            for number, shot in enumerate(quote.shots, start=1)
        ]


@dataclass(frozen=True, slots=True)
class OrderResult:
    """The result of a request: a job, or an offer that waits for confirmation."""

    quote: Quote
    left_micros: int | None = None  # the member's own, after this request; None: not limited
    job: Job | None = None
    offer: Offer | None = None
    card: CardPlace = CardPlace.CHANNEL


class Ordering:
    """The only way to accept a price."""

    def __init__(
        self,
        *,
        store: OfferStore,
        guilds: GuildStore,
        words: WordFilter,
        quotes: Quotes,
        acceptance: Acceptance,
        breakers: CircuitBreakers,
        member_money: MemberMoney,
        removed: RemovedVideos,
        materials: Materials,
        consent: Consent,
        clock: Clock,
        new_offer_id: Callable[[], OfferId],
    ) -> None:
        self._store = store
        self._removed = removed
        self._guilds = guilds
        self._words = words
        self._quotes = quotes
        self._acceptance = acceptance
        self._breakers = breakers
        self._member_money = member_money
        self._materials = materials
        self._consent = consent
        self._clock = clock
        self._new_offer_id = new_offer_id

    async def ask(self, request: VideoRequest, place: Origin, key: IdempotencyKey) -> OrderResult:
        """Accept a request, or offer it at its price.

        Raises InvalidRequestError, WordNotAllowedError, ProviderPausedError, LimitReachedError,
        ConsentError and DuplicateRequestError.
        """
        await self.ensure_words(request, place)
        quote = await self._quotes.quote(request)
        await self._ensure_open(quote)
        budget = await self._ensure_room(quote, place)
        await self._consent.ensure(quote.request.owners, place)
        settings = await self._guilds.get(place.guild_id)
        left = _left_after(quote, budget)
        if quote.price.cost_micros > settings.confirm_above_micros:
            return OrderResult(quote, left, offer=await self.offer(quote, place, key))
        return await self._accepted(quote, left, place, key)

    async def _accepted(
        self, quote: Quote, left: int | None, place: Origin, key: IdempotencyKey
    ) -> OrderResult:
        job, card = await self._acceptance.accept(quote, place, key)
        return OrderResult(quote, left, job=job, card=card)

    async def ensure_possible(self, request: VideoRequest, place: Origin) -> None:
        """Check the request, every limit and whose pictures it uses, before any is fetched.

        The request holds placeholders for its pictures. Whether the service is paused is left to
        `ask`, and so is the quote of a model without a listed price, which needs the pictures.
        Raises InvalidRequestError, WordNotAllowedError, LimitReachedError and ConsentError.
        """
        await self.ensure_words(request, place)
        try:
            completed, capability, found = self._quotes.priced(request)
        except InvalidRequestError:
            known = self._quotes.capability_of(request.model_id)
            if known is None or check(request, known):
                raise
            completed, capability = complete(request, known), known
            found = Price(0, is_estimate=True)
        quote = Quote(completed, capability, found, capability.expected_seconds)
        await self._ensure_room(quote, place)
        await self._consent.ensure(request.owners, place)

    async def offer(self, quote: Quote, place: Origin, key: IdempotencyKey) -> Offer:
        """Store a quote until it is confirmed or expires."""
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

    async def confirm(
        self, offer_id: OfferId, presser: Origin, stands: Stands, *, adults: bool = False
    ) -> OrderResult:
        """Confirm an offer, with the member's roles now, in a channel that may be for `adults`.

        Raises NotYourOfferError, OfferExpiredError, PriceRoseError and what `ask` raises.
        """
        offer = await self.find_offer(offer_id, presser)
        if self._clock.now() >= offer.expires_at:
            raise OfferExpiredError
        await self.ensure_words(offer.request, offer.place)
        await self._materials.ensure_there(offer.request, offer.place, stands)
        quote = await self._quotes.quote(offer.request)
        ensure_suits(quote.capability, adults=adults)
        await self._ensure_open(quote)
        if quote.price.cost_micros > offer.cost_micros:
            raise PriceRoseError
        place = offer.place
        budget = await self._ensure_room(quote, place)
        await self._consent.ensure(quote.request.owners, place)
        left = _left_after(quote, budget)
        return await self._accepted(quote, left, place, offer.key)

    async def ensure_words(self, request: VideoRequest, place: Origin) -> None:
        """Refuse words before a service sees them, even for a quote. Raises WordNotAllowedError."""
        texts = [request.prompt, request.negative_prompt or ""]
        texts += [shot.prompt for shot in request.shots]
        await self._words.ensure_allowed(place.guild_id, texts)

    async def find_offer(self, offer_id: OfferId, presser: Origin) -> Offer:
        """Find a member's own offer, expired or not, with the roles that they have now.

        Raises NotYourOfferError, OfferExpiredError for one that was deleted.
        """
        offer = await self._store.get(offer_id)
        if (offer.place.guild_id, offer.place.user_id) != (presser.guild_id, presser.user_id):
            raise NotYourOfferError
        place = replace(offer.place, role_ids=presser.role_ids, parent_id=presser.parent_id)
        return replace(offer, place=place)

    async def offer_again(self, offer: Offer, *, is_new: bool = False) -> OrderResult:
        """Offer the same request at today's price, in a new offer if it must be.

        Both have one key, so that only one of them becomes a job. Raises what `ask` raises.
        """
        await self.ensure_words(offer.request, offer.place)
        quote = await self._quotes.quote(offer.request)
        await self._ensure_open(quote)
        budget = await self._ensure_room(quote, offer.place)
        holds = self._clock.now() < offer.expires_at
        if is_new or not holds or quote.price.cost_micros > offer.cost_micros:
            offer = await self.offer(quote, offer.place, offer.key)
        return OrderResult(quote, _left_after(quote, budget), offer=offer)

    async def _ensure_room(self, quote: Quote, place: Origin) -> BudgetSnapshot:
        await self._removed.ensure_usable(quote.request)
        facts = facts_of(quote.request, quote.price.cost_micros, place)
        return await self._member_money.ensure_room(facts, place)

    async def _ensure_open(self, quote: Quote) -> None:
        known = await self._breakers.get(quote.capability.provider)
        is_paused = known.is_paused(self._clock.now())
        if is_paused and known.reason is not None and known.paused_until is not None:
            label = self._breakers.label_of(known.provider)
            raise ProviderPausedError(known.provider, label, known.reason, known.paused_until)


def _left_after(quote: Quote, budget: BudgetSnapshot) -> int | None:
    """Return what the member has left, in micros; None without a limit.

    The balance of the operator's account at the provider is never shown to members.
    """
    left, cost = budget.own_left_micros, quote.price.cost_micros
    if left is None:
        return None
    return left if budget.sponsor(cost) is not None else max(left - cost, 0)


@dataclass(frozen=True, slots=True)
class Retry:
    """A request for another model, and its channel; `key` makes it happen once."""

    request: VideoRequest
    place: Origin
    key: IdempotencyKey


class Retrying:
    """Request a failed video from another model; the caller accepts the result.

    The button shows a model and a price from when it was posted; the press chooses again.
    """

    def __init__(self, store: JobStore, alternatives: Alternatives, materials: Materials) -> None:
        self._store = store
        self._alternatives = alternatives
        self._materials = materials

    async def refused(
        self, job_id: JobId, presser: Origin, stands: Stands, *, takes_others: bool
    ) -> Job:
        """Return the member's refused job, for its prompt to be reworded.

        Without its pictures where they are gone and it `takes_others`. Raises JobNotFoundError,
        also for another server's job; NotYourJobError; and InvalidRequestError
        if it was not refused, or what it was made from is gone.
        """
        job = await self._own(job_id, presser)
        if job.failure is None or job.failure.kind is not FailureKind.REFUSED:
            raise InvalidRequestError(["This video wasn't refused, so there's nothing to reword."])
        request = job.request
        try:
            await self._materials.ensure_there(request, _place_of(job, presser), stands)
        except MaterialsGoneError:
            if not takes_others or request.shots or request.source_video is not None:
                raise
            return replace(job, request=derive.without_pictures(request), source_message_id=None)
        return job

    async def _own(self, job_id: JobId, presser: Origin) -> Job:
        job = await self._store.get(job_id)
        if job.guild_id != presser.guild_id:
            raise JobNotFoundError
        if job.user_id != presser.user_id:
            raise NotYourJobError
        return job

    async def with_other_model(self, job_id: JobId, presser: Origin, stands: Stands) -> Retry:
        """Return the failed job's request for the best model that can make it now.

        Raises JobNotFoundError, also for another server's job; NotYourJobError;
        and InvalidRequestError if the job has not failed, what it was made from is gone, or no
        other model can make it.
        """
        job = await self._own(job_id, presser)
        if job.failure is None:
            raise InvalidRequestError(["This video didn't fail, so there's nothing to retry."])
        place = _place_of(job, presser)
        await self._materials.ensure_there(job.request, place, stands)
        found = await self._alternatives.find_for(job, presser, most=1)
        if not found:
            raise InvalidRequestError(["No other model can make this video right now."])
        return Retry(found[0].request, place, key_of_retry(job))


def _place_of(job: Job, presser: Origin) -> Origin:
    return replace(presser, channel_id=job.channel_id, source_message_id=job.source_message_id)


def key_of_retry(job: Job) -> IdempotencyKey:
    """Return the key that lets a failed video be retried once, however often pressed."""
    return IdempotencyKey(f"instead:{job.id}")
