"""The loop that delivers cards, videos and failure notices, each exactly once.

Each delivery is a task of its own, so that a large upload delays no card; a delivery already
running in this process is never started a second time.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial

from bot.delivery.cards import CardRefresher
from bot.delivery.context import DeliveryContext
from bot.delivery.post import post
from bot.errors import LeaseLostError
from bot.ids import ChannelId
from bot.jobs.messages import Delivery, DeliveryKind, DeliveryState
from bot.retries import POSTING_LEASE
from bot.tasks import TaskOwner

_log = logging.getLogger(__name__)

MAX_CARDS = 20  # posted or edited at once, and as many failure notices
MAX_VIDEOS = 20  # in progress at once, one per channel; most of them wait to be re-encoded
MAX_LISTED = 500  # queued videos must not hide a card
TICK_SECONDS = 1.0


class Dispatcher:
    """The delivery loop, one per process; `reachable` is set while Discord is."""

    def __init__(self, context: DeliveryContext, reachable: asyncio.Event) -> None:
        self._context = context
        self._reachable = reachable
        self._tasks = TaskOwner()
        self._under_way: dict[str, tuple[Delivery, asyncio.Task[None]]] = {}
        self._cards = CardRefresher(context)
        self._woken = asyncio.Event()
        self._recovered = False
        self._stopping = False

    def wake(self) -> None:
        """Tick now: there may be something to post or edit."""
        self._woken.set()

    def check_again_in(self, channel_id: ChannelId) -> None:
        """Retry the held-back cards of a reopened thread."""
        self._cards.check_again_in(channel_id)
        self.wake()

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
        """Start no new delivery, and let running posts be recorded."""
        self._stopping = True
        self.wake()
        await self._tasks.close(grace_seconds=grace_seconds)

    async def run_once(self) -> None:
        """Run one tick and all it started, for tests and for stepping by hand."""
        await self.tick()
        while tasks := [task for _, task in self._under_way.values()]:
            await asyncio.gather(*tasks)
            # a gather of tasks that have ended need not yield, and `_ended` waits for its turn
            await self._context.clock.sleep(0)

    async def tick(self) -> None:
        """Start owed deliveries and update cards."""
        messages, now = self._context.messages, self._context.clock.now()
        interrupted = [] if self._recovered else await self._list_interrupted(now)
        for delivery in [*interrupted, *await messages.list_owed(now, MAX_LISTED)]:
            self._start(delivery, partial(self._post, delivery))
        # those without room, such as a channel's second video, are listed again
        self._recovered = all(delivery.nonce in self._under_way for delivery in interrupted)
        for card, edit in await self._cards.list_due(now):
            self._start(card, edit)

    async def _post(self, delivery: Delivery) -> None:
        await post(delivery, self._context)
        if delivery.kind is DeliveryKind.VIDEO:
            self._cards.check_again(delivery.job_id)  # it links the video now

    async def _list_interrupted(self, now: datetime) -> list[Delivery]:
        """Deliveries this owner was posting when it ended; they need not wait for their lease.

        Another owner may be alive and working: its posts are taken over when their lease expires.
        """
        open_soon = await self._context.messages.list_owed(now + POSTING_LEASE, MAX_LISTED)
        own = [delivery for delivery in open_soon if delivery.lease_owner == self._context.owner]
        return [delivery for delivery in own if delivery.state is DeliveryState.POSTING]

    def _start(self, delivery: Delivery, act: Callable[[], Awaitable[None]]) -> None:
        name = delivery.nonce
        if name in self._under_way or not self._has_room(delivery):
            return
        task = self._tasks.start(self._run(name, act), name=f"deliver:{name}")
        self._under_way[name] = delivery, task
        task.add_done_callback(partial(self._ended, name))

    def _ended(self, name: str, task: "asyncio.Task[None]") -> None:
        """Free the slot and wake; after an unexpected failure the next tick is soon enough."""
        self._under_way.pop(name, None)
        if not task.cancelled() and task.exception() is None:
            self.wake()

    def _has_room(self, delivery: Delivery) -> bool:
        same = [row for row, _ in self._under_way.values() if row.kind is delivery.kind]
        if delivery.kind is not DeliveryKind.VIDEO:
            return len(same) < MAX_CARDS
        return len(same) < MAX_VIDEOS and delivery.channel_id not in {r.channel_id for r in same}

    async def _run(self, name: str, act: Callable[[], Awaitable[None]]) -> None:
        try:
            await act()
        except LeaseLostError:
            _log.info("delivery_moved_elsewhere", extra={"delivery": name})
