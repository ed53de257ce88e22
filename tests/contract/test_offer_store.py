"""What every store of offers promises: a quote is read as it was shown, until it is forgotten."""

from datetime import timedelta

import pytest

from bot.catalog.request import Origin, Shot
from bot.errors import OfferExpiredError
from bot.ids import ChannelId, GuildId, IdempotencyKey, MessageId, OfferId, UserId
from bot.ordering.offers import OFFER_HOLDS_FOR, Offer
from bot.storage.engines.databases import open_database
from bot.storage.guilds import SqlOfferStore
from tests.contract.databases import on_databases
from tests.factories import NOW, make_image, make_request, new_offer_id
from tests.fakes.budgets import InMemoryOffers

FACE = make_image(key="face.png")
STORYBOARD = make_request(
    prompt="A city at dawn / A cup of coffee",
    reference_images=(FACE,),
    shots=(
        Shot("A city at dawn", reference_images=(FACE,)),
        Shot("A cup of coffee", image=make_image(), end_image=make_image(key="end.png")),
    ),
    seed=7,
    negative_prompt="rain",
)
PLACES = [
    Origin(GuildId(1 << 62), ChannelId(20), UserId(30)),
    Origin(GuildId(10), ChannelId(20), UserId(30), MessageId(1 << 60)),
]


@pytest.fixture
def store(kind, engine):
    return InMemoryOffers() if kind == "memory" else SqlOfferStore(engine)


def make_offer(place=PLACES[0], request=STORYBOARD, expires_at=NOW + OFFER_HOLDS_FOR):
    key = IdempotencyKey("interaction:1")
    return Offer(new_offer_id(), key, place, request, 1_250_000, expires_at)


@pytest.mark.parametrize("place", PLACES, ids=["a command", "a reaction"])
@pytest.mark.parametrize("request_", [STORYBOARD, make_request()], ids=["storyboard", "words"])
async def test_an_offer_is_read_as_it_was_written(store, place, request_):
    offer = make_offer(place, request_)
    await store.put(offer)

    assert await store.get(offer.id) == offer


async def test_what_was_never_offered_counts_as_expired(store):
    with pytest.raises(OfferExpiredError):
        await store.get(OfferId("nothing"))


async def test_one_request_may_have_several_offers_with_one_key(store):
    offers = [make_offer() for _ in range(3)]
    for offer in offers:
        await store.put(offer)

    assert [await store.get(offer.id) for offer in offers] == offers


async def test_only_what_expired_by_then_is_forgotten(store):
    old, edge, young = (
        make_offer(expires_at=NOW + timedelta(seconds=seconds)) for seconds in (-1, 0, 1)
    )
    for offer in (old, edge, young):
        await store.put(offer)

    await store.forget_expired(NOW)

    assert await store.get(young.id) == young
    for offer in (old, edge):
        with pytest.raises(OfferExpiredError):
            await store.get(offer.id)


@on_databases
async def test_an_offer_is_there_after_reopening(address):
    offer = make_offer()
    async with open_database(address) as first:
        await SqlOfferStore(first).put(offer)
    async with open_database(address) as second:
        assert await SqlOfferStore(second).get(offer.id) == offer
