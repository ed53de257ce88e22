"""Jobs, what steps change of them, and where they are kept."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.deliveries import Delivery, DeliveryKind
from bot.domain.jobs import Job
from bot.domain.offers import Place
from bot.domain.queueing import InHand, Line, Waiting
from bot.domain.requests import VideoRequest
from bot.domain.submissions import Submission
from bot.ids import GuildId, IdempotencyKey, JobId, ProviderName, UserId


@dataclass(frozen=True, slots=True)
class Change:
    """What one step did to one job; written together or not at all.

    `job` carries the version that was read. The submission and the deliveries are inserted, or
    replaced where they exist.
    """

    job: Job
    submission: Submission | None = None
    deliveries: tuple[Delivery, ...] = ()


@dataclass(frozen=True, slots=True)
class Agenda:
    """Whether something is due by now, and when the first thing is due that is not."""

    is_due: bool = False
    next_at: datetime | None = None


class JobStore(Protocol):
    """Jobs, their submissions and their deliveries.

    Every method raises DatabaseBusyError when the database stays locked and StorageError for any
    other trouble of the database. Every method is one transaction.
    """

    async def accept(
        self, job: Job, deliveries: Sequence[Delivery], place: Place | None = None
    ) -> None:
        """Write a new job, the messages it owes and the money it reserves, or nothing at all.

        `place` says which roles the member has. Raises DuplicateRequestError if its idempotency key
        was used before, LimitReachedError if a limit of the server or of the member is met.
        """

    async def get(self, job_id: JobId) -> Job:
        """Raises JobNotFoundError."""

    async def find_by_key(self, key: IdempotencyKey) -> Job | None: ...

    async def find_submission(self, job_id: JobId) -> Submission | None:
        """The latest submission of a job."""

    async def list_active(self, *, user_id: UserId | None = None) -> list[Job]:
        """All that have not ended, oldest first."""

    async def list_ended(self, guild_id: GuildId, user_id: UserId, most: int) -> list[Job]:
        """A member's jobs in a server that have ended, latest first."""

    async def list_given_up(self, since: datetime, most: int) -> list[Job]:
        """Those that ended since then without their film though it may still come, latest first.

        Handed over and not refused, and then called off, expired, lost or never fetched; and no film
        was owed since. Those that their members called off come last.
        """

    async def list_waiting(self, provider: ProviderName) -> list[Waiting]:
        """Those that are accepted and not yet submitted, oldest first; of a long queue, much."""

    async def list_turns(self, provider: ProviderName, job_ids: Collection[JobId]) -> Line:
        """Where those of these jobs stand that wait for this provider."""

    async def list_next(self, provider: ProviderName, now: datetime, most: int) -> list[Waiting]:
        """Of those that are accepted and due, the first in the order of `in_order`.

        At most so many with priority, and as many without, which do not take turns yet.
        """

    async def count_running(self, provider: ProviderName) -> dict[UserId, int]:
        """How many jobs of each member the provider has in hand."""

    async def count_in_hand(self, provider: ProviderName) -> InHand:
        """How many jobs the provider has in hand, by whether they had priority."""

    async def claim_due(
        self,
        owner: str,
        now: datetime,
        lease_seconds: float,
        most: int,
        *,
        besides: Collection[JobId] = (),
    ) -> list[Job]:
        """Take the lease of jobs at a provider whose next action is due, most overdue first.

        Those under somebody else's unexpired lease are passed over, and those `besides` which they
        are wanted. Jobs in ACCEPTED are not claimed here: their turn is decided by the queue.
        """

    async def renew(
        self, owner: str, job_ids: Sequence[JobId], now: datetime, lease_seconds: float
    ) -> None:
        """Hold on to these, as far as they are still one's own."""

    async def claim_in_progress(
        self,
        owner: str,
        provider: ProviderName,
        now: datetime,
        lease_seconds: float,
        most: int,
    ) -> list[Job]:
        """Take the lease of films in the making at this provider, due or not, soonest due first.

        Those under somebody else's unexpired lease are passed over.
        """

    async def claim(
        self,
        owner: str,
        provider: ProviderName,
        job_ids: Sequence[JobId],
        now: datetime,
        lease_seconds: float,
        *,
        most: int,
        most_in_hand: int,
    ) -> list[Job]:
        """Take the lease of the first `most` of these accepted jobs of a provider that can be had.

        Fewer, where all processes together would have more than `most_in_hand` at it. Those that
        moved, are not due yet or are leased to somebody else are passed over.
        """

    async def agenda(self, now: datetime) -> Agenda:
        """Of all active jobs, whether or not somebody is at them."""

    async def save(self, changes: Sequence[Change]) -> list[JobId]:
        """Write what steps did, all in one transaction, and give up the leases.

        Each job is written only if its version is still the one that was read; it is then
        one higher. Returns the ids of those that somebody else had moved meanwhile: of them
        nothing is written.
        """

    async def owe(
        self, deliveries: Sequence[Delivery], submission: Submission | None = None
    ) -> None:
        """Messages for jobs that have ended, each once for a job and a kind, and what is known now."""

    async def list_owed(self, now: datetime, most: int) -> list[Delivery]:
        """Deliveries in OWED or POSTING that are due, oldest first."""

    async def list_posted_cards(self, *, changed_since: datetime) -> list[tuple[Delivery, Job]]:
        """Cards in channels whose job is active or changed since that instant.

        And those of which nobody knows what they show, because an edit failed or was interrupted.
        """

    async def find_delivery(self, job_id: JobId, kind: DeliveryKind) -> Delivery | None: ...

    async def save_delivery(self, delivery: Delivery) -> Delivery:
        """Write a delivery if its version is still the one that was read; answers with the new.

        Raises LeaseLostError if it is not.
        """

    async def observe_duration(
        self, provider: ProviderName, request: VideoRequest, seconds: float, at: datetime
    ) -> None:
        """Remember how many seconds a film was in the making, until a look found it."""

    async def list_durations(
        self, provider: ProviderName, request: VideoRequest, most: int
    ) -> list[float]:
        """How long such films took (same model, duration, resolution), latest first, seconds."""

    async def list_durations_alike(
        self, provider: ProviderName, request: VideoRequest, most: int
    ) -> list[float]:
        """The same of films of its model that differ in duration, resolution or shots."""

    async def get_note(self, name: str) -> str | None:
        """A small durable word of the program itself: a hash to compare, a form still open."""

    async def set_note(self, name: str, value: str) -> None: ...
