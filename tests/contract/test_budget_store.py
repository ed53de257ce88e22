"""What every store of request budgets promises: in no window of time is there one too many."""

import asyncio
import contextlib
import random
from datetime import datetime, timedelta

import pytest

from bot.instants import CLOCKS_DIFFER_BY
from bot.providers.request_limits import Purpose, RequestRule
from bot.storage.engines.databases import open_database
from bot.storage.providers import SqlRequestBudgets
from tests.contract.databases import on_databases, on_postgres
from tests.factories import NOW
from tests.fakes.budgets import InMemoryBudgets
from tests.fakes.clock import FakeClock

FIVE_A_MINUTE = RequestRule("minute", 5, 60.0)
RESERVED = RequestRule("hour", 5, 3600.0, reserved=2)
SUBMISSION, POLL = Purpose.SUBMISSION, Purpose.POLL


@pytest.fixture
def budgets(kind, engine, clock):
    return InMemoryBudgets(clock) if kind == "memory" else SqlRequestBudgets(engine, clock)


@contextlib.asynccontextmanager
async def processes(engine, address, clock, *, count):
    """The budgets of several programs on one database, each with connections of its own."""
    async with contextlib.AsyncExitStack() as stack:
        others = [await stack.enter_async_context(open_database(address)) for _ in range(count - 1)]
        yield [SqlRequestBudgets(one, clock) for one in (engine, *others)]


def after(seconds):
    return NOW + timedelta(seconds=seconds)


def in_window(granted, at, rule):
    """How many were granted in the window that ends with this instant."""
    since = at - timedelta(seconds=rule.per_seconds)
    return sum(since < one <= at for one in granted)


def assert_never_too_many(granted, rule):
    assert max(in_window(granted, at, rule) for at in granted) <= rule.most


async def test_the_first_too_many_is_told_when_to_ask_again(budgets, clock):
    for _ in range(FIVE_A_MINUTE.most):
        assert await budgets.take([FIVE_A_MINUTE], POLL) is None
        clock.advance(1)

    assert await budgets.take([FIVE_A_MINUTE], POLL) == after(60)
    assert await budgets.free_at([FIVE_A_MINUTE], POLL) == after(60)
    assert await budgets.used(FIVE_A_MINUTE) == 5


async def test_who_asks_again_at_that_instant_is_granted_one_and_not_a_moment_before(
    budgets, clock
):
    for _ in range(FIVE_A_MINUTE.most):
        await budgets.take([FIVE_A_MINUTE], POLL)
        clock.advance(1)

    clock.advance(54.999)
    assert await budgets.take([FIVE_A_MINUTE], POLL) == after(60)

    clock.advance(0.001)
    assert await budgets.free_at([FIVE_A_MINUTE], POLL) is None
    assert await budgets.take([FIVE_A_MINUTE], POLL) is None
    assert await budgets.take([FIVE_A_MINUTE], POLL) == after(61)


async def test_asking_when_costs_nothing(budgets):
    for _ in range(20):
        assert await budgets.free_at([FIVE_A_MINUTE], POLL) is None

    assert await budgets.used(FIVE_A_MINUTE) == 0


async def test_the_last_ones_are_kept_for_submissions(budgets, clock):
    for _ in range(RESERVED.most - RESERVED.reserved):
        assert await budgets.take([RESERVED], POLL) is None
        clock.advance(1)

    for purpose in (POLL, Purpose.RECOVERY, Purpose.OTHER):
        assert await budgets.take([RESERVED], purpose) == after(3600)
        assert await budgets.free_at([RESERVED], purpose) == after(3600)
    assert await budgets.free_at([RESERVED], SUBMISSION) is None
    assert [await budgets.take([RESERVED], SUBMISSION) for _ in range(2)] == [None, None]
    assert await budgets.take([RESERVED], SUBMISSION) == after(3600)


async def test_a_poll_waits_until_so_many_are_forgotten_that_the_reserve_is_whole_again(
    budgets, clock
):
    for _ in range(RESERVED.most):
        await budgets.take([RESERVED], SUBMISSION)
        clock.advance(1)

    assert await budgets.take([RESERVED], SUBMISSION) == after(3600)
    assert await budgets.take([RESERVED], POLL) == after(3602)
    clock.advance(3602 - 5)
    assert await budgets.take([RESERVED], POLL) is None


