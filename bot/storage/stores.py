"""The port `JobStore`, once for both engines."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot.domain.deliveries import LONGEST_WAIT, Delivery, DeliveryKind
from bot.domain.jobs import Job
from bot.domain.offers import Place
from bot.domain.queueing import InHand, Line, Waiting
from bot.domain.requests import VideoRequest
from bot.domain.submissions import Submission
from bot.errors import DuplicateRequestError, JobNotFoundError, LeaseLostError
from bot.ids import GuildId, IdempotencyKey, JobId, ProviderName, UserId
from bot.ports import Agenda, Change
from bot.storage import rows
from bot.storage.databases import Engine
from bot.storage.money import Money
from bot.storage.tables import Tables
from bot.storage.together import Together


@dataclass(frozen=True, slots=True, eq=False)
class _Observed:
    """One film that took so long; another that took as long is another."""

    values: rows.Parameters


class SqlJobStore(Tables):
    """Jobs, submissions and deliveries in SQLite or PostgreSQL; every method one transaction.

    With `money`, a job is accepted within its server's limits and its end is booked.
    """

    def __init__(self, engine: Engine, money: Money | None = None) -> None:
        super().__init__(engine)
        self._money = money
        self._submissions = Together(self._latest_submissions)
        self._durations = Together(self._observe_all)

    async def accept(
        self, job: Job, deliveries: Sequence[Delivery], place: Place | None = None
    ) -> None:
        place = place or Place(job.guild_id, job.channel_id, job.user_id)
        async with self._engine.transaction() as connection:
            standing = None
            if self._money is not None:  # locked before anything is written
                standing = await self._money.standing_for(connection, place, job.accepted_at)
                job = replace(job, has_priority=bool(standing.rules.priority))
            if await self._one(connection, "insert_job", **rows.job_parameters(job)) is None:
                first = await self._one(
                    connection, "find_job_by_key", idempotency_key=job.idempotency_key
                )
                raise DuplicateRequestError(first["id"] if first else "")
            if self._money is not None and standing is not None:
                await self._money.reserve(connection, job, place, standing)
            await self._owe(connection, deliveries)

    async def get(self, job_id: JobId) -> Job:
        row = await self._read_one("get_job", id=job_id)
        if row is None:
            raise JobNotFoundError
        return rows.job_from(row)

    async def find_by_key(self, key: IdempotencyKey) -> Job | None:
        row = await self._read_one("find_job_by_key", idempotency_key=key)
        return None if row is None else rows.job_from(row)

    async def find_submission(self, job_id: JobId) -> Submission | None:
        return await self._submissions.ask(job_id)

    async def _latest_submissions(self, job_ids: Sequence[JobId]) -> dict[JobId, Submission]:
        found = await self._read("list_submissions", ids=json.dumps(job_ids))
        return {one.job_id: one for one in map(rows.submission_from, found)}

    async def list_active(self, *, user_id: UserId | None = None) -> list[Job]:
        if user_id is None:
            found = await self._read("list_active_jobs")
        else:
            found = await self._read("list_active_jobs_of_member", user_id=user_id)
        return [rows.job_from(row) for row in found]

    async def list_ended(self, guild_id: GuildId, user_id: UserId, most: int) -> list[Job]:
        found = await self._read(
            "list_ended_jobs_of_member", guild_id=guild_id, user_id=user_id, most=most
        )
        return [rows.job_from(row) for row in found]

    async def list_given_up(self, since: datetime, most: int) -> list[Job]:
        found = await self._read("list_given_up_jobs", since=rows.milliseconds(since), most=most)
        return [rows.job_from(row) for row in found]

    async def list_waiting(self, provider: ProviderName) -> list[Waiting]:
        found = await self._read("list_waiting_jobs", provider=provider)
        return [rows.waiting_from(row) for row in found]

    async def list_turns(self, provider: ProviderName, job_ids: Collection[JobId]) -> Line:
        ids = json.dumps(sorted(job_ids))
        return rows.line_from(await self._read("list_turns", provider=provider, ids=ids))

    async def list_next(self, provider: ProviderName, now: datetime, most: int) -> list[Waiting]:
        found = await self._read(
            "list_next_jobs", provider=provider, now=rows.milliseconds(now), most=most
        )
        return [rows.waiting_from(row) for row in found]

    async def count_running(self, provider: ProviderName) -> dict[UserId, int]:
        found = await self._read("count_running_jobs", provider=provider)
        return {UserId(row["user_id"]): int(row["running"]) for row in found}

    async def count_in_hand(self, provider: ProviderName) -> InHand:
        row = await self._read_one("count_in_hand", provider=provider)
        if row is None:
            return InHand()
        first = int(row["first"])
        return InHand(first, int(row["films"]) - first)

    async def claim_due(
        self,
        owner: str,
        now: datetime,
        lease_seconds: float,
        most: int,
        *,
        besides: Collection[JobId] = (),
    ) -> list[Job]:
        lease = _lease(owner, now, lease_seconds)
        held = json.dumps(list(besides))
        async with self._engine.transaction() as connection:
            found = await self._all(connection, "claim_due_jobs", **lease, besides=held, most=most)
        jobs = [rows.job_from(row) for row in found]
        return sorted(jobs, key=lambda job: (job.next_action_at, job.id))

    async def renew(
        self, owner: str, job_ids: Sequence[JobId], now: datetime, lease_seconds: float
    ) -> None:
        expires_at = rows.milliseconds(now + timedelta(seconds=lease_seconds))
        # in one order, as everywhere: so nobody waits in a circle
        held = [{"id": one, "owner": owner, "expires_at": expires_at} for one in sorted(job_ids)]
        async with self._engine.transaction() as connection:
            await self._many(connection, "renew_leases", held)

    async def claim_in_progress(
        self,
        owner: str,
        provider: ProviderName,
        now: datetime,
        lease_seconds: float,
        most: int,
    ) -> list[Job]:
        lease = _lease(owner, now, lease_seconds)
        async with self._engine.transaction() as connection:
            found = await self._all(
                connection, "claim_jobs_in_progress", **lease, provider=provider, most=most
            )
        jobs = [rows.job_from(row) for row in found]
        return sorted(jobs, key=lambda job: (job.next_action_at, job.id))

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
        lease = _lease(owner, now, lease_seconds)
        claimed: list[Job] = []
        async with self._engine.transaction() as connection:
            most = min(most, most_in_hand - await self._count_claimed(connection, provider, lease))
            left = list(job_ids)
            while left and len(claimed) < most:
                some, left = left[: most - len(claimed)], left[most - len(claimed) :]
                found = await self._all(connection, "claim_jobs", ids=json.dumps(some), **lease)
                had = {job.id: job for job in map(rows.job_from, found)}
                claimed += [had[job_id] for job_id in some if job_id in had]
        return claimed

    async def _count_claimed(
        self, connection: Any, provider: ProviderName, lease: dict[str, Any]
    ) -> int:
        """By everybody; nobody claims more before this transaction ends."""
        await self._one(connection, "lock_queue", provider=provider)
        asked = {"owner": lease["owner"], "now": lease["now"]}
        row = await self._one(connection, "count_claimed", provider=provider, **asked)
        return 0 if row is None else int(row["films"])

    async def agenda(self, now: datetime) -> Agenda:
        at = rows.milliseconds(now)
        found = await self._read("agenda", now=at)
        first = [row["first_at"] for row in found if row["first_at"] is not None]
        later = [row["next_at"] for row in found if row["next_at"] is not None]
        is_due = min(first, default=at + 1) <= at
        return Agenda(is_due, rows.instant(min(later)) if later else None)

    async def save(self, changes: Sequence[Change]) -> list[JobId]:
        async with self._engine.transaction() as connection:
            await self._lock_money(connection, changes)
            moving, staying, lost = await self._parted(connection, changes)
            for query, some in (("update_jobs", moving), ("postpone_jobs", staying)):
                moved = [rows.moved_job_parameters(change.job) for change in some]
                await self._many(connection, query, moved)
            kept = [*moving, *staying]
            submissions = [change.submission for change in kept if change.submission is not None]
            values = [rows.submission_parameters(one) for one in submissions]
            await self._many(connection, "put_submissions", values)
            await self._owe(connection, [one for change in kept for one in change.deliveries])
            for change in kept:
                await self._resolve(connection, change)
        return lost

    async def _parted(
        self, connection: Any, changes: Sequence[Change]
    ) -> tuple[list[Change], list[Change], list[JobId]]:
        """Those that move on, those that stay in their state, and the ids of those moved meanwhile.

        The jobs of the first two are locked.
        """
        ids = json.dumps([change.job.id for change in changes])
        found = await self._all(connection, "lock_jobs", ids=ids)
        stored = {row["id"]: (row["version"], row["state"]) for row in found}
        moving: list[Change] = []
        staying: list[Change] = []
        lost: list[JobId] = []
        for change in changes:
            version, state = stored.pop(change.job.id, (None, None))
            if version != change.job.version:
                lost.append(change.job.id)
            else:
                (staying if state == change.job.state.value else moving).append(change)
        return moving, staying, lost

    async def _lock_money(self, connection: Any, changes: Sequence[Change]) -> None:
        """Servers first and in one order, as when a job is accepted: so nobody waits in a circle."""
        if self._money is not None:
            ending = {change.job.guild_id for change in changes if change.job.is_terminal}
            for guild_id in sorted(ending):
                await self._money.lock(connection, guild_id)

    async def _resolve(self, connection: Any, change: Change) -> None:
        job, submission = change.job, change.submission
        if self._money is None or not job.is_terminal:
            return
        if submission is None:
            row = await self._one(connection, "latest_submission", job_id=job.id)
            submission = None if row is None else rows.submission_from(row)
        await self._money.resolve(connection, job, submission)

    async def owe(
        self, deliveries: Sequence[Delivery], submission: Submission | None = None
    ) -> None:
        known = [] if submission is None else [rows.submission_parameters(submission)]
        async with self._engine.transaction() as connection:
            await self._many(connection, "put_submissions", known)
            await self._owe(connection, deliveries)

    async def list_owed(self, now: datetime, most: int) -> list[Delivery]:
        found = await self._read(
            "list_owed_deliveries",
            now=rows.milliseconds(now),
            latest=rows.milliseconds(now + LONGEST_WAIT),
            most=most,
        )
        return [rows.delivery_from(row) for row in found]

    async def list_posted_cards(self, *, changed_since: datetime) -> list[tuple[Delivery, Job]]:
        since = rows.milliseconds(changed_since)
        async with self._engine.reading() as connection:
            cards = await self._all(connection, "list_posted_cards", since=since)
            jobs = await self._all(connection, "list_jobs_with_posted_cards", since=since)
        by_job = {row["job_id"]: rows.delivery_from(row) for row in cards}
        # a card that was posted between the two reads is in the next listing
        return [(by_job[row["id"]], rows.job_from(row)) for row in jobs if row["id"] in by_job]

    async def find_delivery(self, job_id: JobId, kind: DeliveryKind) -> Delivery | None:
        row = await self._read_one("find_delivery", job_id=job_id, kind=kind.value)
        return None if row is None else rows.delivery_from(row)

    async def save_delivery(self, delivery: Delivery) -> Delivery:
        async with self._engine.transaction() as connection:
            written = await self._one(
                connection, "update_delivery", **rows.delivery_parameters(delivery)
            )
        if written is None:
            raise LeaseLostError(delivery.nonce)
        return replace(delivery, version=delivery.version + 1)

    async def observe_duration(
        self, provider: ProviderName, request: VideoRequest, seconds: float, at: datetime
    ) -> None:
        observed = {
            "provider": provider,
            "model_id": request.model_id,
            "subject": rows.subject(request),
            "observed_at": rows.milliseconds(at),
            "seconds": float(seconds),
        }
        await self._durations.ask(_Observed(observed))

    async def _observe_all(self, observed: Sequence["_Observed"]) -> dict["_Observed", None]:
        async with self._engine.transaction() as connection:
            await self._many(connection, "insert_durations", [one.values for one in observed])
        return {}

    async def list_durations(
        self, provider: ProviderName, request: VideoRequest, most: int
    ) -> list[float]:
        found = await self._read(
            "list_durations", provider=provider, subject=rows.subject(request), most=most
        )
        return [float(row["seconds"]) for row in found]

    async def list_durations_alike(
        self, provider: ProviderName, request: VideoRequest, most: int
    ) -> list[float]:
        found = await self._read(
            "list_durations_alike",
            provider=provider,
            model_id=request.model_id,
            subject=rows.subject(request),
            most=most,
        )
        return [float(row["seconds"]) for row in found]

    async def get_note(self, name: str) -> str | None:
        row = await self._read_one("get_note", name=name)
        return None if row is None else str(row["value"])

    async def set_note(self, name: str, value: str) -> None:
        async with self._engine.transaction() as connection:
            await self._one(connection, "put_note", name=name, value=value)

    async def _owe(self, connection: Any, deliveries: Sequence[Delivery]) -> None:
        values = [rows.delivery_parameters(delivery) for delivery in deliveries]
        await self._many(connection, "insert_deliveries", values)


def _lease(owner: str, now: datetime, lease_seconds: float) -> dict[str, Any]:
    expires_at = now + timedelta(seconds=lease_seconds)
    return {
        "owner": owner,
        "now": rows.milliseconds(now),
        "expires_at": rows.milliseconds(expires_at),
    }
