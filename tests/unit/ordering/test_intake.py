"""Who may make nothing costs nothing: limits are asked before a picture is fetched.

The kind: forty requests with large pictures at once, of a member without allowance, without room for
more jobs, with a model that takes no pictures, in a paused server; for `/video`, 🎬 and storyboards.
"""

import asyncio
from dataclasses import replace

import pytest

from bot.catalog.request import Origin, Shot, SourceImage
from bot.errors import ImageRejectedError, InvalidRequestError
from bot.ids import ChannelId, GuildId, IdempotencyKey, ModelId, UserId
from bot.money.limits import LimitKind, LimitReachedError, Refusal
from bot.ordering.intake import (
    AT_ONCE,
    Gates,
    Intake,
    Source,
    with_pictures,
)
from tests.factories import make_image, make_request

PLACE = Origin(GuildId(10), ChannelId(20), UserId(30))
PROMISED = SourceImage("promised:0", "", 100, 50, 0)
SOURCE = Source(PROMISED, "https://cdn.example/a.png", "a.png")


class Images:
    """Counts what is fetched, and how much of it at once."""

    def __init__(self):
        self.fetched: list[str] = []
        self.at_once = self.most_at_once = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def fetch(self, address, *, name):
        self.fetched.append(name)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await self.gate.wait()
        self.at_once -= 1
        return make_image(key=f"kept-{name}")


@pytest.fixture
def images():
    return Images()


@pytest.fixture
def intake(process, images):
    return Intake(images, process.ordering, process.services.consent)


async def take(intake, request, sources=(SOURCE,), place=PLACE):
    async with intake.taking(request, list(sources), place) as complete:
        return complete


def refuse(process, *, after=0):
    """Only so many requests are within the limits of every member."""
    asked = []

    async def ensure_room(facts, place):
        asked.append(place.user_id)
        if len(asked) > after:
            raise LimitReachedError([Refusal(LimitKind.OPEN_JOBS, 1, 1)])

    process.ordering._member_money.ensure_room = ensure_room


async def test_a_picture_is_fetched_in_place_of_what_was_promised(intake):
    complete = await take(intake, make_request(image=PROMISED))

    assert complete.image == make_image(key="kept-a.png")


async def test_a_request_without_pictures_is_not_asked_about_twice(intake, process):
    refuse(process)

    assert await take(intake, make_request(), sources=[]) == make_request()


async def test_forty_requests_of_a_member_without_allowance_fetch_nothing(intake, process, images):
    refuse(process)

    ends = await asyncio.gather(
        *(take(intake, make_request(image=PROMISED)) for _ in range(40)), return_exceptions=True
    )

    assert {type(end) for end in ends} == {LimitReachedError}
    assert images.fetched == []


@pytest.mark.parametrize(
    "request_",
    [
        make_request(image=PROMISED, model_id=ModelId("no-such-model")),
        make_request(image=PROMISED, duration_seconds=4711),
        make_request(end_image=PROMISED),
    ],
)
async def test_what_can_never_be_made_fetches_nothing(intake, images, request_):
    with pytest.raises(InvalidRequestError):
        await take(intake, request_)

    assert images.fetched == []


async def test_the_limits_are_asked_again_when_it_is_a_requests_turn(intake, process, images):
    refuse(process, after=3)

    ends = await asyncio.gather(
        *(take(intake, make_request(image=PROMISED)) for _ in range(20)), return_exceptions=True
    )

    assert len(images.fetched) == 3
    assert sum(isinstance(end, LimitReachedError) for end in ends) == 17


async def test_few_of_one_member_are_fetched_at_once_and_no_one_else_waits_for_them(intake, images):
    images.gate.clear()
    many = [asyncio.ensure_future(take(intake, make_request(image=PROMISED))) for _ in range(9)]  # noqa: TID251 - gathered below
    other = asyncio.ensure_future(  # noqa: TID251 - gathered below
        take(intake, make_request(image=PROMISED), place=replace(PLACE, user_id=UserId(31)))
    )
    for _ in range(20):
        await asyncio.sleep(0)  # noqa: TID251 - lets the others run; takes no time
    begun = len(images.fetched)
    images.gate.set()
    await asyncio.gather(*many, other)

    assert begun == AT_ONCE + 1
    assert images.most_at_once == AT_ONCE + 1
    assert len(images.fetched) == 10


async def test_a_picture_that_is_refused_lets_the_next_one_in(intake, images):
    async def refuse_picture(address, *, name):
        raise ImageRejectedError("damaged")

    images.fetch = refuse_picture
    for _ in range(AT_ONCE + 1):
        with pytest.raises(ImageRejectedError):
            await take(intake, make_request(image=PROMISED))

    assert len(intake._gates) == 0


async def test_every_promise_of_every_shot_is_kept():
    other = replace(PROMISED, key="promised:1")
    shots = (Shot("a", image=PROMISED), Shot("b", end_image=other, reference_images=(PROMISED,)))
    kept = {PROMISED.key: make_image(key="one"), other.key: make_image(key="two")}

    complete = with_pictures(make_request(shots=shots, reference_images=(other,)), kept)

    assert [image.key for image in complete.pictures] == ["one", "two"]
    assert complete.reference_images == (make_image(key="two"),)


async def test_an_accepted_job_is_met_by_the_next_request_of_its_member(intake, process, world):
    async with intake.taking(make_request(image=PROMISED), [SOURCE], PLACE) as complete:
        asked = await process.ordering.ask(complete, PLACE, IdempotencyKey("one"))

    stored = await world.store.get(asked.job.id)
    assert stored.request.image == make_image(key="kept-a.png")


async def test_gates_are_forgotten_with_their_last_visitor():
    gates = Gates(1)
    async with gates.one_of("a"), gates.one_of("b"):
        assert len(gates) == 2

    assert len(gates) == 0
