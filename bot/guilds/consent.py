"""Who may make videos from a member's pictures: anyone, those the member allows, or no one.

A member's choice holds in every server; a server's default holds for those who never chose. Who
wants to be asked gets one question for each picture and requester. No answer is a no.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from bot.catalog.request import Origin, PictureOwner
from bot.clock import Clock
from bot.errors import ConsentError, ConsentReason, NotYourQuestionError, QuestionClosedError
from bot.guilds.notices import Notice
from bot.guilds.settings import GuildStore, MemberStore, PicturesFor
from bot.ids import ID_BYTES, ChannelId, GuildId, NoticeId, QuestionId, UserId, spelled

QUESTION_STANDS = timedelta(days=1)
MOST_OPEN = 10  # questions that wait for one member's answer
MOST_OF_ONE = 3  # a day because of the same requester, of those that are not allowed


class Answer(StrEnum):
    """What became of a question."""

    ASKED = "asked"
    ALLOWED = "allowed"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Question:
    """Whether a member may make videos from another's picture; asked in a channel."""

    id: QuestionId
    owner: PictureOwner
    requester_id: UserId
    guild_id: GuildId
    channel_id: ChannelId
    asked_at: datetime
    expires_at: datetime
    answer: Answer = Answer.ASKED


class ConsentStore(Protocol):
    """The port of questions about pictures, and of whose each stored picture is."""

    async def find(self, owner: PictureOwner, requester_id: UserId) -> Question | None:
        """Return the question about this picture that this requester led to."""

    async def get(self, question_id: QuestionId) -> Question | None: ...

    async def ask(self, question: Question, notice: Notice) -> bool:
        """Write a question and owe its message; False if it was asked before.

        Also False, with nothing written, if its owner has enough to answer.
        """

    async def answer(self, question: Question, now: datetime, notice: Notice | None) -> bool:
        """Write an answer and owe its message; False if it is answered or expired."""

    async def revoke(self, owner_id: UserId) -> None:
        """Make every yes of a member a no."""

    async def first_owners(
        self, key: str, owners: tuple[PictureOwner, ...]
    ) -> tuple[PictureOwner, ...]:
        """Return the owners that a stored picture was first seen with, which are now these."""


@dataclass(frozen=True, slots=True)
class ConsentWords:
    """What is said in a channel."""

    question: Callable[[Question], str]
    allowed: Callable[[Question], str]


