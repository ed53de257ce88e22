"""Who may use whose picture, and who is asked.

The kind: every choice with every state of a question; a request with pictures of several people, of
whom some allow, some must be asked and some let no one; one's own pictures; very many questions.
"""

from datetime import timedelta

import pytest

from bot.catalog.request import Origin, PictureOwner
from bot.errors import ConsentError, ConsentReason, NotYourQuestionError, QuestionClosedError
from bot.guilds.consent import (
    MOST_OF_ONE,
    MOST_OPEN,
    QUESTION_STANDS,
    Answer,
    Question,
    decide,
)
from bot.guilds.settings import GuildSettings, PicturesFor
from bot.ids import ChannelId, GuildId, IdempotencyKey, QuestionId, UserId
from tests.factories import NOW, make_capability, make_image, make_request
from tests.fakes.world import World

ANYONE, ASK, NO_ONE = PicturesFor.ANYONE, PicturesFor.ASK, PicturesFor.NO_ONE
FERN, MAX, ADA = UserId(30), UserId(31), UserId(32)
GUILD = GuildId(10)
PLACE = Origin(GUILD, ChannelId(20), FERN)


def owned(user_id, picture="a1"):
    return PictureOwner(user_id, picture, "10/20/40")


@pytest.fixture
def world():
    made = World()
    made.catalog.replace([make_capability()])
    return made


@pytest.fixture
def consent(world):
    return world.start().services.consent


async def refused(consent, *owners, place=PLACE):
    with pytest.raises(ConsentError) as caught:
        await consent.ensure(owners, place)
    return caught.value.owner_id, caught.value.reason


def question(answer):
    stands = NOW + QUESTION_STANDS
    return Question(QuestionId("q"), owned(MAX), FERN, GUILD, ChannelId(20), NOW, stands, answer)


@pytest.mark.parametrize(
    ("choice", "answer", "reason"),
    [
        (ANYONE, None, None),
        (ANYONE, Answer.DECLINED, None),
        (NO_ONE, None, ConsentReason.NO_ONE),
        (NO_ONE, Answer.ALLOWED, ConsentReason.NO_ONE),
        (ASK, None, ConsentReason.ASKED),
        (ASK, Answer.ASKED, ConsentReason.WAITING),
        (ASK, Answer.ALLOWED, None),
        (ASK, Answer.DECLINED, ConsentReason.DECLINED),
    ],
)
def test_the_choice_decides_and_then_the_answer(choice, answer, reason):
    asked = None if answer is None else question(answer)
    assert decide(choice, asked, NOW) is reason


def test_no_answer_in_time_is_a_no_and_an_answer_stays():
    over = NOW + QUESTION_STANDS
    assert decide(ASK, question(Answer.ASKED), over) is ConsentReason.UNANSWERED
    assert decide(ASK, question(Answer.ALLOWED), over) is None
    assert decide(ASK, question(Answer.DECLINED), over) is ConsentReason.DECLINED


async def test_ones_own_pictures_and_those_of_no_one_need_no_consent(world, consent):
    world.members.chosen[FERN] = NO_ONE
    world.guilds.settings[GUILD] = GuildSettings(GUILD, pictures=NO_ONE)

    await consent.ensure([owned(FERN)], PLACE)
    await consent.ensure([], PLACE)
    assert await refused(consent, owned(MAX)) == (MAX, ConsentReason.NO_ONE)


async def test_a_members_choice_goes_before_the_servers_default(world, consent):
    world.guilds.settings[GUILD] = GuildSettings(GUILD, pictures=NO_ONE)
    await consent.choose(MAX, ANYONE)

    await consent.ensure([owned(MAX)], PLACE)
    assert await refused(consent, owned(ADA)) == (ADA, ConsentReason.NO_ONE)


async def test_no_one_is_asked_for_a_request_that_another_owner_refuses(world, consent):
    world.members.chosen |= {MAX: ASK, ADA: NO_ONE}

    assert await refused(consent, owned(MAX), owned(ADA)) == (ADA, ConsentReason.NO_ONE)
    assert world.notices.notices == {}


async def test_everyone_is_asked_who_wants_to_be_and_once(world, consent):
    world.members.chosen |= {MAX: ASK, ADA: ASK}
    owners = (owned(MAX), owned(ADA), owned(MAX, "a2"))

    assert await refused(consent, *owners) == (MAX, ConsentReason.ASKED)
    assert await refused(consent, *owners) == (MAX, ConsentReason.WAITING)
    asked = list(world.notices.notices.values())
    assert [one.mentions for one in asked] == [MAX, ADA, MAX]
    assert {one.question_id for one in asked} == set(world.consent.questions)
    for one in list(world.consent.questions.values()):
        await consent.answer(one.id, one.owner.user_id, Answer.ALLOWED)
    await consent.ensure(owners, PLACE)
    assert [one.mentions for one in world.notices.notices.values()][3:] == [FERN] * 3


