"""Keeps private answers up to date for as long as Discord lets them change.

Discord takes an edit or a deletion of such an answer only with the token of its interaction, for
fifteen minutes. With a card, the answer is done once the card is posted, and is deleted after it
could be read, a longer one later. Without one, it is all there is of the request: it shows the job's state, goes when
the video or the failure notice is posted, and shortly before the token expires it says where to
look from then on.

The token is a row, so that a restart leaves no answer behind that says something untrue, and it is
deleted with the answer's end. Two processes never check one answer at a time.
"""

import asyncio
import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from bot.clock import Clock
from bot.delivery.context import DeliveryContext
from bot.delivery.messenger import AnswerMessenger, PrivateAnswer
from bot.errors import (
    ChannelGoneError,
    DeliveryError,
    JobNotFoundError,
    MessageGoneError,
    MessageRefusedError,
    StorageError,
    UnreadableRowError,
)
from bot.ids import JobId, MessageId
from bot.jobs.job import Job
from bot.jobs.messages import DeliveryKind, DeliveryState
from bot.tasks import repeat

_log = logging.getLogger(__name__)

TOKEN_HOLDS_FOR = timedelta(minutes=15)  # Discord's, from the interaction on
LAST_WORDS_BEFORE = timedelta(minutes=1)  # its end: room for a retry
READ_FOR = timedelta(seconds=15)  # how long an answer stands that the card makes needless
SHORT = 60  # characters: "Accepted", its price, and where its card is
READ_ONE_MORE = timedelta(seconds=0.3)  # a longer answer says what the card does not
SECONDS_BETWEEN = 2.0
AGAIN_AFTER = timedelta(seconds=2)
AFTER_TROUBLE = timedelta(seconds=10)
LEASE = timedelta(minutes=1)
MOST_SECONDS = 45.0  # for one check, within the lease
MAX_AT_ONCE = 20
_COMING = frozenset({DeliveryState.OWED, DeliveryState.POSTING})
_THERE = frozenset({DeliveryState.POSTED, DeliveryState.DELETED})


class PrivateAnswerStore(Protocol):
    """Private answers that may still change."""

    async def put(self, answer: PrivateAnswer) -> None:
        """Write an answer; it takes the place of an earlier one to the same job."""

    async def claim_due(self, now: datetime, until: datetime, most: int) -> list[PrivateAnswer]:
        """List due answers; no other process lists them before `until`."""

    async def save(self, answer: PrivateAnswer) -> None:
        """Write what it shows and when it is due again."""

    async def remove(self, answer: PrivateAnswer) -> None: ...


class Following:
    """Lets private answers follow their jobs."""

    def __init__(self, store: PrivateAnswerStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def follow(
        self,
        job_id: JobId,
        application_id: int,
        token: str,
        text: str,
        *,
        asked_at: datetime,
        message_id: MessageId | None = None,
    ) -> None:
        """Follow a job from now on; without the database, the answer stays as it is."""
        now = self._clock.now()
        expires_at = min(asked_at, now) + TOKEN_HOLDS_FOR
        answer = PrivateAnswer(
            job_id, application_id, token, text, now, expires_at, now, message_id
        )
        try:
            await self._store.put(answer)
        except StorageError as error:
            details = {"job_id": job_id, "error": type(error).__name__}
            _log.warning("answer_not_followed", extra=details)


class PrivateAnswers:
    """Brings private answers up to date, one such task per process."""

    def __init__(
        self, store: PrivateAnswerStore, messenger: AnswerMessenger, context: DeliveryContext
    ) -> None:
        self._store = store
        self._messenger = messenger
        self._context = context

    async def run(self) -> None:
        await repeat(self.run_once, SECONDS_BETWEEN, self._context.clock.sleep)

    async def run_once(self) -> None:
        """Check the answers that are due."""
        now = self._context.clock.now()
        due = await self._store.claim_due(now, now + LEASE, MAX_AT_ONCE)
        await asyncio.gather(*(self._check(answer) for answer in due))

    async def _check(self, answer: PrivateAnswer) -> None:
        """Leave an answer to its lease where the database is in trouble."""
        try:
            after = await self._tried(answer)
            await (self._store.remove(answer) if after is None else self._store.save(after))
        except StorageError as error:
            _log.info("answer_not_updated", extra=_details(answer, error))

    async def _tried(self, answer: PrivateAnswer) -> PrivateAnswer | None:
        """Return the answer to check again later; None if it is done."""
        try:
            async with asyncio.timeout(MOST_SECONDS):
                return await self._updated(answer)
        except (JobNotFoundError, MessageGoneError, ChannelGoneError, MessageRefusedError) as error:
            _log.info("answer_let_go", extra=_details(answer, error))
            return None
        except (DeliveryError, UnreadableRowError, TimeoutError) as error:
            _log.info("answer_not_updated", extra=_details(answer, error))
            return _again(answer, self._context.clock.now() + AFTER_TROUBLE)

    async def _updated(self, answer: PrivateAnswer) -> PrivateAnswer | None:
        """Change the answer if need be; None once that is over."""
        context, now = self._context, self._context.clock.now()
        if now >= answer.expires_at:
            return None
        job = await context.jobs.get(answer.job_id)
        kinds = (DeliveryKind.CARD, DeliveryKind.VIDEO, DeliveryKind.FAILURE)
        found = [await context.messages.find_delivery(job.id, kind) for kind in kinds]
        states = [one.state for one in found if one is not None]
        if any(state in _THERE for state in states):
            readable_until = answer.answered_at + _reading_time(answer.text)
            if now < readable_until:
                return _again(answer, readable_until)
            await self._messenger.delete_answer(answer)
            return None
        if found[0] is not None and found[0].state in _COMING:
            return _again(answer, now + AGAIN_AFTER)
        is_over = job.is_terminal and not any(state in _COMING for state in states)
        return await self._edited(answer, job, now, is_over=is_over)

    async def _edited(
        self, answer: PrivateAnswer, job: Job, now: datetime, *, is_over: bool
    ) -> PrivateAnswer | None:
        view = await self._context.view(job)
        is_last = not is_over and now >= answer.expires_at - LAST_WORDS_BEFORE
        shown = self._context.messenger.digest(view)
        if is_over or is_last or shown != answer.shown:
            await self._messenger.edit_answer(answer, view, is_last=is_last)
        if is_over or is_last:
            return None
        return replace(_again(answer, now + AGAIN_AFTER), shown=shown)


def _reading_time(text: str) -> timedelta:
    return READ_FOR + max(0, len(text) - SHORT) * READ_ONE_MORE


def _again(answer: PrivateAnswer, at: datetime) -> PrivateAnswer:
    return replace(answer, next_look_at=at)


def _details(answer: PrivateAnswer, error: Exception) -> dict[str, str]:
    return {"job_id": answer.job_id, "error": f"{type(error).__name__} {error}".rstrip()}