async def test_of_several_rules_all_are_counted_or_none(budgets, clock):
    strict = RequestRule("strict", 1, 10.0)
    assert await budgets.take([FIVE_A_MINUTE, strict], POLL) is None
    for _ in range(3):
        assert await budgets.take([FIVE_A_MINUTE, strict], POLL) == after(10)

    assert await budgets.used(FIVE_A_MINUTE) == 1
    assert await budgets.used(strict) == 1


async def test_of_several_waits_the_longest_is_told(budgets):
    short, long = RequestRule("a-short", 1, 10.0), RequestRule("b-long", 1, 100.0)
    for rules in ([short, long], [long, short]):
        await budgets.take(rules, POLL)

    assert await budgets.take([short, long], POLL) == after(100)
    assert await budgets.free_at([long, short], POLL) == after(100)


async def test_rules_of_different_names_know_nothing_of_each_other(budgets):
    other = RequestRule("other account", 5, 60.0)
    for _ in range(5):
        await budgets.take([FIVE_A_MINUTE], POLL)

    assert await budgets.take([other], POLL) is None
    assert await budgets.used(other) == 1


async def test_without_a_rule_everything_is_granted(budgets):
    assert await budgets.free_at([], POLL) is None
    assert await budgets.take([], POLL) is None


@pytest.mark.parametrize("seed", range(4))
async def test_no_window_ever_holds_one_too_many_and_nothing_is_refused_without_need(
    budgets, clock, seed
):
    chance = random.Random(seed)  # noqa: S311 - repeatable, nothing secret
    rule = RequestRule("any", chance.randint(2, 8), chance.choice([1.0, 10.0, 3660.0]))
    granted: list[datetime] = []
    for _ in range(120):
        gap = chance.choice([0, 0.001, 0.3, 1.0]) * rule.per_seconds / rule.most
        clock.advance(round(gap, 3))
        now = clock.now()
        counted = in_window(granted, now, rule)
        told = await budgets.take([rule], SUBMISSION)
        assert (told is None) == (counted < rule.most)
        if told is None:
            granted.append(now)
        else:
            oldest = granted[-rule.most]
            assert told - oldest == timedelta(seconds=rule.per_seconds)

    assert_never_too_many(granted, rule)


@pytest.mark.parametrize("lag", [0.0001, 0.0005, 0.0009])
async def test_a_window_is_whole_to_the_microsecond_though_milliseconds_are_stored(
    budgets, clock, lag
):
    rule = RequestRule("second", 1, 1.0)
    clock.advance(lag)
    assert await budgets.take([rule], POLL) is None

    clock.advance(1 - lag)
    assert await budgets.take([rule], POLL) is not None
    assert await budgets.used(rule) == 1

    clock.advance(0.001)
    assert await budgets.take([rule], POLL) is None


async def test_of_two_hundred_at_once_as_many_are_granted_as_the_rule_says(budgets):
    rule = RequestRule("burst", 25, 1.0)

    told = await asyncio.gather(*(budgets.take([rule], POLL) for _ in range(200)))

    assert told.count(None) == 25
    assert set(told) == {None, after(1)}
    assert await budgets.used(rule) == 25


async def test_bursts_of_two_purposes_leave_the_reserve_to_submissions(budgets):
    rule = RequestRule("burst", 30, 60.0, reserved=10)

    looks = await asyncio.gather(*(budgets.take([rule], POLL) for _ in range(100)))
    handed_over = await asyncio.gather(*(budgets.take([rule], SUBMISSION) for _ in range(100)))

    assert (looks.count(None), handed_over.count(None)) == (20, 10)


@on_databases
@pytest.mark.parametrize("seed", range(2))
async def test_three_processes_together_never_make_one_too_many_and_waste_none(
    engine, address, clock, seed
):
    chance = random.Random(seed)  # noqa: S311 - repeatable, nothing secret
    rules = [RequestRule("shared", 40, 10.0), RequestRule("a second", 15, 1.0)]
    granted: list[datetime] = []
    async with processes(engine, address, clock, count=3) as programs:
        for _ in range(14):
            now = clock.now()
            room = min(rule.most - in_window(granted, now, rule) for rule in rules)
            asking = [
                one.take(chance.sample(rules, 2), SUBMISSION) for one in programs for _ in range(12)
            ]
            told = await asyncio.gather(*asking)
            assert told.count(None) == min(room, len(asking))
            granted += [now] * told.count(None)
            clock.advance(chance.choice([0.2, 0.5, 0.999, 1.0, 3.3]))

    for rule in rules:
        assert_never_too_many(granted, rule)


