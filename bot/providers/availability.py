"""A provider's availability: circuit breaker and account pauses.

After some failures in a row nothing is submitted for a while; then one trial job decides. A refused
key or account pauses at once, because every other job would fail too.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.errors import UserFacingError
from bot.ids import ProviderName
from bot.instants import holds

FAILURES_TOLERATED = 4  # consecutive
SHORTEST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=10)
TRIAL = timedelta(minutes=3)  # longer than any submission takes


class PauseReason(StrEnum):
    """The causes of a pause."""

    CREDENTIALS = "credentials"  # the key is refused
    BALANCE = "balance"  # the account is empty
    FAILURES = "failures"  # no answer, or not a sensible one

    @property
    def needs_operator(self) -> bool:
        return self is not PauseReason.FAILURES


class ProviderPausedError(UserFacingError):
    """Submissions to this provider, shown as `label`, are paused until `until`."""

    def __init__(
        self, provider: ProviderName, label: str, reason: PauseReason, until: datetime
    ) -> None:
        super().__init__(f"{provider} is paused: {reason}")
        self.provider = provider
        self.label = label
        self.reason = reason
        self.until = until


@dataclass(frozen=True, slots=True)
class Availability:
    """A provider's recent behavior; a past `paused_until` means it is on trial."""

    provider: ProviderName
    failures_in_row: int = 0  # restarts with each trial
    pauses_in_row: int = 0
    paused_until: datetime | None = None
    reason: PauseReason | None = None

    def is_paused(self, now: datetime) -> bool:
        """Return whether it is paused; a clock set back cannot lengthen a pause."""
        return self.paused_until is not None and holds(self.paused_until, LONGEST_PAUSE, now)

    @property
    def is_on_trial(self) -> bool:
        """Return whether the next submission decides; ask only while not paused."""
        return self.paused_until is not None

    def waits_for_trial(self, now: datetime) -> bool:
        """Return whether a pause still lasts; a failure now has the same cause."""
        return self.is_paused(now) and self.failures_in_row > 0


def on_trial(availability: Availability, now: datetime) -> Availability:
    """Start a trial with one job; all others wait for its outcome."""
    return Availability(
        availability.provider,
        pauses_in_row=availability.pauses_in_row,
        paused_until=now + TRIAL,
        reason=availability.reason,
    )


def without_trial(availability: Availability, now: datetime) -> Availability:
    """End a trial without an outcome; the next job may start one at once."""
    is_tried = availability.is_paused(now) and availability.failures_in_row == 0
    return replace(availability, paused_until=now) if is_tried else availability


def succeeded(availability: Availability) -> Availability:
    """Record a success: it accepted a job, or explicitly refused one."""
    return Availability(availability.provider)


def failed(availability: Availability, now: datetime) -> Availability:
    """Record a failure: no answer, or not a sensible one.

    Submissions sent before a pause do not extend it.
    """
    if availability.waits_for_trial(now):
        return availability
    failures = availability.failures_in_row + 1
    if failures <= FAILURES_TOLERATED and not availability.is_on_trial:
        return Availability(availability.provider, failures)
    return _paused(availability, PauseReason.FAILURES, failures, now)


def refused(availability: Availability, reason: PauseReason, now: datetime) -> Availability:
    """Record that the account itself is refused, once per group of parallel submissions."""
    if availability.waits_for_trial(now) and availability.reason is reason:
        return availability
    return _paused(availability, reason, max(availability.failures_in_row, 1), now)


def _paused(
    availability: Availability, reason: PauseReason, failures: int, now: datetime
) -> Availability:
    breakers = availability.pauses_in_row
    wait = LONGEST_PAUSE if reason.needs_operator else SHORTEST_PAUSE * (1 << min(breakers, 8))
    until = now + min(wait, LONGEST_PAUSE)
    return Availability(availability.provider, failures, breakers + 1, until, reason)
