"""When to look next: what such films took here, and what a look costs now.

A thousand films in the making must not cost a thousand times what one does. So what was learnt is
used for some seconds, and films of one kind and nearly one age are planned for once.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from bot.domain.distributions import Distribution
from bot.domain.jobs import Job
from bot.domain.learning import HISTORY_MOST, learn
from bot.domain.polling import (
    KNOWN_AFTER,
    STEP_SECONDS,
    STEP_SHARE,
    InTheMaking,
    seconds_to_next_look,
)
from bot.services.steps import Means

LEARNT_FOR = timedelta(seconds=5)  # until it is learnt anew; no film is planned for so closely


async def takes_of(job: Job, means: Means) -> Distribution:
    """How long films like this one take; what was learnt a moment ago will do."""
    request, now = job.request, means.clock.now()
    kind = (request.model_id, request.duration_seconds, request.resolution, len(request.shots))
    key = (job.provider, *kind, job.expected_seconds)
    learnt = means.learnt.get(key)
    if learnt is None or not timedelta() <= now - learnt[0] < LEARNT_FOR:
        seen = await means.store.list_durations(job.provider, request, HISTORY_MOST)
        alike = await _alike(job, means) if len(seen) < KNOWN_AFTER else []
        learnt = means.learnt[key] = (now, learn(seen, float(job.expected_seconds), alike))
    return learnt[1]


async def _alike(job: Job, means: Means) -> list[float]:
    """What other films of its model took: until its own kind is known, better than a guess."""
    return await means.store.list_durations_alike(job.provider, job.request, HISTORY_MOST)


async def next_look(job: Job, means: Means) -> datetime:
    """At one film that is not ready now, or was handed over just now."""
    return await next_look_together([job], means)


async def next_look_together(jobs: Sequence[Job], means: Means) -> datetime:
    """One look at all of these, none of which is ready now; they have one provider."""
    now = means.clock.now()
    if not jobs:
        return now
    price = await means.providers[jobs[0].provider].look_price_seconds()
    if len(jobs) == 1:
        [job] = jobs
        age, waited = map(_rounded, (job.seconds_in_making(now), job.seconds_at_provider(now)))
        percent = job.progress_percent or 0
        gap = _seconds_for_one(await takes_of(job, means), age, waited, percent, price)
    else:
        films = [await _in_the_making(job, means, now) for job in jobs]
        gap = seconds_to_next_look(films, price)
    return now + timedelta(seconds=gap)


@lru_cache(maxsize=64)
def _seconds_for_one(
    takes: Distribution, age: float, waited: float, percent: int, price: float
) -> float:
    return seconds_to_next_look([InTheMaking(takes.foretold(age, percent), age, waited)], price)


def _rounded(age_seconds: float) -> float:
    """To the steps in which is planned anyway: a quarter of a second, and of old films 2 %."""
    step = STEP_SECONDS
    while 2 * step <= STEP_SHARE * age_seconds:
        step *= 2
    return round(age_seconds / step) * step


async def _in_the_making(job: Job, means: Means, now: datetime) -> InTheMaking:
    """With what the service said of its progress."""
    age, takes = job.seconds_in_making(now), await takes_of(job, means)
    foretold = takes.foretold(age, job.progress_percent or 0)
    return InTheMaking(foretold, age, job.seconds_at_provider(now))
