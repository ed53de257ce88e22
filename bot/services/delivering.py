"""The loop that brings cards and films to their channels, each exactly once.

Each delivery is a task of its own, so that a large upload holds up no card; a delivery that is
under way in this process is never started again.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial

from bot.domain.deliveries import Delivery
from bot.domain.jobs import Job
from bot.errors import LeaseLostError
from bot.services.outbox import Outbox
from bot.services.posting import post
from bot.services.refreshing import refresh
from bot.tasks import TaskOwner

_log = logging.getLogger(__name__)

SHORTEST_BETWEEN_EDITS = timedelta(seconds=3)
CARDS_CHANGED_WITHIN = timedelta(minutes=10)
MOST_AT_ONCE = 20
LOOK_EVERY_SECONDS = 1.0  # nothing is sent unless a card's look has changed


class Delivering:
    """One per process; `reachable` is set while Discord can be talked to."""

    def __init__(self, outbox: Outbox, reachable: asyncio.Event) -> None:
        self._outbox = outbox
        self._reachable = reachable
        self._tasks = TaskOwner()
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._edited_at: dict[str, datetime] = {}
        self._woken = asyncio.Event()
        self._stopping = False

    def wake(self) -> None:
        """There may be something to post or to change now."""
        self._woken.set()

    async def run(self) -> None:
        """Tick until `stop`, while Discord is reachable."""
        while not self._stopping:
            await self._reachable.wait()
            self._woken.clear()
            await self.tick()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_SECONDS):
                    await self._woken.wait()

    async def stop(self, *, grace_seconds: float = 10.0) -> None:
        """Start nothing more and let posts under way be noted."""
        self._stopping = True
        self.wake()
        await self._tasks.close(grace_seconds=grace_seconds)

    async def run_once(self) -> None:
        """One tick and everything it started, for tests and for stepping by hand."""
        await self.tick()
        while self._under_way:
            await asyncio.wait(list(self._under_way.values()))

    async def tick(self) -> None:
        """Start what is owed and bring cards up to date."""
        store, now = self._outbox.store, self._outbox.clock.now()
        for delivery in await store.list_owed(now, MOST_AT_ONCE):
            self._start(delivery, partial(post, delivery, self._outbox))
        since = now - CARDS_CHANGED_WITHIN
        for card, job in await store.list_posted_cards(changed_since=since):
            if self._may_edit(job, now):
                self._start(card, partial(self._refresh, card, job))

    def _may_edit(self, job: Job, now: datetime) -> bool:
        """A change of state is shown at once, progress only now and then."""
        edited_at = self._edited_at.get(job.id)
        if edited_at is None or job.state_changed_at > edited_at:
            return True
        return now - edited_at >= SHORTEST_BETWEEN_EDITS

    async def _refresh(self, card: Delivery, job: Job) -> None:
        if await refresh(card, job, self._outbox):
            self._edited_at[job.id] = self._outbox.clock.now()

    def _start(self, delivery: Delivery, act: Callable[[], Awaitable[None]]) -> None:
        name = delivery.nonce
        if name in self._under_way:
            return
        task = self._tasks.start(self._run(name, act), name=f"deliver:{name}")
        self._under_way[name] = task
        task.add_done_callback(lambda _task: self._under_way.pop(name, None))

    async def _run(self, name: str, act: Callable[[], Awaitable[None]]) -> None:
        try:
            await act()
        except LeaseLostError:
            _log.info("delivery_moved_elsewhere", extra={"delivery": name})
