"""The loop that brings cards, films and words of failure to their channels, each exactly once.

Each delivery is a task of its own, so that a large upload holds up no card; a delivery that is
under way in this process is never started again.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from functools import partial

from bot.domain.deliveries import Delivery, DeliveryKind
from bot.errors import LeaseLostError
from bot.services.outbox import Outbox
from bot.services.posting import post
from bot.services.recovering import list_interrupted_posts
from bot.services.refreshing import CardRefresher
from bot.tasks import TaskOwner

_log = logging.getLogger(__name__)

MOST_CARDS = 20  # posted or edited at once, and as many words of failure
MOST_FILMS = 20  # in hand at once, one per channel; most of them wait to be made to fit
MOST_LISTED = 500  # films that wait for their turn must not hide a card
TICK_SECONDS = 1.0


class Delivering:
    """One per process; `reachable` is set while Discord can be talked to."""

    def __init__(self, outbox: Outbox, reachable: asyncio.Event) -> None:
        self._outbox = outbox
        self._reachable = reachable
        self._tasks = TaskOwner()
        self._under_way: dict[str, tuple[Delivery, asyncio.Task[None]]] = {}
        self._cards = CardRefresher(outbox)
        self._woken = asyncio.Event()
        self._recovered = False
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
                async with asyncio.timeout(TICK_SECONDS):
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
            await asyncio.gather(*(task for _, task in self._under_way.values()))

    async def tick(self) -> None:
        """Start what is owed and bring cards up to date."""
        store, now = self._outbox.store, self._outbox.clock.now()
        owed = [] if self._recovered else await list_interrupted_posts(store, now, MOST_LISTED)
        self._recovered = True
        for delivery in [*owed, *await store.list_owed(now, MOST_LISTED)]:
            self._start(delivery, partial(post, delivery, self._outbox))
        for card, edit in await self._cards.list_due(now):
            self._start(card, edit)

    def _start(self, delivery: Delivery, act: Callable[[], Awaitable[None]]) -> None:
        name = delivery.nonce
        if name in self._under_way or not self._has_room(delivery):
            return
        task = self._tasks.start(self._run(name, act), name=f"deliver:{name}")
        self._under_way[name] = delivery, task
        task.add_done_callback(partial(self._ended, name))

    def _ended(self, name: str, task: "asyncio.Task[None]") -> None:
        """There is room for another; after an unforeseen failure the next tick is soon enough."""
        self._under_way.pop(name, None)
        if not task.cancelled() and task.exception() is None:
            self.wake()

    def _has_room(self, delivery: Delivery) -> bool:
        same = [row for row, _ in self._under_way.values() if row.kind is delivery.kind]
        if delivery.kind is not DeliveryKind.FILM:
            return len(same) < MOST_CARDS
        return len(same) < MOST_FILMS and delivery.channel_id not in {r.channel_id for r in same}

    async def _run(self, name: str, act: Callable[[], Awaitable[None]]) -> None:
        try:
            await act()
        except LeaseLostError:
            _log.info("delivery_moved_elsewhere", extra={"delivery": name})
