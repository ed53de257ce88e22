"""The port `Provider` on NanoPhoto's Veo 3.1.

Source: NanoPhoto's page on Veo 3.1. There is no idempotency key, no list of submissions and no
cancel: a submission whose answer was lost cannot be recovered. Polls count against the hundred
requests an hour, so one request polls all shots that are rendering. Whether tasks of different
submissions may share a request is not documented: it is tried, and avoided for a while if the
service objects. We choose the ids of shots, and each is unique across all submissions, because
answers to several submissions may come in one list.
"""

import contextlib
import logging
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
from pydantic import Field
from yarl import URL

from bot.catalog.capability import Capability
from bot.catalog.request import Shot, VideoRequest
from bot.clock import Clock
from bot.errors import (
    ContentRefusedError,
    GenerationFailedError,
    ProviderError,
    ProviderJobUnknownError,
    ProviderProtocolError,
    ProviderRejectedRequestError,
)
from bot.ids import ProviderName
from bot.providers import artifacts
from bot.providers.contract import (
    Order,
    ProviderStatus,
    Receipt,
    RequestBudgets,
    Watched,
)
from bot.providers.http import Api
from bot.providers.nanophoto.errors import (
    error_of,
    failed_submission,
    is_error,
    submission_error_of,
)
from bot.providers.nanophoto.handles import Batch, Handle, Task, parse
from bot.providers.nanophoto.models import NAME, capability
from bot.providers.nanophoto.rules import Mixture, load_of, poll_price_seconds, rule_of, rules_of
from bot.providers.nanophoto.wire import (
    Result,
    is_failed,
    read_receipt,
    read_results,
    status_of,
)
from bot.providers.pacing import Pace
from bot.providers.request_limits import Purpose
from bot.providers.spec import Connections, HttpAddress, ProviderSettings, ProviderSpec

_log = logging.getLogger(__name__)

DEFAULT_RESOLUTION = "720p"

USER_AGENT = "Mozilla/5.0 (compatible; Showreel)"  # its edge rejects clients that name no browser
Outcome = dict[str, Result] | ProviderError


def resolution_of(order: Order) -> str:
    return order.request.resolution or DEFAULT_RESOLUTION


def payload_of(order: Order) -> dict[str, Any]:
    """Build the body of a submission.

    Raises ProviderRejectedRequestError if a picture has no address.
    """
    shots = [_shot(order, number, shot) for number, shot in enumerate(order.request.parts, 1)]
    return {"shots": shots, "resolution": resolution_of(order)}


def shot_id(tag: str, number: int) -> str:
    return f"{tag}-{number}"


def _shot(order: Order, number: int, shot: Shot) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": shot_id(order.tag, number),
        "prompt": shot.prompt,
        "generationType": _generation_type(shot),
        "aspectRatio": order.request.aspect_ratio or "16:9",
    }
    addresses = [picture.address for picture in order.pictures_of(shot.pictures)]
    if not all(addresses):
        msg = "a picture without an address"
        raise ProviderRejectedRequestError(msg)
    return body | {"imageUrls": addresses} if addresses else body


def _generation_type(shot: Shot) -> str:
    if shot.reference_images:
        return "REFERENCE_2_VIDEO"
    return "TEXT_2_VIDEO" if shot.image is None else "FIRST_AND_LAST_FRAMES_2_VIDEO"


class NanoPhoto:
    """One account at NanoPhoto; `downloads` is the guarded session for videos."""

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
    def polls_in_batches(self) -> bool:
        return self._mixture.is_tried

    async def submit(self, order: Order) -> Receipt:
        """Submit all shots, once."""
        payload = payload_of(order)
        answer = await self._api.submit("/veo-3/generate", payload, stale_at=order.stale_at)
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

    async def poll(self, handle: str, _request: VideoRequest) -> ProviderStatus:
        known = parse(handle)
        results = await self._ask(Batch(known.resolution, known.tasks))
        return status_of(known, results, self._usd_per_credit)

    async def poll_batch(
        self, watched: Sequence[Watched]
    ) -> Sequence[ProviderStatus | ProviderError]:
        """Poll once per resolution, or one by one if the service objects to mixing."""
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

    async def poll_price_seconds(self) -> float:
        return poll_price_seconds(await load_of(self._rule, self._pace))

    async def may_submit_at(self) -> datetime | None:
        return await self._pace.free_at(Purpose.SUBMISSION)

    async def check_key(self) -> None:
        """Look up a nonexistent task: the key is checked before the task."""
        nobodys = Task(shot_id="shot-1", task_id="task_0")
        with contextlib.suppress(ProviderJobUnknownError):
            await self._ask(Batch("720p", (nobodys,)))

    async def balance_micros(self) -> int | None:
        """Return None: the service does not report its balance."""
        return None

    async def recover(self, _tag: str, _request: VideoRequest) -> Receipt | None:
        """Return nothing; never called, since `can_recover` is false."""
        return None

    async def list_capabilities(self) -> tuple[Capability, ...]:
        return (capability(self._usd_per_credit),)

    async def fetch(self, address: str, target: Path) -> None:
        """Download from a public host, without sending the key."""
        origin = URL(self._api.base_url)
        await artifacts.fetch(self._downloads, address, target, origin=origin, key_headers={})

    async def _ask(self, batch: Batch) -> dict[str, Result]:
        answer = await self._api.read(
            "POST", "/veo-3/check-status", Purpose.POLL, payload=batch.payload()
        )
        if is_error(answer):
            raise error_of(answer, self._clock.now())
        return read_results(answer.body)

    async def _ask_for(self, alike: Sequence[Handle]) -> Outcome:
        """Poll submissions of one resolution with one request.

        Incomplete if the service objects to mixing; then each is polled alone.
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
        """Return an empty outcome if the error may concern the mixing or one video."""
        _log.info("polled_apart", extra={"detail": error.detail})
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
        """Take the status from the shared answer, else poll alone."""
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


class NanoPhotoSettings(ProviderSettings):
    """The key, the address, and the price of a credit, which no answer reports."""

    base_url: HttpAddress = "https://nanophoto.ai/api"
    usd_per_credit: Decimal = Field(
        default=Decimal("0.01"),
        gt=0,
        le=10,
        description="What one NanoPhoto credit costs you, in US dollars (more than 0, at most 10).",
    )


def make(settings: NanoPhotoSettings, connections: Connections) -> NanoPhoto:
    return NanoPhoto(
        settings.key,
        settings.base_url,
        settings.usd_per_credit,
        api=connections.api,
        downloads=connections.downloads,
        budgets=connections.budgets,
        clock=connections.clock,
    )


NANOPHOTO = ProviderSpec(
    name=NAME,
    label="NanoPhoto",
    summary="Veo 3.1, shots of 8 seconds, billed in credits.",
    settings=NanoPhotoSettings,
    make=make,
)
