"""The ports of jobs: storage, queue, leases, and a step's changes."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from bot.catalog.request import Origin
from bot.ids import GuildId, JobId, ProviderName, UserId
from bot.jobs.job import Job
from bot.jobs.messages import Delivery, DeliveryKind, Outbox
from bot.jobs.queue import InHand, Line, Waiting
from bot.jobs.submission import Submission


@dataclass(frozen=True, slots=True)
class Change:
    """One step's changes to one job, written together or not at all.

    `job` carries the version that was read. The submission and the deliveries are inserted, or
    replaced if they exist.
    """

    job: Job
    submission: Submission | None = None
    deliveries: tuple[Delivery, ...] = ()


@dataclass(frozen=True, slots=True)
class Agenda:
    """Whether any job is due now, and the next due instant."""

    is_due: bool = False
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OpenJobs:
    """The number of open jobs in one state, and the earliest due instant."""

    count: int
    first_due_at: datetime


@dataclass(frozen=True, slots=True)
class Saved:
    """The result of a write: stored changes, and the ids of jobs changed since the read."""

    written: Sequence[Change] = ()
    conflicts: frozenset[JobId] = frozenset()

    @property
    def jobs(self) -> Iterator[Job]:
        """Iterate over the jobs as stored, each write having raised the version."""
        return (replace(one.job, version=one.job.version + 1) for one in self.written)


class JobStore(Protocol):
    """Jobs and their submissions.

    Every method, also of this module's other ports, is one transaction and raises DatabaseBusyError
    when the database stays locked and StorageError for any other database error.
    """

    async def accept(
        self,
        job: Job,
        deliveries: Sequence[Delivery],
        place: Origin | None = None,
        shots: Sequence[Job] = (),
    ) -> None:
        """Insert a job, its messages and its reservation, or nothing at all.

        With `shots`, inserts these with the storyboard; each has a reservation of its own, and the
        storyboard none. `place` holds the member's roles. Raises DuplicateRequestError if its
        idempotency key was used before, LimitReachedError if it exceeds a limit of the server or
        the member, and MemberBlockedError.
        """

    async def get(self, job_id: JobId) -> Job:
        """Return the job. Raises JobNotFoundError."""

    async def find_submission(self, job_id: JobId) -> Submission | None:
        """Return the job's latest submission."""

    async def save(self, changes: Sequence[Change]) -> Saved:
        """Write the results of steps in one transaction and release the leases.

        A job is written only if its version is still the one that was read; for a job that has
        changed since, nothing is written.
        """

    async def owe(
        self, deliveries: Sequence[Delivery], submission: Submission | None = None
    ) -> None:
        """Insert messages for ended jobs, one per job and kind, and update the submission."""

    async def give_back(self, job: Job, submission: Submission, now: datetime) -> None:
        """Record what a service charged for an ended job, and refund the difference.

        Once per job, and at most what an admin has not already refunded.
        """

    async def list_active(self, *, user_id: UserId | None = None) -> list[Job]:
        """List jobs that have not ended, oldest first."""

    async def list_ended(self, guild_id: GuildId, user_id: UserId, most: int) -> list[Job]:
        """List a member's ended jobs in a server, latest first."""

    async def list_given_up(self, since: datetime, most: int) -> list[Job]:
        """List jobs that ended since then but may still get a late result.

        They were submitted and not refused, then cancelled, expired, lost or never downloaded, and
        no video has been owed since. Latest first; those that members cancelled come last.
        """

    async def list_picture_keys(self, since: datetime) -> set[str]:
        """Return the image keys of jobs accepted since then and of open offers."""


class ShotStore(Protocol):
    """The shots of storyboards, which are jobs of their own."""

    async def list_shots(self, storyboard_id: JobId) -> list[Job]:
        """List a storyboard's shots, in order. Raises UnreadableRowError."""

    async def save_together(self, changes: Sequence[Change]) -> bool:
        """Write as `JobStore.save` does, but all or nothing; return whether it was written."""

    async def release(self, shot: Job, now: datetime) -> bool:
        """Let a held shot take its turn, with the request that it carries now.

        Returns False if it has changed since it was read.
        """


