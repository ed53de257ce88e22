"""How often NanoGPT may be asked: per second, per minute, and per day until 00:00 UTC.

Source: its page on rate limits, and the notes on the endpoints. Whether a refused request counts is
not said; here a request that a limit refuses does not, every other one does.
"""

import math
from collections import defaultdict, deque
from datetime import datetime, timedelta

from sandbox.providers.nanogpt.refusals import Refusal
from sandbox.providers.nanogpt.runs import MICROS

MINUTE_SECONDS = 60.0


class Window:
    """At most so many within so many seconds, for each asker."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._asked: dict[str, deque[float]] = defaultdict(deque)

    def wait(self, who: str, now: datetime, most: int) -> int | None:
        """Count a request; for one too many, the whole seconds until the next is welcome."""
        at, asked = now.timestamp(), self._asked[who]
        while asked and asked[0] <= at - self._seconds:
            asked.popleft()
        if len(asked) < most:
            asked.append(at)
            return None
        first = asked[0] if asked else at
        return max(1, math.ceil(first + self._seconds - at))


class Limits:
    """All counters of one service."""

    def __init__(self) -> None:
        self._seconds = Window(1.0)
        self._minutes: dict[str, Window] = defaultdict(lambda: Window(MINUTE_SECONDS))
        self._days: dict[str, tuple[datetime, int]] = {}

    def ensure_calm(self, who: str, now: datetime, most: int) -> None:
        """The whole API's limit per second. Raises Refusal."""
        wait = self._seconds.wait(who, now, most)
        if wait is not None:
            text = "Rate limit exceeded. Please slow down."
            raise Refusal(429, text, "rate_limit_exceeded", retry_after=wait)

    def ensure_not_too_often(self, action: str, who: str, now: datetime, most: int) -> None:
        """The limit per minute of one endpoint and one address. Raises Refusal."""
        wait = self._minutes[action].wait(who, now, most)
        if wait is not None:
            text = "Rate limit exceeded. Please wait before generating another video."
            raise Refusal(429, text, retry_after=wait)

    def ensure_within_day(self, key: str, now: datetime, most: int | None) -> None:
        """A key's requests of this day, whatever they ask for. Raises Refusal."""
        day, count = self._days.get(key, (midnight(now), 0))
        count = count if day == midnight(now) else 0
        if most is not None and count >= most:
            text = f"Daily request limit exceeded ({count}/{most}). Resets at midnight UTC."
            raise _tomorrow(text, "daily_rpd_limit_exceeded", now)
        self._days[key] = (midnight(now), count + 1)


def ensure_affordable(spent_micros: int, cost_micros: int, most_usd: float, now: datetime) -> None:
    """A key's dollars of this day, estimated when they are asked for. Raises Refusal."""
    if spent_micros + cost_micros > round(most_usd * MICROS):
        spent = f"${spent_micros / MICROS:.2f}/${most_usd:.2f}"
        text = f"Daily USD limit exceeded ({spent}). Resets at midnight UTC."
        raise _tomorrow(text, "daily_usd_limit_exceeded", now)


def midnight(now: datetime) -> datetime:
    """The last 00:00 UTC."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def _tomorrow(text: str, code: str, now: datetime) -> Refusal:
    left = midnight(now) + timedelta(days=1) - now
    return Refusal(429, text, code, retry_after=math.ceil(left.total_seconds()))
