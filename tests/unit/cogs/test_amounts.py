"""Amounts as people write them: few characters must not stand for much work."""

import pytest

from bot.errors import InvalidRequestError
from cogs._shared.amounts import micros_of


@pytest.mark.timeout(5)  # spelling such a number out would hold the whole bot up for half a minute
@pytest.mark.parametrize("written", ["1e999990", "-1e999990", "1e999999", "9" * 400, "Infinity"])
def test_more_money_than_there_is_is_refused_before_it_is_spelt_out(written):
    with pytest.raises(InvalidRequestError, match="isn't an amount"):
        micros_of(written)


@pytest.mark.parametrize("typed", ["1000000000", "1000000000000", "$10,000,000,000.50"])
def test_an_amount_that_is_too_large_is_said_to_be(typed):
    with pytest.raises(InvalidRequestError, match=r"Choose an amount of up to \$1,000,000"):
        micros_of(typed)
