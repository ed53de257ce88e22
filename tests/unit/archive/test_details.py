"""What a video is, where it stands, and whose picture it was made from."""

import pytest

from bot.archive.details import MOST_ANCESTORS, Posted, VideoDetails
from bot.catalog.models import Catalog
from bot.catalog.request import Derivation, Parent
from bot.errors import JobNotFoundError, VideoNotPostedError
from bot.ids import ChannelId, GuildId, JobId, MessageId
from bot.jobs.messages import DeliveryKind, deleted, posted
from tests.factories import make_capability, make_delivery, make_image, make_job, make_request
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


def add(store, *, message=7, parent=None, **fields):
    origin = None if parent is None else Parent(Derivation.AGAIN, parent.id)
    request = make_request(parent=origin, image=fields.pop("image", None))
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
