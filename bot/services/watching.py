"""Naming what is stuck: a job or a message that should have moved long ago.

Nothing is repaired here. Every job has an instant at which somebody should look at it again, and
every owed message one at which it should be tried; when such an instant is long past, or a message
is owed for an hour, something is wrong that no other part has noticed, and the operator hears which
one it is.
"""

import logging
from datetime import datetime, timedelta

from bot.domain.deliveries import LONGEST_WAIT
from bot.domain.jobs import JobState
from bot.ports import Clock, JobStore

_log = logging.getLogger(__name__)

SECONDS_BETWEEN = 300.0
OVERDUE_AFTER = timedelta(minutes=10)  # longer than any step, lease or back-off
OWED_AFTER = timedelta(hours=1)  # however often it was tried
WAITING_AFTER = timedelta(hours=2)  # in a queue; a provider's pauses are shorter
MOST_NAMED = 20  # in one round
MOST_LOOKED_AT = 10_000


class Watching:
    """Says the same of the same thing in every round, until it moves."""

    def __init__(self, store: JobStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def run(self) -> None:
        while True:
            await self._clock.sleep(SECONDS_BETWEEN)
            await self.run_once()

    async def run_once(self) -> int:
        """How many jobs and messages are overdue."""
        now = self._clock.now()
        return await self._name_jobs(now) + await self._name_messages(now)

    async def _name_jobs(self, now: datetime) -> int:
        overdue = [
            job
            for job in await self._store.list_active()
            if now - job.next_action_at
            > (WAITING_AFTER if job.state is JobState.ACCEPTED else OVERDUE_AFTER)
        ]
        for job in overdue[:MOST_NAMED]:
            told = {"job_id": job.id, "state": job.state, "provider": job.provider}
            _log.error("job_stuck", extra=told | {"since": job.next_action_at.isoformat()})
        return len(overdue)

    async def _name_messages(self, now: datetime) -> int:
        """What is not tried when it should be, and what is tried again and again in vain."""
        stuck = [
            delivery
            for delivery in await self._store.list_owed(now + LONGEST_WAIT, MOST_LOOKED_AT)
            if now - delivery.next_attempt_at > OVERDUE_AFTER or now - delivery.owed_at > OWED_AFTER
        ]
        for delivery in stuck[:MOST_NAMED]:
            told = {"job_id": delivery.job_id, "kind": delivery.kind, "attempts": delivery.attempts}
            _log.error("message_stuck", extra=told | {"since": delivery.owed_at.isoformat()})
        return len(stuck)
