"""A new part is joined to the video that it continues: once, whatever happens, and never lost."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.catalog.request import Derivation, Origin, Parent
from bot.errors import ArtifactUnavailableError, VideoRejectedError
from bot.ids import JobId, MessageId
from bot.jobs.job import FailureKind, JobState
from bot.jobs.messages import DeliveryKind, DeliveryState
from bot.providers.contract import OrderVideo
from bot.worker.download import NOT_JOINED, SOURCE_GONE, fetch_video
from bot.worker.inputs import source_for
from tests.factories import PROVIDER, make_delivery, make_image, make_job, make_video
from tests.fakes.weather import KilledError
from tests.fakes.world import World

SOURCE = make_video(duration_seconds=8.0)
STORED = Path("sources") / SOURCE.key
FRAME = make_image(key="last.png")
PART, BEFORE = 1_000, 7_000  # bytes
FROM_FRAME: dict[str, Any] = {"source_video": SOURCE, "image": FRAME}
OWN: dict[str, Any] = {"source_video": SOURCE}


@pytest.fixture
def world() -> World:
    made = World()
    made.videos.disk[STORED] = BEFORE
    return made


async def ended(world, **request):
    process = world.start()
    job = await process.accept(key="one", parent=Parent(Derivation.EXTEND), **request)
    await world.live(process)
    return await world.store.get(job.id)


@pytest.mark.parametrize("how", [FROM_FRAME, OWN], ids=["last frame", "own"])
async def test_the_source_and_the_new_part_are_one_video(world, how):
    job = await ended(world, **how)

    assert job.state is JobState.SUCCEEDED
    assert job.artifact.size_bytes == BEFORE + PART
    assert job.artifact.remark is None
    assert world.videos.joined == [(job.id, STORED)]
    assert world.videos.disk == {STORED: BEFORE, world.videos.path(job.id): BEFORE + PART}
    assert len(world.videos_of(job)) == 1


@pytest.mark.parametrize(("seconds", "after"), [(5.0, STORED), (13.0, None), (12.8, None)])
async def test_a_service_that_hands_out_the_source_as_well_is_not_joined_to_it_again(
    world, seconds, after
):
    world.videos.part_seconds = seconds

    job = await ended(world, **OWN)

    assert world.videos.joined == [(job.id, after)]
    assert job.artifact.remark is None


async def test_what_was_made_from_a_frame_is_joined_however_long_it_is(world):
    world.videos.part_seconds = 13.0

    job = await ended(world, **FROM_FRAME)

    assert world.videos.joined == [(job.id, STORED)]


async def test_without_its_source_the_new_part_is_delivered_alone_with_a_remark(world):
    process = world.start()
    job = await process.accept(key="one", **FROM_FRAME)
    await process.turn()
    world.sources.lost.add(STORED)

    await world.live(process)

    job = await world.store.get(job.id)
    assert (job.artifact.size_bytes, job.artifact.remark) == (PART, SOURCE_GONE)
    assert (await world.store.find_submission(job.id)).remark == SOURCE_GONE


async def test_what_cannot_be_joined_is_delivered_alone_with_a_remark(world):
    world.videos.unjoinable.add(STORED)

    job = await ended(world, **FROM_FRAME)

    assert (job.state, job.artifact.remark) == (JobState.SUCCEEDED, NOT_JOINED)
    assert job.artifact.size_bytes == PART


async def test_what_is_no_video_is_not_joined(world):
    world.videos.spoilt = True

    job = await ended(world, **FROM_FRAME)

    assert job.state is JobState.FAILED
    assert world.videos.joined == []
    assert world.videos.disk[STORED] == BEFORE


@pytest.mark.parametrize("how", [FROM_FRAME, OWN], ids=["last frame", "own"])
@pytest.mark.parametrize("point", ["fetch", "fetch answered", "joined", "measured"])
async def test_a_process_that_dies_in_between_leaves_no_half_and_the_next_one_joins_once(
    world, how, point, monkeypatch
):
    """Killed before and after each act on the disk; the next process begins the step again."""
    died: list[str] = []

    async def weather(place: str) -> None:
        if place == point and not died:
            died.append(place)
            raise KilledError

    def dying(name: str, at: str):
        act = getattr(world.videos, name)

        async def acted(*given, **more):
            done = await act(*given, **more)
            await weather(at)
            return done

        monkeypatch.setattr(world.videos, name, acted)

    dying("join", "joined")
    dying("inspect", "measured")
    process = world.start(weather=weather)
    job = await process.accept(key="one", **how)
    try:
        await world.live(process)
    except KilledError:
        world.videos.at_work.clear()
        half = world.videos.disk.get(world.videos.path(job.id))
        assert half in {None, BEFORE + PART}
        await world.live(world.start())

    job = await world.store.get(job.id)
    assert died
    assert (job.state, job.artifact.size_bytes) == (JobState.SUCCEEDED, BEFORE + PART)
    assert len(world.videos_of(job)) == 1
    assert len(world.provider.runs) == 1


async def test_a_late_extension_is_joined_as_well_and_its_remark_is_kept(world):
    process = world.start()
    job = await process.accept(key="one", **FROM_FRAME)
    await process.turn()
    submission = await world.store.find_submission(job.id)
    [run] = world.provider.runs
    found = replace(submission, artifact_addresses=(run.address,), remark="A remark.")
    world.sources.lost.add(STORED)

    made = await fetch_video(job, found, world.provider, world.videos, world.sources, recipe=None)
    again = await fetch_video(
        job,
        replace(found, remark=made.remark),
        world.provider,
        world.videos,
        world.sources,
        recipe=None,
    )

    assert made.remark == again.remark == f"A remark. {SOURCE_GONE}"


async def test_only_one_task_joins_a_video(world):
    job = make_job(request=replace(make_job().request, **FROM_FRAME))
    submission = replace(
        (await _submission(world, job)), artifact_addresses=("https://videos.example/1",)
    )
    with world.videos.alone(job.id), pytest.raises(ArtifactUnavailableError):
        await fetch_video(job, submission, world.provider, world.videos, world.sources, recipe=None)


async def _submission(world, job):
    process = world.start()
    other = await process.accept(key="other")
    await process.turn()
    return await world.store.find_submission(other.id)


# What the service is sent.


async def sent(world, *, most_bytes, **fields):
    world.provider.pictures_max_bytes = most_bytes
    process = world.start()
    job = await process.accept(key="two", **fields)
    return await source_for(job, world.provider, process.context)


async def test_a_video_within_the_limit_is_sent_inside(world):
    assert await sent(world, most_bytes=1_000, **OWN) == OrderVideo(b"video")


async def test_a_larger_one_is_sent_by_the_address_of_its_message(world):
    parent = make_job()
    posted = replace(
        make_delivery(parent, DeliveryKind.VIDEO),
        state=DeliveryState.POSTED,
        message_id=MessageId(77),
    )
    await world.store.accept(parent, [posted], _place(parent))

    found = await sent(world, most_bytes=999, parent=Parent(Derivation.EXTEND, parent.id), **OWN)

    assert found == OrderVideo(address="https://cdn.example/77/video.mp4")


@pytest.mark.parametrize("parent", [None, JobId("b" * 16)])
async def test_without_a_message_a_larger_one_is_encoded_to_fit(world, parent):
    found = await sent(world, most_bytes=3, parent=Parent(Derivation.EXTEND, parent), **OWN)

    assert found == OrderVideo(b"vid")


async def test_a_frame_is_sent_instead_of_the_video(world):
    assert await sent(world, most_bytes=1_000, **FROM_FRAME) is None


async def test_a_source_that_is_gone_before_it_is_sent_fails_without_a_charge(world):
    world.sources.lost.add(STORED)

    job = await ended(world, **OWN)

    assert job.failure.kind is FailureKind.REJECTED
    assert "no longer have the video" in job.failure.text
    assert world.provider.runs == []
    with pytest.raises(VideoRejectedError):
        await world.sources.prepare(SOURCE, max_bytes=1)


async def test_the_request_holds_its_source_until_the_end(world):
    """As stored: a process that takes the job over joins the same two."""
    process = world.start()
    job = await process.accept(key="one", parent=Parent(Derivation.EXTEND, None, 2), **FROM_FRAME)

    stored = await world.store.get(job.id)

    assert (stored.request.source_video, stored.request.image) == (SOURCE, FRAME)
    assert stored.request.parent == Parent(Derivation.EXTEND, None, 2)
    assert stored.provider == PROVIDER


def _place(job):
    return Origin(job.guild_id, job.channel_id, job.user_id)
