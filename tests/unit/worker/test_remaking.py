"""One shot of a finished storyboard is made again: it alone is made and paid for."""

from dataclasses import replace

import pytest

from bot.catalog.request import Derivation, Origin, Shot
from bot.errors import InvalidRequestError, JobNotFoundError, NotTheMakerError, VideoComingError
from bot.guilds.settings import ButtonsFor, GuildSettings
from bot.ids import ChannelId, GuildId, IdempotencyKey, UserId
from bot.jobs.job import Cancellation, JobState
from bot.ordering.remaking import NO_SHOTS, NO_SUCH_SHOT, SHOTS_GONE, Shots
from bot.presentation import details
from bot.providers.contract import ProviderState, ProviderStatus
from tests.factories import make_capability, make_request

GUILD, MEMBER = GuildId(10), UserId(30)
PLACE = Origin(GUILD, ChannelId(20), MEMBER)
OTHER = replace(PLACE, user_id=UserId(31))
REFUSED = ProviderStatus(ProviderState.FAILED, refused=True, text="Not this prompt.")
GOOD = ProviderStatus(ProviderState.SUCCEEDED, artifact_addresses=("https://videos.example/1",))
PRICE = 500_000


@pytest.fixture
def process(world):
    return world.start()


async def made(world, process, *, shots=3, **fields):
    parts = tuple(Shot(f"scene {number}") for number in range(1, shots + 1))
    quote = await process.services.quotes.quote(make_request(shots=parts, **fields))
    job, _ = await process.core.acceptance.accept(quote, PLACE, IdempotencyKey("first"))
    await world.live(process)
    return await world.store.get(job.id)


async def accepted(process, job, number, prompt="", place=PLACE, key="again"):
    request = await process.services.remaking.remake(job.id, number, prompt, place)
    quote = await process.services.quotes.quote(request)
    job, _ = await process.core.acceptance.accept(quote, place, IdempotencyKey(key))
    return job


async def remade(world, process, job, number, prompt="", place=PLACE, key="again"):
    accepted_job = await accepted(process, job, number, prompt, place, key)
    await world.live(process)
    return await world.store.get(accepted_job.id)


def prompts(world):
    return [run.order.request.prompt for run in world.provider.runs]


def size_of(world, job):
    return world.videos.disk[world.videos.path(job.id)]


async def test_one_shot_is_made_and_paid_for_and_the_others_are_joined_with_it(world, process):
    first = await made(world, process)

    job = await remade(world, process, first, 2, "a fox at dawn", OTHER)

    assert job.state is JobState.SUCCEEDED
    assert prompts(world)[3:] == ["a fox at dawn"]
    assert (job.user_id, job.cost_micros) == (OTHER.user_id, PRICE)
    assert size_of(world, job) == 3_000
    assert len(world.videos_of(job)) == 1
    parent = job.request.parent
    assert parent is not None
    assert (parent.derivation, parent.job_id) == (Derivation.REMAKE, first.id)
    assert job.request.prompt == "scene 1 / a fox at dawn / scene 3"


async def test_without_new_words_the_shot_is_made_from_its_old_ones(world, process):
    first = await made(world, process)

    await remade(world, process, first, 3)

    assert prompts(world)[3:] == ["scene 3"]


async def test_a_remade_storyboard_has_all_its_shots_and_can_be_remade(world, process):
    first = await made(world, process)
    second = await remade(world, process, first, 2, "a fox")
    await world.videos.forget(first.id)
    for shot in await world.store.list_shots(first.id):
        await world.videos.forget(shot.id)

    third = await remade(world, process, second, 1, "a hare", key="third")

    assert third.request.prompt == "a hare / a fox / scene 3"
    assert size_of(world, third) == 3_000
    assert prompts(world)[3:] == ["a fox", "a hare"]


async def test_it_is_shown_again_after_its_joined_file_is_gone(world, process):
    first = await made(world, process)
    job = await remade(world, process, first, 1)
    world.videos.disk.pop(world.videos.path(job.id))

    shown = await process.services.showing.find(
        job.id, GUILD, MEMBER, is_moderator=False, to_all=False
    )

    assert shown.artifact.size_bytes == 3_000


async def test_nothing_is_sent_before_the_other_shots_are_there(world, process):
    first = await made(world, process)
    job = await accepted(process, first, 2)
    shots = await world.store.list_shots(job.id)

    assert [shot.state for shot in shots] == [
        JobState.DOWNLOADING, JobState.QUEUED, JobState.DOWNLOADING,
    ]  # fmt: skip
    assert [shot.is_held for shot in shots] == [False, True, False]


async def test_a_shot_that_goes_before_it_is_copied_ends_it_free_of_charge(world, process):
    first = await made(world, process)
    [gone, *_] = await world.store.list_shots(first.id)
    job = await accepted(process, first, 2)
    await world.videos.forget(gone.id)

    await world.live(process)

    job = await world.store.get(job.id)
    assert job.state is JobState.FAILED
    assert job.failure is not None
    assert job.failure.text == "Shot 1: I no longer have its video, so I made nothing."
    assert len(prompts(world)) == 3
    assert [shot.state for shot in await world.store.list_shots(job.id)] == [
        JobState.FAILED, JobState.CANCELLED, JobState.SUCCEEDED,
    ]  # fmt: skip


