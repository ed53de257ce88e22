"""Plan the next poll from past render times and the current poll price.

To keep a thousand rendering videos from costing a thousand times as much as one, a distribution is
cached for a few seconds, and videos of one kind and nearly one age share a plan.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from bot.jobs.job import Job
from bot.polling.estimator import MAX_HISTORY, learn
from bot.polling.history import kind_of
from bot.polling.render_times import Distribution
from bot.polling.schedule import (
    KNOWN_AFTER,
    STEP_SECONDS,
    STEP_SHARE,
    Rendering,
    seconds_to_next_poll,
)
from bot.worker.step import StepContext

LEARNT_FOR = timedelta(seconds=5)  # then learn again; no poll is planned that exactly


async def render_times_of(job: Job, context: StepContext) -> Distribution:
    """Return the render times of videos like this one, cached for a moment."""
    request, now = job.request, context.clock.now()
    kind = kind_of(job.provider, request)
    known = context.learnt.get(kind, now, LEARNT_FOR)
    if known is not None:
        return known
    seen = await context.render_times.list_render_times(job.provider, request, MAX_HISTORY)
    alike = await _alike(job, context) if len(seen) < KNOWN_AFTER else []
    render_times = learn(seen, float(job.expected_seconds), alike)
    context.learnt.put(kind, now, render_times)
    return render_times


async def _alike(job: Job, context: StepContext) -> list[float]:
    """List render times of the model's other kinds: better than a guess."""
    return await context.render_times.list_render_times_alike(
        job.provider, job.request, MAX_HISTORY
    )


async def next_poll(job: Job, context: StepContext) -> datetime:
    """Return when to poll one video, unfinished or just submitted."""
    return await next_batch_poll([job], context)


async def next_batch_poll(jobs: Sequence[Job], context: StepContext) -> datetime:
    """Return when to poll these unfinished videos of one provider together."""
    now = context.clock.now()
    if not jobs:
        return now
    price = await context.providers[jobs[0].provider].poll_price_seconds()
    if len(jobs) == 1:
        [job] = jobs
        age, waited = map(_rounded, (job.seconds_rendering(now), job.seconds_at_provider(now)))
        percent = job.progress_percent or 0
        gap = _seconds_for_one(await render_times_of(job, context), age, waited, percent, price)
    else:
        videos = [await _rendering(job, context, now) for job in jobs]
        gap = seconds_to_next_poll(videos, price)
    return now + timedelta(seconds=gap)


@lru_cache(maxsize=64)
def _seconds_for_one(
    render_times: Distribution, age: float, waited: float, percent: int, price: float
) -> float:
    return seconds_to_next_poll(
        [Rendering(render_times.conditioned(age, percent), age, waited)], price
    )


def _rounded(age_seconds: float) -> float:
    """Round an age to planning steps: 0.25 s, or 2 % of an old age."""
    step = STEP_SECONDS
    while 2 * step <= STEP_SHARE * age_seconds:
        step *= 2
    return round(age_seconds / step) * step


async def _rendering(job: Job, context: StepContext, now: datetime) -> Rendering:
    """Return the job's rendering state, with the progress its service reports."""
    age, render_times = job.seconds_rendering(now), await render_times_of(job, context)
    conditioned = render_times.conditioned(age, job.progress_percent or 0)
    return Rendering(conditioned, age, job.seconds_at_provider(now))
