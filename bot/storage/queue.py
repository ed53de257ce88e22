"""The ports `JobQueue` and `JobLeases`; part of the job store."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.ids import JobId, ProviderName
from bot.instants import CLOCKS_DIFFER_BY
from bot.jobs.job import TIME_TO_RENDER, UNREADABLE_AGAIN_AFTER, Job
from bot.jobs.queue import InHand, Line, Waiting
from bot.jobs.stores import Agenda
from bot.money.changes import CHANGE_HOLDS_FOR
from bot.ordering.offers import OFFER_HOLDS_FOR
from bot.polling.schedule import LONGEST_KNOWN_GAP_SECONDS
from bot.retries import POSTING_LEASE
from bot.storage import rows
from bot.storage.engines.transaction import Engine, SqlTransaction

LONGEST_POLL_WAIT = timedelta(seconds=LONGEST_KNOWN_GAP_SECONDS)
LONGEST_PROVIDER_WAIT = timedelta(hours=25)  # a daily limit, as the providers' clients bound it

ALWAYS = (
    "clamp_jobs_at_providers",
    "clamp_claimed_jobs",
    "clamp_waiting_jobs",
    "clamp_queue_places",
    "clamp_changed_jobs",
    "clamp_submissions",
    "clamp_posts",
    "clamp_offers",
    "clamp_changes",
)
THOROUGHLY = (*ALWAYS, "clamp_cards", "clamp_durations")  # the last two read whole tables


class Queue:
    """Queued jobs, and the leases under which jobs are processed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def list_waiting(self, provider: ProviderName) -> list[Waiting]:
        found = await self._engine.read_all("list_waiting_jobs", provider=provider)
        return [rows.waiting_from(row) for row in found]

    async def list_turns(self, provider: ProviderName, job_ids: Collection[JobId]) -> Line:
        ids = json.dumps(sorted(job_ids))
        return rows.line_from(await self._engine.read_all("list_turns", provider=provider, ids=ids))

    async def list_unserved(
        self, providers: Collection[ProviderName], now: datetime, most: int
    ) -> list[Job]:
        served = json.dumps(sorted(providers))
        found = await self._engine.read_all(
            "list_unserved_jobs", providers=served, now=rows.milliseconds(now), most=most
        )
        return self._engine.readable(found, rows.job_from)

    async def list_next(self, provider: ProviderName, now: datetime, most: int) -> list[Waiting]:
        found = await self._engine.read_all(
            "list_next_jobs", provider=provider, now=rows.milliseconds(now), most=most
        )
        return [rows.waiting_from(row) for row in found]

    async def count_in_hand(self, provider: ProviderName) -> InHand:
        row = await self._engine.read_one("count_in_hand", provider=provider)
        if row is None:
            return InHand()
        first = int(row["first"])
        return InHand(first, int(row["videos"]) - first)

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
        async with self._engine.transaction() as tx:
            found = await tx.all("claim_due_jobs", **lease, besides=held, most=most)
            claimed = await self._claimed(tx, found, now)
        return sorted(claimed, key=lambda job: (job.next_action_at, job.id))

    async def _claimed(
        self, tx: SqlTransaction, found: Sequence[rows.Row], now: datetime
    ) -> list[Job]:
        """The readable jobs; the others lose their lease and are due much later."""
        jobs = self._engine.readable(found, rows.job_from)
        sound = {job.id for job in jobs}
        later = rows.milliseconds(now + UNREADABLE_AGAIN_AFTER)
        damaged = [{"id": row["id"], "later": later} for row in found if row["id"] not in sound]
        await tx.many("put_off_jobs", damaged)
        return jobs

    async def renew(
        self, owner: str, job_ids: Sequence[JobId], now: datetime, lease_seconds: float
    ) -> None:
        expires_at = rows.milliseconds(now + timedelta(seconds=lease_seconds))
        # in one order, as everywhere: no deadlocks
        held = [{"id": one, "owner": owner, "expires_at": expires_at} for one in sorted(job_ids)]
        async with self._engine.transaction() as tx:
            await tx.many("renew_leases", held)

    async def claim_rendering(
        self,
        owner: str,
        provider: ProviderName,
        now: datetime,
        lease_seconds: float,
        most: int,
    ) -> list[Job]:
        lease = _lease(owner, now, lease_seconds)
        async with self._engine.transaction() as tx:
            found = await tx.all("claim_rendering_jobs", **lease, provider=provider, most=most)
            claimed = await self._claimed(tx, found, now)
        return sorted(claimed, key=lambda job: (job.next_action_at, job.id))

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
        async with self._engine.transaction() as tx:
            most = min(most, most_in_hand - await self._count_claimed(tx, provider, lease))
            left = list(job_ids)
            while left and len(claimed) < most:
                some, left = left[: most - len(claimed)], left[most - len(claimed) :]
                found = await tx.all("claim_jobs", ids=json.dumps(some), **lease)
                had = {job.id: job for job in await self._claimed(tx, found, now)}
                claimed += [had[job_id] for job_id in some if job_id in had]
        return claimed

    async def _count_claimed(
        self, tx: SqlTransaction, provider: ProviderName, lease: dict[str, Any]
    ) -> int:
        """Jobs claimed by all processes; blocks further claims until the transaction ends."""
        await tx.one("lock_queue", provider=provider)
        asked = {"owner": lease["owner"], "now": lease["now"]}
        row = await tx.one("count_claimed", provider=provider, **asked)
        return 0 if row is None else int(row["videos"])

    async def clamp_instants(
        self, now: datetime, lease_seconds: float, *, is_thorough: bool
    ) -> None:
        queries = clamp_parameters(now, lease_seconds, is_thorough=is_thorough)
        async with self._engine.transaction() as tx:
            for query, values in queries.items():
                await tx.run(query, **values)

    async def agenda(self, now: datetime) -> Agenda:
        at = rows.milliseconds(now)
        found = await self._engine.read_all("agenda", now=at)
        first = [row["first_at"] for row in found if row["first_at"] is not None]
        later = [row["next_at"] for row in found if row["next_at"] is not None]
        is_due = min(first, default=at + 1) <= at
        return Agenda(is_due, rows.instant(min(later)) if later else None)


