"""A wish becomes a job: one transaction, all or nothing."""

from collections.abc import Callable

from bot.domain.deliveries import DeliveryKind, owed
from bot.domain.jobs import Job, JobState
from bot.domain.offers import Place
from bot.domain.quotes import Quote
from bot.ids import IdempotencyKey, JobId
from bot.ports import Clock, JobStore


class Accepting:
    """Writes the job and the card it owes; `wake` tells those who wait for work."""

    def __init__(
        self,
        store: JobStore,
        clock: Clock,
        new_job_id: Callable[[], JobId],
        wake: Callable[[], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._new_job_id = new_job_id
        self._wake = wake

    async def accept(self, quote: Quote, place: Place, key: IdempotencyKey) -> Job:
        """Write a job within every limit.

        Raises DuplicateRequestError, with the first job's id, if the key was used before, and
        LimitReachedError with every limit that the film would pass.
        """
        now = self._clock.now()
        job = Job(
            id=self._new_job_id(),
            idempotency_key=key,
            guild_id=place.guild_id,
            channel_id=place.channel_id,
            user_id=place.user_id,
            request=quote.request,
            provider=quote.capability.provider,
            cost_micros=quote.price.cost_micros,
            cost_is_estimate=quote.price.is_estimate,
            expected_seconds=quote.expected_seconds,
            state=JobState.ACCEPTED,
            accepted_at=now,
            state_changed_at=now,
            next_action_at=now,
            source_message_id=place.source_message_id,
        )
        card = owed(job.id, DeliveryKind.CARD, job.guild_id, job.channel_id, now)
        await self._store.accept(job, [card], place)
        self._wake()
        return job
