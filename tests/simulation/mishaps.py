"""What happens to machines and channels: suspended processes, clocks, sleep, lost permissions."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from random import Random
from typing import Any

from bot.errors import ChannelBlockedError, NotAllowedError
from tests.simulation.kinds import Kind
from tests.simulation.loop import Life, Machine
from tests.simulation.people import CHANNELS
from tests.simulation.services import SimulatedMessenger
from tests.simulation.watch import Watch
from tests.simulation.weather import PERMISSION_LOST_SECONDS, Sky, WorldClock

SECONDS_TO_A_SUSPENSION = 120.0  # on average, of each process
SUSPENDED_SECONDS = (2.0, 30.0, 100.0, 115.0, 130.0, 300.0)  # some past every lease
KILLED_ASLEEP = 0.15
DRIFT_SECONDS = 29.0  # to either side
WRONG_BY_SECONDS = (3600.0, -3600.0, 400 * 86_400.0)


@dataclass
class Mishaps:
    """All of them; `spawn` starts a task of the world, and `jumps` are those of the clock."""

    random: Random
    clock: WorldClock
    sky: Sky
    watch: Watch
    messenger: SimulatedMessenger
    tell: Callable[[str], None]
    spawn: Callable[[Coroutine[Any, Any, None]], None]
    jumps: list[tuple[float, float]] = field(default_factory=list)
    wrong: set[int] = field(default_factory=set)  # machines whose clocks are

    def machine(self) -> Machine:
        """One for each process, with a clock of its own."""
        machine = Machine()
        if Kind.DRIFT in self.sky.kinds:
            machine.drift_seconds = self.random.uniform(-DRIFT_SECONDS, DRIFT_SECONDS)
        if Kind.WRONG_CLOCK in self.sky.kinds:
            self.spawn(self._set_wrong(machine))
        return machine

    async def _set_wrong(self, machine: Machine) -> None:
        """For a while, and then back; always back before the weather clears."""
        while not self.sky.is_over():
            await self.clock.sleep(self.random.uniform(0, self.sky.ends_at_seconds / 2))
            if self.sky.is_over():
                return
            machine.wrong_seconds = self.random.choice(WRONG_BY_SECONDS)
            self.wrong.add(id(machine))
            self.watch.wrong_until_seconds = float("inf")
            self.tell(f"a clock is set by {machine.wrong_seconds} seconds")
            await self.clock.sleep(self.random.choice([1, 20, 60, 120]) * self.random.random())
            machine.wrong_seconds = 0.0
            self.wrong.discard(id(machine))
            if not self.wrong:  # the last of them
                self.watch.wrong_until_seconds = asyncio.get_running_loop().time()
            self.tell("the clock is right again")

    async def suspend(self, life: Life) -> None:
        """At any instant; `_fall_asleep` does it in the midst of what is hard to take up again."""
        while not life.is_over and not self.sky.is_over():
            await self.clock.sleep(self.random.expovariate(1 / SECONDS_TO_A_SUSPENSION))
            self.fall_asleep(life)

    def fall_asleep(self, life: Life) -> None:
        """Nothing of it runs for a while; sometimes it never wakes."""
        if not (life.is_over or life.is_suspended or self.sky.is_over()):
            self.tell(f"{life.name} is suspended")
            life.suspend()
            self.spawn(self._wake(life))

    async def _wake(self, life: Life) -> None:
        await self.clock.sleep(self.random.choice(SUSPENDED_SECONDS))
        if life.is_over:
            return
        if self.random.random() < KILLED_ASLEEP:
            self.tell(f"{life.name} is killed while it is suspended")
            life.end()
        else:
            self.tell(f"{life.name} wakes")
            life.resume()

    async def jump(self) -> None:
        """The machine slept: for everyone else it was that long."""
        if self.random.random() < 0.4:
            await self.clock.sleep(self.random.uniform(30, self.sky.ends_at_seconds * 0.7))
            seconds = self.random.choice([5.0, 130.0, 600.0, 8000.0, 8000.0])
            for _ in range(300):  # best while a video is rendering
                if "rendering" in self.watch.states.values():
                    break
                await self.clock.sleep(1)
            self.sleep_through(seconds)

    def sleep_through(self, seconds: float) -> None:
        self.clock.jumped_seconds += seconds
        self.clock.jumped_at = asyncio.get_running_loop().time()
        self.jumps.append((asyncio.get_running_loop().time(), seconds))
        self.tell(f"the clock jumps {seconds} seconds")

    async def close_channel(self) -> None:
        if self.random.random() < 0.1:
            await self.clock.sleep(self.random.uniform(0, self.sky.ends_at_seconds))
            channel = self.random.choice(CHANNELS)
            self.messenger.gone_channels.add(channel)
            self.tell(f"channel {channel} is gone")

    async def lose_permission(self) -> None:
        """Someone changes a channel's permissions, and changes them back."""
        while Kind.NO_PERMISSION in self.sky.kinds and not self.sky.is_over():
            await self.clock.sleep(self.random.uniform(0, self.sky.ends_at_seconds / 8))
            channel = self.random.choice(CHANNELS)
            refusal = self.random.choice([NotAllowedError, ChannelBlockedError])
            self.tell(f"no one may post in {channel}: {refusal.__name__}")
            self.messenger.forbidden[channel] = refusal
            await self.clock.sleep(self.random.uniform(*PERMISSION_LOST_SECONDS))
            self.messenger.forbidden.pop(channel)
