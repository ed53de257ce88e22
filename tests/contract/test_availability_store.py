"""What every store of providers' behaviour promises."""

import asyncio
from datetime import timedelta

import pytest

from bot.errors import ProviderUnavailableError, StorageError
from bot.ids import ProviderName
from bot.providers.availability import Availability, PauseReason
from bot.providers.circuit_breaker import CircuitBreakers
from bot.storage.engines.databases import open_database
from bot.storage.guilds import SqlGuildStore, SqlNoticeStore
from bot.storage.providers import SqlAvailabilityStore
from tests.contract.databases import on_databases
from tests.factories import NOW, PROVIDER, new_notice_id
from tests.fakes.budgets import InMemoryAvailability
from tests.fakes.clock import FakeClock

WELL = Availability(PROVIDER)
UNTIL = NOW + timedelta(seconds=30)


@pytest.fixture
def store(kind, engine):
    return InMemoryAvailability() if kind == "memory" else SqlAvailabilityStore(engine)


async def test_a_provider_no_one_heard_ill_of_is_available(store):
    assert await store.get(PROVIDER) == Availability(PROVIDER)


@pytest.mark.parametrize("reason", PauseReason)
async def test_a_pause_is_read_as_it_was_written(store, reason):
    paused = Availability(PROVIDER, 5, 2, UNTIL, reason)
    assert await store.replace(WELL, paused)

    assert await store.get(PROVIDER) == paused
    assert await store.get(ProviderName("other")) == Availability(ProviderName("other"))


async def test_what_was_heard_last_replaces_what_was_heard_before(store):
    paused = Availability(PROVIDER, 5, 2, UNTIL, PauseReason.BALANCE)
    await store.replace(WELL, paused)

    assert await store.replace(paused, Availability(PROVIDER, 1))
    assert await store.get(PROVIDER) == Availability(PROVIDER, 1)


@pytest.mark.parametrize(
    "in_the_meantime",
    [
        Availability(PROVIDER, 2),
        Availability(PROVIDER, 1, 1),
        Availability(PROVIDER, 1, 0, UNTIL, PauseReason.BALANCE),
    ],
    ids=["failures", "pauses", "a pause"],
)
async def test_what_someone_else_heard_in_the_meantime_is_not_forgotten(store, in_the_meantime):
    await store.replace(WELL, in_the_meantime)

    assert not await store.replace(Availability(PROVIDER, 1), Availability(PROVIDER, 3))
    assert await store.get(PROVIDER) == in_the_meantime


@pytest.mark.parametrize(
    "in_the_meantime",
    [
        Availability(PROVIDER, 1, 0, UNTIL + timedelta(seconds=1), PauseReason.BALANCE),
        Availability(PROVIDER, 1, 0, UNTIL, PauseReason.CREDENTIALS),
    ],
    ids=["until", "reason"],
)
async def test_a_pause_that_someone_else_changed_in_the_meantime_is_not_forgotten(
    store, in_the_meantime
):
    paused = Availability(PROVIDER, 1, 0, UNTIL, PauseReason.BALANCE)
    await store.replace(WELL, in_the_meantime)

    assert not await store.replace(paused, Availability(PROVIDER))
    assert await store.get(PROVIDER) == in_the_meantime


@pytest.mark.parametrize(
    "unsound",
    [
        Availability(PROVIDER, -1),
        Availability(PROVIDER, 0, -1),
        Availability(PROVIDER, paused_until=UNTIL),
        Availability(PROVIDER, reason=PauseReason.BALANCE),
    ],
    ids=["failures", "pauses", "no reason", "no end"],
)
async def test_what_cannot_be_is_refused(store, unsound):
    with pytest.raises(StorageError):
        await store.replace(WELL, unsound)

    assert await store.get(PROVIDER) == Availability(PROVIDER)


@on_databases
async def test_a_pause_holds_for_all_processes_and_after_reopening(engine, address):
    paused = Availability(PROVIDER, 5, 1, UNTIL, PauseReason.FAILURES)
    await SqlAvailabilityStore(engine).replace(WELL, paused)

    async with open_database(address) as another:
        assert await SqlAvailabilityStore(another).get(PROVIDER) == paused


@on_databases
async def test_of_failures_at_once_in_two_processes_every_one_counts(engine, address):
    async with open_database(address) as another:
        processes = [
            CircuitBreakers(
                store=SqlAvailabilityStore(one),
                guilds=SqlGuildStore(one),
                notices=SqlNoticeStore(one),
                clock=FakeClock(),
                new_notice_id=new_notice_id,
                words=str,
            )
            for one in (engine, another)
        ]
        failures = [one.observe(PROVIDER, ProviderUnavailableError()) for one in processes * 2]
        await asyncio.gather(*failures)
        assert (await processes[0].get(PROVIDER)).failures_in_row == 4

        await processes[1].observe(PROVIDER, ProviderUnavailableError())
        assert await processes[0].room(PROVIDER, 8) == 0
