"""Virtual time, a schedule that a seed decides, and processes that end as under `kill -9`.

Where the loop would wait, its clock jumps. Of all tasks that could run, the seed picks the next, one
step at a time. What belongs to a process that is over never runs again: no `except`, no `finally`.
Only for code that waits for nothing but time; a database's thread or a socket would be overtaken.
"""

import asyncio
import contextlib
import contextvars
import heapq
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from random import Random
from typing import Any

MAX_STEPS = 3_000_000  # of one seed; a tenth of it is a very long day


class EndlessError(BaseException):
    """The schedule never ends, or nothing is left that could happen."""


@dataclass
class Machine:
    """Where processes run. Its wall clock may be wrong: by a little forever, by much for a while."""

    drift_seconds: float = 0.0
    wrong_seconds: float = 0.0

    @property
    def ahead_seconds(self) -> float:
        return self.drift_seconds + self.wrong_seconds


class Life:
    """One process from its start to its end."""

    def __init__(self, name: str, machine: Machine | None = None) -> None:
        self.name = name
        self.machine = machine or Machine()
        self.ended_at: float | None = None  # on the loop's clock
        self.is_suspended = False
        self.is_stopping = False  # it was asked to
        self.suspensions: list[tuple[float, float]] = []  # that are over, on the loop's clock
        self.awake_since = asyncio.get_running_loop().time()
        self._suspended_at = 0.0
        self._held: deque[Any] = deque()
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
        """The same, for what no one waits for; the loop keeps it."""
        _ = self.start(coroutine)

    def end(self) -> None:
        """As `kill -9` does; anyone who is outside hears of it."""
        if not self.is_over:
            self.ended_at = asyncio.get_running_loop().time()
            for hear in tuple(self.hears):
                hear()

    def suspend(self) -> None:
        """As SIGSTOP does: nothing of it runs, and its timers go off when it wakes."""
        self.is_suspended = True
        self._suspended_at = asyncio.get_running_loop().time()

    def resume(self) -> None:
        """As SIGCONT does. What was due in the meantime runs first, in the order in which it was due."""
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimulatedLoop)
        self.is_suspended = False
        self.suspensions.append((self._suspended_at, loop.time()))
        self.awake_since = loop.time()
        loop.catch_up(self._held)
        self._held = deque()

    def suspended_seconds(self, since: float) -> float:
        """How long it was suspended since this time of the loop's, up to now or to its end."""
        until = asyncio.get_running_loop().time() if self.ended_at is None else self.ended_at
        lasting = [(self._suspended_at, until)] if self.is_suspended else []
        return sum(
            max(end - max(start, since), 0.0) for start, end in (*self.suspensions, *lasting)
        )

    def awake_ago(self, seconds: float) -> float:
        """Since when it has been awake for so many seconds in all, on the loop's clock."""
        at = asyncio.get_running_loop().time()
        for start, end in reversed(self.suspensions):
            if at - end >= seconds:
                break
            seconds -= at - end
            at = start
        return at - seconds

    def hold(self, handle: Any) -> None:
        """For when it wakes."""
        self._held.append(handle)


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
        self._late: deque[Any] = deque()  # of processes that just woke
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
                with contextlib.suppress(RuntimeError, ValueError):  # no loop, another context
                    task.get_coro().close()

    def catch_up(self, handles: "deque[Any]") -> None:
        """What a process missed while it was suspended runs before anything else does.

        As in asyncio, where one turn of the loop runs all timers that are due before what they
        start: a time limit that ran out in the meantime ends a request that would only be made now.
        """
        self._late.extend(handles)

    def _new_task(self, _loop: Any, coroutine: Any, context: Any = None) -> Any:
        task = _Task(coroutine, len(self._tasks), loop=self, context=context)
        self._tasks.append(task)
        return task

    def _write_to_self(self) -> None:
        """No one wakes this loop from outside."""

    def _run_once(self) -> None:
        ready = self._ready
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise EndlessError("it goes on forever")
        if self._late:
            self._run(self._late.popleft())
            return
        if not ready and not self._stopping:
            self._jump()
        self._take_due()
        if ready:
            self._run(self._pick(ready))

    def _run(self, handle: Any) -> None:
        life = handle._context.get(LIFE)
        if handle.cancelled() or (life is not None and life.is_over):
            return
        if life is not None and life.is_suspended:
            life.hold(handle)
        else:
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
            raise EndlessError("everyone waits, and nothing will ever happen")
        self._now = max(self._now, scheduled[0].when())

    def _take_due(self) -> None:
        scheduled = self._scheduled
        while scheduled and scheduled[0].when() <= self._now:
            handle = heapq.heappop(scheduled)
            handle._scheduled = False
            if not handle.cancelled():
                self._ready.append(handle)
