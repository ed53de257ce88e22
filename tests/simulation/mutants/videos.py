"""Planted bugs of any video: how it is submitted, polled, paid for, posted and cancelled."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.catalog.request import Origin
from bot.delivery import leases, post
from bot.delivery.context import DeliveryContext
from bot.delivery.leases import Lease
from bot.errors import ContentRefusedError, DuplicateRequestError
from bot.ids import JobId
from bot.jobs import cancel, messages
from bot.jobs.job import Job, JobState, advance
from bot.jobs.messages import Delivery, DeliveryKind, DeliveryState, Outbox
from bot.jobs.stores import Change, Saved
from bot.jobs.submission import Submission, SubmissionState
from bot.providers import circuit_breaker
from bot.providers.availability import PauseReason
from bot.providers.contract import ProviderStatus
from bot.providers.nanogpt.wire import read_status
from bot.storage import rows
from bot.storage.guilds import SqlTemporaryMessages
from bot.storage.money import Money
from bot.storage.stores import SqlJobStore
from bot.worker import download, poll, recorder, recover, step, submit, worker
from bot.worker.step import Result, StepContext
from tests.reading import find_by_key
from tests.simulation import answers, database
from tests.simulation.kinds import Kind
from tests.simulation.mutants.planting import instead, mutant


@mutant()
def sends_again_what_may_have_been_taken() -> Iterator[None]:
    """A lost answer is treated as a service that was away."""

    def uncertain(submission: Submission, detail: str, context: StepContext) -> Result:
        return submit._back_to_the_queue(submission, None, context)

    with instead(submit, "uncertain", uncertain):
        yield


@mutant()
def takes_an_intent_for_nothing() -> Iterator[None]:
    """After a crash, what was about to be sent is taken for not sent."""

    async def presume(job: Job, context: StepContext) -> Result:
        submission = step.required(await context.store.find_submission(job.id), job)
        return submit._back_to_the_queue(submission, None, context)

    with instead(worker, "STEPS", {**worker.STEPS, JobState.SUBMITTING: presume}):
        yield


@mutant()
def writes_over_others() -> Iterator[None]:
    """A result is written whatever the job's version has become."""
    save = SqlJobStore.save

    async def blindly(self: SqlJobStore, changes: Sequence[Change]) -> Saved:
        now = [await self.get(change.job.id) for change in changes]
        latest = [
            replace(change, job=replace(change.job, version=job.version))
            for change, job in zip(changes, now, strict=True)
        ]
        return await save(self, latest)

    with instead(SqlJobStore, "save", blindly):
        yield


@mutant()
def posts_without_a_nonce() -> Iterator[None]:
    """Each try is a message of its own, and no one looks for an earlier one."""

    async def find(delivery: Delivery, context: Any) -> None:
        return None

    nonce = property(lambda self: f"{self.kind}-{self.job_id}-{self.attempts}")
    with instead(Delivery, "nonce", nonce), instead(post, "_find", find):
        yield


@mutant()
def trusts_a_nonce_forever() -> Iterator[None]:
    """An interrupted post is repeated, however old it is."""
    with instead(leases, "NONCE_TRUSTED_FOR", timedelta(days=1)):
        yield


@mutant()
def books_an_end_twice() -> Iterator[None]:
    """No key is unique, and anyone who writes an end that was written before books it again."""
    resolve, witnessed = Money.resolve, database.WitnessedSqlite.__init__
    booked: list[int] = []

    def without_key(self: database.WitnessedSqlite) -> None:
        witnessed(self)
        self.execute("DROP INDEX resolved_once")

    async def twice(self: Money, connection: Any, job: Job, submission: Submission | None) -> None:
        await resolve(self, connection, job, submission)
        if submission is not None and submission.state is SubmissionState.ABANDONED:
            booked.append(1)
            await resolve(_Renaming(self, len(booked)), connection, job, submission)  # type: ignore[arg-type]  # it stands in for a Money

    with (
        instead(database.WitnessedSqlite, "__init__", without_key),
        instead(Money, "resolve", twice),
    ):
        yield


class _Renaming:
    """Money whose transactions have other names."""

    def __init__(self, money: Money, number: int) -> None:
        self._money, self._number = money, number

    def __getattr__(self, name: str) -> Any:
        return getattr(self._money, name)

    async def write_plan(self, connection: Any, plan: Any) -> None:
        renamed = tuple(replace(one, id=f"{one.id}-{self._number}") for one in plan.transactions)
        await self._money.write_plan(connection, replace(plan, transactions=renamed))


