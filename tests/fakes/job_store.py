"""The port `JobStore` in memory, held to the same contract as the databases."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from bot.domain.deliveries import LONGEST_WAIT, Delivery, DeliveryKind, DeliveryState
from bot.domain.jobs import (
    ACTIVE_STATES,
    AT_PROVIDER_STATES,
    TERMINAL_STATES,
    FailureKind,
    Job,
    JobState,
)
from bot.domain.offers import Place
from bot.domain.queueing import InHand, Line, Turn, Waiting, in_order
from bot.domain.requests import VideoRequest
from bot.domain.submissions import Submission, SubmissionState
from bot.errors import DuplicateRequestError, JobNotFoundError, LeaseLostError, StorageError
from bot.ids import GuildId, IdempotencyKey, JobId, ProviderName, SubmissionId, UserId
from bot.ports import Agenda, Change

HAS_IN_HAND = AT_PROVIDER_STATES - {JobState.COLLECTING}


@dataclass
class InMemoryJobStore:
    """No method awaits anything, so each is one transaction."""

    jobs: dict[JobId, Job] = field(default_factory=dict)
    submissions: dict[SubmissionId, Submission] = field(default_factory=dict)
    deliveries: dict[tuple[JobId, DeliveryKind], Delivery] = field(default_factory=dict)
    durations: list[tuple[datetime, tuple[Any, ...], float]] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    _leases: dict[JobId, tuple[str, datetime]] = field(default_factory=dict)

    async def accept(
        self, job: Job, deliveries: Sequence[Delivery], place: Place | None = None
    ) -> None:
        first = await self.find_by_key(job.idempotency_key)
        if first is not None:
            raise DuplicateRequestError(first.id)
        self.jobs[job.id] = job
        self._owe(deliveries)

    async def get(self, job_id: JobId) -> Job:
        if job_id not in self.jobs:
            raise JobNotFoundError
        return self.jobs[job_id]

    async def find_by_key(self, key: IdempotencyKey) -> Job | None:
        return next((job for job in self.jobs.values() if job.idempotency_key == key), None)

    async def find_submission(self, job_id: JobId) -> Submission | None:
        own = [row for row in self.submissions.values() if row.job_id == job_id]
        return max(own, key=lambda row: row.attempt, default=None)

    async def list_active(self, *, user_id: UserId | None = None) -> list[Job]:
        active = self._in(ACTIVE_STATES)
        mine = [job for job in active if user_id in {None, job.user_id}]
        return sorted(mine, key=lambda job: (job.accepted_at, job.id))

    async def list_ended(self, guild_id: GuildId, user_id: UserId, most: int) -> list[Job]:
        found = [
            job
            for job in self._in(TERMINAL_STATES)
            if (job.guild_id, job.user_id) == (guild_id, user_id)
        ]
        return sorted(found, key=lambda job: (job.accepted_at, job.id), reverse=True)[:most]

    async def list_given_up(self, since: datetime, most: int) -> list[Job]:
        taken = [
            row for row in self.submissions.values() if row.state is not SubmissionState.REJECTED
        ]
        handed_over = {row.job_id for row in taken}
        found = [
            job
            for job in self._in(TERMINAL_STATES)
            if job.state_changed_at >= since
            and job.id in handed_over
            and _may_still_come(job)
            and (job.id, DeliveryKind.FILM) not in self.deliveries
        ]
        found.sort(key=lambda job: job.id)
        found.sort(key=lambda job: job.state_changed_at, reverse=True)
        return sorted(found, key=lambda job: job.state is JobState.CANCELLED)[:most]

    async def list_waiting(self, provider: ProviderName) -> list[Waiting]:
        waiting = [job for job in self._in({JobState.ACCEPTED}) if job.provider == provider]
        waiting.sort(key=lambda job: (job.accepted_at, job.id))
        return [Waiting(job.id, job.user_id, job.accepted_at, job.has_priority) for job in waiting]

    async def list_turns(self, provider: ProviderName, job_ids: Collection[JobId]) -> Line:
        fair = in_order(await self.list_waiting(provider), await self.count_running(provider))
        first = [entry for entry in fair if entry.has_priority]
        others = [entry for entry in fair if not entry.has_priority]
        turns = [
            Turn(entry.job_id, entry.has_priority, number)
            for queue in (first, others)
            for number, entry in enumerate(queue, start=1)
            if entry.job_id in job_ids
        ]
        return Line(tuple(turns), len(first), len(others))

    async def list_next(self, provider: ProviderName, now: datetime, most: int) -> list[Waiting]:
        fair = in_order(await self.list_waiting(provider), await self.count_running(provider))
        due = {job.id for job in self._in({JobState.ACCEPTED}) if job.next_action_at <= now}
        first = [entry for entry in fair if entry.has_priority and entry.job_id in due][:most]
        others = [entry for entry in fair if not entry.has_priority and entry.job_id in due][:most]
        return [*first, *others]

    async def count_running(self, provider: ProviderName) -> dict[UserId, int]:
        running: dict[UserId, int] = {}
        for job in self._in(HAS_IN_HAND):
            if job.provider == provider:
                running[job.user_id] = running.get(job.user_id, 0) + 1
        return running

    async def count_in_hand(self, provider: ProviderName) -> InHand:
        in_hand = [job for job in self._in(HAS_IN_HAND) if job.provider == provider]
        first = sum(job.has_priority for job in in_hand)
        return InHand(first, len(in_hand) - first)

    async def claim_due(
        self,
        owner: str,
        now: datetime,
        lease_seconds: float,
        most: int,
        *,
        besides: Collection[JobId] = (),
    ) -> list[Job]:
        at_provider = [job for job in self._in(AT_PROVIDER_STATES) if job.id not in besides]
        due = [job for job in at_provider if self._is_free(job, owner, now)]
        due.sort(key=lambda job: (job.next_action_at, job.id))
        return self._lease(due[:most], owner, now, lease_seconds)

    async def claim_in_progress(
        self,
        owner: str,
        provider: ProviderName,
        now: datetime,
        lease_seconds: float,
        most: int,
    ) -> list[Job]:
        at_it = [
            job
            for job in self._in({JobState.IN_PROGRESS})
            if job.provider == provider and self._is_unleased(job, owner, now)
        ]
        at_it.sort(key=lambda job: (job.next_action_at, job.id))
        return self._lease(at_it[:most], owner, now, lease_seconds)

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
        at_it = [job for job in self._in(HAS_IN_HAND) if job.provider == provider]
        claimed = [
            job
            for job in self._in({JobState.ACCEPTED})
            if job.provider == provider and not self._is_unleased(job, owner, now)
        ]
        most = max(min(most, most_in_hand - len(at_it) - len(claimed)), 0)
        wanted = [self.jobs[job_id] for job_id in job_ids if job_id in self.jobs]
        free = [
            job
            for job in wanted
            if job.state is JobState.ACCEPTED and self._is_free(job, owner, now)
        ]
        return self._lease(free[:most], owner, now, lease_seconds)

    async def renew(
        self, owner: str, job_ids: Sequence[JobId], now: datetime, lease_seconds: float
    ) -> None:
        expires_at = now + timedelta(seconds=lease_seconds)
        for job_id in job_ids:
            if self._leases.get(job_id, ("", now))[0] == owner:
                self._leases[job_id] = (owner, expires_at)

    async def agenda(self, now: datetime) -> Agenda:
        due = [job.next_action_at for job in self._in(ACTIVE_STATES)]
        later = min((at for at in due if at > now), default=None)
        return Agenda(any(at <= now for at in due), later)

    async def save(self, changes: Sequence[Change]) -> list[JobId]:
        kept, lost = [], []
        for change in changes:
            _check(change.job)
            stored = self.jobs.get(change.job.id)
            if stored is None or stored.version != change.job.version:
                lost.append(change.job.id)
            elif stored.is_terminal and stored.state is not change.job.state:
                msg = "a job that has ended stays as it ended"
                raise StorageError(msg)
            else:
                kept.append(change)
        for change in kept:
            self._write(change)
        return lost

    async def owe(
        self, deliveries: Sequence[Delivery], submission: Submission | None = None
    ) -> None:
        if submission is not None:
            self.submissions[submission.id] = submission
        self._owe(deliveries)

    async def list_owed(self, now: datetime, most: int) -> list[Delivery]:
        open_states = {DeliveryState.OWED, DeliveryState.POSTING}
        owed = [
            row
            for row in self.deliveries.values()
            if row.state in open_states and not now < row.next_attempt_at <= now + LONGEST_WAIT
        ]
        return sorted(owed, key=lambda row: (row.next_attempt_at, row.job_id))[:most]

    async def list_posted_cards(self, *, changed_since: datetime) -> list[tuple[Delivery, Job]]:
        rows = []
        for (job_id, kind), delivery in self.deliveries.items():
            job = self.jobs[job_id]
            lately = not job.is_terminal or job.state_changed_at >= changed_since
            lately = lately or delivery.shown is None
            if kind is DeliveryKind.CARD and delivery.state is DeliveryState.POSTED and lately:
                rows.append((delivery, job))
        return sorted(rows, key=lambda row: (row[1].accepted_at, row[1].id))

    async def find_delivery(self, job_id: JobId, kind: DeliveryKind) -> Delivery | None:
        return self.deliveries.get((job_id, kind))

    async def save_delivery(self, delivery: Delivery) -> Delivery:
        key = (delivery.job_id, delivery.kind)
        stored = self.deliveries.get(key)
        if stored is None or stored.version != delivery.version:
            raise LeaseLostError(delivery.nonce)
        self.deliveries[key] = replace(delivery, version=delivery.version + 1)
        return self.deliveries[key]

    async def observe_duration(
        self, provider: ProviderName, request: VideoRequest, seconds: float, at: datetime
    ) -> None:
        self.durations.append((at, _subject(provider, request), seconds))

    async def list_durations(
        self, provider: ProviderName, request: VideoRequest, most: int
    ) -> list[float]:
        rows = [row for row in self.durations if row[1] == _subject(provider, request)]
        rows.sort(key=lambda row: row[0], reverse=True)
        return [seconds for _, _, seconds in rows[:most]]

    async def list_durations_alike(
        self, provider: ProviderName, request: VideoRequest, most: int
    ) -> list[float]:
        own = _subject(provider, request)
        rows = [row for row in self.durations if row[1][:2] == own[:2] and row[1] != own]
        rows.sort(key=lambda row: row[0], reverse=True)
        return [seconds for _, _, seconds in rows[:most]]

    async def get_note(self, name: str) -> str | None:
        return self.notes.get(name)

    async def set_note(self, name: str, value: str) -> None:
        self.notes[name] = value

    def _in(self, states: Any) -> list[Job]:
        return [job for job in self.jobs.values() if job.state in states]

    def _is_free(self, job: Job, owner: str, now: datetime) -> bool:
        return job.next_action_at <= now and self._is_unleased(job, owner, now)

    def _is_unleased(self, job: Job, owner: str, now: datetime) -> bool:
        holder, expires_at = self._leases.get(job.id, (owner, now))
        return holder == owner or expires_at <= now

    def _lease(self, jobs: list[Job], owner: str, now: datetime, seconds: float) -> list[Job]:
        for job in jobs:
            self._leases[job.id] = (owner, now + timedelta(seconds=seconds))
        return jobs

    def _write(self, change: Change) -> None:
        job = change.job
        self.jobs[job.id] = replace(job, version=job.version + 1)
        if job.state is not JobState.SUBMITTING:
            self._leases.pop(job.id, None)
        if change.submission is not None:
            self.submissions[change.submission.id] = change.submission
        self._owe(change.deliveries)

    def _owe(self, deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            self.deliveries.setdefault((delivery.job_id, delivery.kind), delivery)


def _check(job: Job) -> None:
    """What the schema's CHECKs refuse."""
    sound = (
        (job.failure is not None) == (job.state is JobState.FAILED)
        and (job.artifact is not None) == (job.state is JobState.SUCCEEDED)
        and 0 <= (job.progress_percent or 0) <= 100
        and job.errors_in_row >= 0
    )
    if not sound:
        msg = f"CHECK constraint failed: {job.id}"
        raise StorageError(msg)


def _may_still_come(job: Job) -> bool:
    if job.failure is None:
        return job.state is not JobState.SUCCEEDED
    return job.failure.kind in {FailureKind.UNCERTAIN, FailureKind.INTERRUPTED}


def _subject(provider: ProviderName, request: VideoRequest) -> tuple[Any, ...]:
    shots = len(request.parts)
    return provider, request.model_id, request.duration_seconds, request.resolution, shots
