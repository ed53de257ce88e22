"""The hundred requests of an hour: counted for every call, by both sides, over restarts and keys."""

from datetime import timedelta

import pytest

from bot.errors import ProviderRateLimitedError, ProviderUnavailableError
from bot.providers.contract import ProviderState
from bot.providers.nanophoto.rules import (
    FOR_SUBMISSIONS,
    HOUR_SECONDS,
    MAX_REQUESTS,
    rule_of,
    rules_of,
)
from bot.providers.request_limits import Purpose
from bot.storage.engines.databases import open_database
from bot.storage.providers import SqlRequestBudgets
from tests.factories import NOW
from tests.fakes.budgets import InMemoryBudgets
from tests.local_nanophoto import (
    KEY,
    OTHER_KEY,
    Budgetless,
    a_request,
    order,
    watched,
)

MAX_LOOKS = MAX_REQUESTS - FOR_SUBMISSIONS
HOUR = timedelta(seconds=HOUR_SECONDS)


@pytest.fixture
def local(local):
    """With credits for all that an hour's requests can order."""
    local.service.books.balances[KEY] = 100_000
    return local


@pytest.fixture
def budgets(clock):
    return InMemoryBudgets(clock)


@pytest.fixture
def client(local, clock, budgets):
    return local.client(clock=clock, budgets=budgets)


async def use_up(budgets, count, key=KEY):
    for _ in range(count):
        assert await budgets.take([rule_of(key)], Purpose.SUBMISSION) is None


async def test_the_bot_counts_every_request_that_the_service_counts(local, client, budgets):
    receipts = [await local.submitted(client, order(f"job-{n}")) for n in range(3)]
    await client.poll(receipts[0].handle, a_request())
    await client.poll_batch(watched(*receipts))

    assert await budgets.used(rule_of(KEY)) == local.asked == 5


async def test_what_failed_is_counted_too(local, budgets, clock):
    away = local.client(clock=clock, budgets=budgets, origin="http://127.0.0.1:1")
    for _ in range(2):
        with pytest.raises(ProviderUnavailableError, match="ClientConnectorError"):
            await away.submit(order())

    assert await budgets.used(rule_of(KEY)) == 2


async def test_the_last_twelve_of_an_hour_are_for_submissions(local, client, budgets):
    receipt = await local.submitted(client, order())
    await use_up(budgets, MAX_LOOKS - 1)

    with pytest.raises(ProviderRateLimitedError) as caught:
        await client.poll(receipt.handle, a_request())
    assert caught.value.retry_at == NOW + HOUR
    assert await client.may_submit_at() is None
    for number in range(FOR_SUBMISSIONS):
        await client.submit(order(f"reserved-{number}"))
    assert await client.may_submit_at() == NOW + HOUR


async def test_a_hundred_and_first_is_never_sent(local, client, budgets):
    await use_up(budgets, MAX_REQUESTS)

    with pytest.raises(ProviderRateLimitedError):
        await client.submit(order())

    assert local.asked == 0


async def test_the_service_never_refuses_who_counts_so(local, client):
    """Real requests up to the last: the service has no 429 to give."""
    receipt = await local.submitted(client, order())
    for _ in range(MAX_LOOKS - 1):
        await client.poll(receipt.handle, a_request())
    with pytest.raises(ProviderRateLimitedError, match="our own budget"):
        await client.poll(receipt.handle, a_request())
    for number in range(FOR_SUBMISSIONS):
        await client.submit(order(f"more-{number}"))
    with pytest.raises(ProviderRateLimitedError, match="our own budget"):
        await client.submit(order("one-too-many"))

    assert local.asked == MAX_REQUESTS


async def test_an_hour_and_a_minute_later_all_is_free_again(local, client, budgets, clock):
    receipt = await local.submitted(client, order())
    await use_up(budgets, MAX_REQUESTS - 1)
    clock.advance(HOUR_SECONDS - 3)
    assert await client.may_submit_at() == NOW + HOUR

    clock.advance(3)
    assert await client.may_submit_at() is None
    assert (await client.poll(receipt.handle, a_request())).state is ProviderState.SUCCEEDED


async def test_two_keys_have_two_hours(local, client, budgets, clock):
    await use_up(budgets, MAX_REQUESTS)
    other = local.client(OTHER_KEY, clock=clock, budgets=budgets)

    await other.submit(order())

    assert await budgets.used(rule_of(OTHER_KEY)) == 1


async def test_an_hour_is_remembered_by_the_next_process(local, clock, tmp_path):
    address = f"sqlite:///{tmp_path}/showreel.db"
    async with open_database(address) as engine:
        first = local.client(clock=clock, budgets=SqlRequestBudgets(engine, clock))
        receipt = await local.submitted(first, order())
        await first.poll(receipt.handle, a_request())
        await use_up(SqlRequestBudgets(engine, clock), MAX_LOOKS - 2)
    async with open_database(address) as engine:
        budgets = SqlRequestBudgets(engine, clock)
        second = local.client(clock=clock, budgets=budgets)

        assert await budgets.used(rule_of(KEY)) == MAX_LOOKS
        with pytest.raises(ProviderRateLimitedError):
            await second.poll(receipt.handle, a_request())
        await second.submit(order("job-2"))


async def test_two_processes_share_one_hour(local, clock, tmp_path):
    async with open_database(f"sqlite:///{tmp_path}/showreel.db") as engine:
        one, two = (
            local.client(clock=clock, budgets=SqlRequestBudgets(engine, clock)) for _ in range(2)
        )
        await one.submit(order("job-1"))
        await use_up(SqlRequestBudgets(engine, clock), MAX_REQUESTS - 1)

        with pytest.raises(ProviderRateLimitedError):
            await two.submit(order("job-2"))


async def test_a_poll_is_the_more_expensive_the_more_of_the_hour_is_used(client, budgets):
    prices = []
    for _ in range(9):
        prices.append(await client.poll_price_seconds())
        await use_up(budgets, 10)

    assert prices == sorted(prices)
    assert prices[0] < 1 < 9 < prices[-1]


async def test_a_burst_makes_looks_expensive_and_a_calm_stretch_cheap_again(client, budgets, clock):
    for _ in range(20):
        await budgets.take(rules_of(KEY)[Purpose.SUBMISSION], Purpose.SUBMISSION)
    in_the_burst = await client.poll_price_seconds()
    clock.advance(1600)

    assert await client.poll_price_seconds() < in_the_burst / 2


async def test_where_looks_turn_out_to_be_free_nothing_is_lost(local):
    local.switch(counts_status=False)
    client = local.client(budgets=Budgetless())
    receipt = await local.submitted(client, order())
    for _ in range(MAX_REQUESTS + 5):
        await client.poll(receipt.handle, a_request())

    assert local.asked == 1