async def test_an_answer_is_the_owners_and_counts_once(world, consent):
    world.members.chosen[MAX] = ASK
    await refused(consent, owned(MAX))
    [asked] = world.consent.questions

    for stranger in (FERN, ADA):
        with pytest.raises(NotYourQuestionError):
            await consent.answer(asked, stranger, Answer.ALLOWED)
    await consent.answer(asked, MAX, Answer.ALLOWED)
    await consent.answer(asked, MAX, Answer.ALLOWED)  # a second press, or another process
    with pytest.raises(QuestionClosedError):
        await consent.answer(asked, MAX, Answer.DECLINED)
    with pytest.raises(QuestionClosedError):
        await consent.answer(QuestionId("unknown"), MAX, Answer.ALLOWED)
    assert len(world.notices.notices) == 2


async def test_an_expired_question_is_closed(world, consent):
    world.members.chosen[MAX] = ASK
    await refused(consent, owned(MAX))
    [asked] = world.consent.questions
    world.clock.advance(QUESTION_STANDS.total_seconds())

    with pytest.raises(QuestionClosedError):
        await consent.answer(asked, MAX, Answer.ALLOWED)
    assert await refused(consent, owned(MAX)) == (MAX, ConsentReason.UNANSWERED)
    await consent.choose(MAX, ANYONE)
    await consent.ensure([owned(MAX)], PLACE)


async def test_no_member_is_buried_under_questions(world, consent):
    world.members.chosen[MAX] = ASK
    reasons = [(await refused(consent, owned(MAX, f"a{number}")))[1] for number in range(5)]
    assert reasons.count(ConsentReason.ASKED) == MOST_OF_ONE
    assert reasons[MOST_OF_ONE:] == [ConsentReason.BUSY] * (5 - MOST_OF_ONE)

    for requester in range(100, 130):
        place = Origin(GUILD, ChannelId(20), UserId(requester))
        await refused(consent, owned(MAX), place=place)
    assert len(world.notices.notices) == MOST_OPEN

    world.clock.advance((QUESTION_STANDS + timedelta(seconds=1)).total_seconds())
    assert (await refused(consent, owned(MAX, "a9")))[1] is ConsentReason.ASKED


async def test_what_was_offered_is_checked_again_when_it_is_confirmed(world):
    async def stands(*_message):
        return True

    world.guilds.settings[GUILD] = GuildSettings(GUILD, confirm_above_micros=0)
    process = world.start()
    ordering = process.ordering
    request = make_request(image=make_image(owners=(owned(MAX),)))
    asked = await ordering.ask(request, PLACE, IdempotencyKey("one"))
    await process.services.consent.choose(MAX, NO_ONE)

    with pytest.raises(ConsentError):
        await ordering.confirm(asked.offer.id, PLACE, stands)
    assert world.store.jobs == {}


async def test_who_declines_is_not_asked_again_at_once_for_the_next_picture(world, consent):
    world.members.chosen[MAX] = ASK
    for number in range(MOST_OF_ONE):
        await refused(consent, owned(MAX, f"a{number}"))
        await consent.answer(list(world.consent.questions)[-1], MAX, Answer.DECLINED)

    assert (await refused(consent, owned(MAX, "a9")))[1] is ConsentReason.BUSY
    world.clock.advance((QUESTION_STANDS + timedelta(seconds=1)).total_seconds())
    assert (await refused(consent, owned(MAX, "a9")))[1] is ConsentReason.ASKED


async def test_who_lets_no_one_takes_back_what_they_allowed(world, consent):
    world.members.chosen[MAX] = ASK
    await refused(consent, owned(MAX))
    [asked] = world.consent.questions
    await consent.answer(asked, MAX, Answer.ALLOWED)
    await consent.ensure([owned(MAX)], PLACE)

    await consent.choose(MAX, NO_ONE)
    await consent.choose(MAX, ASK)
    assert (await refused(consent, owned(MAX)))[1] is ConsentReason.DECLINED


async def test_no_one_decides_about_a_picture_that_another_posts_by_giving_it_first(consent):
    claimed = PictureOwner(FERN, "a5")  # a file that Fern saved and gave to a command
    await consent.known("cat.png", (claimed,))

    assert await consent.known("cat.png", (owned(MAX),)) == (claimed, owned(MAX))
    assert await consent.known("cat.png", (PictureOwner(ADA, "a6"),)) == (claimed,)
    assert await consent.known("cat.png", ()) == (claimed,)


def test_a_picture_that_is_given_as_several_peoples_is_all_of_theirs():
    image, same = make_image(owners=(owned(MAX),)), make_image(owners=(owned(ADA),))

    assert make_request(image=image, end_image=same).owners == (owned(MAX), owned(ADA))