async def test_a_shot_whose_file_is_gone_is_said_before_anything_is_accepted(world, process):
    first = await made(world, process)
    [gone, *_] = await world.store.list_shots(first.id)
    await world.videos.forget(gone.id)

    with pytest.raises(InvalidRequestError) as caught:
        await accepted(process, first, 2)

    assert caught.value.reasons == (SHOTS_GONE,)
    assert (await remade(world, process, first, 1)).state is JobState.SUCCEEDED  # only it is gone


async def test_a_failed_shot_leaves_no_video_of_the_old_ones(world, process):
    first = await made(world, process)
    world.provider.verdicts[:] = [REFUSED]

    job = await remade(world, process, first, 2)

    assert job.state is JobState.FAILED
    assert job.failure is not None
    assert job.failure.text == "Shot 2: Not this prompt."
    assert not world.videos_of(job)


async def test_missing_shots_are_made_one_after_the_other(world, process):
    world.provider.verdicts[:] = [GOOD, REFUSED, REFUSED]
    first = await made(world, process, continuous=True)
    listed = await process.services.remaking.list_shots(first.id, PLACE)
    assert [shot.is_missing for shot in listed] == [False, True, True]
    assert {shot.price.cost_micros for shot in listed if shot.price} == {PRICE}

    second = await remade(world, process, first, 2, "a fox")
    assert second.artifact is not None
    assert second.artifact.remark == "Shot 3 is missing; you weren't charged for it."
    assert size_of(world, second) == 2_000

    third = await remade(world, process, second, 3, "a hare", key="third")
    assert third.artifact is not None
    assert third.artifact.remark is None
    assert size_of(world, third) == 3_000


async def test_a_continuous_shot_starts_where_the_one_before_it_ends(world, process):
    first = await made(world, process, continuous=True)

    job = await remade(world, process, first, 3)

    shots = await world.store.list_shots(job.id)
    image = world.provider.runs[-1].order.request.image
    assert image is not None
    assert image.key == f"{shots[1].id}.last.png"
    listed = await process.services.remaking.list_shots(job.id, PLACE)
    assert [shot.leads_on for shot in listed] == [True, True, False]


async def test_cancelled_in_time_it_is_free(world, process):
    first = await made(world, process)
    job = await accepted(process, first, 2)

    told = await process.services.cancelling.cancel(
        job.id, GUILD, MEMBER, is_moderator=False, though_spent=False
    )

    assert told is Cancellation.CANCELLED
    await world.live(process)
    assert {shot.state for shot in await world.store.list_shots(job.id)} == {JobState.CANCELLED}
    assert len(prompts(world)) == 3


async def test_again_makes_all_shots_of_a_remade_storyboard(world, process):
    first = await made(world, process)
    job = await remade(world, process, first, 2, "a fox")

    request = await process.services.sequels.again(job.id, PLACE)

    assert all(shot.reuses is None for shot in request.shots)
    assert (await process.services.quotes.quote(request)).price.cost_micros == 3 * PRICE


@pytest.mark.parametrize("number", [0, 4])
async def test_a_shot_that_is_not_there_is_refused(world, process, number):
    first = await made(world, process)

    with pytest.raises(InvalidRequestError) as caught:
        await accepted(process, first, number)

    assert caught.value.reasons == (NO_SUCH_SHOT,)


async def test_a_video_without_shots_of_its_own_is_refused(world, process):
    quote = await process.services.quotes.quote(make_request())
    job, _ = await process.core.acceptance.accept(quote, PLACE, IdempotencyKey("single"))
    await world.live(process)

    with pytest.raises(InvalidRequestError) as caught:
        await process.services.remaking.list_shots(job.id, PLACE)

    assert caught.value.reasons == (NO_SHOTS,)
    assert await process.services.remaking.shots_of(job.id, GUILD) is Shots.NONE


async def test_more_says_of_a_storyboard_in_one_piece_why_no_shot_is_remade(world, process):
    """The kind: without shots, made one by one, and made by one submission."""
    apart = await made(world, process)
    world.catalog.replace([make_capability(shots_max=2)])
    request = make_request(shots=(Shot("a fox"), Shot("a hare")))
    quote = await process.services.quotes.quote(request)
    together, _ = await process.core.acceptance.accept(quote, PLACE, IdempotencyKey("together"))
    remaking = process.services.remaking

    assert await remaking.shots_of(apart.id, GUILD) is Shots.APART
    assert await remaking.shots_of(together.id, GUILD) is Shots.TOGETHER
    with pytest.raises(JobNotFoundError):
        await remaking.shots_of(together.id, GuildId(11))
    said = {how: details.more(how).count("in one piece") for how in Shots}
    assert said == {Shots.NONE: 0, Shots.APART: 0, Shots.TOGETHER: 1}


async def test_who_may_remake_is_asked(world, process):
    first = await made(world, process)
    elsewhere = replace(PLACE, guild_id=GuildId(11))
    with pytest.raises(JobNotFoundError):
        await process.services.remaking.list_shots(first.id, elsewhere)

    await world.guilds.put(GuildSettings(GUILD, buttons=ButtonsFor.MAKER))
    with pytest.raises(NotTheMakerError):
        await process.services.remaking.list_shots(first.id, OTHER)


async def test_it_waits_for_the_video(world, process):
    parts = (Shot("one"), Shot("two"))
    quote = await process.services.quotes.quote(make_request(shots=parts))
    job, _ = await process.core.acceptance.accept(quote, PLACE, IdempotencyKey("first"))

    with pytest.raises(VideoComingError):
        await process.services.remaking.list_shots(job.id, PLACE)
