"""A member who waits for a video that will not come is told once, in the place of its card."""

import pytest

from bot.errors import ContentRefusedError, DeliveryUnavailableError, ProviderUnavailableError
from bot.ids import ChannelId, IdempotencyKey, ModelId, UserId
from bot.jobs.job import JobState
from bot.jobs.messages import (
    DeliveryKind,
    DeliveryState,
)
from bot.providers.contract import ProviderState, ProviderStatus
from tests.factories import make_capability, make_image
from tests.fakes.weather import Script
from tests.reading import find_by_key

BROKEN = ProviderStatus(ProviderState.FAILED, text="It broke.")


def words_of(world, job):
    return world.messenger.of(job.id, DeliveryKind.FAILURE)


async def failed(world, **troubles):
    """A request that the service takes and cannot make, to its end."""
    world.provider.verdicts = [BROKEN]
    process = world.start(weather=Script(**troubles))
    job = await process.accept(key="one")
    await world.live(process)
    return await world.store.get(job.id)


async def test_a_video_that_fails_is_said_to_its_member_once_in_the_place_of_its_card(world):
    job = await failed(world)

    [card], [word] = world.cards_of(job), words_of(world, job)
    assert job.state is JobState.FAILED
    assert word.nonce != card.nonce
    assert world.messenger.standing(job.id) == [word]


@pytest.mark.parametrize("has_other", [True, False])
async def test_what_a_failed_card_offered_its_notice_offers_with_its_pictures(world, has_other):
    if has_other:
        other = make_capability(model_id=ModelId("other-model"), name="Other Model")
        world.catalog.replace([make_capability(), other])
    world.provider.verdicts = [BROKEN]
    process = world.start()
    job = await process.accept(key="one", image=make_image())
    await world.live(process)

    [word] = words_of(world, job)
    assert word.pictures == 1
    offered = word.alternative and word.alternative.model_name
    assert offered == ("Other Model" if has_other else None)


async def test_a_video_that_comes_owes_no_failure_notice(world):
    process = world.start()
    job = await process.accept(key="one")
    await world.live(process)

    assert words_of(world, job) == []


async def test_what_is_refused_at_the_door_is_said_too(world):
    process = world.start(weather=Script(submit=[ContentRefusedError()]))
    job = await process.accept(key="one")
    await world.live(process)

    assert len(words_of(world, job)) == 1


async def test_a_video_that_is_never_finished_is_said_too(world):
    process = world.start(weather=Script(poll=[ProviderUnavailableError()] * 1000))
    job = await process.accept(key="one")
    await world.live(process)

    assert (await world.store.get(job.id)).state is JobState.EXPIRED
    assert len(words_of(world, job)) == 1


async def test_the_end_and_the_word_it_owes_are_one_write(world):
    owed = []

    async def after_each_write(event):
        job = await find_by_key(world.store, IdempotencyKey("one"))
        if event == "save answered" and job and job.state is JobState.FAILED:
            owed.append(await world.store.find_delivery(job.id, DeliveryKind.FAILURE))

    world.provider.verdicts = [BROKEN]
    process = world.start(weather=after_each_write)
    await process.accept(key="one")
    await world.live(process)

    assert [delivery.state for delivery in owed] == [DeliveryState.OWED]


@pytest.mark.parametrize("turns", [0, 1], ids=["before it was sent", "rendering"])
async def test_who_called_a_video_off_is_told_nothing_more(world, turns):
    world.provider.verdicts = [BROKEN]
    process = world.start()
    job = await process.accept(key="one")
    for _ in range(turns):
        await process.turn()
    await process.services.cancelling.cancel(
        job.id, job.guild_id, UserId(30), is_moderator=False, though_spent=True
    )
    await world.live(process)

    assert (await world.store.get(job.id)).state is JobState.CANCELLED
    assert words_of(world, job) == []


async def test_a_failure_after_cancel_was_pressed_is_not_told_either(world):
    calm = world.start()

    async def press(event):
        if event == "submit":
            [job] = await world.store.list_active()
            await calm.services.cancelling.cancel(
                job.id, job.guild_id, UserId(30), is_moderator=False, though_spent=True
            )
            raise ContentRefusedError

    process = world.start(weather=press)
    job = await process.accept(key="one")
    await world.live(process)

    assert (await world.store.get(job.id)).state is JobState.FAILED
    assert words_of(world, job) == []


async def test_while_discord_takes_no_card_the_word_waits_for_it(world):
    away = [DeliveryUnavailableError()] * 12
    world.provider.takes_seconds = 0.0
    job = await failed(world, post=away)

    [card], [word] = world.cards_of(job), words_of(world, job)
    assert card.posted_at <= word.posted_at


async def test_where_the_channel_is_gone_no_one_is_told_and_nothing_is_tried_again(world):
    world.messenger.gone_channels.add(ChannelId(20))
    job = await failed(world)

    word = await world.store.find_delivery(job.id, DeliveryKind.FAILURE)
    assert word.state is DeliveryState.UNDELIVERABLE
