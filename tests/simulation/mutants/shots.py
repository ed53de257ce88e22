"""Planted bugs of storyboards whose shots are jobs of their own, and of what is made from them."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.ids import JobId, TransactionId
from bot.jobs import storyboard as jobs_storyboard
from bot.jobs.job import Failure, FailureKind, Job, JobState, fail_or_retry
from bot.jobs.stores import Change
from bot.jobs.storyboard import as_shot
from bot.jobs.submission import Submission
from bot.money.ledger import (
    MEMBER_ACCOUNTS,
    AccountKind,
    Transaction,
    TransactionKind,
    on_account,
    on_server,
)
from bot.money.plans import MoneyPlan
from bot.money.settlements import Reserved
from bot.ordering import ordering
from bot.storage import money
from bot.storage.money import Money
from bot.storage.stores import SqlJobStore
from bot.worker import download, poll, recover, storyboard, submit
from bot.worker.step import Result, StepContext
from tests.simulation.kinds import Kind
from tests.simulation.mutants.planting import instead, mutant


@mutant(Kind.STORYBOARDS)
def makes_a_shot_again_that_may_be_paid_for() -> Iterator[None]:
    """A shot is made once more whenever it has failed, whatever it cost."""

    def again(job: Job, failure: Failure, now: datetime) -> Job:
        if job.is_shot and not job.was_retried:
            failure = replace(failure, kind=FailureKind.PROVIDER)
        return fail_or_retry(job, failure, now)

    with contextlib.ExitStack() as stack:
        for module in (download, poll, recover, submit):
            stack.enter_context(instead(module, "fail", again))
        yield


@mutant(Kind.STORYBOARDS)
def retries_a_shot_forever() -> Iterator[None]:
    """No one remembers that a shot was made once more already."""

    def again(job: Job, failure: Failure, now: datetime) -> Job:
        return fail_or_retry(replace(job, was_retried=False), failure, now)

    with instead(poll, "fail_or_retry", again), instead(submit, "fail_or_retry", again):
        yield


@mutant(Kind.STORYBOARDS)
def joins_before_all_shots_have_ended() -> Iterator[None]:
    """The video is joined as soon as there is something to join."""
    list_shots = SqlJobStore.list_shots

    async def good_ones(self: SqlJobStore, storyboard_id: JobId) -> list[Job]:
        shots = await list_shots(self, storyboard_id)
        return [shot for shot in shots if shot.is_terminal] or shots

    with instead(SqlJobStore, "list_shots", good_ones):
        yield


@mutant(Kind.STORYBOARDS)
def begins_a_continued_shot_early() -> Iterator[None]:
    """A shot of a chain is not held, and starts from nothing."""

    def unchained(storyboard_job: Job, *args: Any, **fields: Any) -> Job:
        request = replace(storyboard_job.request, continuous=False)
        return as_shot(replace(storyboard_job, request=request), *args, **fields)

    with instead(ordering, "as_shot", unchained):
        yield


@mutant(Kind.STORYBOARDS)
def lets_all_shots_begin_at_once() -> Iterator[None]:
    """One storyboard takes as many slots as it has shots."""
    with instead(jobs_storyboard, "MAX_AT_ONCE", 100):
        yield


@mutant(Kind.STORYBOARDS)
def gives_back_a_shot_twice() -> Iterator[None]:
    """A shot that is made again gives its money back at once, and once more at its end."""
    resolve = SqlJobStore._resolve

    async def twice(self: SqlJobStore, tx: Any, change: Change) -> None:
        await resolve(self, tx, change)
        job = change.job
        if job.was_retried and job.state is JobState.QUEUED and self._money is not None:
            lost = Failure(FailureKind.PROVIDER, "")
            await self._money.resolve(
                tx, replace(job, state=JobState.FAILED, failure=lost), change.submission
            )

    with instead(SqlJobStore, "_resolve", twice):
        yield


@mutant(Kind.STORYBOARDS, Kind.SEQUELS)
def orders_shots_that_are_there() -> Iterator[None]:
    """A shot that is there already is put into the queue like any other."""

    async def ordered(job: Job, context: StepContext) -> Result:
        now = context.clock.now()
        return lambda latest: Change(
            replace(latest, state=JobState.QUEUED, state_changed_at=now, next_action_at=now)
        )

    with instead(storyboard, "reuse", ordered):
        yield


@mutant(Kind.STORYBOARDS, Kind.SEQUELS)
def begins_a_remade_shot_early() -> Iterator[None]:
    """It is not held until the others are there."""

    def at_once(storyboard_job: Job, *args: Any, **fields: Any) -> Job:
        shot = as_shot(storyboard_job, *args, **fields)
        is_remake = any(part.reuses is not None for part in storyboard_job.request.shots)
        return replace(shot, is_held=shot.is_held and not is_remake)

    with instead(ordering, "as_shot", at_once):
        yield


@mutant(Kind.STORYBOARDS)
def refunds_a_shot_once_more_at_the_end() -> Iterator[None]:
    """The money of a failed shot comes back at its end, and again with its storyboard's.

    Out of nothing, so that no account holds too little and every balance still adds up.
    """
    resolve = Money.resolve

    async def twice(self: Money, tx: Any, job: Job, submission: Submission | None) -> None:
        await resolve(self, tx, job, submission)
        if not job.is_storyboard:
            return
        for shot in await tx.all("list_shots", storyboard_id=job.id):
            draws = await self.reserved(tx, shot["id"])
            own = [draw for draw in draws if draw.account.kind in MEMBER_ACCOUNTS]
            if shot["state"] == JobState.FAILED.value and own:
                await self.post(tx, _given_back(job, shot["id"], own))

    with instead(Money, "resolve", twice):
        yield


def _given_back(job: Job, shot_id: str, draws: Sequence[Reserved]) -> Transaction:
    micros = sum(draw.micros for draw in draws)
    postings = (
        on_account(draws[0].account, micros),
        on_server(job.guild_id, AccountKind.ISSUED, -micros),
    )
    name, at = TransactionId(f"again-{shot_id}"), job.state_changed_at
    return Transaction(name, job.guild_id, TransactionKind.REFUND, at, postings, JobId(shot_id))


@mutant(Kind.STORYBOARDS)
def keeps_the_place_of_a_failed_storyboard() -> Iterator[None]:
    """An event counts a storyboard whatever became of it."""

    def never(job: Job, _shares: Any) -> MoneyPlan:
        return MoneyPlan(job.guild_id)

    with instead(money, "plan_storyboard_end", never):
        yield


@mutant(Kind.STORYBOARDS)
def posts_a_shot() -> Iterator[None]:
    """A shot that was made is posted like any other video."""
    with instead(Job, "is_shot", property(lambda _job: False)):
        yield


@mutant(Kind.STORYBOARDS)
def releases_only_some_shots() -> Iterator[None]:
    """A storyboard is cancelled though one of its shots has just been sent."""

    async def apart(self: SqlJobStore, changes: Sequence[Change]) -> bool:
        await self.save(changes[:-1])
        return not (await self.save(changes[-1:])).conflicts

    with instead(SqlJobStore, "save_together", apart):
        yield
