"""A price that no list has is asked for, once, and holds as long as an offer does.

The kind: the service is away, answers late with something else, says nothing or 0, is asked twice
for the same, or for what differs in a thing that a price may depend on; the clock jumps.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from bot.catalog.models import Catalog
from bot.catalog.pricing import (
    Input,
    Price,
    PriceLine,
    PriceList,
)
from bot.catalog.request import Derivation, Parent, Shot, VideoRequest
from bot.errors import InvalidRequestError, ProviderTimeoutError, ProviderUnavailableError
from bot.ids import ProviderName
from bot.ordering.offers import OFFER_HOLDS_FOR
from bot.ordering.quotes import MAX_KEPT, FreeQuotes, Quotes
from bot.providers.contract import Order
from tests.factories import PROVIDER, make_capability, make_image, make_request
from tests.fakes.clock import FakeClock
from tests.fakes.job_store import InMemoryJobStore
from tests.fakes.media import FakeImageStore

UNPRICED = make_capability(prices=PriceList(minimum_micros=150_000))


@dataclass
class Service:
    """Says what it is told to, and remembers what it was asked."""

    answer: Callable[[Order], int | None]
    pictures_max_bytes: int | None = 1000
    asked: list[Order] = field(default_factory=list)

    async def quote_micros(self, order: Order) -> int | None:
        self.asked.append(order)
        return self.answer(order)


@pytest.fixture
def clock():
    return FakeClock()


def free_quotes(service, clock):
    return FreeQuotes({PROVIDER: service}, FakeImageStore(), clock)


async def test_a_price_is_asked_for_once_and_holds_as_long_as_an_offer(clock):
    service = Service(lambda _: 400_000)
    free = free_quotes(service, clock)
    request = make_request(prompt="a fox")

    assert await free.find(request, UNPRICED) == Price(400_000)
    service.answer = lambda _: 500_000
    clock.advance(OFFER_HOLDS_FOR.total_seconds() - 1)
    assert await free.find(replace(request, prompt="a hen", seed=7), UNPRICED) == Price(400_000)
    assert len(service.asked) == 1
    clock.advance(1)
    assert await free.find(request, UNPRICED) == Price(500_000)


async def test_an_answer_from_a_wrong_clock_does_not_hold(clock):
    service = Service(lambda _: 400_000)
    free = free_quotes(service, clock)
    clock.advance(timedelta(days=30).total_seconds())
    await free.find(make_request(), UNPRICED)
    clock.advance(-timedelta(days=30).total_seconds())

    await free.find(make_request(), UNPRICED)

    assert len(service.asked) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"duration_seconds": 10},
        {"resolution": "480p"},
        {"audio": True},
        {"aspect_ratio": "9:16"},
        {"image": make_image(key="one.png")},
        {"end_image": make_image(key="one.png")},
        {"reference_images": (make_image(key="one.png"),)},
        {"reference_images": (make_image(key="one.png"), make_image(key="two.png"))},
        {"shots": (Shot("a"), Shot("b"))},
    ],
    ids=str,
)
async def test_what_may_change_a_price_is_asked_about_again(clock, change):
    service = Service(lambda _: 200_000 + len(service.asked))
    free = free_quotes(service, clock)
    request = make_request()

    first, second = [
        await free.find(one, UNPRICED) for one in (request, replace(request, **change))
    ]

    assert len(service.asked) == 2
    assert first != second


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "a hen"},
        {"negative_prompt": "rain"},
        {"seed": 7},
        {"image": make_image(key="other.png", size_bytes=9)},
        {"is_spoiler": True},
        {"parent": Parent(Derivation.AGAIN)},
    ],
    ids=str,
)
async def test_what_no_price_depends_on_is_not_asked_about_again(clock, change):
    service = Service(lambda _: 200_000)
    free = free_quotes(service, clock)
    request = make_request(image=make_image(key="one.png"))

    for one in (request, replace(request, **change)):
        assert await free.find(one, UNPRICED) == Price(200_000)
    assert len(service.asked) == 1


async def test_a_picture_of_another_size_is_asked_about(clock):
    service = Service(lambda _: 200_000)
    free = free_quotes(service, clock)

    for width in (640, 641):
        await free.find(make_request(image=make_image(width=width)), UNPRICED)

    assert len(service.asked) == 2


@dataclass
class SlowService(Service):
    """Answers once it is let."""

    may_answer: asyncio.Event = field(default_factory=asyncio.Event)

    async def quote_micros(self, order: Order) -> int | None:
        self.asked.append(order)
        await self.may_answer.wait()
        return self.answer(order)


@pytest.mark.parametrize("answer", [lambda _: 300_000, lambda _: None], ids=["price", "nothing"])
async def test_members_who_ask_for_the_same_at_once_share_one_request(clock, answer):
    service = SlowService(answer)
    free = free_quotes(service, clock)

    async with asyncio.TaskGroup() as group:
        asking = [
            group.create_task(free.find(make_request(prompt=str(number)), UNPRICED))
            for number in range(50)
        ]
        while not service.asked:
            await clock.sleep(0)
        service.may_answer.set()

    found = {task.result() for task in asking}
    assert found == {None if answer(None) is None else Price(300_000)}
    assert len(service.asked) == 1
    await free.find(make_request(), UNPRICED)
    assert len(service.asked) == (2 if found == {None} else 1)


async def test_who_waits_for_one_that_was_stopped_asks_again(clock):
    service = SlowService(lambda _: 300_000)
    free = free_quotes(service, clock)

    async with asyncio.TaskGroup() as group:
        first = group.create_task(free.find(make_request(), UNPRICED))
        while not service.asked:
            await clock.sleep(0)
        others = [group.create_task(free.find(make_request(), UNPRICED)) for _ in range(3)]
        await clock.sleep(0)
        first.cancel()
        service.may_answer.set()

    assert [task.result() for task in others] == [Price(300_000)] * 3
    assert len(service.asked) == 2


async def test_pictures_go_along_within_what_the_service_takes(clock):
    service = Service(lambda order: 100_000 * (1 + len(order.pictures)))
    pictures = (make_image(key="one.png"), make_image(key="two.png"))

    found = await free_quotes(service, clock).find(
        make_request(reference_images=pictures), UNPRICED
    )

    assert found == Price(300_000)
    assert service.asked[0].pictures.keys() == {"one.png", "two.png"}


def raising(error):
    def answer(_order):
        raise error("away")

    return answer


@pytest.mark.parametrize(
    "answer",
    [lambda _: None, lambda _: 0, raising(ProviderUnavailableError), raising(ProviderTimeoutError)],
    ids=["nothing", "0", "away", "late"],
)
async def test_without_an_answer_there_is_no_price_and_the_next_question_is_new(clock, answer):
    service = Service(answer)
    free = free_quotes(service, clock)

    assert await free.find(make_request(), UNPRICED) is None
    service.answer = lambda _: 700_000
    assert await free.find(make_request(), UNPRICED) == Price(700_000)


async def test_no_quote_is_below_the_least_that_the_list_names(clock):
    assert await free_quotes(Service(lambda _: 1), clock).find(make_request(), UNPRICED) == Price(
        150_000
    )


async def test_a_service_without_quotes_is_not_asked(clock):
    other = replace(UNPRICED, provider=ProviderName("other"))

    assert await free_quotes(Service(lambda _: 1), clock).find(make_request(), other) is None


async def test_what_is_kept_is_bounded(clock):
    service = Service(lambda _: 400_000)
    free = free_quotes(service, clock)
    for number in range(MAX_KEPT + 1):
        await free.find(make_request(duration_seconds=number), UNPRICED)

    await free.find(make_request(duration_seconds=MAX_KEPT), UNPRICED)
    await free.find(make_request(duration_seconds=0), UNPRICED)

    assert len(service.asked) == MAX_KEPT + 2


def quotes(capability, service, clock):
    catalog = Catalog()
    catalog.replace([capability])
    return Quotes(catalog, InMemoryJobStore(), free_quotes(service, clock))


async def test_a_request_is_refused_only_where_the_quote_fails_too(clock):
    service = Service(lambda _: 400_000)
    priceless = quotes(UNPRICED, service, clock)

    assert (await priceless.quote(make_request())).price == Price(400_000)
    service.answer = lambda _: None
    with pytest.raises(InvalidRequestError) as refused:
        await priceless.quote(make_request(duration_seconds=10))
    assert "I don't know the price" in refused.value.reasons[0]


async def test_no_one_is_asked_where_the_list_has_a_price(clock):
    service = Service(lambda _: 1)
    listed = quotes(make_capability(), service, clock)

    assert (await listed.quote(make_request())).price == Price(500_000)
    assert service.asked == []


async def test_the_input_that_has_no_price_is_asked_about_and_no_other(clock):
    service = Service(lambda _: 900_000)
    prices = PriceList((PriceLine(300_000),), unpriced=frozenset({Input.IMAGE}))
    half = quotes(make_capability(prices=prices), service, clock)

    assert (await half.quote(make_request())).price == Price(300_000)
    assert (await half.quote(make_request(image=make_image()))).price == Price(900_000)
    assert len(service.asked) == 1


async def test_a_list_asks_no_one_and_shows_what_was_answered_while_it_holds(clock):
    service = Service(lambda _: 400_000)
    asking = quotes(UNPRICED, service, clock)

    before = await asking.describe(UNPRICED)
    assert (before.price, before.is_quoted, service.asked) == (None, True, [])
    await asking.quote(VideoRequest("a fox", UNPRICED.model_id))
    shown = await asking.describe(UNPRICED)
    assert (shown.price, len(service.asked)) == (Price(400_000), 1)
    clock.advance(OFFER_HOLDS_FOR.total_seconds())
    assert (await asking.describe(UNPRICED)).price is None


async def test_of_a_service_that_quotes_nothing_the_price_is_not_on_request(clock):
    other = replace(UNPRICED, provider=ProviderName("other"))

    assert not (await quotes(other, Service(lambda _: 1), clock).describe(other)).is_quoted
    assert not (await Quotes(Catalog(), InMemoryJobStore()).describe(UNPRICED)).is_quoted
