"""The last requests of an account are for videos, not for looks."""

import pytest

from bot.providers.request_limits import Purpose, RequestRule

OTHERS = [purpose for purpose in Purpose if purpose is not Purpose.SUBMISSION]


def test_a_submission_may_use_all_there_is():
    assert RequestRule("hour", 100, 3600.0, reserved=12).most_for(Purpose.SUBMISSION) == 100


@pytest.mark.parametrize("purpose", OTHERS)
def test_nothing_else_may_use_what_is_reserved(purpose):
    assert RequestRule("hour", 100, 3600.0, reserved=12).most_for(purpose) == 88


@pytest.mark.parametrize("purpose", Purpose)
def test_where_nothing_is_reserved_all_are_equal(purpose):
    assert RequestRule("second", 20, 1.0).most_for(purpose) == 20
