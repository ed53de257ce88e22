"""What a video is made from is asked for again before it is paid for: it may be gone by then.

The kind: between the offer and its confirmation, and before a failed video is made once more, its
picture or source video is lost, the message it came from is deleted, loses its file or goes with
its channel, the earlier video is removed by its maker, by a moderator or by hand, its member is
blocked, the server is paused, and its model is withdrawn or costs more.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.catalog.pricing import PriceLine, PriceList
from bot.catalog.request import Derivation, Origin, Parent, Shot
from bot.errors import BotError, InvalidRequestError, PriceRoseError
from bot.ids import ChannelId, GuildId, IdempotencyKey, MessageId, ModelId, UserId
from bot.jobs.job import Failure, FailureKind, JobState
from bot.jobs.messages import DeliveryKind, DeliveryState
from bot.money.limits import LimitReachedError, Policy, Rules
from bot.presentation import answers
from tests.factories import (
    make_capability,
    make_delivery,
    make_image,
    make_job,
    make_request,
    make_video,
)
from tests.fakes.messenger import Gone, all_stand
from tests.fakes.world import World

PLACE = Origin(GuildId(10), ChannelId(20), UserId(30), source_message_id=MessageId(40))
PICTURE = make_image(key="sky.png")
SOURCE = make_video(key="clip.mp4")
POSTED = MessageId(50)
FOOTAGE = (Derivation.EXTEND, Derivation.LOOP)  # and shots that are used again


@pytest.fixture
def world():
    return World()


class Scene:
    """A request on offer, made from a picture and an earlier video, and what becomes of those."""

    def __init__(self, world, derivation=Derivation.LOOP, **request):
        self.world, self.process, self.gone = world, world.start(), Gone()
        earlier = make_job(state=JobState.SUCCEEDED)
        world.store.jobs[earlier.id] = earlier
        self.video = make_delivery(
            earlier, DeliveryKind.VIDEO, state=DeliveryState.POSTED, message_id=POSTED
        )
        world.store.deliveries[earlier.id, DeliveryKind.VIDEO] = self.video
        parent = Parent(derivation, earlier.id)
        self.request = make_request(image=PICTURE, parent=parent, **request)

    def remove(self):
        removed = replace(self.video, state=DeliveryState.DELETED)
        self.world.store.deliveries[removed.job_id, DeliveryKind.VIDEO] = removed

    async def confirm(self, happens):
        quote = await self.process.services.quotes.quote(self.request)
        offer = await self.process.ordering.offer(quote, PLACE, IdempotencyKey("one"))
        happens(self)
        return await self.process.ordering.confirm(offer.id, PLACE, self.gone)

    def failed(self, kind=FailureKind.PROVIDER):
        job = make_job(
            state=JobState.FAILED,
            failure=Failure(kind, "It broke."),
            source_message_id=PLACE.source_message_id,
            request=self.request,
        )
        self.world.store.jobs[job.id] = job
        return job


def lose_picture(scene):
    scene.world.images.lost.add("sky.png")


def lose_video(scene):
    scene.world.sources.lost.add(Path("sources/clip.mp4"))


def delete_source(scene):
    scene.gone.messages.add(40)


def empty_source(scene):
    scene.gone.files.add(40)


def delete_video(scene):
    scene.gone.messages.add(POSTED)


def withdraw(scene):
    scene.world.catalog.replace([])


def raise_price(scene):
    higher = PriceList((PriceLine(9_000_000),))
    scene.world.catalog.replace([make_capability(prices=higher)])


def block(scene):
    scene.world.money_store.fields["rules"] = Rules(open_jobs_most=0)


def forbid(scene):
    scene.world.money_store.fields["rules"] = Rules(models=frozenset({ModelId("other")}))


def pause(scene):
    scene.world.money_store.fields["policy"] = Policy(PLACE.guild_id, is_paused=True)


TAKEN_AWAY = {
    lose_picture: (InvalidRequestError, "no longer have the picture"),
    delete_source: (InvalidRequestError, "message that this video would be made from is gone"),
    empty_source: (InvalidRequestError, "message that this video would be made from is gone"),
    Scene.remove: (InvalidRequestError, "This video was removed"),
    delete_video: (InvalidRequestError, "This video was removed"),
}
OTHERWISE = {
    withdraw: (InvalidRequestError, "no model"),
    raise_price: (PriceRoseError, "price has gone up"),
    block: (LimitReachedError, "the limit is 0"),
    forbid: (LimitReachedError, "can't use this model"),
    pause: (LimitReachedError, "paused"),
}


def said_once(error):
    said = answers.sentence(error)
    assert said.count("Nothing was charged") == 1
    return said


@pytest.mark.parametrize("happens", [*TAKEN_AWAY, *OTHERWISE], ids=lambda one: one.__name__)
async def test_what_changed_since_the_offer_is_said_and_nothing_is_charged(world, happens):
    scene, (error, words) = Scene(world), (TAKEN_AWAY | OTHERWISE)[happens]

    with pytest.raises(BotError) as caught:
        await scene.confirm(happens)

    assert isinstance(caught.value, error)
    assert words in said_once(caught.value)
    assert await world.store.list_active() == []


async def test_a_source_video_that_is_lost_is_asked_for_again(world):
    scene = Scene(world, Derivation.EXTEND, source_video=SOURCE)

    with pytest.raises(InvalidRequestError, match="the video that this one continues"):
        await scene.confirm(lose_video)


@pytest.mark.parametrize("derivation", Derivation)
async def test_of_a_removed_video_the_words_may_be_used_but_not_its_footage(world, derivation):
    source = {"source_video": SOURCE} if derivation is Derivation.EXTEND else {}
    scene = Scene(world, derivation, **source)

    if derivation in FOOTAGE:
        with pytest.raises(InvalidRequestError, match="was removed"):
            await scene.confirm(Scene.remove)
    else:
        assert (await scene.confirm(Scene.remove)).job is not None


async def test_what_is_still_there_is_made(world):
    assert (await Scene(world).confirm(lambda _scene: None)).job is not None


@pytest.mark.parametrize("happens", TAKEN_AWAY, ids=lambda one: one.__name__)
async def test_a_failed_video_is_not_made_by_another_model_from_what_is_gone(world, happens):
    scene, (error, words) = Scene(world), TAKEN_AWAY[happens]
    world.catalog.replace([make_capability(), make_capability(model_id=ModelId("other"))])
    job, retrying = scene.failed(), scene.process.services.retrying
    assert await retrying.with_other_model(job.id, PLACE, all_stand)
    happens(scene)

    with pytest.raises(error) as caught:
        await retrying.with_other_model(job.id, PLACE, scene.gone)

    assert words in said_once(caught.value)


@pytest.mark.parametrize("happens", TAKEN_AWAY, ids=lambda one: one.__name__)
async def test_other_words_use_nothing_that_is_gone(world, happens):
    """Another picture may take the place of one that is gone; of a removed video nothing can."""
    scene, (error, words) = Scene(world), TAKEN_AWAY[happens]
    job, retrying = scene.failed(FailureKind.REFUSED), scene.process.services.retrying
    happens(scene)

    with pytest.raises(error) as caught:
        await retrying.refused(job.id, PLACE, scene.gone, takes_others=False)
    assert words in said_once(caught.value)
    if happens not in {Scene.remove, delete_video}:
        found = await retrying.refused(job.id, PLACE, scene.gone, takes_others=True)
        assert (found.request.pictures, found.source_message_id) == ((), None)
        assert found.request.prompt == job.request.prompt
    else:
        with pytest.raises(error):
            await retrying.refused(job.id, PLACE, scene.gone, takes_others=True)


async def test_the_shots_of_a_storyboard_take_no_other_pictures(world):
    scene = Scene(world)
    scene.request = make_request(shots=(Shot("one", image=PICTURE), Shot("two")))
    job = scene.failed(FailureKind.REFUSED)
    lose_picture(scene)

    with pytest.raises(InvalidRequestError, match="no longer have the picture"):
        await scene.process.services.retrying.refused(job.id, PLACE, scene.gone, takes_others=True)
