"""Batching: concurrent questions answered in one trip to the database.

The first caller waits until the event loop has turned once and the previous trip is over; every
call until then joins its trip. No answer is read before its question was asked.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")


@dataclass
class _Trip(Generic[Question, Answer]):
    """One trip; `answers` stay None if the leading caller was stopped."""

    questions: list[Question] = field(default_factory=list)
    answers: Mapping[Question, Answer] | None = None
    over: asyncio.Event = field(default_factory=asyncio.Event)


class Batching(Generic[Question, Answer]):
    """Batches questions; `answer` gets distinct ones and omits those without an answer."""

    def __init__(
        self, answer: Callable[[Sequence[Question]], Awaitable[Mapping[Question, Answer]]]
    ) -> None:
        self._answer = answer
        self._next: _Trip[Question, Answer] | None = None
        self._one_at_a_time = asyncio.Lock()

    async def ask(self, question: Question) -> Answer | None:
        """Answer one question, None if it has no answer. Raises what `answer` raises."""
        trip = self._next
        if trip is None:
            trip = self._next = _Trip([question])
            return await self._lead(trip, question)
        trip.questions.append(question)
        await trip.over.wait()
        answers = trip.answers
        if answers is None:  # ask alone: another caller's error is not ours
            answers = await self._answer([question])
        return answers.get(question)

    async def _lead(self, trip: _Trip[Question, Answer], question: Question) -> Answer | None:
        try:
            async with self._one_at_a_time:
                await asyncio.sleep(0)  # noqa: TID251 - no time passes, the others get their turn
                self._next = None
                trip.answers = await self._answer(list(dict.fromkeys(trip.questions)))
        finally:
            if self._next is trip:
                self._next = None
            trip.over.set()
        return trip.answers.get(question)
