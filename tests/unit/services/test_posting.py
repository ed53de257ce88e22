"""A message reaches its channel, if need be with less than it should carry."""

import pytest

from bot.domain.deliveries import DeliveryKind, DeliveryState
from bot.domain.jobs import JobState
from bot.errors import FileTooLargeError, NotAllowedError
from bot.services.refreshing import BETWEEN_LOOKS
from tests.factories import make_image

FILES_REFUSED = [FileTooLargeError, NotAllowedError]


@pytest.mark.parametrize("refusal", FILES_REFUSED)
async def test_a_card_whose_pictures_are_refused_is_posted_without_them(world, refusal):
    world.courier.files_raise = refusal
    process = world.start()
    job = await process.accept(key="one", image=make_image())

    await process.delivering.run_once()

    assert len(world.cards_of(job)) == 1
    assert world.courier.pictures[job.id] == []


@pytest.mark.parametrize("refusal", FILES_REFUSED)
async def test_a_service_that_must_fetch_what_was_refused_says_so_in_a_word(world, refusal):
    world.courier.files_raise = refusal
    world.provider.pictures_max_bytes = None
    process = world.start()
    job = await process.accept(key="one", image=make_image())

    await world.live(process)

    failed = await world.store.get(job.id)
    assert failed.state is JobState.FAILED
    assert "could not post them here" in failed.failure.text
    assert len(world.courier.of(job.id, DeliveryKind.FAILURE)) == 1


async def test_a_film_that_may_not_be_attached_is_told_of_with_its_link(world):
    world.courier.files_raise = NotAllowedError
    process = world.start()
    job = await process.accept(key="one")

    await world.live(process)

    [film] = world.films_of(job)
    assert (film.may_attach, bool(film.address)) == (False, True)


async def test_the_card_of_a_film_that_could_not_be_posted_at_all_says_so(world):
    process = world.start()
    job = await process.accept(key="one")
    await process.delivering.run_once()
    world.courier.gone_channels.add(job.channel_id)

    await world.live(process)
    world.clock.advance(BETWEEN_LOOKS.total_seconds())
    await process.turn()

    [card] = world.cards_of(job)
    assert world.films_of(job) == []
    assert card.film_is_stranded


async def test_a_card_that_is_refused_even_without_pictures_is_given_up(world):
    world.courier.files_raise = NotAllowedError
    process = world.start()
    job = await process.accept(key="one", image=make_image(), channel_id=21)
    world.courier.gone_channels.add(job.channel_id)

    await process.delivering.run_once()

    card = await world.store.find_delivery(job.id, DeliveryKind.CARD)
    assert card.state is DeliveryState.UNDELIVERABLE
