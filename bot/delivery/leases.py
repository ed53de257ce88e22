"""Leases on messages being posted, and the fence before each request that posts one.

A process may be suspended at any instant and wake hours later in the middle of a post, long after
another process has taken over. No clock of its own shows that reliably: the event loop's stands
still while the machine sleeps, the machine's may be wrong, and a paused virtual machine sees
neither move. Therefore:

* the lease is renewed in the database while the work lasts, and its loss cancels the work;
* the work is cancelled once its lease has run out by the loop's clock. After SIGSTOP that timer is
  due together with those of the work, and asyncio cancels before the work's next step;
* every request that writes, including those that discord.py repeats by itself, first passes the
  fence: the lease is renewed once more, because only the database knows about a takeover;
* between two pieces of an upload both clocks are read again, which costs nothing.

What remains is the instant between the fence and the socket. The message's nonce covers it.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextvars import ContextVar
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.errors import LeaseLostError, StorageError
from bot.instants import is_within
from bot.tasks import TaskOwner

_log = logging.getLogger(__name__)

FENCE_RENEWALS = 3  # at most before one request: a slow database must not stop all posts
RENEWALS = 6  # per lease: some may fail while the database is unreachable
FRESH_FOR = timedelta(seconds=2)  # one request after a renewal needs no other
# Discord keeps nonces for "the past few minutes": two of them, less what two machines' clocks may differ
# by and what a request may take.
NONCE_TRUSTED_FOR = timedelta(seconds=45)

Renew = Callable[[], Awaitable[None]]
Instants = tuple[datetime, float]  # the machine's clock, and the event loop's in seconds


class Lease:
    """A lease taken for `lasts`.

    `renew` writes it down again and raises LeaseLostError if another process has taken over.
    `taken_at` are the `instants` before the lease was written, from which it counts: the process
    may have been suspended between the write and its answer. Without it, the lease was taken just
    now.
    """

    def __init__(
        self, renew: Renew, lasts: timedelta, clock: Clock, taken_at: Instants | None = None
    ) -> None:
        self._renew = renew
        self._lasts = lasts
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self._is_used = False  # a request was made since the last renewal
        self._limit: asyncio.Timeout | None = None
        self._renewed_at = taken_at or self._instants()
        self._trusted: tuple[Instants, timedelta] | None = None

    def ensure(self) -> None:
        """Raise LeaseLostError once the lease has run out by either clock."""
        if self._age() >= self._lasts:
            raise LeaseLostError("the lease ran out")

    async def renew(self) -> None:
        """Renew. Raises LeaseLostError, and StorageError if the outcome is unknown."""
        async with self._one_at_a_time:
            begun = self._instants()
            await self._renew()
            self._renewed_at, self._is_used = begun, False
        self._cancel_at(begun[1] + self._lasts.total_seconds())

    def trust(self, lasts: timedelta) -> None:
        """Let requests begin only while the nonce of an earlier one is trusted.

        The process may be suspended after it decided to trust it, for less than its lease lasts.
        """
        self._trusted = self._instants(), lasts

    async def pass_fence(self) -> None:
        """Await this right before a request that writes. Raises as `renew` does.

        A renewal whose answer came late is old news: another process may have taken over since.
        """
        self.ensure()
        for _ in range(FENCE_RENEWALS):
            if not self._is_used and self._age() < FRESH_FOR:
                break
            await self.renew()
        self.ensure()
        if self._trusted is not None and self._since(self._trusted[0]) >= self._trusted[1]:
            raise LeaseLostError("its nonce is too old")
        self._is_used = True

    @contextlib.asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Keep renewing while the block runs. Raises LeaseLostError if it was cancelled."""
        tasks, ended = TaskOwner(), asyncio.Event()
        token = _HELD.set(self)
        try:
            ends_at = self._renewed_at[1] + self._lasts.total_seconds()
            async with asyncio.timeout_at(ends_at) as self._limit:
                keeping = tasks.start(self._keep(ended), name="lease")
                try:
                    yield
                finally:  # never interrupt a write: its outcome would be unknown
                    ended.set()
                    await asyncio.wait({keeping})
        except TimeoutError as error:
            if self._limit is not None and self._limit.expired():
                raise LeaseLostError("cancelled") from error
            raise
        finally:
            _HELD.reset(token)

    async def _keep(self, ended: asyncio.Event) -> None:
        while not await _is_set_within(ended, self._lasts.total_seconds() / RENEWALS):
            try:
                await self.renew()
            except LeaseLostError:
                self._cancel_at(asyncio.get_running_loop().time())
                return
            except StorageError as error:  # another renewal may succeed before it runs out
                _log.warning("lease_not_renewed", extra={"error": type(error).__name__})

    def _cancel_at(self, when: float) -> None:
        if self._limit is not None and not self._limit.expired():
            self._limit.reschedule(when)

    def _age(self) -> timedelta:
        return self._since(self._renewed_at)

    def _since(self, then: Instants) -> timedelta:
        """Time passed by the clock that shows more: one may stand still, the other be set back."""
        now, loop_seconds = self._instants()
        return max(now - then[0], timedelta(seconds=loop_seconds - then[1]))

    def _instants(self) -> Instants:
        return instants(self._clock)


def instants(clock: Clock) -> Instants:
    """Now, by both clocks."""
    return clock.now(), asyncio.get_running_loop().time()


async def pass_fence() -> None:
    """Pass the fence of the current lease, if any, before a request that writes."""
    lease = _HELD.get()
    if lease is not None:
        await lease.pass_fence()


def ensure_lease() -> None:
    """Raise LeaseLostError if the current lease has run out."""
    lease = _HELD.get()
    if lease is not None:
        lease.ensure()


def trust_nonce(lasts: timedelta) -> None:
    """Let requests under the current lease begin only within this time."""
    lease = _HELD.get()
    if lease is not None:
        lease.trust(lasts)


def nonce_is_trusted(posting_at: datetime, attempts: int, now: datetime) -> bool:
    """Whether posting again would yield the message of an earlier try, if there is one.

    If so, requests under the current lease begin only while that is true.
    """
    if not is_within(posting_at, NONCE_TRUSTED_FOR, now):
        return False
    if attempts > 1:  # the first try has no earlier message to fear
        trust_nonce(posting_at + NONCE_TRUSTED_FOR - now)
    return True


def lease_is_held() -> bool:
    """Whether a post or an edit under a lease is running."""
    return _HELD.get() is not None


async def _is_set_within(event: asyncio.Event, seconds: float) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()


_HELD: ContextVar[Lease | None] = ContextVar("lease", default=None)
