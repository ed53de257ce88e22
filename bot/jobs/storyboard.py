"""Storyboards whose shots are jobs of their own: how they begin, go on and end.

All rows are written at once; each shot is then submitted, polled, downloaded and paid for like any
other job, and owes no messages. The storyboard's own job has nothing to submit and costs nothing
itself: it waits in DOWNLOADING for its shots and joins them. No more than a few shots of one
storyboard are in progress at a time, so that others get their turn; the rest are held, and so is a
shot that starts from the last frame of the one before. Where one shot of an earlier storyboard is
made again, the others are copied first, and it is held until they are there.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.catalog.request import VideoRequest
from bot.ids import IdempotencyKey, JobId
from bot.jobs.job import Failure, FailureKind, Job, JobState, advance

MAX_AT_ONCE = 4  # shots of one storyboard in progress; half of what a provider may have

_SENT = frozenset(
    {JobState.SUBMITTING, JobState.UNCERTAIN, JobState.RENDERING, JobState.DOWNLOADING}
)


def as_storyboard(job: Job) -> Job:
    """Return a new job as that of a storyboard, which waits for its shots."""
    return replace(job, state=JobState.DOWNLOADING, storyboard_id=job.id)


def as_shot(
    storyboard: Job,
    number: int,
    job_id: JobId,
    request: VideoRequest,
    *,
    cost_micros: int,
    cost_is_estimate: bool,
    expected_seconds: int,
) -> Job:
    """Return a shot of a new storyboard; `number` counts from 1."""
    parts = storyboard.request.shots
    reuses = parts[number - 1].reuses
    waits = storyboard.request.continuous and number > 1
    is_remake = any(part.reuses is not None for part in parts)
    return replace(
        storyboard,
        id=job_id,
        idempotency_key=IdempotencyKey(f"{storyboard.idempotency_key}:shot-{number}"),
        request=request,
        cost_micros=cost_micros,
        cost_is_estimate=cost_is_estimate,
        expected_seconds=expected_seconds,
        state=JobState.QUEUED if reuses is None else JobState.DOWNLOADING,
        source_message_id=None,
        shot_number=number,
        is_held=reuses is None and (waits or is_remake or number > MAX_AT_ONCE),
        reuses=reuses,
    )


def seconds_for_all(expected: Sequence[int], request: VideoRequest) -> int:
    """Return the expected seconds until all shots are made, each of which takes so long."""
    if request.continuous:
        return sum(expected)
    rounds = math.ceil(len(expected) / MAX_AT_ONCE)
    return rounds * max(expected)


@dataclass(frozen=True, slots=True)
class Turn:
    """A held shot whose turn has come; it starts from the last frame of `after`, if any."""

    shot: Job
    after: Job | None = None


def next_turns(storyboard: Job, shots: Sequence[Job]) -> list[Turn]:
    """Return the held shots that may be submitted now."""
    held = [shot for shot in shots if shot.is_held and not shot.is_terminal]
    copied = [shot for shot in shots if shot.reuses is not None]
    if not held or is_broken(shots) or not all(shot.is_terminal for shot in copied):
        return []
    if storyboard.request.continuous:
        return _next_of_chain(held[0], shots)
    running = sum(not shot.is_terminal and not shot.is_held for shot in shots)
    return [Turn(shot) for shot in held[: max(MAX_AT_ONCE - running, 0)]]


def _next_of_chain(first: Job, shots: Sequence[Job]) -> list[Turn]:
    """Return the first held shot once all before it have ended.

    It starts from the last good one, and from its own words where there is none.
    """
    before = shots[: shots.index(first)]
    if not all(shot.is_terminal for shot in before):
        return []
    good = [shot for shot in before if shot.state is JobState.SUCCEEDED]
    return [Turn(first, good[-1] if good else None)]


def is_broken(shots: Sequence[Job]) -> bool:
    """Return whether a shot that was to be used again is gone, so that no other is worth its price."""
    return any(shot.reuses is not None and shot.state is JobState.FAILED for shot in shots)


def to_join(shots: Sequence[Job]) -> list[Job]:
    """Return the shots that were made, or none if all of them are an earlier video's."""
    good = [shot for shot in shots if shot.state is JobState.SUCCEEDED]
    return good if any(shot.reuses is None for shot in good) else []


def is_spent(shot: Job) -> bool:
    """Return whether a shot costs its member something, or may, if it is cancelled now."""
    return shot.reuses is None and (shot.state in _SENT or shot.state is JobState.SUCCEEDED)


def cancelled_shots(shots: Sequence[Job], now: datetime) -> list[Job]:
    """Return the shots that a cancellation changes: those at no service end, others are let go."""
    return [
        advance(shot, JobState.CANCELLED, now)
        if shot.state is JobState.QUEUED or shot.reuses is not None
        else replace(shot, cancel_requested=True, next_action_at=now)
        for shot in shots
        if not shot.is_terminal and not shot.cancel_requested
    ]


def remark_on(shots: Sequence[Job]) -> str | None:
    """Return which shots are missing in the joined video, for its member."""
    missing = [
        shot
        for shot in shots
        if shot.state is not JobState.SUCCEEDED
        and (shot.state is not JobState.CANCELLED or shot.reuses is not None)
    ]
    if not missing:
        return None
    if len(missing) == 1:
        return f"Shot {missing[0].shot_number} is missing; you weren't charged for it."
    numbers = [str(shot.shot_number) for shot in missing]
    listed = f"{', '.join(numbers[:-1])} and {numbers[-1]}"
    return f"Shots {listed} are missing; you weren't charged for them."


def failure_of(shots: Sequence[Job]) -> Failure:
    """Return why a storyboard has no video: in the words of its first failed shot."""
    failed = [shot for shot in shots if shot.failure is not None]
    if not failed or failed[0].failure is None:
        return Failure(FailureKind.PROVIDER, "The video service never finished the shots.")
    first = failed[0].failure
    return Failure(first.kind, f"Shot {failed[0].shot_number}: {first.text}")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the shots of a storyboard are."""

    total: int
    ended: int
    started: int
    remade: int | None = None  # the number of the one shot that is made; the others are there


def progress_of(shots: Sequence[Job]) -> Progress:
    """Return how many of these shots have ended and how many were submitted."""
    new = [shot for shot in shots if shot.reuses is None]
    ended = sum(shot.is_terminal for shot in new)
    begun = sum(shot.submitted_at is not None and not shot.is_terminal for shot in new)
    remade = new[0].shot_number if len(new) < len(shots) else None
    return Progress(len(new), ended, ended + begun, remade)
