"""Video services: what they are handed, what they answer, and how often they may be asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from bot.domain.availability import Availability
from bot.domain.budgets import Purpose, RequestRule
from bot.domain.capabilities import Capability
from bot.domain.requests import SourceImage, VideoRequest
from bot.domain.submissions import ProviderStatus, Receipt
from bot.errors import ProviderError
from bot.ids import ProviderName


class RequestBudgets(Protocol):
    """Requests to providers, counted durably and for all processes together."""

    async def take(self, rules: Sequence[RequestRule], purpose: Purpose) -> datetime | None:
        """Count a request against all of these rules, or none: then, when to ask again."""

    async def free_at(self, rules: Sequence[RequestRule], purpose: Purpose) -> datetime | None:
        """When `take` would succeed; None: now."""

    async def used(self, rule: RequestRule) -> int:
        """How many count against this rule now."""


class AvailabilityStore(Protocol):
    """How providers behaved lately, for all processes together."""

    async def get(self, provider: ProviderName) -> Availability: ...

    async def replace(self, known: Availability, after: Availability) -> bool:
        """Write `after`, unless somebody wrote something else than `known` meanwhile: then False."""


@dataclass(frozen=True, slots=True)
class OrderPicture:
    """A picture as a provider takes it: as bytes (JPEG or PNG), or from an address."""

    content: bytes | None = None
    media_type: str = "image/jpeg"
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A completed wish as it is handed to a provider; `pictures` by the key of their source."""

    request: VideoRequest
    tag: str
    pictures: Mapping[str, OrderPicture] = field(default_factory=dict)

    def pictures_of(self, images: Sequence[SourceImage]) -> list[OrderPicture]:
        return [self.pictures[image.key] for image in images]


@dataclass(frozen=True, slots=True)
class Watched:
    """A submission that a provider has in hand."""

    handle: str
    request: VideoRequest


class Provider(Protocol):
    """One video service. Vendor words, errors and numbers stop behind this."""

    @property
    def name(self) -> ProviderName: ...

    @property
    def pictures_max_bytes(self) -> int | None:
        """How large the pictures of an order may be together; None: it takes addresses only."""

    @property
    def looks_together(self) -> bool:
        """Whether one request can look at several submissions."""

    @property
    def can_recover(self) -> bool:
        """Whether `recover` can find a submission whose answer was lost."""

    async def submit(self, order: Order) -> Receipt:
        """Hand over a wish; it costs money from here on.

        Raises TransientProviderError and PermanentProviderError when it was certainly not
        accepted, SubmissionUncertainError when nobody can know.
        """

    async def look(self, handle: str, request: VideoRequest, /) -> ProviderStatus:
        """How it stands. May be repeated. Raises ProviderError, never uncertain."""

    async def look_together(
        self, watched: Sequence[Watched]
    ) -> Sequence[ProviderStatus | ProviderError]:
        """How each of them stands, in their order. Raises ProviderError when nobody can say."""

    async def look_price_seconds(self) -> float:
        """What a look costs now: so much waiting of a member is worth one request."""

    async def may_submit_at(self) -> datetime | None:
        """When the budget of requests allows the next submission; None: now."""

    async def balance_micros(self) -> int | None:
        """What the account holds; None where the service does not say. Raises ProviderError."""

    async def recover(self, tag: str, request: VideoRequest, /) -> Receipt | None:
        """The submission that carries this tag, if the provider has it. May be repeated."""

    async def list_capabilities(self) -> tuple[Capability, ...]:
        """What its models can do now; from a bundled table while the service is away."""

    async def fetch(self, address: str, target: Path) -> None:
        """Stream an artifact to a file. Raises ArtifactUnavailableError, ArtifactUnusableError."""
