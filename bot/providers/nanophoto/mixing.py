"""Whether tasks of several submissions may share one request: not documented, so it is tried.

Where the service refuses in words, it is left alone for a while. An answer that cannot be read, or
that leaves tasks out, may be a hiccup: only the second in a row counts as a refusal.
"""

from datetime import datetime, timedelta

from bot.ports import Clock

MIX_AGAIN_AFTER = timedelta(hours=6)
SPOILT_TOLERATED = 1  # in a row


class Mixture:
    """What one account has shown of it, since this process began."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._apart_until: datetime | None = None
        self._spoilt = 0

    @property
    def is_tried(self) -> bool:
        return self._apart_until is None or self._clock.now() >= self._apart_until

    def worked(self) -> None:
        self._spoilt = 0

    def refused(self) -> None:
        self._spoilt = 0
        self._apart_until = self._clock.now() + MIX_AGAIN_AFTER

    def spoilt(self) -> None:
        self._spoilt += 1
        if self._spoilt > SPOILT_TOLERATED:
            self.refused()
