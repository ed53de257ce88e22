"""Nothing that holds a deleted video's pictures is made: not from an open menu, nor an old offer.

A request holds them if it continues the video, uses its shots again, or takes its frames. It is
refused at the press, when the file has been read, and when its offer is confirmed.
"""

from dataclasses import replace

import pytest

from bot.catalog.request import Origin, Shot
from bot.errors import InvalidRequestError
from bot.ids import ChannelId, GuildId, IdempotencyKey, UserId
from bot.jobs.messages import DeliveryKind, DeliveryState
from tests.factories import make_capability, make_request
from tests.fakes.media import FakeSourceVideoStore
from tests.fakes.messenger import all_stand
from tests.fakes.world import World

GUILD = GuildId(10)
MAKER = Origin(GUILD, ChannelId(20), UserId(30))
OTHER = replace(MAKER, user_id=UserId(31))
ADDRESS = "https://cdn.example/video.mp4"
SHOTS = (Shot("scene 1"), Shot("scene 2"))


async def posted_address():
    return ADDRESS


async def no_deletion(_channel_id, _message_id):
    pass


class Scene:
    """A posted video, which its moderator can take down."""

    def __init__(self, **request):
        self.world = World()
        self.world.catalog.replace([make_capability(end_image=True)])
        self.process = self.world.start()
        self.request = make_request(**request)

    @property
    def services(self):
        return self.process.services

    async def make(self):
        quote = await self.services.quotes.quote(self.request)
        job, _ = await self.process.core.acceptance.accept(quote, MAKER, IdempotencyKey("first"))
        await self.world.live(self.process)
        self.job = await self.world.store.get(job.id)
        return self

    async def remove(self):
        video = await self.world.store.find_delivery(self.job.id, DeliveryKind.VIDEO)
        assert video is not None
        assert video.state is DeliveryState.POSTED
        await self.services.removing.remove(
            self.job.id,
            GUILD,
            None,
            UserId(99),
            is_moderator=True,
            delete=no_deletion,
        )

    async def extension(self):
        job = await self.services.sequels.parent(self.job.id, OTHER)
        return (await self.services.extending.of_job(job, OTHER)).request

    async def extension_of_its_message(self):
        job = await self.services.sequels.parent(self.job.id, OTHER)
        plan, _ = await self.services.extending.of_address(
            ADDRESS, "video.mp4", OTHER, prompt="on", made_by=job.request, job_id=job.id
        )
        return plan.request

    async def loop(self):
        job = await self.services.sequels.parent(self.job.id, OTHER)
        frame = await self.services.footage.first_frame(job, posted_address, OTHER)
        return await self.services.sequels.loop(job, frame, OTHER)

    async def remake(self):
        return await self.services.remaking.remake(self.job.id, 2, "", OTHER)

    async def again(self):
        return await self.services.sequels.again(self.job.id, OTHER)


class Removing(FakeSourceVideoStore):
    """A video is removed while its frame is taken."""

    def __init__(self, scene):
        super().__init__()
        self.scene = scene

    async def first_frame(self, path, *, name):
        await self.scene.remove()
        return await super().first_frame(path, name=name)

    async def last_frame(self, path, *, name):
        await self.scene.remove()
        return await super().last_frame(path, name=name)


HOLDING = [
    pytest.param({}, Scene.extension, id="extend"),
    pytest.param({}, Scene.extension_of_its_message, id="extend-message"),
    pytest.param({}, Scene.loop, id="loop"),
    pytest.param({"shots": SHOTS}, Scene.remake, id="remake"),
]


@pytest.mark.parametrize("take", ["first_frame", "last_frame", "find_address"])
async def test_no_frame_of_a_deleted_video_is_taken(take):
    scene = await Scene().make()
    footage = scene.services.footage
    assert await getattr(footage, take)(scene.job, posted_address, OTHER) != ADDRESS
    await scene.remove()

    with pytest.raises(InvalidRequestError, match="was removed"):
        await getattr(footage, take)(scene.job, posted_address, OTHER)


@pytest.mark.parametrize("take", ["first_frame", "last_frame"])
async def test_no_frame_is_shown_of_a_video_that_is_deleted_while_it_is_taken(take):
    scene = await Scene().make()
    scene.world.sources = Removing(scene)
    scene.process = scene.world.start()

    with pytest.raises(InvalidRequestError, match="was removed"):
        await getattr(scene.services.footage, take)(scene.job, posted_address, OTHER)


@pytest.mark.parametrize(("fields", "derive"), HOLDING)
async def test_a_video_deleted_while_its_file_is_read_is_not_used(fields, derive):
    scene = await Scene(**fields).make()
    request = await derive(scene)
    await scene.remove()

    with pytest.raises(InvalidRequestError, match="was removed"):
        await scene.services.ordering.ask(request, OTHER, IdempotencyKey("next"))

    assert len(scene.world.provider.runs) == len(scene.request.parts)


@pytest.mark.parametrize(("fields", "derive"), HOLDING)
async def test_an_offer_from_before_the_deletion_is_not_confirmed(fields, derive):
    scene = await Scene(**fields).make()
    quote = await scene.services.quotes.quote(await derive(scene))
    offer = await scene.services.ordering.offer(quote, OTHER, IdempotencyKey("next"))
    await scene.remove()

    with pytest.raises(InvalidRequestError, match="was removed"):
        await scene.services.ordering.confirm(offer.id, OTHER, all_stand)


@pytest.mark.parametrize(("fields", "derive"), HOLDING)
async def test_a_video_that_stands_is_used(fields, derive):
    scene = await Scene(**fields).make()

    asked = await scene.services.ordering.ask(await derive(scene), OTHER, IdempotencyKey("next"))

    assert asked.job is not None


async def test_the_same_words_may_be_asked_for_again():
    scene = await Scene().make()
    await scene.remove()

    asked = await scene.services.ordering.ask(await scene.again(), OTHER, IdempotencyKey("next"))

    assert asked.job is not None


async def test_shots_of_a_deleted_remake_count_as_much():
    """The words of a refused one are changed later: its shots may be an earlier video's."""
    scene = await Scene(shots=SHOTS).make()
    request = replace(await scene.remake(), parent=None)
    await scene.remove()

    with pytest.raises(InvalidRequestError, match="was removed"):
        await scene.services.ordering.ask(request, OTHER, IdempotencyKey("next"))
