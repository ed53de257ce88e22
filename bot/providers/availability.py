"""Whether a provider is handed films at the moment: a circuit breaker, and pauses of an account.

After some failures in a row nothing is handed over for a while; then one job tries, and its outcome
decides. A key or an account that is refused pauses at once, because every other job would fail too.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.ids import ProviderName

FAILURES_TOLERATED = 4  # in a row
SHORTEST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=10)
TRIAL = timedelta(minutes=3)  # longer than any submission takes


class PauseReason(StrEnum):
    """Why nothing is handed over."""

    CREDENTIALS = "credentials"  # the key is refused
    BALANCE = "balance"  # the account is empty
    FAILURES = "failures"  # it does not answer, or not sensibly

    @property
    def needs_operator(self) -> bool:
        return self is not PauseReason.FAILURES


@dataclass(frozen=True, slots=True)
class Availability:
    """How a provider has behaved lately. `paused_until` in the past means: on trial."""

    provider: ProviderName
    failures_in_row: int = 0  # counted anew from each trial on
    pauses_in_row: int = 0
    paused_until: datetime | None = None
    reason: PauseReason | None = None

    def is_paused(self, now: datetime) -> bool:
        """A clock that was put back must not make a pause longer than any is."""
        return self.paused_until is not None and now < self.paused_until <= now + LONGEST_PAUSE

    @property
    def is_on_trial(self) -> bool:
        """Whether the next submission decides; asked only while it is not paused."""
        return self.paused_until is not None

    def waits_for_trial(self, now: datetime) -> bool:
        """Whether a pause has not ended, so that a failure now is of the trouble it is for."""
        return self.is_paused(now) and self.failures_in_row > 0


def on_trial(availability: Availability, now: datetime) -> Availability:
    """One job is handed over; nobody else's until its outcome is known."""
    return Availability(
        availability.provider,
        pauses_in_row=availability.pauses_in_row,
        paused_until=now + TRIAL,
        reason=availability.reason,
    )


def without_trial(availability: Availability, now: datetime) -> Availability:
    """A trial that came to no outcome: the next job may be one at once."""
    is_tried = availability.is_paused(now) and availability.failures_in_row == 0
    return replace(availability, paused_until=now) if is_tried else availability


def succeeded(availability: Availability) -> Availability:
    """It took a job, or refused one in so many words: it is there."""
    return Availability(availability.provider)


def failed(availability: Availability, now: datetime) -> Availability:
    """It did not answer, or not sensibly; films that were sent before a pause make it no longer."""
    if availability.waits_for_trial(now):
        return availability
    failures = availability.failures_in_row + 1
    if failures <= FAILURES_TOLERATED and not availability.is_on_trial:
        return Availability(availability.provider, failures)
    return _paused(availability, PauseReason.FAILURES, failures, now)


def refused(availability: Availability, reason: PauseReason, now: datetime) -> Availability:
    """It refuses the account itself; once for all films that were sent together."""
    if availability.waits_for_trial(now) and availability.reason is reason:
        return availability
    return _paused(availability, reason, max(availability.failures_in_row, 1), now)


def _paused(
    availability: Availability, reason: PauseReason, failures: int, now: datetime
) -> Availability:
    pauses = availability.pauses_in_row
    wait = LONGEST_PAUSE if reason.needs_operator else SHORTEST_PAUSE * (1 << min(pauses, 8))
    until = now + min(wait, LONGEST_PAUSE)
    return Availability(availability.provider, failures, pauses + 1, until, reason)
