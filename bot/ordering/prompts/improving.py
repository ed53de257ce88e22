"""Improve the prompt of an offer, for a price that is reserved before the service is asked.

The intent is written first, under the offer's id: an offer's prompt is paid for once, however often
the button is pressed. An answer that never came is given up after `LOST_AFTER`; what it may have cost
is charged to the server's pool, never to the member. The new prompt is an offer of its own beside the
old one, with the same key, so that one of them becomes a video.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from bot.catalog.request import Origin, VideoRequest
from bot.clock import Clock
from bot.errors import (
    ContentRefusedError,
    InvalidRequestError,
    LeaseLostError,
    OfferExpiredError,
    ProviderBalanceError,
    ProviderCredentialsError,
    ProviderError,
    ProviderRateLimitedError,
    ProviderRejectedRequestError,
    SubmissionUncertainError,
    WordNotAllowedError,
)
from bot.guilds.settings import GuildStore
from bot.ids import GuildId, OfferId
from bot.instants import CLOCKS_DIFFER_BY
from bot.money.ledger import Improvement, ImprovementState, Outcome
from bot.money.limits import RequestFacts, facts_of
from bot.ordering.offers import OFFER_HOLDS_FOR, Offer
from bot.ordering.ordering import Ordering
from bot.ordering.quotes import Quotes
from bot.providers.contract import Improved, ImprovementFault, ImproverPrice, ImprovesPrompts
from bot.tasks import repeat

_log = logging.getLogger(__name__)

MAX_PROMPT = 1000  # characters; a longer one says enough
SENT_WITHIN = timedelta(seconds=30)
LOST_AFTER = timedelta(minutes=4)  # longer than a question takes, and than clocks differ
SECONDS_BETWEEN = 60.0
MAX_LOST = 100  # in one round
OFF = "Improving prompts is off in this server. Make the video with your own prompt."
NO_PRICE = (
    "I don't know what improving a prompt costs right now, so I don't offer it."
    " Make the video with your own prompt."
)
TOO_LONG = f"Only prompts of up to {MAX_PROMPT:,} characters can be improved."

_FAULTS: tuple[tuple[type[Exception], ImprovementFault], ...] = (
    (ContentRefusedError, ImprovementFault.REFUSED),
    (ProviderBalanceError, ImprovementFault.OPERATOR),
    (ProviderCredentialsError, ImprovementFault.OPERATOR),
    (ProviderRejectedRequestError, ImprovementFault.OPERATOR),
    (ProviderRateLimitedError, ImprovementFault.BUSY),
    (SubmissionUncertainError, ImprovementFault.LOST),
)


class ImprovementStore(Protocol):
    """Paid questions for better prompts. Each method is one transaction."""

    async def begin(
        self, improvement: Improvement, place: Origin, facts: RequestFacts
    ) -> Improvement | None:
        """Write it and reserve its money, before the service is asked.

        Returns the earlier one of this offer, if any; then nothing is written. `facts` are those of
        the video. Raises LimitReachedError.
        """

    async def end(self, improvement: Improvement, offer: Offer | None) -> bool:
        """Write how it ended, settle its money and keep its offer; False if it had ended before."""

    async def find(self, offer_id: OfferId) -> Improvement | None:
        """The improvement of this offer's prompt, without its outcome."""

    async def list_overdue(self, before: datetime, ahead: datetime, most: int) -> list[Improvement]:
        """Those not ended that were asked for by then, or by a wrong clock after `ahead`."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a member may do about an offer's prompt; `is_made`: it is there, and was paid for."""

    price: ImproverPrice | None
    is_made: bool = False


