import asyncio
import logging

import pytest

from bot.errors import DatabaseBusyError
from bot.tasks import TaskOwner, repeat, supervise
from tests.crash.virtual_time import LoopClock, VirtualTimeLoop


class Waits:
    def __init__(self):
        self.seconds = []

    async def __call__(self, seconds):
        self.seconds.append(seconds)


async def test_what_fails_is_run_again_after_a_growing_wait():
    waits = Waits()
    failures = [OSError(), OSError(), OSError()]

    async def run():
        if failures:
            raise failures.pop()

    await supervise("gateway", run, wait=waits, max_backoff_seconds=3)

    assert waits.seconds == [1.0, 2.0, 3]


def test_after_a_long_time_without_trouble_the_next_wait_is_short_again():
    waits, lasts_seconds = [], [0.0, 0.0, 0.0, 3600.0]

    async def wait(seconds):
        waits.append(seconds)

    async def run():
        if lasts_seconds:
            await LoopClock().sleep(lasts_seconds.pop(0))
            raise OSError

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(supervise("gateway", run, wait=wait))

    assert waits == [1.0, 2.0, 4.0, 1.0]


async def test_a_database_that_is_away_is_one_line_in_the_log(caplog):
    failures = [DatabaseBusyError("connection refused")]

    async def run():
        if failures:
            raise failures.pop()

    await supervise("tracker", run, wait=Waits())

    [record] = caplog.records
    assert record.message == "connection_failed"
    assert record.exc_info is None


async def test_what_no_try_can_fix_ends_the_supervision():
    async def run():
        raise PermissionError

    with pytest.raises(PermissionError):
        await supervise(
            "gateway", run, wait=Waits(), is_fatal=lambda error: isinstance(error, PermissionError)
        )


async def test_a_failing_task_is_logged_by_name(caplog):
    async def fail():
        raise OSError

    owner = TaskOwner()
    failing = owner.start(fail(), name="the-failing-one")
    await owner.close()

    assert failing.done()
    failed = [record for record in caplog.records if record.message == "task_failed"]
    assert [record.task for record in failed] == ["the-failing-one"]


async def test_closing_cancels_what_does_not_end_by_itself():
    started, cancelled = asyncio.Event(), asyncio.Event()

    async def wait_forever():
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    owner = TaskOwner()
    endless = owner.start(wait_forever(), name="endless")
    await started.wait()
    await owner.close(grace_seconds=0)

    assert cancelled.is_set()
    assert endless.cancelled()


async def test_a_task_that_will_not_end_is_named(caplog):
    started, stop = asyncio.Event(), asyncio.Event()

    async def stubborn():
        started.set()
        while not stop.is_set():
            try:
                await stop.wait()
            except asyncio.CancelledError:
                continue

    owner = TaskOwner()
    task = owner.start(stubborn(), name="stubborn-one")
    await started.wait()
    with caplog.at_level(logging.ERROR):
        await owner.close(grace_seconds=0)
    stop.set()
    await task

    assert "stubborn-one" in [getattr(record, "task", None) for record in caplog.records]


class EnoughError(Exception):
    pass


@pytest.mark.parametrize(("waits_first", "done"), [(False, 3), (True, 2)])
async def test_what_is_repeated_waits_between_and_first_where_it_shall(waits_first, done):
    waits, acts = Waits(), []

    async def act():
        acts.append(len(waits.seconds))
        if len(waits.seconds) >= 2:
            raise EnoughError

    with pytest.raises(EnoughError):
        await repeat(act, 5.0, waits, waits_first=waits_first)

    assert waits.seconds == [5.0, 5.0]
    assert len(acts) == done
