"""Amounts as people write them: few characters must not stand for much work."""

import pytest

from bot.errors import InvalidRequestError
from cogs._private.amounts import micros_of


@pytest.mark.timeout(5)  # spelling such a number out would hold the whole bot up for half a minute
@pytest.mark.parametrize("written", ["1e999990", "-1e999990", "1e999999", "9" * 400, "Infinity"])
def test_more_money_than_there_is_is_refused_before_it_is_spelt_out(written):
    with pytest.raises(InvalidRequestError, match="is no amount"):
        micros_of(written)
