"""Processes on one PostgreSQL that are suspended or slow in the middle of a post.

The kind: a process stops at any instant and wakes after its lease (SIGSTOP, a paused virtual
machine, a closed laptop), or is alive and slow while another one starts. Clocks and nonces have run
out by then. Each message is posted once, and only its owner asks Discord for it.
"""

import asyncio
import time
from itertools import count

import pytest

from bot.tasks import TaskOwner
from tests.contract.databases import new_database
from tests.killing.books import told_of
from tests.killing.judging import judge
from tests.killing.processes import Bot
from tests.killing.town import open_town

pytestmark = [pytest.mark.postgres, pytest.mark.killing, pytest.mark.timeout(300)]

MESSAGES = "/channels/*/messages"
CARD, VIDEO = 0, 1  # how many posts go before it
SECONDS_LIMITED = 3.0
LATER_SECONDS = 400.0  # beyond leases, and beyond the time for which Discord knows a nonce
UPLOAD_SECONDS = 15.0
SOON_SECONDS = 60.0
LIMITED = {
    "method": "POST",
    "path": MESSAGES,
    "kind": "status",
    "status": 429,
    "headers": {"Via": "1.1 google", "Retry-After": str(int(SECONDS_LIMITED))},
    "body": {"message": "slow down", "retry_after": SECONDS_LIMITED, "global": False},
}
SLOW = {
    "method": "POST",
    "path": MESSAGES,
    "kind": "latency",
    "seconds": UPLOAD_SECONDS,
    "times": 5,
}


@pytest.fixture
async def town(tmp_path, postgres_address):
    async with open_town(tmp_path / "town", 5, await new_database(postgres_address)) as opened:
        opened.crowd.is_fickle = False
        quick = {"generation_seconds": 0.3, "unknown_seconds": 0}
        await opened.people.call("PATCH", "/providers/nanogpt", quick)
        yield opened
        await opened.crowd.close()


@pytest.fixture
async def start(town, tmp_path):
    """Starts bots whose clocks can be turned; all are resumed and killed at the end."""
    tasks = TaskOwner()
    bots: list[Bot] = []
    numbers = count()

    async def connected():
        number = next(numbers)
        log, clock = tmp_path / f"bot-{number}.log", tmp_path / f"clock-{number}"
        bot = await Bot.start(tasks, town.environment, log, town.ahead_seconds, clock)
        bots.append(bot)
        await bot.connected()
        return bot

    yield connected
    for bot in bots:
        bot.resume()
        await bot.kill()
    await tasks.close()


async def until(town, holds):
    deadline = time.monotonic() + SOON_SECONDS
    while not await holds():
        assert time.monotonic() < deadline
        await town.clock.sleep(0.05)


async def times_struck(town):
    return sum(fault["struck"] for fault in await town.people.call("GET", "/faults"))


async def verdict_of(town):
    return judge(town.crowd.requests, await town.books(), await town.states())


async def has_ended(town):
    verdict = await verdict_of(town)
    return verdict.videos == 1 and not {"lost", "left over"} & set(verdict.wrong)


async def posted(town, what):
    """How many messages of this kind stand in the channels; a card's video may replace it."""
    told = told_of((await town.books()).messages)
    return sum(len(getattr(one, what)) for one in told.values())


@pytest.mark.parametrize(("what", "after"), [("messages", CARD), ("videos", VIDEO)])
async def test_a_process_that_wakes_past_its_lease_posts_nothing_another_has_posted(
    town, start, what, after
):
    async def is_posted():
        return await posted(town, what) > 0

    async def has_noticed():
        return first.events["delivery_moved_elsewhere"] > 0

    await town.people.call("POST", "/faults", LIMITED | {"after": after})
    first, *others = await asyncio.gather(start(), start(), start())
    for other in others:  # started before, so that the first sleeps for less than a renewal
        other.suspend()
    town.crowd.request("words")
    await until(town, lambda: _struck(town))
    first.suspend()

    await town.turn_clocks(LATER_SECONDS)
    for other in others:
        other.turn(LATER_SECONDS)
        other.resume()
    await until(town, is_posted)
    await town.turn_clocks(LATER_SECONDS)  # else that post's nonce would hide a second one
    first.resume()
    await until(town, has_noticed)

    await until(town, lambda: has_ended(town))
    assert await posted(town, what) == 1
    assert "posted twice" not in (await verdict_of(town)).wrong


async def test_a_process_that_starts_leaves_a_living_ones_upload_alone(town, start):
    await town.people.call("POST", "/faults", SLOW | {"after": VIDEO})
    await start()
    town.crowd.request("words")
    await until(town, lambda: _struck(town))
    await asyncio.gather(start(), start())

    await until(town, lambda: has_ended(town))

    assert await times_struck(town) == 1  # no one else has even tried
    verdict = await verdict_of(town)
    assert verdict.wrong == {}
    assert (verdict.jobs, verdict.videos) == (1, 1)


async def _struck(town):
    return await times_struck(town) > 0
