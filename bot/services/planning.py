"""When to look next: what such films took here, and what a look costs now."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.domain.jobs import Job
from bot.domain.polling import (
    Distribution,
    InTheMaking,
    learn,
    longest_gap_seconds,
    next_look_at,
    seconds_to_next_look,
)
from bot.services.steps import Means

HISTORY_MOST = 200


async def takes_of(job: Job, means: Means) -> Distribution:
    """How long films like this one take."""
    seen = await means.store.list_durations(job.provider, job.request, HISTORY_MOST)
    return learn(seen, float(job.expected_seconds))


async def next_look(job: Job, means: Means) -> datetime:
    """At one film that is not ready now, or was handed over just now."""
    now = means.clock.now()
    price = await means.providers[job.provider].look_price_seconds()
    return next_look_at(job.submitted_at or now, await takes_of(job, means), price, now)


async def next_look_together(jobs: Sequence[Job], means: Means) -> datetime:
    """One look at all of these, none of which is ready now; they have one provider."""
    now = means.clock.now()
    if not jobs:
        return now
    films = [
        InTheMaking(
            await takes_of(job, means),
            max((now - (job.submitted_at or now)).total_seconds(), 0.0),
        )
        for job in jobs
    ]
    price = await means.providers[jobs[0].provider].look_price_seconds()
    gap = seconds_to_next_look(films, price, longest_seconds=longest_gap_seconds(price))
    return now + timedelta(seconds=gap)