@on_databases
async def test_two_hundred_tasks_of_three_processes_share_one_budget(engine, address, clock):
    rule = RequestRule("shared", 70, 60.0)
    async with processes(engine, address, clock, count=3) as programs:
        told = await asyncio.gather(
            *(programs[number % 3].take([rule], POLL) for number in range(200))
        )
        used = [await one.used(rule) for one in programs]

    assert told.count(None) == 70
    assert used == [70, 70, 70]


@on_databases
async def test_what_was_counted_still_counts_after_reopening(address, clock):
    for _ in range(FIVE_A_MINUTE.most):
        async with open_database(address) as opened:
            assert await SqlRequestBudgets(opened, clock).take([FIVE_A_MINUTE], POLL) is None
        clock.advance(1)

    async with open_database(address) as opened:
        reopened = SqlRequestBudgets(opened, clock)
        assert await reopened.take([FIVE_A_MINUTE], POLL) == after(60)
        assert await reopened.used(FIVE_A_MINUTE) == 5


@on_databases
async def test_a_clock_that_is_behind_does_not_turn_the_budget_back(engine, clock):
    right, behind = SqlRequestBudgets(engine, clock), FakeClock(NOW - CLOCKS_DIFFER_BY)
    slow, rule = SqlRequestBudgets(engine, behind), RequestRule("two", 2, 60.0)
    assert await right.take([rule], POLL) is None
    assert await slow.take([rule], POLL) is None

    clock.advance(59.999)
    assert await right.take([rule], POLL) == after(60)


AHEAD = [3600, 400 * 86_400]


@pytest.mark.parametrize("seconds", AHEAD)
@pytest.mark.parametrize("asks_first", [False, True])
async def test_requests_of_a_clock_that_was_ahead_count_as_made_now(
    budgets, clock, seconds, asks_first
):
    other = RequestRule("other account", 5, 60.0)
    await budgets.take([other], POLL)
    clock.advance(seconds)
    for _ in range(FIVE_A_MINUTE.most):
        assert await budgets.take([FIVE_A_MINUTE], POLL) is None
    clock.advance(-seconds)

    ask = budgets.free_at if asks_first else budgets.take
    assert await ask([FIVE_A_MINUTE], POLL) == after(60)
    clock.advance(60)
    assert await budgets.free_at([FIVE_A_MINUTE], POLL) is None
    granted = [await budgets.take([FIVE_A_MINUTE], POLL) for _ in range(6)]
    assert granted == [None] * 5 + [after(120)]
    assert await budgets.used(other) == 0


@on_databases
async def test_two_processes_of_which_one_was_ahead_share_one_budget(engine, address, clock):
    ahead = FakeClock(NOW + timedelta(days=400))
    async with open_database(address) as second:
        wrong, right = SqlRequestBudgets(second, ahead), SqlRequestBudgets(engine, clock)
        for _ in range(3):
            assert await wrong.take([FIVE_A_MINUTE], POLL) is None

        granted = [await right.take([FIVE_A_MINUTE], POLL) for _ in range(3)]

    assert granted == [None, None, after(60)]


@on_postgres
async def test_a_request_counts_from_when_it_is_granted_not_from_when_it_was_asked_for(
    engine, address, clock
):
    rule = RequestRule("one", 1, 1.0)
    async with processes(engine, address, clock, count=2) as (first, second):
        async with engine.transaction() as tx:
            await tx.one("lock_budget", name=rule.name)
            asking = asyncio.create_task(second.take([rule], POLL))  # noqa: TID251 - held up below
            await someone_waits(tx.connection)
            clock.advance(0.8)
        assert await asking is None

        clock.advance(0.9)
        assert await first.take([rule], POLL) == after(1.8)


async def someone_waits(connection):
    """Until the server says that a transaction waits for another's lock."""
    waiting = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted"
    while not await connection.fetchval(waiting):
        pass
