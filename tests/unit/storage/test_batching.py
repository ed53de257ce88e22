"""Questions asked at the same time are answered with one trip, and each gets its own answer."""

import asyncio

import pytest

from bot.storage.engines.batching import Batching


class Oracle:
    """Answers numbers with their squares, and only while its door is open."""

    def __init__(self) -> None:
        self.trips: list[list[int]] = []
        self.door = asyncio.Event()
        self.door.set()
        self.called = asyncio.Event()
        self.trouble: Exception | None = None

    async def __call__(self, questions):
        self.trips.append(list(questions))
        self.called.set()
        await self.door.wait()
        if self.trouble is not None:
            raise self.trouble
        return {number: number**2 for number in questions if number >= 0}


async def turn_of_the_loop():
    turned = asyncio.Event()
    asyncio.get_running_loop().call_soon(turned.set)
    await turned.wait()


async def test_what_is_asked_at_once_takes_one_trip():
    oracle = Oracle()
    together = Batching(oracle)

    assert await asyncio.gather(*(together.ask(n) for n in (1, 2, 3, 2, -1))) == [1, 4, 9, 4, None]
    assert oracle.trips == [[1, 2, 3, -1]]


async def test_who_asks_during_a_trip_is_answered_by_the_next_and_never_by_what_was_read_before():
    oracle = Oracle()
    oracle.door.clear()
    together = Batching(oracle)
    first = asyncio.gather(together.ask(1))
    await oracle.called.wait()
    others = [asyncio.gather(together.ask(n)) for n in (1, 5)]
    await turn_of_the_loop()
    oracle.door.set()

    assert [(await one)[0] for one in (first, *others)] == [1, 1, 25]
    assert oracle.trips == [[1], [1, 5]]


async def test_trouble_reaches_everyone_and_is_over_when_it_is_over():
    oracle = Oracle()
    oracle.trouble = OSError("away")
    together = Batching(oracle)

    found = await asyncio.gather(together.ask(1), together.ask(2), return_exceptions=True)
    assert [str(one) for one in found] == ["away", "away"]

    oracle.trouble = None
    assert await together.ask(3) == 9


async def test_who_leads_the_way_and_is_stopped_takes_no_one_along():
    oracle = Oracle()
    oracle.door.clear()
    together = Batching(oracle)
    leader, other = (asyncio.gather(together.ask(n)) for n in (1, 2))
    await oracle.called.wait()
    leader.cancel()
    oracle.door.set()

    with pytest.raises(asyncio.CancelledError):
        await leader
    assert (await other)[0] == 4
