"""An account's rate limits, and which requests come first near them."""

from dataclasses import dataclass
from enum import StrEnum


class Purpose(StrEnum):
    """The purpose of a request to a provider."""

    SUBMISSION = "submission"
    QUOTE = "quote"  # a price, which a service may count as a submission
    POLL = "poll"
    RECOVERY = "recovery"
    CHAT = "chat"  # a better prompt
    OTHER = "other"  # model lists, balances


@dataclass(frozen=True, slots=True)
class RequestRule:
    """At most `most` requests per `per_seconds`; the last `reserved` are for submissions."""

    name: str
    most: int
    per_seconds: float
    reserved: int = 0

    def most_for(self, purpose: Purpose) -> int:
        """Return the limit for this purpose."""
        return self.most if purpose is Purpose.SUBMISSION else self.most - self.reserved
