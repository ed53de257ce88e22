"""One video is fetched for a member at a time, and few in all."""

import pytest

from bot.errors import AlreadyFetchingError, OthersFetchingError
from bot.locks import Turns
from bot.presentation import answers


def test_a_second_of_the_same_member_and_one_too_many_of_others_are_refused():
    turns = Turns(2)
    with turns.one_of(1), turns.one_of(2):
        for who, error in ((1, AlreadyFetchingError), (3, OthersFetchingError)):
            with pytest.raises(error) as caught, turns.one_of(who):
                pass
            assert "fetching" in answers.sentence(caught.value)
    with turns.one_of(3), turns.one_of(1):
        pass


def test_a_turn_ends_with_whatever_ends_its_block():
    turns = Turns(1)
    with pytest.raises(ValueError, match="broken"), turns.one_of(1):
        raise ValueError("broken")
    with turns.one_of(1):
        pass
