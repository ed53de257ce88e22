"""Virtual time, a schedule that a seed decides, and processes that end as under `kill -9`.

Where the loop would wait, its clock jumps. Of all tasks that could run, the seed picks the next, one
step at a time. What belongs to a process that is over never runs again: no `except`, no `finally`.
Only for code that waits for nothing but time; a database's thread or a socket would be overtaken.
"""

import asyncio
import contextlib
import contextvars
import heapq
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any

MOST_STEPS = 3_000_000  # of one seed; a tenth of it is a very long day


class EndlessError(BaseException):
    """The schedule never ends, or nothing is left that could happen."""


class Life:
    """One process from its start to its end."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.ended_at: float | None = None  # on the loop's clock
        self.hears: list[Callable[[], None]] = []
        self._context = contextvars.copy_context()
        self._context.run(LIFE.set, self)

    @property
    def is_over(self) -> bool:
        return self.ended_at is not None

    def start(self, coroutine: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        """A task of this process, and so is every task that it starts."""
        loop = asyncio.get_running_loop()
        return loop.create_task(coroutine, context=self._context.copy())

    def spawn(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        """The same, for what nobody waits for; the loop keeps it."""
        _ = self.start(coroutine)

    def end(self) -> None:
        """As `kill -9` does; whoever is outside hears of it."""
        if not self.is_over:
            self.ended_at = asyncio.get_running_loop().time()
            for hear in tuple(self.hears):
                hear()


LIFE: contextvars.ContextVar[Life | None] = contextvars.ContextVar("life", default=None)


class _Task(asyncio.Task[Any]):
    """Sets of tasks have the same order in every run."""

    def __init__(self, coroutine: Any, number: int, **options: Any) -> None:
        self.number = number
        super().__init__(coroutine, **options)

    def __hash__(self) -> int:
        return self.number


class SimulatedLoop(asyncio.SelectorEventLoop):
    """Pass a maker of it to `asyncio.Runner`."""

    _ready: Any
    _scheduled: Any
    _stopping: bool

    def __init__(self, seed: int) -> None:
        self._dice = Random(f"schedule {seed}")  # noqa: S311 - chance for a test, not a secret
        self._now = 0.0
        self._tasks: list[_Task] = []
        self.steps = 0
        super().__init__()
        self.set_task_factory(self._new_task)

    def time(self) -> float:
        return self._now

    def bury(self) -> None:
        """Close what processes that are over left behind; its `finally` can do no harm any more."""
        for task in self._tasks:
            if not task.done():
                task._log_destroy_pending = False  # type: ignore[attr-defined]  # of CPython's own
                with contextlib.suppress(RuntimeError):
                    task.get_coro().close()

    def _new_task(self, _loop: Any, coroutine: Any, context: Any = None) -> Any:
        task = _Task(coroutine, len(self._tasks), loop=self, context=context)
        self._tasks.append(task)
        return task

    def _write_to_self(self) -> None:
        """Nobody wakes this loop from outside."""

    def _run_once(self) -> None:
        ready = self._ready
        if not ready and not self._stopping:
            self._jump()
        self._take_due()
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise EndlessError("it goes on for ever")
        if ready:
            handle = self._pick(ready)
            life = handle._context.get(LIFE)
            if not handle.cancelled() and (life is None or not life.is_over):
                handle._run()

    def _pick(self, ready: Any) -> Any:
        if len(ready) == 1:
            return ready.popleft()
        index = int(self._dice.random() * len(ready))
        handle = ready[index]
        del ready[index]
        return handle

    def _jump(self) -> None:
        scheduled = self._scheduled
        while scheduled and scheduled[0].cancelled():
            heapq.heappop(scheduled)._scheduled = False
        if not scheduled:
            raise EndlessError("everybody waits, and nothing will ever happen")
        self._now = max(self._now, scheduled[0].when())

    def _take_due(self) -> None:
        scheduled = self._scheduled
        while scheduled and scheduled[0].when() <= self._now:
            handle = heapq.heappop(scheduled)
            handle._scheduled = False
            if not handle.cancelled():
                self._ready.append(handle)
