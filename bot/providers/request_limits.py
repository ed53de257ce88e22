"""How many requests an account may make, and which of them come first when few are left."""

from dataclasses import dataclass
from enum import StrEnum


class Purpose(StrEnum):
    """What a request to a provider is for."""

    SUBMISSION = "submission"
    LOOK = "look"
    RECOVERY = "recovery"
    OTHER = "other"  # model lists, balances


@dataclass(frozen=True, slots=True)
class RequestRule:
    """At most `most` requests in any `per_seconds`; the last `reserved` are for submissions."""

    name: str
    most: int
    per_seconds: float
    reserved: int = 0

    def most_for(self, purpose: Purpose) -> int:
        """How many may have been made before one more of this purpose is too many."""
        return self.most if purpose is Purpose.SUBMISSION else self.most - self.reserved
