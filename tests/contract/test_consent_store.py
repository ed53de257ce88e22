"""What every store of questions about pictures promises."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.catalog.request import PictureOwner
from bot.errors import StorageError
from bot.guilds.consent import MOST_OF_ONE, MOST_OPEN, QUESTION_STANDS, Answer, Question
from bot.guilds.notices import Notice
from bot.guilds.settings import GuildSettings, PicturesFor
from bot.ids import ChannelId, GuildId, QuestionId, UserId
from bot.storage.guilds import SqlGuildStore, SqlMemberStore, SqlNoticeStore
from bot.storage.privacy.consent import SqlConsentStore
from tests.contract.databases import on_databases
from tests.factories import NOW, new_notice_id
from tests.fakes.budgets import (
    InMemoryGuilds,
    InMemoryMembers,
    InMemoryNotices,
)
from tests.fakes.privacy import InMemoryConsent

ADA, MAX, FERN = UserId(1 << 61), UserId(4), UserId(5)
PICTURE = PictureOwner(ADA, "a1", "10/20/30")
LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def notices(kind, engine):
    return InMemoryNotices() if kind == "memory" else SqlNoticeStore(engine)


@pytest.fixture
def consent(kind, engine, notices):
    return InMemoryConsent(notices) if kind == "memory" else SqlConsentStore(engine)


@pytest.fixture
def members(kind, engine):
    return InMemoryMembers() if kind == "memory" else SqlMemberStore(engine)


@pytest.fixture
def guilds(kind, engine):
    return InMemoryGuilds() if kind == "memory" else SqlGuildStore(engine)


def question(**fields):
    asked = Question(
        QuestionId("q1"),
        PICTURE,
        MAX,
        GuildId(10),
        ChannelId(20),
        NOW,
        NOW + QUESTION_STANDS,
    )
    return replace(asked, **fields)


def notice(question, **fields):
    made = Notice(new_notice_id(), question.guild_id, question.channel_id, "may I?", NOW, NOW)
    return replace(made, mentions=ADA, question_id=question.id, **fields)


async def owed(notices):
    return await notices.list_owed(LATER, 100)


async def test_a_question_is_asked_once_for_each_picture_and_requester(consent, notices):
    asked, again = question(), question(id=QuestionId("q2"))
    first = notice(asked)

    assert await consent.ask(asked, first)
    assert not await consent.ask(again, notice(again))
    assert await consent.ask(
        other := question(id=QuestionId("q3"), requester_id=FERN), notice(other)
    )
    assert await consent.find(PICTURE, MAX) == await consent.get(asked.id) == asked
    assert await consent.find(replace(PICTURE, picture="a2"), MAX) is None
    assert await consent.get(again.id) is None
    assert first in await owed(notices), "with whom it mentions and what it asks"
    assert len(await owed(notices)) == 2


async def test_of_many_processes_one_asks(consent, notices):
    asked = [question(id=QuestionId(f"q{number}")) for number in range(10)]
    made = await asyncio.gather(*[consent.ask(one, notice(one)) for one in asked])

    assert sorted(made) == [False] * 9 + [True]
    assert len(await owed(notices)) == 1


async def test_a_question_has_one_answer(consent, notices):
    asked = question()
    await consent.ask(asked, notice(asked))
    told = replace(notice(asked), mentions=MAX, question_id=None)
    allowed = replace(asked, answer=Answer.ALLOWED)

    assert await consent.answer(allowed, LATER, told)
    assert not await consent.answer(replace(asked, answer=Answer.DECLINED), LATER, None)
    assert not await consent.answer(allowed, LATER, notice(asked))
    assert (await consent.get(asked.id)).answer is Answer.ALLOWED
    assert told in await owed(notices)
    assert len(await owed(notices)) == 2


async def test_an_expired_question_has_no_answer(consent):
    asked = question()
    await consent.ask(asked, notice(asked))

    allowed = replace(asked, answer=Answer.ALLOWED)
    assert not await consent.answer(allowed, asked.expires_at, None)
    assert await consent.answer(allowed, asked.expires_at - timedelta(seconds=1), None)


def nth(number, requester_id, **fields):
    picture = replace(PICTURE, picture=f"a{number}")
    return question(id=QuestionId(f"q{number}"), owner=picture, requester_id=requester_id, **fields)


async def asked_at_once(consent, questions):
    """How many of them were written."""
    return sum(await asyncio.gather(*[consent.ask(one, notice(one)) for one in questions]))


async def test_no_more_is_asked_at_once_than_one_by_one(consent):
    """Of one requester, and of very many."""
    assert await asked_at_once(consent, [nth(number, MAX) for number in range(9)]) == MOST_OF_ONE
    many = [nth(number, UserId(1000 + number)) for number in range(20, 50)]
    assert await asked_at_once(consent, many) == MOST_OPEN - MOST_OF_ONE


async def test_what_was_declined_counts_for_a_day_and_what_was_allowed_does_not(consent):
    for number, answer in enumerate((Answer.DECLINED, Answer.DECLINED, Answer.ALLOWED)):
        asked = nth(number, MAX)
        assert await consent.ask(asked, notice(asked))
        await consent.answer(replace(asked, answer=answer), LATER, None)

    assert await asked_at_once(consent, [nth(4, MAX), nth(5, MAX)]) == 1
    over = NOW + QUESTION_STANDS
    later = nth(6, MAX, asked_at=over, expires_at=over + QUESTION_STANDS)
    assert await asked_at_once(consent, [later]) == 1


async def test_every_yes_of_a_member_becomes_a_no(consent):
    for number, owner in enumerate((PICTURE, replace(PICTURE, user_id=FERN))):
        asked = question(id=QuestionId(f"q{number}"), owner=owner)
        await consent.ask(asked, notice(asked))
        await consent.answer(replace(asked, answer=Answer.ALLOWED), LATER, None)

    await consent.revoke(ADA)
    assert (await consent.get(QuestionId("q0"))).answer is Answer.DECLINED
    assert (await consent.get(QuestionId("q1"))).answer is Answer.ALLOWED


async def test_a_picture_stays_whose_it_was_first(consent):
    mine = (PICTURE, PictureOwner(FERN, "a9"))
    assert await consent.first_owners("b.png", ()) == ()
    assert set(await consent.first_owners("a.png", mine)) == set(mine)
    assert set(await consent.first_owners("a.png", (PictureOwner(MAX, "a2"),))) == set(mine)
    assert set(await consent.first_owners("a.png", ())) == set(mine)
    assert await consent.first_owners("b.png", ()) == ()


@pytest.mark.parametrize("choice", PicturesFor)
async def test_a_members_choice_is_read_as_it_was_written(members, guilds, choice):
    assert await members.pictures(ADA) is None
    await members.put_recipe(ADA, is_on=False)
    assert await members.pictures(ADA) is None, "who chose something else has not chosen this"
    await members.put_pictures(ADA, choice)
    assert await members.pictures(ADA) is choice
    assert not await members.has_recipe(ADA)

    settings = GuildSettings(GuildId(1), pictures=choice)
    await guilds.put(settings)
    assert await guilds.get(GuildId(1)) == settings


@on_databases
@pytest.mark.parametrize(
    "fields",
    [{"requester_id": ADA}, {"expires_at": NOW}, {"answer": "perhaps"}],
    ids=["of oneself", "over at once", "no answer"],
)
async def test_what_cannot_be_is_refused_by_the_database(consent, fields):
    wrong = question(**fields)
    if isinstance(wrong.answer, str) and wrong.answer == "perhaps":
        wrong = replace(wrong, answer=type("Odd", (), {"value": "perhaps"})())
    with pytest.raises(StorageError):
        await consent.ask(wrong, notice(wrong))
