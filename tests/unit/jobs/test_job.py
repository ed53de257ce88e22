"""The ways a job may go, and those it never goes."""

from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from bot.jobs.job import (
    ACTIVE_STATES,
    TERMINAL_STATES,
    TIME_TO_RENDER,
    Failure,
    FailureKind,
    JobState,
    advance,
    fail,
    start_rendering,
)
from tests.factories import NOW, make_job

LATER = NOW + timedelta(minutes=5)
FAILURE = Failure(FailureKind.PROVIDER, "it broke")


def leads(start, end):
    try:
        advance(make_job(state=start), end, NOW)
    except ValueError:
        return False
    return True


def ways_from(start):
    return {end for end in JobState if leads(start, end)}


@pytest.mark.parametrize("start", sorted(TERMINAL_STATES))
def test_an_ended_job_stays_as_it_ended(start):
    assert ways_from(start) == set()


@pytest.mark.parametrize("start", sorted(ACTIVE_STATES))
def test_every_open_job_can_come_to_an_end(start):
    reached, new = set(), {start}
    while new:
        reached |= new
        new = set().union(*(ways_from(state) for state in new)) - reached

    assert reached & TERMINAL_STATES


@pytest.mark.parametrize("start", sorted(ACTIVE_STATES))
def test_every_open_job_can_fail(start):
    failed = fail(make_job(state=start), FAILURE, LATER)

    assert (failed.state, failed.failure, failed.is_terminal) == (JobState.FAILED, FAILURE, True)


@pytest.mark.parametrize("start", sorted(ACTIVE_STATES - {JobState.SUBMITTING}))
def test_only_what_was_certainly_not_taken_goes_back_to_the_queue(start):
    assert JobState.QUEUED not in ways_from(start)
    assert JobState.QUEUED in ways_from(JobState.SUBMITTING)


@pytest.mark.parametrize("start", sorted(set(JobState) - {JobState.QUEUED}))
def test_only_a_job_in_the_queue_is_submitted(start):
    assert JobState.SUBMITTING not in ways_from(start)


def test_a_job_is_cancelled_for_nothing_only_before_it_is_submitted():
    assert JobState.CANCELLED in ways_from(JobState.QUEUED)
    assert JobState.CANCELLED not in ways_from(JobState.SUBMITTING)
    assert JobState.CANCELLED not in ways_from(JobState.UNCERTAIN)


def test_only_a_video_that_was_looked_at_expires():
    assert {state for state in JobState if JobState.EXPIRED in ways_from(state)} == {
        JobState.RENDERING
    }


@given(st.lists(st.sampled_from(JobState), max_size=40))
def test_no_walk_leaves_an_end_or_submits_an_uncertain_job_again(wanted):
    job, walked = make_job(), [JobState.QUEUED]
    for state in wanted:
        if leads(job.state, state):
            job = advance(job, state, NOW)
            walked.append(state)

    assert not TERMINAL_STATES & set(walked[:-1])
    if JobState.UNCERTAIN in walked:
        assert JobState.SUBMITTING not in walked[walked.index(JobState.UNCERTAIN) :]
    if JobState.RENDERING in walked:
        assert JobState.SUBMITTING not in walked[walked.index(JobState.RENDERING) :]


def test_a_job_that_moved_is_due_at_once_and_its_errors_are_forgotten():
    job = make_job(errors_in_row=3, next_action_at=NOW + timedelta(hours=1))

    moved = advance(job, JobState.SUBMITTING, LATER)

    assert (moved.state_changed_at, moved.next_action_at) == (LATER, LATER)
    assert moved.errors_in_row == 0


def test_the_deadline_counts_from_the_submission_not_from_the_queue():
    job = make_job(state=JobState.SUBMITTING, accepted_at=NOW - timedelta(days=1))

    begun = start_rendering(job, LATER)

    assert (begun.submitted_at, begun.deadline_at) == (LATER, LATER + TIME_TO_RENDER)
