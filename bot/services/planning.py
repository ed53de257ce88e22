"""When to look next: what such films took here, and what a look costs now."""

from collections.abc import Sequence
from datetime import datetime

from bot.domain.distributions import Distribution
from bot.domain.jobs import Job
from bot.domain.learning import HISTORY_MOST, learn
from bot.domain.polling import InTheMaking, next_look_at
from bot.services.steps import Means


async def takes_of(job: Job, means: Means) -> Distribution:
    """How long films like this one take."""
    seen = await means.store.list_durations(job.provider, job.request, HISTORY_MOST)
    return learn(seen, float(job.expected_seconds))


async def next_look(job: Job, means: Means) -> datetime:
    """At one film that is not ready now, or was handed over just now."""
    return await next_look_together([job], means)


async def next_look_together(jobs: Sequence[Job], means: Means) -> datetime:
    """One look at all of these, none of which is ready now; they have one provider."""
    now = means.clock.now()
    if not jobs:
        return now
    films = [await _in_the_making(job, means, now) for job in jobs]
    price = await means.providers[jobs[0].provider].look_price_seconds()
    return next_look_at(films, price, now)


async def _in_the_making(job: Job, means: Means, now: datetime) -> InTheMaking:
    """With what the service said of its progress."""
    age = max((now - (job.submitted_at or now)).total_seconds(), 0.0)
    takes = await takes_of(job, means)
    return InTheMaking(takes.foretold(age, job.progress_percent or 0), age)
