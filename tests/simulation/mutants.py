"""Bugs that are planted on purpose, to see whether the simulation would find them.

Each changes the real code in one place and is taken back afterwards.
"""

import contextlib
import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.domain.deliveries import Delivery
from bot.domain.jobs import Job, JobState, advance
from bot.domain.offers import Place
from bot.domain.submissions import Submission, SubmissionState
from bot.errors import DuplicateRequestError
from bot.ids import JobId
from bot.ports import Change
from bot.services import (
    collecting,
    looking,
    posting,
    recalling,
    recording,
    steps,
    submitting,
    tracking,
)
from bot.services.steps import Means, Result
from bot.storage import rows
from bot.storage.money import Money
from bot.storage.stores import SqlJobStore
from tests.simulation import database

Mutant = Callable[[], "contextlib.AbstractContextManager[None]"]
MUTANTS: dict[str, Mutant] = {}


def mutant(plant: Callable[[], Iterator[None]]) -> Mutant:
    """Known by the name of the function."""
    MUTANTS[plant.__name__] = contextlib.contextmanager(plant)
    return MUTANTS[plant.__name__]


@contextlib.contextmanager
def planted(name: str | None) -> Iterator[None]:
    """With this bug in the program; None: as it is."""
    with MUTANTS[name]() if name else contextlib.nullcontext():
        yield


@contextlib.contextmanager
def _instead(owner: Any, name: str, other: Any) -> Iterator[None]:
    before = owner.__dict__[name] if isinstance(owner, type) else getattr(owner, name)
    setattr(owner, name, other)
    try:
        yield
    finally:
        setattr(owner, name, before)


@mutant
def sends_again_what_may_have_been_taken() -> Iterator[None]:
    """A lost answer is treated as a service that was away."""

    def uncertain(submission: Submission, detail: str, means: Means) -> Result:
        return submitting._back_to_the_queue(submission, None, means)

    with _instead(submitting, "uncertain", uncertain):
        yield


@mutant
def takes_an_intent_for_nothing() -> Iterator[None]:
    """After a crash, what was about to be sent is taken for not sent."""

    async def presume(job: Job, means: Means) -> Result:
        submission = steps.required(await means.store.find_submission(job.id), job)
        return submitting._back_to_the_queue(submission, None, means)

    with _instead(tracking, "STEPS", {**tracking.STEPS, JobState.SUBMITTING: presume}):
        yield


@mutant
def writes_over_others() -> Iterator[None]:
    """A result is written whatever the job's version has become."""
    save = SqlJobStore.save

    async def blindly(self: SqlJobStore, changes: Sequence[Change]) -> list[JobId]:
        now = [await self.get(change.job.id) for change in changes]
        latest = [
            replace(change, job=replace(change.job, version=job.version))
            for change, job in zip(changes, now, strict=True)
        ]
        return await save(self, latest)

    with _instead(SqlJobStore, "save", blindly):
        yield


@mutant
def posts_without_a_nonce() -> Iterator[None]:
    """Each try is a message of its own, and nobody looks for an earlier one."""

    async def find(delivery: Delivery, outbox: Any) -> None:
        return None

    nonce = property(lambda self: f"{self.kind}-{self.job_id}-{self.attempts}")
    with _instead(Delivery, "nonce", nonce), _instead(posting, "_find", find):
        yield


@mutant
def trusts_a_nonce_for_ever() -> Iterator[None]:
    """An interrupted post is repeated, however old it is."""
    with _instead(posting, "NONCE_TRUSTED_FOR", timedelta(days=1)):
        yield


@mutant
def books_an_end_twice() -> Iterator[None]:
    """No key is unique, and whoever writes an end that was written before books it again."""
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
        _instead(database.WitnessedSqlite, "__init__", without_key),
        _instead(Money, "resolve", twice),
    ):
        yield


class _Renaming:
    """Money whose transactions have other names."""

    def __init__(self, money: Money, number: int) -> None:
        self._money, self._number = money, number

    def __getattr__(self, name: str) -> Any:
        return getattr(self._money, name)

    async def post(self, connection: Any, transaction: Any) -> None:
        renamed = replace(transaction, id=f"{transaction.id}-{self._number}")
        await self._money.post(connection, renamed)


@mutant
def books_an_end_after_the_commit() -> Iterator[None]:
    """The job ends in one transaction and its money in the next."""
    save = SqlJobStore.save

    async def in_two(self: SqlJobStore, changes: Sequence[Change]) -> list[JobId]:
        money, self._money = self._money, None
        try:
            lost = await save(self, changes)
        finally:
            self._money = money
        async with self._engine.transaction() as connection:
            for change in changes:
                if change.job.id not in lost:
                    await self._resolve(connection, change)
        return lost

    with _instead(SqlJobStore, "save", in_two):
        yield


