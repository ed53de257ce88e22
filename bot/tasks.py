"""Background tasks with an owner: named, kept, and failures logged at once."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Never

from bot.errors import DatabaseBusyError

_log = logging.getLogger(__name__)

FATAL_NOTE = "no other try can fix this"  # on an error that the awaiting caller explains


class TaskOwner:
    """Starts tasks; on close awaits or cancels them, and names those that are stuck."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, coroutine: Coroutine[Any, Any, Any], *, name: str) -> asyncio.Task[Any]:
        task = asyncio.create_task(coroutine, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        return task

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            details: dict[str, Any] = {"task": task.get_name()}
            if FATAL_NOTE in getattr(error, "__notes__", ()):
                _log.error("task_failed", extra=details | {"error": _in_words(error)})
            else:
                _log.error("task_failed", extra=details, exc_info=error)

    async def close(self, *, grace_seconds: float = 5.0) -> None:
        """Wait for running tasks, cancel them after `grace_seconds`, and log stuck ones."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace_seconds)
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace_seconds)
        for task in self._tasks:
            _log.error("task_stuck", extra={"task": task.get_name()})


async def repeat(
    act: Callable[[], Awaitable[object]],
    seconds: float,
    wait: Callable[[float], Awaitable[None]],
    *,
    waits_first: bool = False,
) -> Never:
    """Repeat an action endlessly, `seconds` apart."""
    if waits_first:
        await wait(seconds)
    while True:
        await act()
        await wait(seconds)


async def supervise(
    name: str,
    run: Callable[[], Awaitable[None]],
    *,
    wait: Callable[[float], Awaitable[None]],
    is_fatal: Callable[[Exception], bool] = lambda _error: False,
    first_backoff_seconds: float = 1.0,
    max_backoff_seconds: float = 60.0,
) -> None:
    """Run an endless task; restart it after failures, with growing waits.

    Returns when `run` returns; re-raises, with FATAL_NOTE attached, an error that `is_fatal` says
    no retry can fix. A broken connection is no bug and logs one line. A run longer than the longest
    wait counts as healthy: the next failure starts with the first wait again.
    """
    backoff = first_backoff_seconds
    clock = asyncio.get_running_loop()
    while True:
        begun = clock.time()
        try:
            return await run()
        except Exception as error:  # a supervisor's purpose is to outlive any failure
            if is_fatal(error):
                error.add_note(FATAL_NOTE)
                raise
            if clock.time() - begun > max_backoff_seconds:
                backoff = first_backoff_seconds
            details = {"task": name, "wait_seconds": backoff}
            if isinstance(error, ConnectionError | DatabaseBusyError):
                _log.warning("connection_failed", extra=details | {"error": _in_words(error)})
            else:
                _log.exception("supervised_failed", extra=details)
        await wait(backoff)
        backoff = min(backoff * 2, max_backoff_seconds)


def _in_words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
