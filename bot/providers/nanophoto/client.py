"""The port `Provider` on NanoPhoto's Veo 3.1.

Source: NanoPhoto's page on Veo 3.1. There is no idempotency key, no list of submissions and no
cancel: a submission whose answer was lost cannot be found again. Looks count against the hundred
requests of an hour, so one request asks for all shots in the making. Whether tasks of different
submissions may share a request is not documented: it is tried, and given up for a while when the
service minds.
"""

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import aiohttp
from yarl import URL

from bot.domain.budgets import Purpose
from bot.domain.capabilities import Capability
from bot.domain.requests import VideoRequest
from bot.domain.submissions import ProviderStatus, Receipt
from bot.errors import (
    PermanentProviderError,
    ProviderCredentialsError,
    ProviderError,
    ProviderJobUnknownError,
    ProviderProtocolError,
)
from bot.ids import ProviderName
from bot.ports import Clock, Order, RequestBudgets, Watched
from bot.providers import artifacts
from bot.providers.http import Api
from bot.providers.nanophoto.errors import error_of, failed_submission, submission_error_of
from bot.providers.nanophoto.handles import Batch, Handle, parse
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
MIX_AGAIN_AFTER = timedelta(hours=6)


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
        self._apart_until: datetime | None = None

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
        return self._apart_until is None or self._clock.now() >= self._apart_until

    async def submit(self, order: Order) -> Receipt:
        """Hand over all shots, once."""
        payload = payload_of(order)
        answer = await self._api.submit("/veo-3/generate", payload)
        if not 200 <= answer.status < 300:
            raise submission_error_of(answer, self._clock.now())
        if is_failed(answer.body):
            raise failed_submission(answer.body)
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
        handles: list[Handle | ProviderError] = [_parsed(one.handle) for one in watched]
        known = [handle for handle in handles if isinstance(handle, Handle)]
        results: dict[str, Result] = {}
        for batch in _batches(known):
            results |= await self._ask_for(batch, known)
        return [
            handle if isinstance(handle, ProviderError) else await self._judged(handle, results)
            for handle in handles
        ]

    async def look_price_seconds(self) -> float:
        return look_price_seconds(await self._pace.used(self._rule))

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
        if answer.status != 200:
            raise error_of(answer, self._clock.now())
        return read_results(answer.body)

    async def _ask_for(self, batch: Batch, known: Sequence[Handle]) -> dict[str, Result]:
        """Nothing where a mixture was refused: then each is asked for alone.

        Raises ProviderError where it would be refused alone as well.
        """
        is_mixed = sum(handle.resolution == batch.resolution for handle in known) > 1
        try:
            results = await self._ask(batch)
        except ProviderCredentialsError:
            raise
        except (PermanentProviderError, ProviderProtocolError) as error:
            if not is_mixed:
                raise
            _log.info("looks_apart", extra={"detail": error.detail})
            if not isinstance(
                error, ProviderJobUnknownError
            ):  # that is one of them, not the mixture
                self._apart_until = self._clock.now() + MIX_AGAIN_AFTER
            return {}
        if is_mixed and not {task.task_id for task in batch.tasks} <= results.keys():
            self._apart_until = self._clock.now() + MIX_AGAIN_AFTER
        return results

    async def _judged(
        self, handle: Handle, results: dict[str, Result]
    ) -> ProviderStatus | ProviderError:
        """From the common answer, or, where that says nothing of it, from one of its own."""
        try:
            if not any(task.task_id in results for task in handle.tasks):
                results = await self._ask(Batch(handle.resolution, handle.tasks))
            return status_of(handle, results, self._usd_per_credit)
        except ProviderError as error:
            return error


def _parsed(handle: str) -> Handle | ProviderError:
    try:
        return parse(handle)
    except ProviderError as error:
        return error


def _batches(handles: Sequence[Handle]) -> Iterator[Batch]:
    for resolution in dict.fromkeys(handle.resolution for handle in handles):
        same = (handle for handle in handles if handle.resolution == resolution)
        yield Batch(resolution, tuple(task for handle in same for task in handle.tasks))
