"""Wait for the shots of a storyboard, let the next ones begin, and join what they made.

Each step reads the shots as they are now, so any process may repeat one that was interrupted: a
shot is released or cancelled with the version that was read, and the parts are copied afresh for
each try to join them.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bot.errors import ArtifactError, ImageRejectedError, VideoRejectedError
from bot.jobs.files import VideoStore
from bot.jobs.job import (
    Artifact,
    Failure,
    FailureKind,
    Job,
    JobState,
    advance,
    fail,
)
from bot.jobs.messages import DeliveryKind, owed
from bot.jobs.stores import Change
from bot.jobs.storyboard import (
    Turn,
    cancelled_shots,
    failure_of,
    is_broken,
    next_turns,
    remark_on,
    to_join,
)
from bot.worker.step import Result, StepContext, later

_log = logging.getLogger(__name__)

SOONEST = timedelta(seconds=2)  # between two steps
LATEST = timedelta(seconds=5)
SHARE_OF_WAIT = 20  # a step at least once per this part of the time waited so far
MAX_JOINS = 8  # tries with growing pauses, some minutes in all
MAX_COPIES = 3
_GONE = Failure(FailureKind.INTERRUPTED, "I no longer have its video, so I made nothing.")
_NO_FRAME = Failure(
    FailureKind.INTERRUPTED, "I couldn't read the last frame of the shot before this one."
)
_NOT_JOINED = Failure(FailureKind.INTERRUPTED, "The shots were made, but I couldn't join them.")


async def assemble(job: Job, context: StepContext) -> Result:
    """Wait for the shots, or join them once all have ended."""
    shots = await context.shots.list_shots(job.id)
    if job.cancel_requested or is_broken(shots):
        await _cancel(shots, context)
    else:
        for turn in next_turns(job, shots):
            await _begin(turn, context)
    if not all(shot.is_terminal for shot in shots):
        return _wait(shots, context)
    good = to_join(shots)
    if job.cancel_requested or all(shot.state is JobState.CANCELLED for shot in shots):
        return _cancelled(context)
    if not good:
        return _failed(failure_of(shots), context)
    try:
        recipe = await context.recipes.of(job.guild_id, job.user_id, job.request)
        artifact = await join(job, good, context.videos, recipe=recipe)
    except ArtifactError as error:
        return await _not_joined(job, good, error, context)
    _log.info("storyboard_joined", extra={"job_id": job.id, "shots": len(good)})
    return _joined(replace(artifact, remark=remark_on(shots)), context)


async def reuse(job: Job, context: StepContext) -> Result:
    """Copy the shot of an earlier storyboard; one that was missing there is missing again."""
    source = None if job.reuses is None else await context.store.get(job.reuses)
    if source is None or job.cancel_requested or source.state is not JobState.SUCCEEDED:
        return _cancelled(context)
    try:
        artifact = await join(job, [source], context.videos, recipe=None)
    except ArtifactError as error:
        _log.warning("shot_not_copied", extra={"job_id": job.id, "error": f"{error!r}"})
        if job.errors_in_row + 1 < MAX_COPIES:
            return lambda latest: Change(later(latest, context.clock))
        return _failed(_GONE, context)
    return lambda latest: Change(_done(latest, artifact, context))


async def join(
    job: Job, good: Sequence[Job], videos: VideoStore, *, recipe: str | None
) -> Artifact:
    """Join copies of the shots that were made; the shots' own files stay. Raises ArtifactError."""
    with videos.alone(job.id):
        await videos.gather(job.id, [shot.id for shot in good])
        await videos.join(job.id, len(good))
        return await videos.inspect(job.id, recipe=recipe)


async def _begin(turn: Turn, context: StepContext) -> None:
    """Let a held shot take its turn, with the picture that it starts from."""
    shot, now = turn.shot, context.clock.now()
    if turn.after is not None and shot.request.image is None:
        try:
            path = context.videos.path(turn.after.id)
            image = await context.sources.last_frame(path, name="the shot before")
        except (VideoRejectedError, ImageRejectedError) as error:
            _log.warning("no_last_frame", extra={"job_id": shot.id, "error": str(error)})
            await context.store.save([Change(fail(shot, _NO_FRAME, now))])
            return
        shot = replace(shot, request=replace(shot.request, image=image))
    await context.shots.release(shot, now)


async def _cancel(shots: Sequence[Job], context: StepContext) -> None:
    """Finish a cancellation, as far as shots have changed since it was requested."""
    changed = cancelled_shots(shots, context.clock.now())
    if changed:
        await context.store.save([Change(shot) for shot in changed])


def _wait(shots: Sequence[Job], context: StepContext) -> Result:
    first = min((at for shot in shots if (at := shot.submitted_at)), default=None)

    def apply(job: Job) -> Change:
        now = context.clock.now()
        gap = min(max((now - job.accepted_at) / SHARE_OF_WAIT, SOONEST), LATEST)
        return Change(
            replace(
                job,
                submitted_at=job.submitted_at or first,
                next_action_at=now + gap,
                errors_in_row=0,
            )
        )

    return apply


def _cancelled(context: StepContext) -> Result:
    def apply(job: Job) -> Change:
        return Change(advance(job, JobState.CANCELLED, context.clock.now()))

    return apply


def _failed(failure: Failure, context: StepContext) -> Result:
    def apply(job: Job) -> Change:
        return Change(fail(job, failure, context.clock.now()))

    return apply


def _joined(artifact: Artifact, context: StepContext) -> Result:
    def apply(job: Job) -> Change:
        video = owed(job, DeliveryKind.VIDEO, context.clock.now())
        return Change(_done(job, artifact, context), None, (video,))

    return apply


def _done(job: Job, artifact: Artifact, context: StepContext) -> Job:
    done = advance(job, JobState.SUCCEEDED, context.clock.now())
    return replace(done, artifact=artifact, progress_percent=100)


async def _not_joined(
    job: Job, good: Sequence[Job], error: ArtifactError, context: StepContext
) -> Result:
    """Try again, and give the shots' price back to their member when that is given up."""
    _log.warning("shots_not_joined", extra={"job_id": job.id, "error": f"{error!r}"})
    if job.errors_in_row + 1 < MAX_JOINS:
        return lambda latest: Change(later(latest, context.clock))
    for shot in good:
        submission = await context.store.find_submission(shot.id)
        if submission is not None:
            lost = replace(shot, state=JobState.FAILED, failure=_NOT_JOINED, artifact=None)
            await context.store.give_back(lost, submission, context.clock.now())
    return _failed(_NOT_JOINED, context)