@mutant()
def books_an_end_after_the_commit() -> Iterator[None]:
    """The job ends in one transaction and its money in the next."""
    save = SqlJobStore.save

    async def in_two(self: SqlJobStore, changes: Sequence[Change]) -> Saved:
        money, self._money = self._money, None
        try:
            saved = await save(self, changes)
        finally:
            self._money = money
        async with self._engine.transaction() as tx:
            for change in changes:
                if change.job.id not in saved.conflicts:
                    await self._resolve(tx, change)
        return saved

    with instead(SqlJobStore, "save", in_two):
        yield


@mutant()
def checks_limits_before_the_transaction() -> Iterator[None]:
    """Two requests at once see the same standing."""
    budget_for = Money.budget_for
    seen: dict[tuple[int, int], Any] = {}
    accept = SqlJobStore.accept

    async def looked_up(self: Money, connection: Any, place: Origin, now: datetime) -> Any:
        return seen.pop((place.user_id, rows.milliseconds(now)), None) or await budget_for(
            self, connection, place, now
        )

    async def check_then_act(
        self: SqlJobStore,
        job: Job,
        deliveries: Sequence[Delivery],
        place: Origin | None = None,
        shots: Sequence[Job] = (),
    ) -> None:
        assert place is not None
        assert self._money is not None
        async with self._engine.transaction() as tx:
            budget = await budget_for(self._money, tx, place, job.accepted_at)
        await database.others(0.05)
        if await find_by_key(self, job.idempotency_key):
            raise DuplicateRequestError("")
        seen[place.user_id, rows.milliseconds(job.accepted_at)] = budget
        await accept(self, job, deliveries, place, shots)

    with (
        instead(Money, "budget_for", looked_up),
        instead(SqlJobStore, "accept", check_then_act),
    ):
        yield


@mutant()
def ignores_leases() -> Iterator[None]:
    """What is due is anyone's, also while someone is at it."""

    async def anyway(
        self: SqlJobStore,
        owner: str,
        now: datetime,
        lease_seconds: float,
        most: int,
        *,
        besides: Collection[JobId] = (),
    ) -> list[Job]:
        query = self._engine.queries.claim_due_jobs.sql
        without = query.replace("lease_expires_at <= :now", ":now = :now")
        assert without != query
        values = {
            "owner": owner,
            "now": rows.milliseconds(now),
            "expires_at": rows.milliseconds(now + timedelta(seconds=lease_seconds)),
            "besides": json.dumps(list(besides)),
            "most": most,
        }
        async with self._engine.transaction() as tx:
            found = await tx.connection.execute_fetchall(without, values)
        return [rows.job_from(dict(row)) for row in found]

    with instead(SqlJobStore, "claim_due", anyway):
        yield


@mutant()
def gives_up_at_the_deadline() -> Iterator[None]:
    """A video that is overdue is not looked at once more."""
    look = poll.poll

    async def impatient(job: Job, context: StepContext) -> Result:
        submission = step.required(await context.store.find_submission(job.id), job)
        now = context.clock.now()
        if job.deadline_at is not None and now >= job.deadline_at and not job.cancel_requested:
            ended = poll._finished(submission, SubmissionState.ABANDONED, now)
            return lambda latest: Change(advance(latest, JobState.EXPIRED, now), ended)
        return await look(job, context)

    with instead(worker, "STEPS", {**worker.STEPS, JobState.RENDERING: impatient}):
        yield


@mutant()
def loses_the_answer_to_a_cancel() -> Iterator[None]:
    """Who presses Cancel while a video is being sent makes its handle be thrown away."""

    async def dropped(self: recorder.Recorder, finding: recorder.StepResult) -> None:
        return None

    with instead(recorder.Recorder, "_reconciled", dropped):
        yield


@mutant()
def forgets_what_the_database_refused() -> Iterator[None]:
    """A write that failed is not tried again: the next step will see."""
    write = recorder.Recorder.write

    async def forgetful(self: recorder.Recorder) -> None:
        try:
            await write(self)
        finally:
            self._found.clear()

    with instead(recorder.Recorder, "write", forgetful):
        yield


@mutant()
def forgets_when_to_look_again() -> Iterator[None]:
    """What failed once is due in a hundred years."""
    later = step.later

    def never(job: Job, *args: Any) -> Job:
        return replace(later(job, *args), next_action_at=job.accepted_at + timedelta(days=36_500))

    with contextlib.ExitStack() as stack:
        for module in (poll, download, recover, submit):
            stack.enter_context(instead(module, "later", never))
        yield


@mutant()
def posts_a_cancelled_video() -> Iterator[None]:
    """Cancel is heard only while the video is rendering."""
    original = download.download

    async def anyway(job: Job, context: StepContext) -> Result:
        return await original(replace(job, cancel_requested=False), context)

    with instead(worker, "STEPS", {**worker.STEPS, JobState.DOWNLOADING: anyway}):
        yield


