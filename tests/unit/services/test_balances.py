"""What an account holds is asked for now and then, and whoever cannot say holds nobody up."""

import pytest

from bot.errors import ProviderBalanceError, ProviderProtocolError, ProviderUnavailableError
from bot.ids import ProviderName
from bot.services.balances import FRESH_FOR, Balances
from tests.factories import PROVIDER
from tests.fakes.provider import FakeProvider

MINUTE = FRESH_FOR.total_seconds()


class Counted:
    """Weather that counts the questions, and raises what is put in."""

    def __init__(self):
        self.asked = 0
        self.error = None

    async def __call__(self, event):
        self.asked += event == "balance"
        if self.error is not None:
            raise self.error


@pytest.fixture
def weather():
    return Counted()


@pytest.fixture
def provider(clock, weather):
    return FakeProvider(clock, {}, weather=weather, held_micros=1_000_000)


@pytest.fixture
def balances(provider, clock):
    return Balances({PROVIDER: provider}, clock)


async def test_what_is_left_after_a_film_is_told(balances):
    assert await balances.left_after(PROVIDER, 300_000) == 700_000


async def test_an_account_never_holds_less_than_nothing(balances):
    assert await balances.left_after(PROVIDER, 1_000_001) == 0


async def test_an_answer_is_good_for_a_minute(balances, provider, clock, weather):
    await balances.left_after(PROVIDER, 0)
    provider.held_micros = 5
    clock.advance(MINUTE - 0.001)
    assert await balances.left_after(PROVIDER, 0) == 1_000_000
    assert weather.asked == 1

    clock.advance(0.001)
    assert await balances.left_after(PROVIDER, 0) == 5
    assert weather.asked == 2


@pytest.mark.parametrize(
    "error", [ProviderUnavailableError(), ProviderBalanceError(), ProviderProtocolError()]
)
async def test_a_failure_is_nobodys_trouble_and_is_not_repeated_at_once(
    balances, clock, weather, error
):
    weather.error = error
    assert await balances.left_after(PROVIDER, 0) is None
    weather.error = None
    assert await balances.left_after(PROVIDER, 0) is None
    assert weather.asked == 1

    clock.advance(MINUTE)
    assert await balances.left_after(PROVIDER, 0) == 1_000_000


async def test_where_a_service_does_not_say_nothing_is_guessed(balances, provider):
    provider.held_micros = None

    assert await balances.left_after(PROVIDER, 0) is None


async def test_of_a_service_that_is_not_set_up_nothing_is_known(balances):
    assert await balances.left_after(ProviderName("other"), 0) is None
