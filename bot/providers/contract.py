"""The provider contract: orders, answers and request budgets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol, runtime_checkable

from bot.catalog.capability import Capability
from bot.catalog.request import SourceImage, VideoRequest
from bot.errors import ProviderError
from bot.ids import ModelId, ProviderName
from bot.providers.availability import Availability
from bot.providers.request_limits import Purpose, RequestRule


class ProviderState(StrEnum):
    """A provider's status of a submission, translated."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


POLLS_TO_BELIEVE = 3  # of an unknown state with evidence beside it
POLLS_TO_MISS = 8  # of a finished video without an address


@dataclass(frozen=True, slots=True)
class ProviderStatus:
    """The result of polling a submission.

    `evidence` is what contradicts the state: a video's address, or an error. It is believed after
    `believed_after` polls in a row or, if that is None, only just before the job would be given up.
    """

    state: ProviderState
    artifact_addresses: tuple[str, ...] = ()  # on success; of every shot, in order
    took_seconds: float | None = None  # if the provider reports it
    progress_percent: int | None = None
    charged_micros: int | None = None
    refused: bool = False  # failed because of its content
    text: str | None = None  # why it failed or what is missing; safe to show
    advice: str | None = None  # what the member can change
    may_come: bool = False  # probably failed, but may still finish
    evidence: "ProviderStatus | None" = None
    believed_after: int | None = None

    @property
    def decided(self) -> "ProviderStatus":
        """Return the status according to the evidence, if there is any."""
        return self if self.evidence is None else self.evidence


@dataclass(frozen=True, slots=True)
class Receipt:
    """A provider's acceptance of a submission."""

    handle: str
    precharged_micros: int | None = None


class RequestBudgets(Protocol):
    """Request budgets of providers, counted durably across processes."""

    async def take(self, rules: Sequence[RequestRule], purpose: Purpose) -> datetime | None:
        """Count a request against all rules or none; return when to retry, or None."""

    async def free_at(self, rules: Sequence[RequestRule], purpose: Purpose) -> datetime | None:
        """Return when `take` would succeed; None: now."""

    async def used(self, rule: RequestRule) -> int:
        """Return how many requests count against this rule now."""


class AvailabilityStore(Protocol):
    """The recent availability of providers, shared by all processes."""

    async def get(self, provider: ProviderName) -> Availability: ...

    async def replace(self, known: Availability, after: Availability) -> bool:
        """Replace `known` by `after`; return False if it has changed since."""


@dataclass(frozen=True, slots=True)
class OrderPicture:
    """A picture as a provider takes it: bytes (JPEG or PNG) or an address."""

    content: bytes | None = None
    media_type: str = "image/jpeg"
    address: str | None = None


@dataclass(frozen=True, slots=True)
class OrderVideo:
    """A video to continue as a provider takes it: the bytes of an MP4, or an address."""

    content: bytes | None = None
    media_type: str = "video/mp4"
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A completed request for a provider; `pictures` by the key of their source.

    `source` is set if the request sends a video. It must not be sent at or after `stale_at`:
    another process may have given its job up by then.
    """

    request: VideoRequest
    tag: str
    pictures: Mapping[str, OrderPicture] = field(default_factory=dict)
    stale_at: datetime | None = None
    source: OrderVideo | None = None

    def pictures_of(self, images: Sequence[SourceImage]) -> list[OrderPicture]:
        return [self.pictures[image.key] for image in images]


@dataclass(frozen=True, slots=True)
class Watched:
    """An accepted submission to poll."""

    handle: str
    request: VideoRequest


@runtime_checkable
class QuotesPrices(Protocol):
    """A service that quotes a submission's price without making or charging anything."""

    @property
    def pictures_max_bytes(self) -> int | None: ...

    async def quote_micros(self, order: Order) -> int | None:
        """Return the price in micros, or None if the service does not quote it.

        Raises ProviderError.
        """


class ImprovementFault(StrEnum):
    """Why a service wrote no better prompt."""

    EMPTY = "empty"
    CUT_OFF = "cut_off"  # it stopped at its limit, so the text may be a thought or half a sentence
    TOO_LONG = "too_long"
    REFUSED = "refused"  # for its content
    UNCHANGED = "unchanged"
    UNFIT = "unfit"  # the video's model does not take it
    NOT_ALLOWED = "not_allowed"  # it has a word that the server's moderators do not allow
    OPERATOR = "operator"  # key, balance or model: only the operator can fix it
    BUSY = "busy"  # a rate limit
    UNAVAILABLE = "unavailable"
    LOST = "lost"  # it may have been written and charged


@dataclass(frozen=True, slots=True)
class ImproverPrice:
    """The model that improves prompts, and the most that one costs."""

    model_id: ModelId
    micros: int


@dataclass(frozen=True, slots=True)
class Improved:
    """A service's better prompt, or why there is none; `charged_micros` is None if not told."""

    prompt: str = ""
    fault: ImprovementFault | None = None
    charged_micros: int | None = None


@runtime_checkable
class ImprovesPrompts(Protocol):
    """A service that writes better prompts for a price."""

    async def improver_price(self, prompt: str) -> ImproverPrice | None:
        """Return what improving this prompt costs at most; None if it is unknown."""

    async def improve(self, prompt: str, *, stale_at: datetime) -> Improved:
        """Ask once, and never at or after `stale_at`.

        Raises ProviderError; SubmissionUncertainError if the service may have charged for it.
        """


class Provider(Protocol):
    """One video service; vendor terms, errors and numbers stay behind this port."""

    @property
    def name(self) -> ProviderName: ...

    @property
    def pictures_max_bytes(self) -> int | None:
        """Return the limit in bytes for an order's pictures together; None: addresses only."""

    @property
    def polls_in_batches(self) -> bool:
        """Return whether one request can poll several submissions."""

    @property
    def can_recover(self) -> bool:
        """Return whether `recover` can find a submission whose answer was lost."""

    async def submit(self, order: Order) -> Receipt:
        """Submit an order; it costs money from here on.

        Raises TransientProviderError and PermanentProviderError when it was certainly not accepted,
        LeaseLostError when it was too late to send, and SubmissionUncertainError when acceptance is
        unknown.
        """

    async def poll(self, handle: str, request: VideoRequest, /) -> ProviderStatus:
        """Poll one submission; safe to repeat.

        Raises ProviderError, never SubmissionUncertainError.
        """

    async def poll_batch(
        self, watched: Sequence[Watched]
    ) -> Sequence[ProviderStatus | ProviderError]:
        """Poll several submissions; results are in the same order.

        Raises ProviderError when no status is known.
        """

    async def poll_price_seconds(self) -> float:
        """Return the current price of a poll, in seconds of a member's waiting."""

    async def may_submit_at(self) -> datetime | None:
        """Return when the request budget allows the next submission; None: now."""

    async def check_key(self) -> None:
        """Check the key with one free request.

        Raises ProviderCredentialsError and ProviderError.
        """

    async def balance_micros(self) -> int | None:
        """Return the account's balance in micros; None if the service does not report it.

        Raises ProviderError.
        """

    async def recover(self, tag: str, request: VideoRequest, /) -> Receipt | None:
        """Return the submission with this tag, or None. Safe to repeat."""

    async def list_capabilities(self) -> tuple[Capability, ...]:
        """List its models' capabilities, from a bundled table while the service is unavailable."""

    async def fetch(self, address: str, target: Path) -> None:
        """Stream an artifact to a file.

        Raises ArtifactUnavailableError and ArtifactUnusableError.
        """