class Consent:
    """Decides whose pictures a request may use, and asks those who want to be asked."""

    def __init__(
        self,
        *,
        store: ConsentStore,
        guilds: GuildStore,
        members: MemberStore,
        clock: Clock,
        new_question_id: Callable[[], QuestionId],
        words: ConsentWords,
    ) -> None:
        self._store = store
        self._guilds = guilds
        self._members = members
        self._clock = clock
        self._new_question_id = new_question_id
        self._words = words

    async def choice_of(self, user_id: UserId) -> PicturesFor | None:
        """Return what a member chose; None: they never did."""
        return await self._members.pictures(user_id)

    async def choose(self, user_id: UserId, pictures: PicturesFor) -> None:
        """Set who may make videos from a member's pictures, in every server from now on.

        Who lets no one takes back what they allowed before, also for when they ask again.
        """
        if pictures is PicturesFor.NO_ONE:
            await self._store.revoke(user_id)
        await self._members.put_pictures(user_id, pictures)

    async def ensure(self, owners: Iterable[PictureOwner], place: Origin) -> None:
        """Check that this member may use all of these pictures; ask for those that need it.

        Raises ConsentError. A refusal comes first: no one is asked for a request that is refused.
        """
        others = [owner for owner in owners if owner.user_id != place.user_id]
        if not others:
            return
        default = (await self._guilds.get(place.guild_id)).pictures
        missing: list[tuple[PictureOwner, ConsentReason]] = []
        for owner in others:
            reason = await self._reason(owner, place.user_id, default)
            if reason is not None:
                missing.append((owner, reason))
        unasked = [owner for owner, reason in missing if reason is ConsentReason.ASKED]
        for owner, reason in missing:
            if reason not in {ConsentReason.ASKED, ConsentReason.WAITING}:
                raise ConsentError(owner.user_id, reason)
        for owner in unasked:
            await self._ask(owner, place)
        for owner, reason in missing:
            raise ConsentError(owner.user_id, reason)

    async def known(self, key: str, owners: tuple[PictureOwner, ...]) -> tuple[PictureOwner, ...]:
        """Return whose a stored picture is: that of the one it was first seen of.

        So a picture that is saved and sent again stays its owner's. Who posted it counts as well:
        else the first who gives someone's picture to a command would decide about it.
        """
        first = await self._store.first_owners(key, owners)
        known = {owner.user_id for owner in first}
        posted = [owner for owner in owners if owner.message and owner.user_id not in known]
        return (*first, *posted)

    async def answer(self, question_id: QuestionId, user_id: UserId, answer: Answer) -> Question:
        """Answer a question, once; the same answer again changes nothing.

        Raises NotYourQuestionError, and QuestionClosedError if it was answered or has expired.
        """
        now = self._clock.now()
        question = await self._store.get(question_id)
        if question is None:
            raise QuestionClosedError
        if question.owner.user_id != user_id:
            raise NotYourQuestionError
        answered = replace(question, answer=answer)
        notice = self._notice_of_answer(answered, now) if answer is Answer.ALLOWED else None
        if not await self._store.answer(answered, now, notice):
            found = await self._store.get(question_id)
            if found is None or found.answer is not answer:
                raise QuestionClosedError
        return answered

    async def _reason(
        self, owner: PictureOwner, requester_id: UserId, default: PicturesFor
    ) -> ConsentReason | None:
        choice = await self._members.pictures(owner.user_id) or default
        if choice is not PicturesFor.ASK:
            return decide(choice, None, self._clock.now())
        question = await self._store.find(owner, requester_id)
        return decide(choice, question, self._clock.now())

    async def _ask(self, owner: PictureOwner, place: Origin) -> None:
        """Raises ConsentError for a member who has enough questions to answer."""
        now = self._clock.now()
        question = Question(
            id=self._new_question_id(),
            owner=owner,
            requester_id=place.user_id,
            guild_id=place.guild_id,
            channel_id=place.channel_id,
            asked_at=now,
            expires_at=now + QUESTION_STANDS,
        )
        text = self._words.question(question)
        notice = _notice(question, "question", text, now, owner.user_id)
        if await self._store.ask(question, notice):
            return
        if await self._store.find(owner, place.user_id) is None:
            raise ConsentError(owner.user_id, ConsentReason.BUSY)

    def _notice_of_answer(self, question: Question, now: datetime) -> Notice:
        text = self._words.allowed(question)
        notice = _notice(question, "answer", text, now, question.requester_id)
        return replace(notice, question_id=None)


def decide(choice: PicturesFor, question: Question | None, now: datetime) -> ConsentReason | None:
    """Decide why a picture can't be used; None if it can.

    What was allowed for one picture stays allowed until its owner lets no one.
    """
    if choice is PicturesFor.ANYONE:
        return None
    if choice is PicturesFor.NO_ONE:
        return ConsentReason.NO_ONE
    if question is None:
        return ConsentReason.ASKED
    if question.answer is Answer.ASKED:
        is_open = now < question.expires_at
        return ConsentReason.WAITING if is_open else ConsentReason.UNANSWERED
    return None if question.answer is Answer.ALLOWED else ConsentReason.DECLINED


def _notice(question: Question, kind: str, text: str, now: datetime, mentions: UserId) -> Notice:
    """One for each question, however often it is owed."""
    digest = hashlib.sha256(f"{kind}:{question.id}".encode()).digest()
    return Notice(
        NoticeId(spelled(digest[:ID_BYTES])),
        question.guild_id,
        question.channel_id,
        text,
        now,
        now,
        mentions=mentions,
        question_id=question.id,
    )
