"""Report stuck jobs and messages to the operator.

Repairs nothing. Every job has an instant of its next action, and every owed message one of its next
attempt; if such an instant is long past, or a message has been owed for an hour, something is wrong
that no other part has noticed.
"""

import logging
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.jobs.job import JobState
from bot.jobs.stores import JobStore, MessageStore
from bot.retries import LONGEST_WAIT
from bot.tasks import repeat

_log = logging.getLogger(__name__)

SECONDS_BETWEEN = 300.0
OVERDUE_AFTER = timedelta(minutes=10)  # longer than any step, lease or back-off
OWED_AFTER = timedelta(hours=1)  # however often it was tried
WAITING_AFTER = timedelta(hours=2)  # in a queue; a provider's pauses are shorter
MAX_NAMED = 20  # in one round
MAX_POLLED = 10_000


class Watchdog:
    """Report the same about the same thing in every round until it moves."""

    def __init__(self, jobs: JobStore, messages: MessageStore, clock: Clock) -> None:
        self._jobs = jobs
        self._messages = messages
        self._clock = clock

    async def run(self) -> None:
        await repeat(self.run_once, SECONDS_BETWEEN, self._clock.sleep, waits_first=True)

    async def run_once(self) -> int:
        """Report overdue jobs and messages; return how many there are."""
        now = self._clock.now()
        return await self._name_jobs(now) + await self._name_messages(now)

    async def _name_jobs(self, now: datetime) -> int:
        overdue = [
            job
            for job in await self._jobs.list_active()
            if not job.is_held
            and now - job.next_action_at
            > (WAITING_AFTER if job.state is JobState.QUEUED else OVERDUE_AFTER)
        ]
        for job in overdue[:MAX_NAMED]:
            details = {"job_id": job.id, "state": job.state, "provider": job.provider}
            _log.error("job_stuck", extra=details | {"since": job.next_action_at.isoformat()})
        return len(overdue)

    async def _name_messages(self, now: datetime) -> int:
        """Report messages with an overdue attempt and those that fail repeatedly."""
        stuck = [
            delivery
            for delivery in await self._messages.list_owed(now + LONGEST_WAIT, MAX_POLLED)
            if now - delivery.next_attempt_at > OVERDUE_AFTER or now - delivery.owed_at > OWED_AFTER
        ]
        for delivery in stuck[:MAX_NAMED]:
            details = {
                "job_id": delivery.job_id,
                "kind": delivery.kind,
                "attempts": delivery.attempts,
            }
            _log.error("message_stuck", extra=details | {"since": delivery.owed_at.isoformat()})
        return len(stuck)
