"""What every store of providers' behaviour promises."""

from datetime import timedelta

import pytest

from bot.domain.availability import Availability, PauseReason
from bot.errors import StorageError
from bot.ids import ProviderName
from bot.storage.availability import SqlAvailabilityStore
from bot.storage.databases import open_database
from tests.contract.databases import on_databases
from tests.factories import NOW, PROVIDER
from tests.fakes.budgets import InMemoryAvailability

UNTIL = NOW + timedelta(seconds=30)


@pytest.fixture
def store(kind, engine):
    return InMemoryAvailability() if kind == "memory" else SqlAvailabilityStore(engine)


async def test_a_provider_nobody_heard_ill_of_is_available(store):
    assert await store.get(PROVIDER) == Availability(PROVIDER)


@pytest.mark.parametrize("reason", PauseReason)
async def test_a_pause_is_read_as_it_was_written(store, reason):
    paused = Availability(PROVIDER, 5, 2, UNTIL, reason)
    await store.put(paused)

    assert await store.get(PROVIDER) == paused
    assert await store.get(ProviderName("other")) == Availability(ProviderName("other"))


async def test_what_was_heard_last_replaces_what_was_heard_before(store):
    await store.put(Availability(PROVIDER, 5, 2, UNTIL, PauseReason.BALANCE))
    await store.put(Availability(PROVIDER, 1))

    assert await store.get(PROVIDER) == Availability(PROVIDER, 1)


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
        await store.put(unsound)

    assert await store.get(PROVIDER) == Availability(PROVIDER)


@on_databases
async def test_a_pause_holds_for_all_processes_and_after_reopening(engine, address):
    paused = Availability(PROVIDER, 5, 1, UNTIL, PauseReason.FAILURES)
    await SqlAvailabilityStore(engine).put(paused)

    async with open_database(address) as another:
        assert await SqlAvailabilityStore(another).get(PROVIDER) == paused