@mutant
def checks_limits_before_the_transaction() -> Iterator[None]:
    """Two wishes at once see the same standing."""
    standing_for = Money.standing_for
    seen: dict[tuple[int, int], Any] = {}
    accept = SqlJobStore.accept

    async def looked_up(self: Money, connection: Any, place: Place, now: datetime) -> Any:
        return seen.pop((place.user_id, rows.milliseconds(now)), None) or await standing_for(
            self, connection, place, now
        )

    async def check_then_act(
        self: SqlJobStore, job: Job, deliveries: Sequence[Delivery], place: Place | None = None
    ) -> None:
        assert place is not None
        assert self._money is not None
        async with self._engine.transaction() as connection:
            standing = await standing_for(self._money, connection, place, job.accepted_at)
        await database.others(0.05)
        if await self.find_by_key(job.idempotency_key):
            raise DuplicateRequestError("")
        seen[place.user_id, rows.milliseconds(job.accepted_at)] = standing
        await accept(self, job, deliveries, place)

    with (
        _instead(Money, "standing_for", looked_up),
        _instead(SqlJobStore, "accept", check_then_act),
    ):
        yield


@mutant
def ignores_leases() -> Iterator[None]:
    """What is due is anybody's, also while somebody is at it."""

    async def anyway(
        self: SqlJobStore,
        owner: str,
        now: datetime,
        lease_seconds: float,
        most: int,
        *,
        besides: Collection[JobId] = (),
    ) -> list[Job]:
        query = self._queries.claim_due_jobs.sql
        without = query.replace("lease_expires_at <= :now", ":now = :now")
        assert without != query
        values = {
            "owner": owner,
            "now": rows.milliseconds(now),
            "expires_at": rows.milliseconds(now + timedelta(seconds=lease_seconds)),
            "besides": json.dumps(list(besides)),
            "most": most,
        }
        async with self._engine.transaction() as connection:
            found = await connection.execute_fetchall(without, values)
        return [rows.job_from(dict(row)) for row in found]

    with _instead(SqlJobStore, "claim_due", anyway):
        yield


@mutant
def gives_up_at_the_deadline() -> Iterator[None]:
    """A film that is overdue is not looked at once more."""
    look = looking.look

    async def impatient(job: Job, means: Means) -> Result:
        submission = steps.required(await means.store.find_submission(job.id), job)
        now = means.clock.now()
        if job.deadline_at is not None and now >= job.deadline_at and not job.cancel_requested:
            ended = looking._finished(submission, SubmissionState.ABANDONED, now)
            return lambda latest: Change(advance(latest, JobState.EXPIRED, now), ended)
        return await look(job, means)

    with _instead(tracking, "STEPS", {**tracking.STEPS, JobState.IN_PROGRESS: impatient}):
        yield


@mutant
def loses_the_answer_to_a_cancel() -> Iterator[None]:
    """Who presses Cancel while a film is being sent makes its handle be thrown away."""

    async def dropped(self: recording.Recorder, finding: recording.Finding) -> None:
        return None

    with _instead(recording.Recorder, "_reconciled", dropped):
        yield


@mutant
def forgets_what_the_database_refused() -> Iterator[None]:
    """A write that failed is not tried again: the next step will see."""
    write = recording.Recorder.write

    async def forgetful(self: recording.Recorder) -> None:
        try:
            await write(self)
        finally:
            self._found.clear()

    with _instead(recording.Recorder, "write", forgetful):
        yield


@mutant
def forgets_when_to_look_again() -> Iterator[None]:
    """What failed once is due in a hundred years."""
    later = steps.later

    def never(job: Job, *args: Any) -> Job:
        return replace(later(job, *args), next_action_at=job.accepted_at + timedelta(days=36_500))

    with contextlib.ExitStack() as stack:
        for module in (looking, collecting, recalling, submitting):
            stack.enter_context(_instead(module, "later", never))
        yield


@mutant
def posts_a_film_that_was_called_off() -> Iterator[None]:
    """Cancel is heard only while the film is in the making."""
    collect = collecting.collect

    async def anyway(job: Job, means: Means) -> Result:
        return await collect(replace(job, cancel_requested=False), means)

    with _instead(tracking, "STEPS", {**tracking.STEPS, JobState.COLLECTING: anyway}):
        yield
