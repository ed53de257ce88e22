"""Questions about pictures, and what is stored about members, in memory."""

import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from bot.catalog.request import PictureOwner
from bot.guilds.consent import MOST_OF_ONE, MOST_OPEN, Answer, Question
from bot.guilds.notices import Notice
from bot.ids import QuestionId, UserId
from tests.fakes.budgets import InMemoryNotices


@dataclass
class InMemoryConsent:
    """The port `ConsentStore`."""

    notices: InMemoryNotices
    questions: dict[QuestionId, Question] = field(default_factory=dict)
    owners: dict[str, tuple[PictureOwner, ...]] = field(default_factory=dict)

    async def find(self, owner: PictureOwner, requester_id: UserId) -> Question | None:
        key = (owner.user_id, owner.picture, requester_id)
        return next((one for one in self.questions.values() if _key_of(one) == key), None)

    async def get(self, question_id: QuestionId) -> Question | None:
        return self.questions.get(question_id)

    async def ask(self, question: Question, notice: Notice) -> bool:
        if await self.find(question.owner, question.requester_id) is not None:
            return False
        to_owner = [
            one
            for one in self.questions.values()
            if one.owner.user_id == question.owner.user_id and question.asked_at < one.expires_at
        ]
        waiting = [one for one in to_owner if one.answer is Answer.ASKED]
        of_one = [
            one
            for one in to_owner
            if one.requester_id == question.requester_id and one.answer is not Answer.ALLOWED
        ]
        if len(waiting) >= MOST_OPEN or len(of_one) >= MOST_OF_ONE:
            return False
        self.questions[question.id] = question
        await self.notices.owe(notice)
        return True

    async def answer(self, question: Question, now: datetime, notice: Notice | None) -> bool:
        found = self.questions.get(question.id)
        if found is None or found.answer is not Answer.ASKED or now >= found.expires_at:
            return False
        self.questions[question.id] = replace(found, answer=question.answer)
        if notice is not None:
            await self.notices.owe(notice)
        return True

    async def revoke(self, owner_id: UserId) -> None:
        for one in self.questions.values():
            if one.owner.user_id == owner_id and one.answer is Answer.ALLOWED:
                self.questions[one.id] = replace(one, answer=Answer.DECLINED)

    async def first_owners(
        self, key: str, owners: tuple[PictureOwner, ...]
    ) -> tuple[PictureOwner, ...]:
        if owners and key not in self.owners:
            self.owners[key] = owners
        return self.owners.get(key, ())


def _key_of(question: Question) -> tuple[UserId, str, UserId]:
    return question.owner.user_id, question.owner.picture, question.requester_id


@dataclass
class InMemoryRecords:
    """What is stored about members, as a test wrote it."""

    about: dict[UserId, dict[str, list[dict[str, Any]]]] = field(default_factory=dict)

    async def read(self, user_id: UserId) -> AsyncGenerator[tuple[str, list[str]]]:
        for title, rows in self.about.get(user_id, {}).items():
            yield title, []
            for row in rows:
                yield title, [json.dumps(row, ensure_ascii=False)]
