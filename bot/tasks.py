"""Background tasks with an owner: named, kept, and their failure logged the moment it happens."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from bot.errors import DatabaseBusyError

_log = logging.getLogger(__name__)

FATAL_NOTE = "no other try can mend this"  # on an error that whoever waits for the task explains


class TaskOwner:
    """Starts tasks, and on close lets them end or cancels them, naming those that are stuck."""

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
            told: dict[str, Any] = {"task": task.get_name()}
            if FATAL_NOTE in getattr(error, "__notes__", ()):
                _log.error("task_failed", extra=told | {"error": _in_words(error)})
            else:
                _log.error("task_failed", extra=told, exc_info=error)

    async def close(self, *, grace_seconds: float = 5.0) -> None:
        """Wait for what is running, cancel it after `grace_seconds`, and log what will not end."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace_seconds)
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace_seconds)
        for task in self._tasks:
            _log.error("task_stuck", extra={"task": task.get_name()})


async def supervise(
    name: str,
    run: Callable[[], Awaitable[None]],
    *,
    wait: Callable[[float], Awaitable[None]],
    is_fatal: Callable[[Exception], bool] = lambda _error: False,
    first_backoff_seconds: float = 1.0,
    max_backoff_seconds: float = 60.0,
) -> None:
    """Run something that should run for ever, again and again, with a growing wait between.

    Returns when `run` returns; raises, with FATAL_NOTE on it, what `is_fatal` says cannot be
    mended by another try. A connection that breaks is news and no bug: one line. What ran for
    longer than the longest wait was well, and the next trouble is a new one.
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
            told = {"task": name, "wait_seconds": backoff}
            if isinstance(error, ConnectionError | DatabaseBusyError):
                _log.warning("connection_failed", extra=told | {"error": _in_words(error)})
            else:
                _log.exception("supervised_failed", extra=told)
        await wait(backoff)
        backoff = min(backoff * 2, max_backoff_seconds)


def _in_words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