def _lease(owner: str, now: datetime, lease_seconds: float) -> dict[str, Any]:
    expires_at = now + timedelta(seconds=lease_seconds)
    return {
        "owner": owner,
        "now": rows.milliseconds(now),
        "expires_at": rows.milliseconds(expires_at),
    }


def clamp_parameters(
    now: datetime, lease_seconds: float, *, is_thorough: bool
) -> dict[str, dict[str, int]]:
    """The queries to run, each with its parameters: upper bounds for stored instants.

    A later instant came from a wrong clock.

    If `is_thorough`, a wait that a provider asked for is bounded like one for a poll.
    """
    longest = LONGEST_POLL_WAIT if is_thorough else LONGEST_PROVIDER_WAIT
    waits = {
        "lease": timedelta(seconds=lease_seconds),
        "wait": longest,
        "poll": LONGEST_POLL_WAIT,
        "deadline": TIME_TO_RENDER,
        "posting": POSTING_LEASE,
        "offer": OFFER_HOLDS_FOR,
        "change": CHANGE_HOLDS_FOR,
    }
    values = {name: rows.milliseconds(now + wait) for name, wait in waits.items()}
    values |= {
        f"latest_{name}": rows.milliseconds(now + wait + CLOCKS_DIFFER_BY)
        for name, wait in waits.items()
    }
    values |= {
        "now": rows.milliseconds(now),
        "latest": rows.milliseconds(now + CLOCKS_DIFFER_BY),
    }
    return dict.fromkeys(THOROUGHLY if is_thorough else ALWAYS, values)
