"""A member who waits for a film that will not come is told once, in answer to its card."""

import pytest

from bot.domain.deliveries import DELETED_ADDRESS, DeliveryKind, DeliveryState, deleted
from bot.domain.jobs import JobState
from bot.domain.submissions import ProviderState, ProviderStatus
from bot.errors import ContentRefusedError, DeliveryUnavailableError, ProviderUnavailableError
from bot.ids import ChannelId, IdempotencyKey, UserId
from tests.fakes.weather import Script

BROKEN = ProviderStatus(ProviderState.FAILED, text="It broke.")


def words_of(world, job):
    return world.courier.of(job.id, DeliveryKind.FAILURE)


async def failed(world, **troubles):
    """A wish that the service takes and cannot make, to its end."""
    world.provider.verdicts = [BROKEN]
    process = world.start(weather=Script(**troubles))
    job = await process.accept(key="one")
    await world.live(process)
    return await world.store.get(job.id)


async def test_a_film_that_fails_is_said_to_its_member_once_in_answer_to_its_card(world):
    job = await failed(world)

    [card], [word] = world.cards_of(job), words_of(world, job)
    assert job.state is JobState.FAILED
    assert word.answers == card.id
    assert word.nonce != card.nonce


async def test_a_film_that_comes_owes_no_word_of_failure(world):
    process = world.start()
    job = await process.accept(key="one")
    await world.live(process)

    assert words_of(world, job) == []


async def test_what_is_refused_at_the_door_is_said_too(world):
    process = world.start(weather=Script(submit=[ContentRefusedError()]))
    job = await process.accept(key="one")
    await world.live(process)

    assert len(words_of(world, job)) == 1


async def test_a_film_that_is_never_finished_is_said_too(world):
    process = world.start(weather=Script(look=[ProviderUnavailableError()] * 1000))
    job = await process.accept(key="one")
    await world.live(process)

    assert (await world.store.get(job.id)).state is JobState.EXPIRED
    assert len(words_of(world, job)) == 1


async def test_the_end_and_the_word_it_owes_are_one_write(world):
    owed = []

    async def after_each_write(event):
        job = await world.store.find_by_key(IdempotencyKey("one"))
        if event == "save answered" and job.state is JobState.FAILED:
            owed.append(await world.store.find_delivery(job.id, DeliveryKind.FAILURE))

    world.provider.verdicts = [BROKEN]
    process = world.start(weather=after_each_write)
    await process.accept(key="one")
    await world.live(process)

    assert [delivery.state for delivery in owed] == [DeliveryState.OWED]


@pytest.mark.parametrize("turns", [0, 1], ids=["before it was sent", "in the making"])
async def test_who_called_a_film_off_is_told_nothing_more(world, turns):
    world.provider.verdicts = [BROKEN]
    process = world.start()
    job = await process.accept(key="one")
    for _ in range(turns):
        await process.turn()
    await process.cancelling.cancel(job.id, UserId(30), is_moderator=False)
    await world.live(process)

    assert (await world.store.get(job.id)).state is JobState.CANCELLED
    assert words_of(world, job) == []


async def test_a_failure_after_cancel_was_pressed_is_not_told_either(world):
    calm = world.start()

    async def press(event):
        if event == "submit":
            [job] = await world.store.list_active()
            await calm.cancelling.cancel(job.id, UserId(30), is_moderator=False)
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
    assert word.answers == card.id


async def test_where_the_channel_is_gone_nobody_is_told_and_nothing_is_tried_again(world):
    world.courier.gone_channels.add(ChannelId(20))
    job = await failed(world)

    word = await world.store.find_delivery(job.id, DeliveryKind.FAILURE)
    assert word.state is DeliveryState.UNDELIVERABLE


async def test_a_film_that_is_deleted_is_no_longer_linked_on_its_card(world):
    process = world.start()
    job = await process.accept(key="one")
    await world.live(process)
    film = await world.store.find_delivery(job.id, DeliveryKind.FILM)
    await world.store.save_delivery(deleted(film))
    world.clock.advance(5)
    await process.turn()

    assert world.cards_of(job)[0].film_url == DELETED_ADDRESS
