"""What a wish would cost and how long it would take."""

from dataclasses import dataclass

from bot.domain.capabilities import Capability
from bot.domain.pricing import Price
from bot.domain.requests import VideoRequest


@dataclass(frozen=True, slots=True)
class Quote:
    """A wish that can be made: completed, priced, timed."""

    request: VideoRequest
    capability: Capability
    price: Price
    expected_seconds: int
    spread_seconds: tuple[int, int] | None = None  # eight films in ten, once there is a history


@dataclass(frozen=True, slots=True)
class Left:
    """What is left after a film: of the member's own money, or in the account at the provider."""

    micros: int
    is_own: bool
