"""The port of questions about pictures."""

from datetime import datetime

from bot.catalog.request import PictureOwner
from bot.guilds.consent import MOST_OF_ONE, MOST_OPEN, Answer, Question
from bot.guilds.notices import Notice
from bot.ids import ChannelId, GuildId, QuestionId, UserId
from bot.storage import rows
from bot.storage.engines.transaction import Engine, SqlTransaction
from bot.storage.guilds import owe
from bot.storage.rows import Row


class SqlConsentStore:
    """Questions about pictures, and whose each one is, in SQLite or PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def find(self, owner: PictureOwner, requester_id: UserId) -> Question | None:
        row = await self._engine.read_one(
            "find_picture_question",
            owner_id=owner.user_id,
            requester_id=requester_id,
            picture=owner.picture,
        )
        return None if row is None else _question_from(row)

    async def get(self, question_id: QuestionId) -> Question | None:
        row = await self._engine.read_one("get_picture_question", id=question_id)
        return None if row is None else _question_from(row)

    async def ask(self, question: Question, notice: Notice) -> bool:
        async with self._engine.transaction() as tx:
            await tx.one("lock_questions", owner_id=question.owner.user_id)
            if await _has_enough(tx, question):
                return False
            written = await tx.one(
                "insert_picture_question",
                id=question.id,
                owner_id=question.owner.user_id,
                requester_id=question.requester_id,
                picture=question.owner.picture,
                message=question.owner.message,
                guild_id=question.guild_id,
                channel_id=question.channel_id,
                asked_at=rows.milliseconds(question.asked_at),
                expires_at=rows.milliseconds(question.expires_at),
                answer=question.answer.value,
            )
            if written is not None:
                await owe(tx, notice)
        return written is not None

    async def answer(self, question: Question, now: datetime, notice: Notice | None) -> bool:
        async with self._engine.transaction() as tx:
            written = await tx.one(
                "answer_picture_question",
                id=question.id,
                answer=question.answer.value,
                now=rows.milliseconds(now),
            )
            if written is not None and notice is not None:
                await owe(tx, notice)
        return written is not None

    async def revoke(self, owner_id: UserId) -> None:
        await self._engine.write("revoke_picture_answers", owner_id=owner_id)

    async def first_owners(
        self, key: str, owners: tuple[PictureOwner, ...]
    ) -> tuple[PictureOwner, ...]:
        known = await self._owners_of(key)
        if known or not owners:
            return known
        async with self._engine.transaction() as tx:
            for owner in owners:
                await tx.one(
                    "insert_picture_owner",
                    picture_key=key,
                    user_id=owner.user_id,
                    picture=owner.picture,
                    message=owner.message,
                )
        return await self._owners_of(key)  # of two members whom it is seen of at once, both

    async def _owners_of(self, key: str) -> tuple[PictureOwner, ...]:
        known = await self._engine.read_all("list_picture_owners", picture_key=key)
        return tuple(map(_owner_from, known))


async def _has_enough(tx: SqlTransaction, question: Question) -> bool:
    row = await tx.one(
        "count_picture_questions",
        owner_id=question.owner.user_id,
        requester_id=question.requester_id,
        now=rows.milliseconds(question.asked_at),
    )
    return row is not None and (row["waiting"] >= MOST_OPEN or row["of_one"] >= MOST_OF_ONE)


def _owner_from(row: Row) -> PictureOwner:
    return PictureOwner(UserId(row["user_id"]), row["picture"], row["message"])


def _question_from(row: Row) -> Question:
    with rows.reading(f"question {row['id']} about a picture"):
        return Question(
            id=QuestionId(row["id"]),
            owner=PictureOwner(UserId(row["owner_id"]), row["picture"], row["message"]),
            requester_id=UserId(row["requester_id"]),
            guild_id=GuildId(row["guild_id"]),
            channel_id=ChannelId(row["channel_id"]),
            asked_at=rows.instant(row["asked_at"]),
            expires_at=rows.instant(row["expires_at"]),
            answer=Answer(row["answer"]),
        )
