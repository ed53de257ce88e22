"""The port `Provider` on NanoPhoto's Veo 3.1.

Source: NanoPhoto's page on Veo 3.1. There is no idempotency key, no list of submissions and no
cancel: a submission whose answer was lost cannot be found again. Looks count against the hundred
requests of an hour, so one request asks for all shots in the making. Whether tasks of different
submissions may share a request is not documented: it is tried, and given up for a while when the
service minds.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import aiohttp
from yarl import URL

from bot.domain.budgets import Purpose
from bot.domain.capabilities import Capability
from bot.domain.requests import VideoRequest
from bot.domain.submissions import ProviderStatus, Receipt
from bot.errors import (
    ContentRefusedError,
    GenerationFailedError,
    ProviderError,
    ProviderJobUnknownError,
    ProviderProtocolError,
    ProviderRejectedRequestError,
)
from bot.ids import ProviderName
from bot.ports import Clock, Order, RequestBudgets, Watched
from bot.providers import artifacts
from bot.providers.http import Api
from bot.providers.nanophoto.errors import (
    error_of,
    failed_submission,
    is_error,
    submission_error_of,
)
from bot.providers.nanophoto.handles import Batch, Handle, parse
from bot.providers.nanophoto.load import load_of
from bot.providers.nanophoto.mixing import Mixture
from bot.providers.nanophoto.models import NAME, capability
from bot.providers.nanophoto.parameters import payload_of, resolution_of, shot_id
from bot.providers.nanophoto.rules import look_price_seconds, rule_of, rules_of
from bot.providers.nanophoto.wire import (
    Result,
    is_failed,
    read_receipt,
    read_results,
    status_of,
)
from bot.providers.pacing import Pace

_log = logging.getLogger(__name__)

USER_AGENT = "Mozilla/5.0 (compatible; Showreel)"  # its edge turns away what names no browser

Outcome = dict[str, Result] | ProviderError


class NanoPhoto:
    """One account at NanoPhoto; `downloads` is the guarded session that films are fetched with."""

    def __init__(
        self,
        api_key: str,
        base_url: str,
        usd_per_credit: Decimal,
        *,
        api: aiohttp.ClientSession,
        downloads: aiohttp.ClientSession,
        budgets: RequestBudgets,
        clock: Clock,
    ) -> None:
        self._usd_per_credit = usd_per_credit
        self._rule = rule_of(api_key)
        self._pace = Pace(budgets, rules_of(api_key), clock)
        headers = {"Authorization": f"Bearer {api_key}", "User-Agent": USER_AGENT}
        self._api = Api(api, base_url, headers, self._pace)
        self._downloads = downloads
        self._clock = clock
        self._mixture = Mixture(clock)

    @property
    def name(self) -> ProviderName:
        return NAME

    @property
    def pictures_max_bytes(self) -> int | None:
        return None

    @property
    def can_recover(self) -> bool:
        return False

    @property
    def looks_together(self) -> bool:
        return self._mixture.is_tried

    async def submit(self, order: Order) -> Receipt:
        """Hand over all shots, once."""
        payload = payload_of(order)
        answer = await self._api.submit("/veo-3/generate", payload)
        if is_failed(answer):
            raise failed_submission(answer, self._clock.now())
        if is_error(answer):
            raise submission_error_of(answer, self._clock.now())
        numbers = range(1, len(order.request.parts) + 1)
        receipt = read_receipt(
            answer.body,
            shot_ids=[shot_id(order.tag, number) for number in numbers],
            resolution=resolution_of(order),
            usd_per_credit=self._usd_per_credit,
        )
        if receipt is None:
            raise submission_error_of(answer, self._clock.now())
        return receipt

    async def look(self, handle: str, _request: VideoRequest) -> ProviderStatus:
        known = parse(handle)
        results = await self._ask(Batch(known.resolution, known.tasks))
        return status_of(known, results, self._usd_per_credit)

    async def look_together(
        self, watched: Sequence[Watched]
    ) -> Sequence[ProviderStatus | ProviderError]:
        """One request for each resolution; one by one where the service minds the mixture."""
        handles = [_parsed(one.handle) for one in watched]
        known = [handle for handle in handles if isinstance(handle, Handle)]
        outcomes: dict[str, Outcome] = {}
        for resolution in dict.fromkeys(handle.resolution for handle in known):
            alike = [handle for handle in known if handle.resolution == resolution]
            outcomes[resolution] = await self._ask_for(alike)
        return [
            await self._judged(handle, outcomes[handle.resolution])
            if isinstance(handle, Handle)
            else handle
            for handle in handles
        ]

    async def look_price_seconds(self) -> float:
        return look_price_seconds(await load_of(self._rule, self._pace))

    async def may_submit_at(self) -> datetime | None:
        return await self._pace.free_at(Purpose.SUBMISSION)

    async def balance_micros(self) -> int | None:
        """The service has no way to ask for it."""
        return None

    async def recover(self, _tag: str, _request: VideoRequest) -> Receipt | None:
        """Never called, for `can_recover` is false."""
        return None

    async def list_capabilities(self) -> tuple[Capability, ...]:
        return (capability(self._usd_per_credit),)

    async def fetch(self, address: str, target: Path) -> None:
        """Films lie on a public host; the key is not shown to it."""
        origin = URL(self._api.base_url)
        await artifacts.fetch(self._downloads, address, target, origin=origin, key_headers={})

    async def _ask(self, batch: Batch) -> dict[str, Result]:
        answer = await self._api.read(
            "POST", "/veo-3/check-status", Purpose.LOOK, payload=batch.payload()
        )
        if is_error(answer):
            raise error_of(answer, self._clock.now())
        return read_results(answer.body)

    async def _ask_for(self, alike: Sequence[Handle]) -> Outcome:
        """What one request shows of submissions of one resolution.

        Incomplete where the service minds the mixture; then each is asked for alone.
        """
        tasks = tuple(task for handle in alike for task in handle.tasks)
        try:
            results = await self._ask(Batch(alike[0].resolution, tasks))
        except ProviderError as error:
            return self._minded(error) if len(alike) > 1 else error
        if {task.task_id for task in tasks} <= results.keys():
            self._mixture.worked()
        elif len(alike) > 1:
            self._mixture.spoilt()
        return results

    def _minded(self, error: ProviderError) -> Outcome:
        """Whether it is the mixture, or one film in it, that this error is about: nothing then."""
        _log.info("looked_at_apart", extra={"detail": error.detail})
        match error:
            case ProviderJobUnknownError() | GenerationFailedError() | ContentRefusedError():
                return {}
            case ProviderRejectedRequestError():
                self._mixture.refused()
                return {}
            case ProviderProtocolError():
                self._mixture.spoilt()
        return error

    async def _judged(self, handle: Handle, outcome: Outcome) -> ProviderStatus | ProviderError:
        """From the common answer, or, where that says nothing of it, from one of its own."""
        if isinstance(outcome, ProviderError):
            return outcome
        try:
            if not any(task.task_id in outcome for task in handle.tasks):
                outcome = await self._ask(Batch(handle.resolution, handle.tasks))
            return status_of(handle, outcome, self._usd_per_credit)
        except ProviderError as error:
            return error


def _parsed(handle: str) -> Handle | ProviderError:
    try:
        return parse(handle)
    except ProviderError as error:
        return error