class JobQueue(Protocol):
    """Jobs that wait their turn at a provider."""

    async def list_waiting(self, provider: ProviderName) -> list[Waiting]:
        """List all queued jobs, oldest first: thousands for a long queue."""

    async def list_turns(self, provider: ProviderName, job_ids: Collection[JobId]) -> Line:
        """Return the turns of those of these jobs that wait for this provider."""

    async def list_unserved(
        self, providers: Collection[ProviderName], now: datetime, most: int
    ) -> list[Job]:
        """List jobs queued and due for any other provider, oldest first."""

    async def list_next(self, provider: ProviderName, now: datetime, most: int) -> list[Waiting]:
        """List the due jobs next in the queue.

        A member's n-th job, counting those already running, comes after every other member's
        (n-1)-th; within a round the oldest is first.

        Returns at most `most` with priority and as many without, not yet interleaved.
        """

    async def count_in_hand(self, provider: ProviderName) -> InHand:
        """Count the provider's jobs in progress, with and without priority."""


class JobLeases(Protocol):
    """Leases on jobs, and when the next one is due."""

    async def claim_due(
        self,
        owner: str,
        now: datetime,
        lease_seconds: float,
        most: int,
        *,
        besides: Collection[JobId] = (),
    ) -> list[Job]:
        """Lease due jobs at a provider, most overdue first.

        Skips those under another process's unexpired lease and those in `besides`. Jobs in QUEUED
        are not claimed here: the queue decides their turn.
        """

    async def claim_rendering(
        self,
        owner: str,
        provider: ProviderName,
        now: datetime,
        lease_seconds: float,
        most: int,
    ) -> list[Job]:
        """Lease jobs rendering at this provider, due or not, soonest due first.

        Skips those under another process's unexpired lease.
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
        """Lease the first `most` available of these queued jobs of a provider.

        Fewer if all processes together would exceed `most_in_hand` there. Skips those that have
        changed, are not due yet or are leased by another process.
        """

    async def renew(
        self, owner: str, job_ids: Sequence[JobId], now: datetime, lease_seconds: float
    ) -> None:
        """Renew these leases where `owner` still holds them."""

    async def clamp_instants(
        self, now: datetime, lease_seconds: float, *, is_thorough: bool
    ) -> None:
        """Pull instants too far ahead back to now.

        Too far is beyond any wait plus the tolerated clock difference. Covers leases, next actions,
        deadlines and ages of open jobs, leases and next attempts of messages, and offers and policy
        changes awaiting confirmation. If `is_thorough`, also ends waits that a provider asked for,
        at a cost of one request each, and next edits of cards.
        """

    async def agenda(self, now: datetime) -> Agenda:
        """Return the agenda of all active jobs, leased or not."""


class MessageStore(Protocol):
    """The messages that jobs owe their channels."""

    async def list_owed(self, now: datetime, most: int) -> list[Delivery]:
        """List deliveries in OWED or POSTING that are due, oldest first."""

    async def list_posted_cards(self, *, changed_since: datetime) -> list[tuple[Delivery, Job]]:
        """List cards whose job is active or changed since that instant.

        Also cards whose content is unknown, because an edit failed or was interrupted.
        """

    async def find_delivery(self, job_id: JobId, kind: DeliveryKind) -> Delivery | None: ...

    async def save_delivery(
        self,
        delivery: Delivery,
        *,
        replaces_at: datetime | None = None,
        outbox: Outbox | None = None,
    ) -> Delivery:
        """Write a delivery if its version is unchanged; return it as stored.

        `replaces_at` also owes, in the same transaction, the deletion of the job's messages that
        are replaced now, at once; None keeps them. The outbox is written in it, too. Raises
        LeaseLostError.
        """


class KeyValueStore(Protocol):
    """Small durable values of the program: a hash, an open form."""

    async def get_note(self, name: str) -> str | None: ...

    async def set_note(self, name: str, value: str) -> None: ...

    async def swap_note(self, name: str, before: str | None, after: str) -> bool:
        """Write the value if the present one is `before`, None for none; return whether it was."""
