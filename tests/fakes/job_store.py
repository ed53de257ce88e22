"""The ports of jobs in memory, held to the same contract as the databases."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot.catalog.models import Outcomes
from bot.catalog.request import Origin, VideoRequest
from bot.errors import DuplicateRequestError, JobNotFoundError, LeaseLostError, StorageError
from bot.guilds.audit import AuditNote
from bot.guilds.notices import Notice, TemporaryMessage
from bot.health import HealthStore
from bot.ids import (
    GuildId,
    IdempotencyKey,
    JobId,
    MessageId,
    ModelId,
    NoticeId,
    ProviderName,
    SubmissionId,
    UserId,
)
from bot.instants import CLOCKS_DIFFER_BY, made_by
from bot.jobs.job import (
    ACTIVE_STATES,
    TERMINAL_STATES,
    TIME_TO_RENDER,
    FailureKind,
    Job,
    JobState,
    model_succeeded,
)
from bot.jobs.messages import Delivery, DeliveryKind, DeliveryState, Outbox, deleted, replaced
from bot.jobs.queue import (
    InHand,
    Line,
    Turn,
    Waiting,
)
from bot.jobs.stores import (
    Agenda,
    Change,
    JobLeases,
    JobQueue,
    JobStore,
    KeyValueStore,
    MessageStore,
    OpenJobs,
    Saved,
    ShotStore,
)
from bot.jobs.submission import Submission, SubmissionState
from bot.polling.history import RenderTimes, VideoKind, kind_of
from bot.polling.schedule import LONGEST_KNOWN_GAP_SECONDS
from bot.retries import LONGEST_WAIT, POSTING_LEASE
from tests.factories import NOW
from tests.fakes.queue_order import in_order

POLL = timedelta(seconds=LONGEST_KNOWN_GAP_SECONDS)
AT_PROVIDER_STATES = ACTIVE_STATES - {JobState.QUEUED}
HAS_IN_HAND = AT_PROVIDER_STATES - {JobState.DOWNLOADING}


class JobStores(
    JobStore,
    ShotStore,
    JobQueue,
    JobLeases,
    MessageStore,
    KeyValueStore,
    RenderTimes,
    HealthStore,
    Protocol,
):
    """The ports that one adapter implements, in memory as in SQL."""


@dataclass
class InMemoryJobStore:
    """No method awaits anything, so each is one transaction."""

    jobs: dict[JobId, Job] = field(default_factory=dict)
    submissions: dict[SubmissionId, Submission] = field(default_factory=dict)
    deliveries: dict[tuple[JobId, DeliveryKind], Delivery] = field(default_factory=dict)
    durations: list[tuple[datetime, VideoKind, float]] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    temporary: dict[MessageId, tuple[TemporaryMessage, datetime]] = field(default_factory=dict)
    notices: dict[NoticeId, Notice] = field(default_factory=dict)
    noted: list[AuditNote] = field(default_factory=list)
    _leases: dict[JobId, tuple[str, datetime]] = field(default_factory=dict)

    async def accept(
        self,
        job: Job,
        deliveries: Sequence[Delivery],
        place: Origin | None = None,
        shots: Sequence[Job] = (),
    ) -> None:
        first = self._by_key(job.idempotency_key)
        if first is not None:
            raise DuplicateRequestError(first.id)
        self.jobs |= {one.id: one for one in (job, *shots)}
        self._owe(deliveries)

    async def list_shots(self, storyboard_id: JobId) -> list[Job]:
        found = [
            job for job in self.jobs.values() if job.is_shot and job.storyboard_id == storyboard_id
        ]
        return sorted(found, key=lambda job: job.shot_number or 0)

    async def release(self, shot: Job, now: datetime) -> bool:
        stored = self.jobs[shot.id]
        is_free = stored.version == shot.version and stored.state is JobState.QUEUED
        if not is_free or not stored.is_held:
            return False
        version = shot.version + 1
        released = replace(shot, is_held=False, next_action_at=now, version=version)
        self.jobs[shot.id] = released
        return True

    async def get(self, job_id: JobId) -> Job:
        if job_id not in self.jobs:
            raise JobNotFoundError
        return self.jobs[job_id]

    def _by_key(self, key: IdempotencyKey) -> Job | None:
        return next((job for job in self.jobs.values() if job.idempotency_key == key), None)

    async def find_submission(self, job_id: JobId) -> Submission | None:
        own = [row for row in self.submissions.values() if row.job_id == job_id]
        return max(own, key=lambda row: row.attempt, default=None)

    async def count_open(self) -> dict[str, OpenJobs]:
        by_state: dict[str, list[datetime]] = {}
        for job in self._in(ACTIVE_STATES):
            if job.is_held:
                continue
            by_state.setdefault(job.state.value, []).append(job.next_action_at)
        return {state: OpenJobs(len(due), min(due)) for state, due in by_state.items()}

    async def list_active(self, *, user_id: UserId | None = None) -> list[Job]:
        active = self._in(ACTIVE_STATES)
        mine = [
            job for job in active if user_id is None or (job.user_id == user_id and not job.is_shot)
        ]
        return sorted(mine, key=lambda job: (job.accepted_at, job.id))

    async def list_ended(self, guild_id: GuildId, user_id: UserId, most: int) -> list[Job]:
        found = [
            job
            for job in self._in(TERMINAL_STATES)
            if (job.guild_id, job.user_id) == (guild_id, user_id) and not job.is_shot
        ]
        return sorted(found, key=lambda job: (job.accepted_at, job.id), reverse=True)[:most]

    async def list_picture_keys(self, since: datetime) -> set[str]:
        recent = [job for job in self.jobs.values() if job.accepted_at >= since]
        return {image.key for job in recent for image in job.request.pictures}

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
            and (job.id, DeliveryKind.VIDEO) not in self.deliveries
        ]
        found.sort(key=lambda job: job.id)
        found.sort(key=lambda job: job.state_changed_at, reverse=True)
        return sorted(found, key=lambda job: job.state is JobState.CANCELLED)[:most]

    async def list_waiting(self, provider: ProviderName) -> list[Waiting]:
        waiting = [
            job
            for job in self._in({JobState.QUEUED})
            if job.provider == provider and not job.is_held
        ]
        waiting.sort(key=lambda job: (job.accepted_at, job.id))
        return [Waiting(job.id, job.user_id, job.accepted_at, job.has_priority) for job in waiting]

    async def list_turns(self, provider: ProviderName, job_ids: Collection[JobId]) -> Line:
        fair = in_order(await self.list_waiting(provider), self._running(provider))
        first = [entry for entry in fair if entry.has_priority]
        others = [entry for entry in fair if not entry.has_priority]
        turns = [
            Turn(entry.job_id, entry.has_priority, number)
            for queue in (first, others)
            for number, entry in enumerate(queue, start=1)
            if entry.job_id in job_ids
        ]
        return Line(tuple(turns), len(first), len(others))

    async def list_unserved(
        self, providers: Collection[ProviderName], now: datetime, most: int
    ) -> list[Job]:
        waiting = self._in({JobState.QUEUED})
        due = [job for job in waiting if job.next_action_at <= now]
        found = [job for job in due if job.provider not in providers]
        return sorted(found, key=lambda job: (job.accepted_at, job.id))[:most]

    async def list_next(self, provider: ProviderName, now: datetime, most: int) -> list[Waiting]:
        fair = in_order(await self.list_waiting(provider), self._running(provider))
        due = {job.id for job in self._in({JobState.QUEUED}) if job.next_action_at <= now}
        first = [entry for entry in fair if entry.has_priority and entry.job_id in due][:most]
        others = [entry for entry in fair if not entry.has_priority and entry.job_id in due][:most]
        return [*first, *others]

    def _running(self, provider: ProviderName) -> dict[UserId, int]:
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

    async def claim_rendering(
        self,
        owner: str,
        provider: ProviderName,
        now: datetime,
        lease_seconds: float,
        most: int,
    ) -> list[Job]:
        at_it = [
            job
            for job in self._in({JobState.RENDERING})
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
            for job in self._in({JobState.QUEUED})
            if job.provider == provider and not self._is_unleased(job, owner, now)
        ]
        most = max(min(most, most_in_hand - len(at_it) - len(claimed)), 0)
        wanted = [self.jobs[job_id] for job_id in job_ids if job_id in self.jobs]
        free = [
            job for job in wanted if job.state is JobState.QUEUED and self._is_free(job, owner, now)
        ]
        return self._lease(free[:most], owner, now, lease_seconds)

    async def renew(
        self, owner: str, job_ids: Sequence[JobId], now: datetime, lease_seconds: float
    ) -> None:
        expires_at = now + timedelta(seconds=lease_seconds)
        for job_id in job_ids:
            if self._leases.get(job_id, ("", now))[0] == owner:
                self._leases[job_id] = (owner, expires_at)

    async def clamp_instants(
        self, now: datetime, lease_seconds: float, *, is_thorough: bool
    ) -> None:
        latest, longest = now + CLOCKS_DIFFER_BY, POLL if is_thorough else timedelta(hours=25)
        for key, (owner, until) in self._leases.items():
            held = timedelta(seconds=lease_seconds)
            if until > latest + held:
                self._leases[key] = (owner, now + held)
        for key, job in self.jobs.items():
            self.jobs[key] = _clamped(job, now, POLL if job.errors_in_row == 0 else longest)
        for one in self.submissions.values():
            if not self.jobs[one.job_id].is_terminal:
                at, taken = one.intended_at, one.accepted_at
                self.submissions[one.id] = replace(
                    one,
                    intended_at=made_by(at, now),
                    accepted_at=None if taken is None else made_by(taken, now),
                )
        for name, row in self.deliveries.items():
            if row.state is DeliveryState.POSTING and row.next_attempt_at > latest + POSTING_LEASE:
                self.deliveries[name] = replace(row, next_attempt_at=now + POSTING_LEASE)
            if row.state is DeliveryState.POSTED and is_thorough:
                at = made_by(row.next_attempt_at, now)
                self.deliveries[name] = replace(row, next_attempt_at=at)
        if is_thorough:
            self.durations = [
                (made_by(at, now), subject, seconds) for at, subject, seconds in self.durations
            ]

    async def agenda(self, now: datetime) -> Agenda:
        due = [job.next_action_at for job in self._in(ACTIVE_STATES) if not job.is_held]
        later = min((at for at in due if at > now), default=None)
        return Agenda(any(at <= now for at in due), later)

    async def save(self, changes: Sequence[Change]) -> Saved:
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
        return Saved(kept, frozenset(lost))

    async def save_together(self, changes: Sequence[Change]) -> bool:
        if any(self.jobs[one.job.id].version != one.job.version for one in changes):
            return False
        return not (await self.save(changes)).conflicts

    async def owe(
        self, deliveries: Sequence[Delivery], submission: Submission | None = None
    ) -> None:
        if submission is not None:
            self.submissions[submission.id] = submission
        self._owe(deliveries)

    async def give_back(self, _job: Job, submission: Submission, _now: datetime) -> None:
        self.submissions[submission.id] = submission

    async def list_owed(self, now: datetime, most: int) -> list[Delivery]:
        open_states = {DeliveryState.OWED, DeliveryState.POSTING}
        owed = [
            row
            for row in self.deliveries.values()
            if row.state in open_states
            and (
                row.next_attempt_at <= now
                or (row.state is DeliveryState.OWED and row.next_attempt_at > now + LONGEST_WAIT)
            )
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

    async def save_delivery(
        self,
        delivery: Delivery,
        *,
        replaces_at: datetime | None = None,
        outbox: Outbox | None = None,
    ) -> Delivery:
        self._write_delivery(delivery)
        if replaces_at is not None:
            own = [row for row in self.deliveries.values() if row.job_id == delivery.job_id]
            for old in replaced(own):
                self._write_delivery(deleted(old))
                assert old.message_id is not None
                passing = TemporaryMessage(
                    old.guild_id, old.channel_id, old.message_id, replaces_at
                )
                self.temporary.setdefault(old.message_id, (passing, NOW))
        for message in outbox.deletions if outbox is not None else ():
            self.temporary.setdefault(message.message_id, (message, NOW))
        for notice in outbox.notices if outbox is not None else ():
            self.notices.setdefault(notice.id, notice)
        if outbox is not None and outbox.noted is not None:
            self.noted.append(outbox.noted)
        return self.deliveries[delivery.job_id, delivery.kind]

    def _write_delivery(self, delivery: Delivery) -> None:
        key = (delivery.job_id, delivery.kind)
        stored = self.deliveries.get(key)
        if stored is None or stored.version != delivery.version:
            raise LeaseLostError(delivery.nonce)
        self.deliveries[key] = replace(delivery, version=delivery.version + 1)

    async def observe_render_time(
        self, provider: ProviderName, request: VideoRequest, seconds: float, at: datetime
    ) -> None:
        self.durations.append((at, kind_of(provider, request), seconds))

    async def list_render_times(
        self, provider: ProviderName, request: VideoRequest, most: int
    ) -> list[float]:
        rows = [row for row in self.durations if row[1] == kind_of(provider, request)]
        rows.sort(key=lambda row: row[0], reverse=True)
        return [seconds for _, _, seconds in rows[:most]]

    async def list_render_times_alike(
        self, provider: ProviderName, request: VideoRequest, most: int
    ) -> list[float]:
        own = kind_of(provider, request)
        rows = [
            row for row in self.durations if _model_of(row[1]) == _model_of(own) and row[1] != own
        ]
        rows.sort(key=lambda row: row[0], reverse=True)
        return [seconds for _, _, seconds in rows[:most]]

    async def count_outcomes(
        self, provider: ProviderName, model_id: ModelId, most: int
    ) -> Outcomes:
        ended = [
            (job.state_changed_at, outcome)
            for job in self.jobs.values()
            if (job.provider, job.request.model_id) == (provider, model_id)
            and (outcome := model_succeeded(job)) is not None
        ]
        latest = [succeeded for _, succeeded in sorted(ended, reverse=True)[:most]]
        return Outcomes(sum(latest), len(latest))

    async def get_note(self, name: str) -> str | None:
        return self.notes.get(name)

    async def set_note(self, name: str, value: str) -> None:
        self.notes[name] = value

    async def swap_note(self, name: str, before: str | None, after: str) -> bool:
        if self.notes.get(name) != before:
            return False
        self.notes[name] = after
        return True

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


def _clamped(job: Job, now: datetime, longest: timedelta) -> Job:
    """A job that was written by a clock that was ahead."""
    latest = now + CLOCKS_DIFFER_BY
    changed = replace(job, state_changed_at=made_by(job.state_changed_at, now))
    if job.is_terminal:
        return changed
    if job.state is JobState.QUEUED:
        changed = replace(changed, accepted_at=made_by(job.accepted_at, now))
    if job.next_action_at > latest + longest:
        changed = replace(changed, next_action_at=now)
    if job.submitted_at is not None:
        changed = replace(changed, submitted_at=made_by(job.submitted_at, now))
    if job.last_queued_at is not None:
        changed = replace(changed, last_queued_at=made_by(job.last_queued_at, now))
    if job.deadline_at is not None and job.deadline_at > latest + TIME_TO_RENDER:
        changed = replace(changed, deadline_at=now + TIME_TO_RENDER)
    return changed


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


def _model_of(kind: VideoKind) -> tuple[ProviderName, ModelId]:
    return kind.provider, kind.model_id
