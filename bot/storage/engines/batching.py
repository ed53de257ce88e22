"""Questions that are asked at the same time, answered with one trip to the database.

Whoever asks first waits until the loop has turned and the trip before is over; all who ask
meanwhile go along. Nobody's question is read before it was asked.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")


@dataclass
class _Trip(Generic[Question, Answer]):
    """`answers` stay None where whoever led the way was stopped."""

    questions: list[Question] = field(default_factory=list)
    answers: Mapping[Question, Answer] | None = None
    over: asyncio.Event = field(default_factory=asyncio.Event)


class Together(Generic[Question, Answer]):
    """`answer` is given different questions, and leaves out those that have no answer."""

    def __init__(
        self, answer: Callable[[Sequence[Question]], Awaitable[Mapping[Question, Answer]]]
    ) -> None:
        self._answer = answer
        self._next: _Trip[Question, Answer] | None = None
        self._one_at_a_time = asyncio.Lock()

    async def ask(self, question: Question) -> Answer | None:
        """Raises what `answer` raises."""
        trip = self._next
        if trip is None:
            trip = self._next = _Trip([question])
            return await self._lead(trip, question)
        trip.questions.append(question)
        await trip.over.wait()
        answers = trip.answers
        if answers is None:  # asked alone, so that another's trouble is not ours
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
