"""A request's pictures reach its service as it takes them: as bytes, or from their card's addresses."""

from dataclasses import dataclass, field, replace

import pytest

from bot.catalog.request import Shot
from bot.delivery.cards import CardPictures
from bot.errors import (
    ChannelGoneError,
    DeliveryUnavailableError,
    ImageRejectedError,
    PicturesNotPostedError,
)
from bot.ids import ChannelId, MessageId
from bot.jobs.job import FailureKind, JobState
from bot.jobs.messages import DeliveryKind, DeliveryState
from bot.providers.contract import OrderPicture
from bot.worker.inputs import LEAST_SIDE, pictures_for
from tests.factories import make_image, make_request
from tests.fakes.media import FakeImageStore
from tests.fakes.weather import Script

FIRST, LAST = make_image(), make_image(key="end.png")
ADDRESSES = {"abc.png": "https://cdn.example/abc.png", "end.png": "https://cdn.example/end.png"}


@dataclass
class Shares(FakeImageStore):
    """Notes how many bytes each picture may have."""

    asked: list[int] = field(default_factory=list)

    async def prepare(self, image, *, max_bytes, min_side=0):
        self.asked.append(max_bytes)
        assert min_side == LEAST_SIDE
        return await super().prepare(image, max_bytes=max_bytes)


async def posted(process, **request):
    """A request whose card stands in its channel."""
    job = await process.accept(key="one", **request)
    await process.dispatcher.run_once()
    return job


async def card_of(world, job):
    return await world.store.find_delivery(job.id, DeliveryKind.CARD)


def at_addresses_only(world):
    world.provider.pictures_max_bytes = None
    return world.start()


async def test_a_request_of_words_has_none(world, process):
    job = await process.accept(key="one")

    assert await pictures_for(job, world.provider, process.context) == {}


async def test_pictures_go_as_bytes_and_share_the_room_there_is(world, process):
    images = Shares()
    world.provider.pictures_max_bytes = 10
    job = await process.accept(key="one", image=FIRST, end_image=LAST)

    ordered = await pictures_for(job, world.provider, replace(process.context, images=images))

    picture = OrderPicture(b"pictu", "image/png")
    assert ordered == {"abc.png": picture, "end.png": picture}
    assert images.asked == [5, 5]


async def test_a_picture_of_several_shots_goes_once(world, process):
    images = Shares()
    shots = (Shot("a", FIRST), Shot("b", FIRST, LAST), Shot("c", reference_images=(LAST,)))
    job = await process.accept(key="one", shots=shots)

    ordered = await pictures_for(job, world.provider, replace(process.context, images=images))

    assert list(ordered) == ["abc.png", "end.png"]
    assert len(images.asked) == 2


async def test_a_picture_that_is_no_longer_kept_is_rejected(world, process):
    world.images.lost.add("abc.png")
    job = await process.accept(key="one", image=FIRST)

    with pytest.raises(ImageRejectedError):
        await pictures_for(job, world.provider, process.context)


async def test_a_service_that_fetches_is_given_the_addresses_on_the_card(world):
    process = at_addresses_only(world)
    job = await posted(process, image=FIRST, end_image=LAST)

    ordered = await pictures_for(job, world.provider, process.context)

    assert ordered == {key: OrderPicture(address=address) for key, address in ADDRESSES.items()}


async def test_addresses_are_read_afresh_each_time_because_discords_run_out(world, process):
    job = await posted(process, image=FIRST)
    addresses = CardPictures(world.store, world.store, world.messenger)
    assert await addresses.find(job) == {"abc.png": ADDRESSES["abc.png"]}

    world.messenger.pictures[job.id] = ["https://cdn.example/abc.png?ex=later"]
    assert await addresses.find(job) == {"abc.png": "https://cdn.example/abc.png?ex=later"}


async def find(world, job, weather=None):
    """How a look for its addresses fails: whether forever."""
    messenger = world.messenger if weather is None else world.messenger.under(weather)
    with pytest.raises(PicturesNotPostedError) as caught:
        await CardPictures(world.store, world.store, messenger).find(job)
    return caught.value.forever


async def test_a_card_that_is_not_posted_yet_will_be(world, process):
    job = await process.accept(key="one", image=FIRST)

    assert await find(world, job) is False


async def test_a_card_that_never_will_be_posted_is_not_waited_for(world, process):
    world.messenger.gone_channels.add(ChannelId(20))
    job = await posted(process, image=FIRST)
    card = await card_of(world, job)
    assert card.state is DeliveryState.UNDELIVERABLE

    assert await find(world, job) is True


@pytest.mark.parametrize(
    ("error", "forever"), [(DeliveryUnavailableError(), False), (ChannelGoneError(), True)]
)
async def test_whether_a_posted_card_can_be_read_later_is_told(world, process, error, forever):
    job = await posted(process, image=FIRST)

    assert await find(world, job, Script(addresses=[error])) is forever


async def test_a_card_that_someone_deleted_is_gone_forever(world, process):
    job = await posted(process, image=FIRST)
    world.messenger.deleted.add(MessageId(1000))

    assert await find(world, job) is True


async def test_a_card_that_shows_fewer_pictures_than_the_request_has_is_not_guessed_from(
    world, process
):
    job = await posted(process, image=FIRST, end_image=LAST)
    world.messenger.pictures[job.id].pop()

    assert await find(world, job) is True


async def test_a_video_waits_for_its_card_and_is_then_made_from_its_address(world):
    process = at_addresses_only(world)
    job = await process.accept(key="one", image=FIRST)
    await process.worker.run_once()  # before anything is posted
    assert world.provider.runs == []
    assert (await world.store.get(job.id)).state is JobState.QUEUED

    await world.live(process)
    [run] = world.provider.runs
    assert run.order.pictures == {"abc.png": OrderPicture(address=ADDRESSES["abc.png"])}
    assert (await world.store.get(job.id)).state is JobState.SUCCEEDED


async def test_a_video_whose_pictures_can_never_be_fetched_fails_and_nothing_is_paid(world):
    world.messenger.gone_channels.add(ChannelId(20))
    process = at_addresses_only(world)
    job = await process.accept(key="one", image=FIRST)
    for _ in range(5):
        await process.turn()
        world.clock.advance(60)

    failed = await world.store.get(job.id)
    assert failed.failure.kind is FailureKind.REJECTED
    assert "couldn't post them here" in failed.failure.text
    assert world.provider.runs == []


async def test_pictures_that_are_not_posted_yet_say_nothing_about_the_service(world):
    process = at_addresses_only(world)
    await process.accept(key="one", image=FIRST)
    for _ in range(8):
        await process.worker.run_once()
        world.clock.advance(60)

    assert world.availability.known == {}
    assert make_request().pictures == ()
