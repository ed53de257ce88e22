"""What a video is, where it stands, and whose picture it was made from."""

import pytest

from bot.archive.details import MOST_ANCESTORS, Posted, VideoDetails
from bot.catalog.models import Catalog
from bot.catalog.request import Derivation, Parent, Shot
from bot.errors import JobNotFoundError, VideoNotPostedError
from bot.ids import ChannelId, GuildId, JobId, MessageId
from bot.jobs.messages import DeliveryKind, deleted, posted
from tests.factories import (
    make_capability,
    make_delivery,
    make_image,
    make_job,
    make_request,
    make_video,
)
from tests.fakes.job_store import InMemoryJobStore

HERE, ELSEWHERE = GuildId(10), GuildId(11)


@pytest.fixture
def store():
    return InMemoryJobStore()


@pytest.fixture
def details(store):
    catalog = Catalog()
    catalog.replace([make_capability()])
    return VideoDetails(store, store, catalog)


def add(store, *, message=7, parent=None, by=Derivation.AGAIN, made_of=None, **fields):
    origin = None if parent is None else Parent(by, parent.id)
    request = make_request(parent=origin, image=fields.pop("image", None), **(made_of or {}))
    job = make_job(request=request, **fields)
    store.jobs[job.id] = job
    if message is not None:
        video = posted(make_delivery(job, DeliveryKind.VIDEO), MessageId(message))
        store.deliveries[job.id, video.kind] = video
    return job


async def test_it_tells_the_model_the_message_and_the_parents_message(store, details):
    parent = add(store, message=6)
    job = add(store, parent=parent)

    found = await details.describe(job.id, HERE)

    assert (found.job, found.model_name) == (job, "Fake Model")
    assert found.posted == Posted(HERE, ChannelId(20), MessageId(7))
    assert found.parent == Posted(HERE, ChannelId(20), MessageId(6))


async def test_a_message_that_was_deleted_or_never_came_is_not_linked(store, details):
    gone, never = add(store), add(store, message=None)
    video = store.deliveries[gone.id, DeliveryKind.VIDEO]
    store.deliveries[gone.id, DeliveryKind.VIDEO] = deleted(video)

    for job in (gone, never):
        assert (await details.describe(job.id, HERE)).posted is None
        with pytest.raises(VideoNotPostedError):
            await details.posted(job.id, HERE)


async def test_another_servers_video_is_not_known(store, details):
    job = add(store)
    for ask in (details.describe, details.posted, details.list_picture_messages):
        with pytest.raises(JobNotFoundError):
            await ask(job.id, ELSEWHERE)
        with pytest.raises(JobNotFoundError):
            await ask(JobId("abcdefghijklm234"), HERE)


async def test_a_picture_is_followed_through_every_video_made_of_it(store, details):
    first = add(store, image=make_image(), source_message_id=MessageId(4))
    second = add(store, image=make_image(), parent=first)
    third = add(store, image=make_image(), parent=second)
    words = add(store, parent=third)

    assert await details.list_picture_messages(third.id, HERE) == [(ChannelId(20), MessageId(4))]
    assert await details.list_picture_messages(words.id, HERE) == []


async def test_a_long_line_of_videos_ends_somewhere(store, details):
    job = add(store, image=make_image(), source_message_id=MessageId(4))
    for _ in range(MOST_ANCESTORS):
        job = add(store, image=make_image(), parent=job)

    assert await details.list_picture_messages(job.id, HERE) == []


@pytest.mark.parametrize(
    ("by", "made_of"),
    [
        (Derivation.EXTEND, {"source_video": make_video()}),  # by a model that takes the video
        (Derivation.EXTEND, {"source_video": make_video(), "image": make_image(key="last.png")}),
        (Derivation.LOOP, {"image": make_image(key="first.png")}),
        (Derivation.REMIX, {"reference_images": (make_image(), make_image(key="new.png"))}),
        (Derivation.REMAKE, {"shots": (Shot("a", image=make_image()), Shot("b"))}),
        (Derivation.REMAKE, {"shots": (Shot("a", reuses=JobId("aaaaaaaaaaaaaaaa")), Shot("b"))}),
    ],
)
async def test_whose_picture_is_still_seen_may_remove_the_video(store, details, by, made_of):
    first = add(store, image=make_image(), source_message_id=MessageId(4))
    image = made_of.get("image")
    rest = {name: one for name, one in made_of.items() if name != "image"}
    second = add(store, parent=first, by=by, image=image, made_of=rest)
    third = add(store, parent=second, image=image, made_of=rest)

    for job in (second, third):
        assert await details.list_picture_messages(job.id, HERE) == [(ChannelId(20), MessageId(4))]


@pytest.mark.parametrize(
    "made_of",
    [
        {"image": make_image(key="new.png")},
        {"reference_images": (make_image(key="new.png"),)},
        {"shots": (Shot("a", image=make_image(key="new.png")), Shot("b"))},
        {},
    ],
)
async def test_whose_picture_was_exchanged_has_no_say_in_the_new_video(store, details, made_of):
    """Else the owner of the old picture could remove a video that shows nothing of theirs."""
    first = add(store, image=make_image(), source_message_id=MessageId(4))
    rest = {name: one for name, one in made_of.items() if name != "image"}
    second = add(store, parent=first, by=Derivation.REMIX, image=made_of.get("image"), made_of=rest)

    assert await details.list_picture_messages(second.id, HERE) == []
