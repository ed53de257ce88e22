"""A service that fails again and again is left alone for a while, longer each time."""

from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from bot.providers.availability import (
    FAILURES_TOLERATED,
    LONGEST_PAUSE,
    SHORTEST_PAUSE,
    TRIAL,
    Availability,
    PauseReason,
    failed,
    on_trial,
    refused,
    succeeded,
)
from tests.factories import NOW, PROVIDER

WELL = Availability(PROVIDER)
LATER = NOW + timedelta(minutes=5)


def failing(times, known=WELL, now=NOW):
    for _ in range(times):
        known = failed(known, now)
    return known


def test_a_service_no_one_heard_ill_of_is_neither_paused_nor_on_trial():
    assert not WELL.is_paused(NOW)
    assert not WELL.is_on_trial


def test_the_failure_after_those_that_are_tolerated_pauses():
    assert failing(FAILURES_TOLERATED) == Availability(PROVIDER, 4)
    assert failing(5) == Availability(PROVIDER, 5, 1, NOW + SHORTEST_PAUSE, PauseReason.FAILURES)


def test_a_pause_ends_at_its_instant_and_then_the_service_is_on_trial():
    paused = failing(5)
    end = NOW + SHORTEST_PAUSE

    assert paused.is_paused(end - timedelta(microseconds=1))
    assert not paused.is_paused(end)
    assert paused.is_on_trial


def test_on_trial_one_failure_is_enough_and_the_pause_is_twice_as_long():
    again = failed(failing(5), LATER)

    assert again.paused_until == LATER + 2 * SHORTEST_PAUSE
    assert (again.failures_in_row, again.pauses_in_row) == (6, 2)


def test_videos_that_were_handed_over_before_a_pause_and_fail_in_it_make_it_no_longer():
    paused = failing(5)
    empty = refused(WELL, PauseReason.BALANCE, NOW)
    soon = NOW + timedelta(seconds=20)

    assert failing(10, paused, soon) == paused
    assert refused(empty, PauseReason.BALANCE, soon) == empty
    assert failing(10, empty, soon) == empty


def test_a_trial_that_fails_pauses_again_though_it_holds_others_off_like_a_pause():
    trying = on_trial(failing(5), LATER)

    assert failed(trying, LATER).pauses_in_row == 2
    assert refused(trying, PauseReason.CREDENTIALS, LATER).pauses_in_row == 2


def test_an_account_that_is_refused_during_a_pause_is_the_reason_from_then_on():
    known = refused(failing(5), PauseReason.CREDENTIALS, NOW)

    assert (known.reason, known.paused_until) == (PauseReason.CREDENTIALS, NOW + LONGEST_PAUSE)


@pytest.mark.parametrize("reason", [PauseReason.CREDENTIALS, PauseReason.BALANCE])
def test_what_the_operator_must_fix_pauses_at_once_for_the_longest_time(reason):
    known = refused(failing(2), reason, NOW)

    assert known == Availability(PROVIDER, 2, 1, NOW + LONGEST_PAUSE, reason)
    assert reason.needs_operator
    assert not PauseReason.FAILURES.needs_operator


def test_while_one_video_tries_no_one_elses_is_handed_over_and_the_reason_stays():
    trying = on_trial(failing(5), LATER)

    assert trying.paused_until == LATER + TRIAL
    assert trying.is_paused(LATER)
    assert (trying.reason, trying.pauses_in_row) == (PauseReason.FAILURES, 1)


@pytest.mark.parametrize(
    "known", [WELL, failing(3), failing(5), refused(WELL, PauseReason.BALANCE, NOW)]
)
def test_one_success_makes_up_for_everything(known):
    assert succeeded(known) == WELL


@given(st.lists(st.sampled_from(["failed", "credentials", "balance", "trial"]), max_size=400))
def test_whatever_happens_a_pause_has_a_reason_and_ends_within_ten_minutes(events):
    known = WELL
    for event in events:
        if event == "failed":
            known = failed(known, NOW)
        elif event == "trial" and known.is_on_trial:
            known = on_trial(known, NOW)
        elif event != "trial":
            known = refused(known, PauseReason(event), NOW)

    assert (known.paused_until is None) == (known.reason is None)
    assert known.paused_until is None or NOW < known.paused_until <= NOW + LONGEST_PAUSE
