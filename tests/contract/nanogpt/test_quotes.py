"""What NanoGPT says a video would cost to someone without a key, and what it charges then."""

from dataclasses import replace

import pytest

from bot.catalog.capability import complete
from bot.catalog.pricing import price
from bot.catalog.request import VideoRequest
from bot.errors import ProviderError
from bot.ids import ModelId
from bot.providers.contract import Order, OrderPicture
from tests.factories import make_image

pytestmark = pytest.mark.asyncio(loop_scope="module")

PICTURES = {f"{number}.png": OrderPicture(b"picture", "image/png") for number in range(4)}
FIRST, *OTHERS = (make_image(key=name) for name in PICTURES)

REQUESTS = [
    ("minimax-h3-singularity/image-to-video", {"image": FIRST, "duration_seconds": 9}),
    ("minimax-h3/reference-to-video", {"resolution": "1080p"}),
    ("minimax/h3-max", {"reference_images": (FIRST, *OTHERS[:2])}),
    ("xai/grok-imagine-video/v1.5/image-to-video", {"image": FIRST, "resolution": "1080p"}),
    ("skyreels-v4", {}),
]


@pytest.mark.parametrize(("model", "asked"), REQUESTS, ids=[row[0] for row in REQUESTS])
async def test_a_quote_is_what_is_charged_and_asking_charges_nothing(desk, model, asked):
    able = {one.model_id: one for one in await desk.client.list_capabilities()}[model]
    request = complete(VideoRequest("a fox", able.model_id, **asked), able)
    order = Order(request, "tag", PICTURES)
    assert price(request, able.prices) is None

    quoted = await desk.client.quote_micros(order)

    assert desk.money == []
    receipt = await desk.client.submit(order)
    assert quoted == receipt.precharged_micros
    assert quoted


async def test_no_key_goes_along_with_a_question(desk):
    """With one it would be a submission, and paid for."""
    able = (await desk.client.list_capabilities())[0]
    request = complete(VideoRequest("a fox", able.model_id), able)

    quoted = [await desk.client.quote_micros(Order(request, "tag")) for _ in range(3)]

    listed = price(request, able.prices)
    assert listed is not None
    assert quoted == [listed.cost_micros] * 3
    assert desk.money == []
    assert desk.wire.service.books.runs == {}


async def test_a_service_without_quotes_says_no_price(desk):
    able = (await desk.client.list_capabilities())[0]
    order = Order(complete(VideoRequest("a fox", able.model_id), able), "tag")
    await desk.wire.turn(quotes=False)

    assert await desk.client.quote_micros(order) is None


NO_PRICE = ["missing", "null", "list", "words", "zero", "negative", "huge", "elsewhere"]


@pytest.mark.parametrize("amount", NO_PRICE)
async def test_an_amount_that_is_no_price_is_none(desk, amount):
    await desk.wire.turn(quote_amount=amount)

    assert await desk.client.quote_micros(await a_request(desk)) is None
    assert desk.money == []


async def test_an_amount_may_be_a_number(desk):
    order = await a_request(desk)
    as_text = await desk.client.quote_micros(order)
    await desk.wire.turn(quote_amount="number")

    assert await desk.client.quote_micros(order) == as_text


@pytest.mark.parametrize("status", [200, 307, 429, 503])
async def test_a_quote_with_another_status_is_none_and_no_redirect_is_followed(desk, status):
    await desk.wire.turn(quote_status=status)

    assert await desk.client.quote_micros(await a_request(desk)) is None
    assert desk.wire.service.books.runs == {}


async def test_what_is_charged_may_differ_from_the_quote(desk):
    order = await a_request(desk)
    await desk.wire.turn(quote_factor=0.5)

    quoted = await desk.client.quote_micros(order)
    charged = (await desk.client.submit(order)).precharged_micros

    assert quoted is not None
    assert charged == 2 * quoted


async def a_request(desk):
    able = (await desk.client.list_capabilities())[0]
    return Order(complete(VideoRequest("a fox", able.model_id), able), "tag")


async def test_a_model_that_is_not_listed_is_not_asked_about(desk):
    able = (await desk.client.list_capabilities())[0]
    request = replace(VideoRequest("a fox", able.model_id), model_id=ModelId("no-such-model"))

    with pytest.raises(ProviderError):
        await desk.client.quote_micros(Order(request, "tag"))
