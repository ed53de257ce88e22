"""Whatever bytes and whatever JSON come in place of an answer: it is read, or an error of ours."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import aiohttp
from aiohttp import web
from hypothesis import example, given, settings, strategies as st

from bot.catalog.capability import check, complete
from bot.catalog.pricing import PriceList, price
from bot.clock import SystemClock
from bot.errors import ProviderError
from bot.ids import ModelId
from bot.providers.contract import Order, OrderPicture
from bot.providers.http import Answer
from bot.providers.nanogpt.client import NanoGpt
from bot.providers.nanogpt.errors import error_of, submission_error_of
from bot.providers.nanogpt.models import read_models
from bot.providers.nanogpt.parameters import payload_of
from bot.providers.nanogpt.price_bases import BASE_NAMES
from bot.providers.nanogpt.prices import Terms, price_list
from bot.providers.nanogpt.wire import read_balance, read_receipt, read_recovered, read_status
from tests.factories import make_image, make_request
from tests.local_nanogpt import FreeBudgets
from tests.serving import serving

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MAX_MICROS = 10**12

WORDS = st.sampled_from(
    ["COMPLETED", "5s", "5", "720p", "²", "1e999999", "-1", "NaN", "Infinity", "USD", "XNO", "",
     "https://cdn.example/f.mp4", "/api/x", "true", "vid_1", "up to 99", "2-30", "Bearer x"]
)  # fmt: skip
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, -(10**400), 0.1, 5, 1e308])
    | st.floats()
    | st.text(max_size=8)
    | WORDS
)
PRICE_NAMES = [
    *sorted(BASE_NAMES), "raw", "rates", "type", "currency", "minimum", "audio_multiplier",
    "frame_multiplier", "frame_threshold", "per_second", "per_video", "per_duration",
    "per_resolution", "per_second_by_mode", "with_audio", "without_audio", "pricesPerSecond",
    "minimum_billable_duration", "fixed_duration_seconds", "pro_per_second_by_resolution",
]  # fmt: skip
PARAMETERS = [
    "duration", "seconds", "resolution", "aspect_ratio", "orientation", "size", "mode", "variant",
    "quality", "pro_mode", "num_frames", "frames_per_second", "sound", "seed", "referenceImages",
    "reference_images", "last_image", "image", "negative_prompt", "prompt_optimizer",
]  # fmt: skip
KEYS = [
    "data", "status", "output", "url", "video", "videos", "videoUrl", "error", "message", "code",
    "type", "id", "runId", "requestId", "cost", "paymentSource", "usd_balance", "progress",
    "conversationUUID", "isNSFWError", "userFriendlyError", "refundMessage", "pricing", "default",
    "options", "value", "min", "max", "description", "label", "parameters", "capabilities",
    "supported_parameters", "text_to_video", "image_to_video", "video_generation", "durations",
    "720p", "5", "10s", "text_to_video", "reference_to_video", "standard",
]  # fmt: skip
ANY_KEY = st.sampled_from([*KEYS, *PRICE_NAMES, *PARAMETERS]) | st.text(max_size=4)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_KEY, inner, max_size=5),
    max_leaves=14,
)
PARAMETER = JSON | st.fixed_dictionaries(
    {"type": st.sampled_from(["select", "number", "switch", "boolean", "string", "text"])},
    optional={
        "default": LEAVES,
        "options": st.lists(st.fixed_dictionaries({"value": LEAVES}) | LEAVES, max_size=4),
        "min": st.floats() | st.integers(),
        "max": st.floats() | st.integers(),
        "description": st.text(max_size=9) | WORDS,
    },
)
PRICING = st.dictionaries(st.sampled_from(PRICE_NAMES) | st.text(max_size=5), JSON, max_size=4)
ENTRY = st.fixed_dictionaries(
    {"id": st.text(min_size=1, max_size=9)},
    optional={
        "capabilities": JSON
        | st.fixed_dictionaries(
            {"video_generation": st.just(True), "text_to_video": st.just(True)},
            optional={"image_to_video": st.booleans()},
        ),
        "supported_parameters": JSON
        | st.fixed_dictionaries(
            {"parameters": st.dictionaries(st.sampled_from(PARAMETERS), PARAMETER, max_size=5)}
        ),
        "pricing": PRICING,
    },
)
PICTURES = {"a": OrderPicture(b"a"), "b": OrderPicture(address="https://cdn.example/b.png")}
REQUEST = make_request(
    image=make_image(key="a"), end_image=make_image(key="b"), seed=1, negative_prompt="blur"
)


@given(JSON)
@settings(max_examples=400, deadline=None)
@example({"data": {"status": "COMPLETED", "output": [[[[[[]]]]]]}})
def test_whatever_json_an_answer_holds_it_is_read_or_an_error_of_ours(body):
    for read in (read_status, read_receipt, read_balance, lambda one: read_recovered(one, "tag")):
        try:
            read(body)
        except ProviderError:
            continue


@given(st.integers(100, 599), JSON, st.text(max_size=20))
@settings(max_examples=300, deadline=None)
def test_whatever_an_error_holds_it_is_one_of_ours_that_can_be_shown(status, body, header):
    answer = Answer(status, body, json.dumps(body, default=str), {"Retry-After": header})
    for error in (error_of(answer, NOW), submission_error_of(answer, NOW)):
        assert isinstance(error, ProviderError)
        assert len(error.detail) <= 256
        advice = getattr(error, "friendly", None)
        assert advice is None or advice.strip()


@given(PRICING, st.sets(st.integers(1, 60), max_size=4), st.booleans())
@settings(max_examples=600, deadline=None)
def test_whatever_a_price_holds_its_lines_are_sound(pricing, durations, has_audio):
    terms = Terms(has_audio=has_audio, durations=tuple(durations), frames={None: 81})

    assert_sound(price_list(pricing, terms))


def assert_sound(known: PriceList) -> None:
    assert all(0 <= line.micros <= MAX_MICROS for line in known.lines)
    assert 0 <= known.minimum_micros <= MAX_MICROS


@given(st.fixed_dictionaries({"data": st.lists(ENTRY | JSON, max_size=3)}) | JSON, ENTRY)
@settings(max_examples=500, deadline=None)
def test_whatever_a_model_list_holds_what_is_read_can_be_ordered(body, spare):
    for model in read_models(body, {str(spare["id"]): spare}):
        able = model.capability
        assert_sound(able.prices)
        assert all(seconds > 0 for seconds in able.durations_seconds)
        for request in (make_request(duration_seconds=None, resolution=None), REQUEST):
            completed = complete(request, able)
            found = price(completed, able.prices)
            assert found is None or found.cost_micros >= 0
            assert all(isinstance(reason, str) for reason in check(completed, able))
            json.dumps(payload_of(Order(completed, "tag", PICTURES), model.parameters))


BODIES = st.binary(max_size=60) | JSON.map(lambda body: json.dumps(body).encode())


@given(st.sampled_from([200, 202, 204, 301, 400, 404, 429, 500, 503]), BODIES)
@settings(max_examples=60, deadline=None)
@example(200, b'{"data": ' + b"[" * 5000)
@example(202, b"\xff\xfe{}")
@example(200, b"9" * 5000)
def test_whatever_bytes_come_every_question_ends_in_an_answer_or_an_error_of_ours(status, body):
    asyncio.run(ask_everything(status, body))


async def ask_everything(status: int, body: bytes) -> None:
    async def answer(_request: web.Request) -> web.Response:
        content = None if status == 204 else body
        return web.Response(status=status, body=content, content_type="application/json")

    async with serving(answer) as origin, aiohttp.ClientSession() as session:
        client = NanoGpt(
            "sk-nano-test",
            f"{origin}/api",
            api=session,
            downloads=session,
            budgets=FreeBudgets(),
            clock=SystemClock(),
        )
        request = make_request(model_id=ModelId("seedance-lite-video"))
        questions: list[Any] = [
            client.submit(Order(request, "tag")),
            client.poll("vid_1", request),
            client.recover("tag", request),
            client.balance_micros(),
        ]
        outcomes = await asyncio.gather(*questions, return_exceptions=True)
        strange = [one for one in outcomes if isinstance(one, BaseException)]
        assert all(isinstance(one, ProviderError) for one in strange), strange
        assert await client.list_capabilities()
