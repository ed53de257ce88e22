"""Messages owed for jobs, and answers that follow them, in SQLite or PostgreSQL."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.delivery.messenger import PrivateAnswer
from bot.errors import LeaseLostError
from bot.guilds.notices import TemporaryMessage
from bot.ids import JobId, MessageId
from bot.instants import CLOCKS_DIFFER_BY
from bot.jobs.job import Job
from bot.jobs.messages import Delivery, DeliveryKind, Outbox, deleted, replaced
from bot.jobs.submission import Submission
from bot.retries import LONGEST_WAIT
from bot.storage import guilds, rows
from bot.storage.engines.transaction import Engine, SqlTransaction


class Deliveries:
    """Part of the job store: deliveries, each written with the version that was read: a stale write is refused."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def owe(
        self, deliveries: Sequence[Delivery], submission: Submission | None = None
    ) -> None:
        known = [] if submission is None else [rows.SUBMISSIONS.parameters(submission)]
        async with self._engine.transaction() as tx:
            await tx.many("put_submissions", known)
            await self._owe(tx, deliveries)

    async def list_owed(self, now: datetime, most: int) -> list[Delivery]:
        found = await self._engine.read_all(
            "list_owed_deliveries",
            now=rows.milliseconds(now),
            latest=rows.milliseconds(now + LONGEST_WAIT),
            most=most,
        )
        return self._engine.readable(found, rows.delivery_from)

    async def list_posted_cards(self, *, changed_since: datetime) -> list[tuple[Delivery, Job]]:
        since = rows.milliseconds(changed_since)
        async with self._engine.reading() as tx:
            cards = await tx.all("list_posted_cards", since=since)
            jobs = await tx.all("list_jobs_with_posted_cards", since=since)
        by_job = {card.job_id: card for card in self._engine.readable(cards, rows.delivery_from)}
        # a card posted between the two reads appears in the next listing
        known = self._engine.readable(jobs, rows.job_from)
        return [(by_job[job.id], job) for job in known if job.id in by_job]

    async def find_delivery(self, job_id: JobId, kind: DeliveryKind) -> Delivery | None:
        row = await self._engine.read_one("find_delivery", job_id=job_id, kind=kind.value)
        return None if row is None else rows.delivery_from(row)

    async def save_delivery(
        self,
        delivery: Delivery,
        *,
        replaces_at: datetime | None = None,
        outbox: Outbox | None = None,
    ) -> Delivery:
        async with self._engine.transaction() as tx:
            if replaces_at is not None:  # before the write, or two processes wait for each other
                await tx.all("lock_deliveries", job_id=delivery.job_id)
            written = await tx.one("update_delivery", **rows.DELIVERIES.parameters(delivery))
            if written is None:
                raise LeaseLostError(delivery.nonce)
            if replaces_at is not None:
                await self._replace(tx, delivery.job_id, replaces_at)
            if outbox is not None:
                await self._send(tx, outbox)
        return replace(delivery, version=delivery.version + 1)

    async def _replace(self, tx: SqlTransaction, job_id: JobId, at: datetime) -> None:
        """Owe the deletion of the messages that a later one of this job replaces."""
        found = await tx.all("list_deliveries", job_id=job_id)
        for old in replaced(self._engine.readable(found, rows.delivery_from)):
            await tx.one("update_delivery", **rows.DELIVERIES.parameters(deleted(old)))
            if old.message_id is not None:
                passing = TemporaryMessage(old.guild_id, old.channel_id, old.message_id, at)
                await guilds.owe_deletion(tx, passing)

    async def _send(self, tx: SqlTransaction, outbox: Outbox) -> None:
        for message in outbox.deletions:
            await guilds.owe_deletion(tx, message)
        for notice in outbox.notices:
            await guilds.owe(tx, notice)
        if outbox.noted is not None:
            await guilds.record(tx, outbox.noted)

    async def _owe(self, tx: SqlTransaction, deliveries: Sequence[Delivery]) -> None:
        values = [rows.DELIVERIES.parameters(delivery) for delivery in deliveries]
        await tx.many("insert_deliveries", values)


class SqlPrivateAnswers:
    """Private answers in SQLite or PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def put(self, answer: PrivateAnswer) -> None:
        await self._engine.write(
            "put_private_answer",
            job_id=answer.job_id,
            application_id=answer.application_id,
            token=answer.token,
            message_id=answer.message_id,
            text=answer.text,
            answered_at=rows.milliseconds(answer.answered_at),
            expires_at=rows.milliseconds(answer.expires_at),
            next_look_at=rows.milliseconds(answer.next_look_at),
            shown=answer.shown,
        )

    async def claim_due(self, now: datetime, until: datetime, most: int) -> list[PrivateAnswer]:
        due = {
            "now": rows.milliseconds(now),
            "latest": rows.milliseconds(until + CLOCKS_DIFFER_BY),
        }
        if await self._engine.read_one("find_due_private_answer", **due) is None:
            return []  # as usual: no write, which others would wait for
        async with self._engine.transaction() as tx:
            found = await tx.all(
                "claim_private_answers", until=rows.milliseconds(until), most=most, **due
            )
        return self._engine.readable(found, _answer_from)

    async def save(self, answer: PrivateAnswer) -> None:
        await self._engine.write(
            "update_private_answer",
            job_id=answer.job_id,
            token=answer.token,
            next_look_at=rows.milliseconds(answer.next_look_at),
            shown=answer.shown,
        )

    async def remove(self, answer: PrivateAnswer) -> None:
        await self._engine.write("remove_private_answer", job_id=answer.job_id, token=answer.token)


def _answer_from(row: rows.Row) -> PrivateAnswer:
    message_id = row["message_id"]
    with rows.reading(f"the private answer of job {row['job_id']}"):
        return PrivateAnswer(
            job_id=JobId(row["job_id"]),
            application_id=row["application_id"],
            token=row["token"],
            text=row["text"],
            answered_at=rows.instant(row["answered_at"]),
            expires_at=rows.instant(row["expires_at"]),
            next_look_at=rows.instant(row["next_look_at"]),
            message_id=None if message_id is None else MessageId(message_id),
            shown=row["shown"],
        )