@mutant(Kind.SLOW_UPLOAD)
def posts_without_a_lease() -> Iterator[None]:
    """A post is neither renewed nor fenced: anyone who wakes late posts what another has posted."""

    @contextlib.asynccontextmanager
    async def held(self: Lease) -> AsyncIterator[None]:
        yield

    async def unfenced(self: Lease) -> None:
        return None

    with (
        instead(Lease, "held", held),
        instead(Lease, "pass_fence", unfenced),
        instead(leases, "NONCE_TRUSTED_FOR", timedelta(days=1)),
    ):
        yield


@mutant(Kind.SUSPENDED, Kind.DRIFT)
def posts_without_the_fence() -> Iterator[None]:
    """A lease is renewed as it should be, and no request asks for it."""

    async def unfenced(self: Lease) -> None:
        return None

    with instead(Lease, "pass_fence", unfenced):
        yield


@mutant(Kind.SLOW_UPLOAD)
def lets_a_lease_run_out_while_uploading() -> Iterator[None]:
    """It is taken once, for as long as a post takes as a rule."""

    async def idle(self: Lease, ended: asyncio.Event) -> None:
        await ended.wait()

    with instead(Lease, "_keep", idle):
        yield


@mutant(Kind.EXPIRING_ADDRESS)
def asks_for_no_other_address() -> Iterator[None]:
    """An address that has expired is fetched from until the deadline."""
    with instead(download, "FETCHES_BEFORE_ASKING_AGAIN", 1_000_000):
        yield


@mutant(Kind.REFUSED_MESSAGE)
def quotes_again_what_was_refused() -> Iterator[None]:
    """Which words Discord has refused is forgotten at once."""
    with instead(DeliveryContext, "note_refused_quotes", lambda *_args: None):
        yield


@mutant(Kind.WRONG_CLOCK)
def believes_a_clock_that_was_ahead() -> Iterator[None]:
    """What a wrong clock wrote is waited for, however far off it is."""

    async def unclamped(self: SqlJobStore, *args: Any, **options: Any) -> None:
        return None

    with instead(SqlJobStore, "clamp_instants", unclamped):
        yield


@mutant(Kind.REFUSED_CONTENT)
def takes_a_refused_content_for_a_refused_account() -> Iterator[None]:
    """One prompt that a service refuses pauses the service for all."""
    answered = tuple(one for one in circuit_breaker._ANSWERED if one is not ContentRefusedError)
    reasons = {**circuit_breaker._REASONS, ContentRefusedError: PauseReason.CREDENTIALS}
    with (
        instead(circuit_breaker, "_ANSWERED", answered),
        instead(circuit_breaker, "_REASONS", reasons),
    ):
        yield


@mutant(Kind.UNKNOWN_STATE)
def waits_for_an_unknown_word() -> Iterator[None]:
    """A state that is not documented means: still running, whatever stands beside it."""

    def unread(body: Any) -> ProviderStatus:
        return replace(read_status(body), evidence=None, believed_after=None)

    with instead(answers, "read_status", unread):
        yield


@mutant()
def keeps_a_card_beside_its_video() -> Iterator[None]:
    """What a later message replaces is never deleted."""
    save = SqlJobStore.save_delivery

    async def keeping(self: SqlJobStore, delivery: Delivery, **_options: Any) -> Delivery:
        return await save(self, delivery)

    with instead(SqlJobStore, "save_delivery", keeping):
        yield


@mutant()
def deletes_a_card_before_its_video() -> Iterator[None]:
    """The card goes when its video is about to be posted."""
    save = SqlJobStore.save_delivery

    async def at_once(
        self: SqlJobStore,
        delivery: Delivery,
        *,
        replaces_at: datetime | None = None,
        outbox: Outbox | None = None,
    ) -> Delivery:
        if delivery.kind is DeliveryKind.VIDEO and delivery.state is DeliveryState.POSTING:
            replaces_at = delivery.posting_at
        return await save(self, delivery, replaces_at=replaces_at, outbox=outbox)

    there = messages._THERE | {DeliveryState.POSTING}
    with (
        instead(SqlJobStore, "save_delivery", at_once),
        instead(messages, "_THERE", there),
    ):
        yield


@mutant()
def deletes_a_card_again_and_again() -> Iterator[None]:
    """What was deleted is not forgotten."""

    async def remembered(self: SqlTemporaryMessages, message: Any) -> None:
        return None

    with instead(SqlTemporaryMessages, "remove", remembered):
        yield


@mutant()
def lets_anyone_cancel() -> Iterator[None]:
    """Whose job it is, and in which server, is not asked."""
    with instead(cancel, "_ensure_may_cancel", lambda *_args, **_options: None):
        yield
