"""Lists, shows and cancels jobs for the operator, also while a bot runs on the database."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.catalog.pricing import dollars
from bot.clock import SystemClock
from bot.errors import (
    AlreadySpentError,
    InvalidRequestError,
    JobNotFoundError,
    TooLateToCancelError,
)
from bot.ids import JobId
from bot.jobs.cancel import Cancelling
from bot.jobs.job import Cancellation, Job
from bot.jobs.submission import Submission
from bot.settings import Settings
from bot.storage.engines.databases import open_database
from bot.storage.money import Money
from bot.storage.stores import SqlJobStore

MAX_PROMPT = 40  # characters of it in a list


@dataclass(frozen=True, slots=True)
class Report:
    """A job with its shots, and what was handed to its service, for the operator."""

    job: Job
    shots: tuple[Job, ...]
    submission: Submission | None


async def list_jobs(
    settings: Settings, most: int, *, guild_id: int = 0, user_id: int = 0, everything: bool = False
) -> list[Job]:
    """List the latest open jobs, or those that have ended as well if `everything`."""
    async with open_database(settings.database, reads_only=True) as engine:
        return await SqlJobStore(engine).list_latest(
            most, guild_id=guild_id, user_id=user_id, is_open=not everything
        )


async def find_job(settings: Settings, job_id: str) -> Report:
    """Find one job. Raises InvalidRequestError if there is none."""
    async with open_database(settings.database, reads_only=True) as engine:
        store = SqlJobStore(engine)
        try:
            job = await store.get(JobId(job_id))
        except JobNotFoundError:
            raise _unknown(job_id) from None
        shots = await store.list_shots(job.id) if job.is_storyboard else []
        return Report(job, tuple(shots), await store.find_submission(job.id))


async def cancel_job(settings: Settings, job_id: str, *, though_paid: bool = False) -> str:
    """Cancel a job as a moderator of its server would, and return what that means.

    Raises InvalidRequestError if there is no such job, it is a shot, it has ended, or it was paid
    for already and not `though_paid`.
    """
    async with open_database(settings.database, reads_only=True):
        pass  # never migrate beneath a bot that runs
    async with open_database(settings.database, may_begin=False) as engine:
        store = SqlJobStore(engine, Money(engine))
        try:
            job = await store.get(JobId(job_id))
            if job.is_shot:
                msg = f"job {job_id} is a shot: cancel its storyboard, job {job.storyboard_id}"
                raise InvalidRequestError([msg])
            cancelling = Cancelling(store, store, SystemClock(), lambda: None)
            done = await cancelling.cancel(
                job.id, job.guild_id, job.user_id, is_moderator=True, though_spent=though_paid
            )
        except JobNotFoundError:
            raise _unknown(job_id) from None
        except TooLateToCancelError:
            msg = f"job {job_id} has ended already: nothing to cancel"
            raise InvalidRequestError([msg]) from None
        except AlreadySpentError as error:
            msg = (
                f"job {job_id} was sent to its service, and {dollars(error.cost_micros)} "
                f"{'are' if error.is_certain else 'may be'} spent: its video would be dropped and the"
                " money stay spent. To cancel it all the same, add --though-paid"
            )
            raise InvalidRequestError([msg]) from None
    if done is Cancellation.CANCELLED:
        return f"Cancelled job {job_id}. Its money is back."
    return f"Cancelled job {job_id}. What was sent stays paid for, and won't be posted."


def line_of(job: Job, now: datetime) -> str:
    """Render a job as one line of a list."""
    prompt = _printable(job.request.prompt)
    short = prompt if len(prompt) <= MAX_PROMPT else f"{prompt[: MAX_PROMPT - 1]}…"
    age = _age((now - job.accepted_at).total_seconds())
    return (
        f"{job.id}  {_state(job):<12}  {age:>6}  {_price(job):>8}  {job.request.model_id}"
        f"  server {job.guild_id}  member {job.user_id}  {short}"
    )


def lines_of(report: Report) -> list[str]:
    """Render all that there is to say about a job, a line each."""
    job, submission = report.job, report.submission
    told = {
        "id": job.id,
        "state": _state(job),
        "failure": job.failure and f"{job.failure.kind.value}: {job.failure.text}",
        "prompt": job.request.prompt,
        "model": f"{job.request.model_id} at {job.provider}",
        "price": _price(job),
        "server": job.guild_id,
        "channel": job.channel_id,
        "member": job.user_id,
        "accepted": job.accepted_at,
        "submitted": job.submitted_at,
        "changed": job.state_changed_at,
        "next step": None if job.is_terminal else job.next_action_at,
        "deadline": None if job.is_terminal else job.deadline_at,
        "provider's id": submission and submission.handle,
        "charged": submission and submission.charged_micros and dollars(submission.charged_micros),
        "video": job.artifact and f"{job.artifact.key}.mp4, {job.artifact.size_bytes:,} bytes",
    }
    lines = [
        f"{name}: {_printable(_text(value))}" for name, value in told.items() if value is not None
    ]
    return [
        *lines,
        *(f"shot {shot.shot_number}: {shot.id}, {_state(shot)}" for shot in report.shots),
    ]


def values_of(job: Job) -> dict[str, Any]:
    """A job as values for JSON; money in millionths of a dollar, instants in ISO 8601."""
    return {
        "id": job.id,
        "state": job.state.value,
        "cancel_requested": job.cancel_requested,
        "failure": None if job.failure is None else job.failure.kind.value,
        "prompt": job.request.prompt,
        "model": job.request.model_id,
        "provider": job.provider,
        "cost_micros": job.cost_micros,
        "guild_id": str(job.guild_id),  # JavaScript's numbers end before Discord's ids do
        "channel_id": str(job.channel_id),
        "user_id": str(job.user_id),
        "accepted_at": job.accepted_at.isoformat(),
        "submitted_at": None if job.submitted_at is None else job.submitted_at.isoformat(),
        "state_changed_at": job.state_changed_at.isoformat(),
    }


def _unknown(job_id: str) -> InvalidRequestError:
    return InvalidRequestError([f"there is no job {job_id}: `python -m bot jobs list` names them"])


def _state(job: Job) -> str:
    return f"{job.state.value}, cancelled" if job.cancel_requested else job.state.value


def _price(job: Job) -> str:
    return f"{'~' if job.cost_is_estimate else ''}{dollars(job.cost_micros)}"


def _age(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{int(seconds // size)} {unit}"
    return f"{max(int(seconds), 0)} s"


def _printable(text: str) -> str:
    """A member's or a service's words in one line, without codes that a terminal would obey."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _text(value: object) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S} UTC" if isinstance(value, datetime) else str(value)
