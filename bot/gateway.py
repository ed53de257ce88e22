"""Keeps IDENTIFYs within Discord's limit, across reconnects and new clients.

Discord allows a bot 1,000 IDENTIFYs in 24 hours, and resets the token of one that exceeds that
(https://discord.com/developers/docs/events/gateway#identifying). A gateway that keeps closing would
use them up within hours, so each further IDENTIFY of a shard waits twice as long as the one before.
discord.py's own five seconds between two are the first of these waits.
"""

import logging
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.errors import ClientEndedError
from bot.instants import made_by

_log = logging.getLogger(__name__)

# discord.py drops a connection that has not identified after 60 seconds, and then leaks the thread
# of its heartbeat. So longer waits happen without a connection.
LONGEST_IN_PLACE_SECONDS = 30.0
REMEMBERED_STARTS = 32  # per shard; more than an hour can hold
FIRST_WAIT_SECONDS = 5.0
LONGEST_WAIT_SECONDS = 600.0  # at most about 200 IDENTIFYs of a shard per day
REMEMBERED = timedelta(hours=1)
SCARCE_SHARE = 0.2  # of the day's IDENTIFYs: below it the rest is spread over the rest of the day


@dataclass(frozen=True, slots=True)
class SessionStarts:
    """The `session_start_limit` of GET /gateway/bot."""

    total: int
    remaining: int
    reset_after_seconds: float


def wait_after(identified: Sequence[datetime], now: datetime) -> float:
    """Return how many seconds a shard waits before its next IDENTIFY: 0 to 600.

    `identified` are its IDENTIFYs so far. One in the future was written by a clock that was ahead
    and counts as made now.
    """
    recent = [min(at, now) for at in identified if now - at < REMEMBERED]
    if not recent:
        return 0.0
    wait = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0 ** (len(recent) - 1))
    return max(0.0, wait - (now - max(recent)).total_seconds())


def wait_for_allowance(starts: SessionStarts, needed: int = 1) -> float:
    """Return how many seconds to wait to keep `needed` IDENTIFYs within Discord's limit.

    0 while they are plentiful. When they are scarce, the rest is spread evenly until the reset: a
    crashing bot that is restarted in a loop must not spend a day's IDENTIFYs in an hour.
    """
    if starts.remaining < needed:
        return starts.reset_after_seconds
    if starts.remaining > starts.total * SCARCE_SHARE:
        return 0.0
    return starts.reset_after_seconds * needed / (starts.remaining + 1)


FetchStarts = Callable[[], Awaitable[SessionStarts]]


class GatewayPace:
    """Lets shards identify one by one, and less often while the gateway keeps closing.

    It outlives the client, which discord.py gives up and the program makes again.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._identified: defaultdict[int, deque[datetime]] = defaultdict(
            lambda: deque(maxlen=REMEMBERED_STARTS)
        )
        self._last: datetime | None = None

    async def before_connect(self, starts: SessionStarts, shards: int) -> None:
        """Wait, without a connection, until `shards` new sessions may begin."""
        own = max((self._wait(shard) for shard in self._identified), default=0.0)
        wait = max(own, wait_for_allowance(starts, shards))
        if wait > 0:
            left = {"wait_seconds": round(wait), "identifies_left": starts.remaining}
            _log.warning("gateway_paused", extra=left)
        await self._clock.sleep(wait)

    async def before_identify(self, shard: int, fetch_starts: FetchStarts) -> None:
        """Wait for the turn of a connected shard, and count its IDENTIFY.

        Raises ClientEndedError if the wait is longer than a connection can be kept: the next client
        then waits in `before_connect`.
        """
        if self._last is not None:
            wait = await self._wait_with_a_connection(shard, fetch_starts)
            if wait > LONGEST_IN_PLACE_SECONDS:
                times = len(self._identified[shard])
                msg = f"the gateway closed again and again: {times} sessions within an hour"
                raise ClientEndedError(msg)
            await self._clock.sleep(wait)
        self._last = self._clock.now()
        self._identified[shard].append(self._last)

    async def _wait_with_a_connection(self, shard: int, fetch_starts: FetchStarts) -> float:
        """Seconds to wait; five between two shards, as for a new bot with max_concurrency 1."""
        if self._last is not None:
            self._last = made_by(self._last, self._clock.now())
        turn = wait_after([self._last] if self._last else [], self._clock.now())
        if not self._identified[shard]:  # first IDENTIFY: `before_connect` handled the rest
            return turn
        return max(turn, self._wait(shard), wait_for_allowance(await fetch_starts()))

    def _wait(self, shard: int) -> float:
        """A shard's wait; instants of a clock that was ahead count as made now, and then age."""
        now, made = self._clock.now(), self._identified[shard]
        for index, at in enumerate(made):
            made[index] = made_by(at, now)
        return wait_after(made, now)