class Improving:
    """Asks `improver`, which is None where no such service is set up."""

    def __init__(
        self,
        *,
        store: ImprovementStore,
        guilds: GuildStore,
        ordering: Ordering,
        quotes: Quotes,
        improver: ImprovesPrompts | None,
        clock: Clock,
        new_offer_id: Callable[[], OfferId],
    ) -> None:
        self._store = store
        self._guilds = guilds
        self._ordering = ordering
        self._quotes = quotes
        self._improver = improver
        self._clock = clock
        self._new_offer_id = new_offer_id

    @property
    def is_set_up(self) -> bool:
        return self._improver is not None

    async def most(self) -> ImproverPrice | None:
        """Return the model, and what improving the longest prompt costs at most."""
        return (
            None
            if self._improver is None
            else await self._improver.improver_price("x" * MAX_PROMPT)
        )

    async def choice(self, offer: Offer) -> Choice:
        """Return whether this offer's prompt can be improved, at what price, or has been."""
        if not _is_improvable(offer.request) or not await self._is_on(offer.place.guild_id):
            return Choice(None)
        found = await self._store.find(offer.id)
        if found is not None:
            return Choice(None, is_made=found.state is ImprovementState.IMPROVED)
        return Choice(await self._price(offer.request))

    async def improve(self, offer: Offer) -> Improvement:
        """Improve an offer's prompt, or return what became of it.

        `offer` holds the member's roles. Raises InvalidRequestError, WordNotAllowedError,
        OfferExpiredError, LimitReachedError.
        """
        now = self._clock.now()
        found = await self._store.find(offer.id)
        if found is not None:
            return await self._ended_if_lost(found, now)
        if now >= offer.expires_at:
            raise OfferExpiredError
        if not _is_improvable(offer.request):
            raise InvalidRequestError([TOO_LONG])
        if not await self._is_on(offer.place.guild_id):
            raise InvalidRequestError([OFF])
        await self._ordering.ensure_words(offer.request, offer.place)
        price = await self._price(offer.request)
        if price is None:
            raise InvalidRequestError([NO_PRICE])
        quote = await self._quotes.quote(offer.request)
        place = offer.place
        improvement = Improvement(
            id=offer.id,
            guild_id=place.guild_id,
            channel_id=place.channel_id,
            user_id=place.user_id,
            model_id=price.model_id,
            reserved_micros=price.micros,
            asked_at=self._clock.now(),
        )
        facts = facts_of(quote.request, quote.price.cost_micros, place)
        earlier = await self._store.begin(improvement, place, facts)
        if earlier is not None:
            return await self._ended_if_lost(earlier, self._clock.now())
        return await self._ask(improvement, offer)

    async def run(self) -> None:
        await repeat(self.end_lost, SECONDS_BETWEEN, self._clock.sleep)

    async def end_lost(self) -> int:
        """End the improvements whose answer will never come; return how many there were."""
        now = self._clock.now()
        lost = await self._store.list_overdue(now - LOST_AFTER, now + CLOCKS_DIFFER_BY, MAX_LOST)
        for improvement in lost:
            await self._end_as_lost(improvement, now)
        return len(lost)

    async def _is_on(self, guild_id: GuildId) -> bool:
        return self.is_set_up and (await self._guilds.get(guild_id)).improves_prompts

    async def _price(self, request: VideoRequest) -> ImproverPrice | None:
        if self._improver is None:
            return None
        return await self._improver.improver_price(request.prompt)

    async def _ask(self, improvement: Improvement, offer: Offer) -> Improvement:
        if self._improver is None:
            msg = "an improvement that no one can make"
            raise AssertionError(msg)
        stale_at = improvement.asked_at + SENT_WITHIN
        try:
            answer = await self._improver.improve(offer.request.prompt, stale_at=stale_at)
        except (ProviderError, LeaseLostError) as error:
            return await self._fail(improvement, error)
        return await self._take(improvement, offer, answer)

    async def _fail(self, improvement: Improvement, error: Exception) -> Improvement:
        fault = next((fault for kind, fault in _FAULTS if isinstance(error, kind)), None)
        fault = fault or ImprovementFault.UNAVAILABLE
        _log.warning(
            "improvement_failed", extra={"fault": fault.value, "error": type(error).__name__}
        )
        micros = improvement.reserved_micros if fault is ImprovementFault.LOST else 0
        ended = _failed(improvement, fault, micros, self._clock.now())
        return await self._end(ended, None)

    async def _take(self, improvement: Improvement, offer: Offer, answer: Improved) -> Improvement:
        """Offer the video with the new prompt, which is checked as any other.

        A member pays for a prompt that they get, and never more than was said; else the server pays
        what the service charged.
        """
        now, charged = self._clock.now(), answer.charged_micros
        micros = improvement.reserved_micros if charged is None else charged
        if answer.fault is not None:
            return await self._end(_failed(improvement, answer.fault, micros, now), None)
        request = replace(offer.request, prompt=answer.prompt)
        try:
            await self._ordering.ensure_words(request, offer.place)
            quote = await self._quotes.quote(request)
        except (WordNotAllowedError, InvalidRequestError) as error:
            is_word = isinstance(error, WordNotAllowedError)
            fault = ImprovementFault.NOT_ALLOWED if is_word else ImprovementFault.UNFIT
            return await self._end(_failed(improvement, fault, micros, now), None)
        new = replace(
            offer,
            id=self._new_offer_id(),
            request=quote.request,
            cost_micros=quote.price.cost_micros,
            expires_at=now + OFFER_HOLDS_FOR,
        )
        ended = replace(
            improvement,
            state=ImprovementState.IMPROVED,
            ended_at=now,
            outcome=Outcome(min(micros, improvement.reserved_micros), micros),
            improved_id=new.id,
        )
        return await self._end(ended, new)

    async def _ended_if_lost(self, improvement: Improvement, now: datetime) -> Improvement:
        is_asking = improvement.state is ImprovementState.ASKING
        if is_asking and abs(now - improvement.asked_at) >= LOST_AFTER:
            return await self._end_as_lost(improvement, now)
        return improvement

    async def _end_as_lost(self, improvement: Improvement, now: datetime) -> Improvement:
        ended = _failed(improvement, ImprovementFault.LOST, improvement.reserved_micros, now)
        return await self._end(ended, None)

    async def _end(self, ended: Improvement, offer: Offer | None) -> Improvement:
        """Write the end; where it was given up in the meantime, that stands."""
        if await self._store.end(ended, offer):
            return ended
        return await self._store.find(ended.id) or ended


def _is_improvable(request: VideoRequest) -> bool:
    """Whether it has one prompt, and one that is short enough."""
    return (
        not request.shots and len(request.prompt.strip()) > 0 and len(request.prompt) <= MAX_PROMPT
    )


def _failed(
    improvement: Improvement, fault: ImprovementFault, micros: int, now: datetime
) -> Improvement:
    """An improvement without a prompt, for which its member pays nothing."""
    return replace(
        improvement,
        state=ImprovementState.FAILED,
        ended_at=now,
        outcome=Outcome(0, micros),
        fault=fault,
    )
