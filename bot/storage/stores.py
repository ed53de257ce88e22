"""The ports of jobs, once for both engines."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.catalog.models import Outcomes
from bot.catalog.request import Origin, VideoRequest
from bot.errors import DuplicateRequestError, JobNotFoundError
from bot.ids import GuildId, JobId, ModelId, ProviderName, UserId
from bot.jobs.job import Job, model_succeeded
from bot.jobs.messages import Delivery
from bot.jobs.stores import Change, OpenJobs, Saved
from bot.jobs.submission import Submission
from bot.polling.history import kind_of
from bot.storage import rows
from bot.storage.deliveries import Deliveries
from bot.storage.engines.batching import Batching
from bot.storage.engines.transaction import Engine, SqlTransaction
from bot.storage.money import Money
from bot.storage.queue import Queue


@dataclass(frozen=True, slots=True, eq=False)
class _Observed:
    """One observed render time; equal values stay distinct observations."""

    values: rows.Parameters


class SqlJobStore(Deliveries, Queue):
    """Every port of jobs in SQLite or PostgreSQL; every method is one transaction.

    With `money`, a job is accepted within its server's limits and settled at its end.
    """

    def __init__(self, engine: Engine, money: Money | None = None) -> None:
        super().__init__(engine)
        self._money = money
        self._submissions = Batching(self._latest_submissions)
        self._durations = Batching(self._observe_all)

    async def accept(
        self,
        job: Job,
        deliveries: Sequence[Delivery],
        place: Origin | None = None,
        shots: Sequence[Job] = (),
    ) -> None:
        place = place or Origin(job.guild_id, job.channel_id, job.user_id)
        async with self._engine.transaction() as tx:
            budget = None
            if self._money is not None:  # lock before any write
                budget = await self._money.budget_for(tx, place, job.accepted_at)
                has_priority = bool(budget.rules.priority)
                job = replace(job, has_priority=has_priority)
                shots = [replace(shot, has_priority=has_priority) for shot in shots]
            if await tx.one("insert_job", **rows.JOBS.parameters(job)) is None:
                first = await tx.one("find_job_by_key", idempotency_key=job.idempotency_key)
                raise DuplicateRequestError(first["id"] if first else "")
            await tx.many("insert_jobs", [rows.JOBS.parameters(shot) for shot in shots])
            if self._money is not None and budget is not None:
                await self._money.reserve(tx, job, place, budget, shots)
            await self._owe(tx, deliveries)

    async def list_shots(self, storyboard_id: JobId) -> list[Job]:
        found = await self._engine.read_all("list_shots", storyboard_id=storyboard_id)
        return [rows.job_from(row) for row in found]

    async def release(self, shot: Job, now: datetime) -> bool:
        values = {"id": shot.id, "version": shot.version, "now": rows.milliseconds(now)}
        request = rows.request_json(shot.request)
        return await self._engine.write("release_shot", **values, request=request) is not None

    async def get(self, job_id: JobId) -> Job:
        row = await self._engine.read_one("get_job", id=job_id)
        if row is None:
            raise JobNotFoundError
        return rows.job_from(row)

    async def find_submission(self, job_id: JobId) -> Submission | None:
        found = await self._submissions.ask(job_id)
        return None if found is None else rows.submission_from(found)

    async def _latest_submissions(self, job_ids: Sequence[JobId]) -> dict[JobId, rows.Row]:
        """Latest submissions as rows; each caller parses its own, as one may be damaged."""
        found = await self._engine.read_all("list_submissions", ids=json.dumps(job_ids))
        return {JobId(row["job_id"]): row for row in found}

    async def list_active(self, *, user_id: UserId | None = None) -> list[Job]:
        if user_id is None:
            found = await self._engine.read_all("list_active_jobs")
        else:
            found = await self._engine.read_all("list_active_jobs_of_member", user_id=user_id)
        return self._engine.readable(found, rows.job_from)

    async def count_open(self) -> dict[str, OpenJobs]:
        """Count the jobs that have not ended, by state."""
        return {
            row["state"]: OpenJobs(int(row["jobs"]), rows.instant(row["first_due_at"]))
            for row in await self._engine.read_all("count_open_by_state")
        }

    async def list_ended(self, guild_id: GuildId, user_id: UserId, most: int) -> list[Job]:
        found = await self._engine.read_all(
            "list_ended_jobs_of_member", guild_id=guild_id, user_id=user_id, most=most
        )
        return self._engine.readable(found, rows.job_from)

    async def list_latest(
        self, most: int, *, guild_id: int = 0, user_id: int = 0, is_open: bool = False
    ) -> list[Job]:
        """List the latest jobs for the operator, of any server and member (0) or of one."""
        found = await self._engine.read_all(
            "list_latest_jobs",
            guild_id=guild_id,
            user_id=user_id,
            is_open=int(is_open),
            most=most,
        )
        return self._engine.readable(found, rows.job_from)

    async def list_given_up(self, since: datetime, most: int) -> list[Job]:
        found = await self._engine.read_all(
            "list_given_up_jobs", since=rows.milliseconds(since), most=most
        )
        return self._engine.readable(found, rows.job_from)

    async def list_picture_keys(self, since: datetime) -> set[str]:
        found = await self._engine.read_all(
            "list_requests_with_pictures", since=rows.milliseconds(since)
        )
        return {key for row in found for key in rows.picture_keys_in(row["request"])}

    async def save(self, changes: Sequence[Change]) -> Saved:
        return await self._save(changes)

    async def save_together(self, changes: Sequence[Change]) -> bool:
        return not (await self._save(changes, together=True)).conflicts

    async def _save(self, changes: Sequence[Change], *, together: bool = False) -> Saved:
        async with self._engine.transaction() as tx:
            await self._lock_money(tx, changes)
            moving, staying, lost = await self._parted(tx, changes)
            if together and lost:
                return Saved((), frozenset(change.job.id for change in changes))
            for query, some in (("update_jobs", moving), ("postpone_jobs", staying)):
                moved = [rows.JOBS.changes(change.job, "id") for change in some]
                await tx.many(query, moved)
            kept = [*moving, *staying]
            submissions = [change.submission for change in kept if change.submission is not None]
            values = [rows.SUBMISSIONS.parameters(one) for one in submissions]
            await tx.many("put_submissions", values)
            await tx.many("insert_outcomes", [row for one in moving for row in _outcome(one.job)])
            await self._owe(tx, [one for change in kept for one in change.deliveries])
            for change in kept:
                await self._resolve(tx, change)
        return Saved(kept, frozenset(lost))

    async def _parted(
        self, tx: SqlTransaction, changes: Sequence[Change]
    ) -> tuple[list[Change], list[Change], list[JobId]]:
        """Changes that leave their state, changes that stay, and ids that moved on.

        An id moved on if another process wrote its job since. The jobs of the first two are locked.
        """
        ids = json.dumps([change.job.id for change in changes])
        found = await tx.all("lock_jobs", ids=ids)
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

    async def _lock_money(self, tx: SqlTransaction, changes: Sequence[Change]) -> None:
        """Lock servers first and in one order, as on acceptance: no deadlocks."""
        if self._money is not None:
            ending = {change.job.guild_id for change in changes if change.job.is_terminal}
            for guild_id in sorted(ending):
                await self._money.lock(tx, guild_id)

    async def _resolve(self, tx: SqlTransaction, change: Change) -> None:
        job, submission = change.job, change.submission
        if self._money is None or not job.is_terminal:
            return
        if submission is None:
            row = await tx.one("latest_submission", job_id=job.id)
            submission = None if row is None else rows.submission_from(row)
        await self._money.resolve(tx, job, submission)

    async def give_back(self, job: Job, submission: Submission, now: datetime) -> None:
        async with self._engine.transaction() as tx:
            if self._money is not None:
                await self._money.lock(tx, job.guild_id)
            known = [rows.SUBMISSIONS.parameters(submission)]
            await tx.many("put_submissions", known)
            if self._money is not None:
                await self._money.give_back(tx, job, submission, now)

    async def observe_render_time(
        self, provider: ProviderName, request: VideoRequest, seconds: float, at: datetime
    ) -> None:
        observed = {
            "provider": provider,
            "model_id": request.model_id,
            "subject": rows.stored_kind(kind_of(provider, request)),
            "observed_at": rows.milliseconds(at),
            "seconds": float(seconds),
        }
        await self._durations.ask(_Observed(observed))

    async def _observe_all(self, observed: Sequence["_Observed"]) -> dict["_Observed", None]:
        async with self._engine.transaction() as tx:
            await tx.many("insert_durations", [one.values for one in observed])
        return {}

    async def list_render_times(
        self, provider: ProviderName, request: VideoRequest, most: int
    ) -> list[float]:
        found = await self._engine.read_all(
            "list_render_times",
            provider=provider,
            subject=rows.stored_kind(kind_of(provider, request)),
            most=most,
        )
        return [float(row["seconds"]) for row in found]

    async def list_render_times_alike(
        self, provider: ProviderName, request: VideoRequest, most: int
    ) -> list[float]:
        found = await self._engine.read_all(
            "list_render_times_alike",
            provider=provider,
            model_id=request.model_id,
            subject=rows.stored_kind(kind_of(provider, request)),
            most=most,
        )
        return [float(row["seconds"]) for row in found]

    async def count_outcomes(
        self, provider: ProviderName, model_id: ModelId, most: int
    ) -> Outcomes:
        row = await self._engine.read_one(
            "count_outcomes", provider=provider, model_id=model_id, most=most
        )
        return Outcomes() if row is None else Outcomes(int(row["succeeded"]), int(row["ended"]))

    async def get_note(self, name: str) -> str | None:
        row = await self._engine.read_one("get_note", name=name)
        return None if row is None else str(row["value"])

    async def set_note(self, name: str, value: str) -> None:
        async with self._engine.transaction() as tx:
            await tx.one("put_note", name=name, value=value)

    async def swap_note(self, name: str, before: str | None, after: str) -> bool:
        async with self._engine.transaction() as tx:
            if before is None:
                return await tx.one("add_note", name=name, value=after) is not None
            row = await tx.one("swap_note", name=name, value=after, before=before)
            return row is not None


def _outcome(job: Job) -> Iterator[rows.Parameters]:
    """Yield the outcome of a job that has ended, if it says something of its model."""
    succeeded = model_succeeded(job)
    if succeeded is not None:
        yield {
            "provider": job.provider,
            "model_id": job.request.model_id,
            "ended_at": rows.milliseconds(job.state_changed_at),
            "succeeded": int(succeeded),
        }
