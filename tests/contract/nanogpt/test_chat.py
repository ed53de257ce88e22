"""A better prompt from a local NanoGPT: what it answers, what it charges, and what becomes of errors."""

from datetime import timedelta

import pytest

from bot.clock import SystemClock
from bot.errors import (
    ContentRefusedError,
    LeaseLostError,
    ProviderBalanceError,
    ProviderCredentialsError,
    ProviderRateLimitedError,
    ProviderRejectedRequestError,
    ProviderUnavailableError,
    SubmissionUncertainError,
)
from bot.providers.contract import ImprovementFault
from tests.local_nanogpt import desk_at

PROMPT = "a fox in the snow"
CHAT = "/api/v1/chat/completions"
MODELS = "/api/v1/models"
pytestmark = pytest.mark.asyncio(loop_scope="module")


async def improve(desk, prompt=PROMPT):
    return await desk.client.improve(prompt, stale_at=SystemClock().now() + timedelta(seconds=30))


@pytest.mark.parametrize("manner", ["prompt", "wrapped", "thoughts", "parts"])
async def test_the_better_prompt_comes_with_its_charge(desk, manner):
    desk.service.overrides.chat = manner
    most = await desk.client.improver_price(PROMPT)
    found = await improve(desk)

    assert found.fault is None
    assert found.prompt.startswith("a fox in the snow, seen from low down")
    assert found.prompt.endswith("natural colors.")
    assert desk.money == [("charge", found.charged_micros)]
    assert 0 < found.charged_micros <= most.micros < 10_000
    assert most.model_id == "google/gemini-3.1-flash-lite"


@pytest.mark.parametrize(
    ("manner", "fault"),
    [
        ("empty", ImprovementFault.EMPTY),
        ("null", ImprovementFault.EMPTY),
        ("number", ImprovementFault.EMPTY),
        ("no_choices", ImprovementFault.EMPTY),
        ("cut_off", ImprovementFault.CUT_OFF),
        ("long", ImprovementFault.TOO_LONG),
        ("refused", ImprovementFault.REFUSED),
        ("sorry", ImprovementFault.REFUSED),
        ("echo", ImprovementFault.UNCHANGED),
    ],
)
async def test_what_is_no_prompt_is_said_to_be_none_with_its_charge(desk, manner, fault):
    desk.service.overrides.chat = manner
    found = await improve(desk)

    assert (found.prompt, found.fault) == ("", fault)
    assert desk.money == [("charge", found.charged_micros)]


@pytest.mark.parametrize("pricing", ["amount", "xno", "missing"])
async def test_without_a_charge_in_dollars_its_tokens_are_priced(desk, pricing):
    await desk.client.improver_price(PROMPT)
    desk.service.overrides.chat_pricing = pricing
    found = await improve(desk)

    [(_, charged)] = desk.money
    assert charged - 1 <= found.charged_micros <= charged


@pytest.mark.parametrize(
    ("refusal", "error"),
    [
        ({"status": 401, "code": "invalid_api_key"}, ProviderCredentialsError),
        ({"status": 402, "code": None, "message": "Insufficient balance"}, ProviderBalanceError),
        ({"status": 402, "envelope": 6}, ProviderBalanceError),
        ({"status": 400, "code": "model_not_found"}, ProviderRejectedRequestError),
        ({"status": 400, "code": "content_policy_violation"}, ContentRefusedError),
        ({"status": 429, "code": "rate_limit_exceeded"}, ProviderRateLimitedError),
        ({"status": 503, "code": "all_fallbacks_failed"}, ProviderUnavailableError),
        ({"status": 500, "code": "server_error"}, SubmissionUncertainError),
        ({"status": 502, "envelope": 6}, SubmissionUncertainError),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else None,
)
async def test_an_error_says_whether_it_may_have_been_charged(desk, refusal, error):
    await desk.wire.turn(refuse={"path": CHAT, "message": "No.", **refusal})

    with pytest.raises(error):
        await improve(desk)
    assert desk.money == []


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "drop_after"},
        {"kind": "status_after", "status": 504},
        {"kind": "truncate"},
        {"kind": "cut_short"},
    ],
    ids=lambda fault: fault["kind"],
)
async def test_a_lost_answer_may_be_charged_and_is_never_asked_for_again(desk, fault):
    await desk.wire.fault(method="POST", path=CHAT, **fault)

    with pytest.raises(SubmissionUncertainError):
        await improve(desk)
    assert len(desk.money) == 1


async def test_a_prompt_that_is_refused_costs_nothing(desk):
    with pytest.raises(ContentRefusedError):
        await improve(desk, "a blockedword fox")
    assert desk.money == []


async def test_it_is_not_sent_too_late(desk):
    with pytest.raises(LeaseLostError):
        await desk.client.improve(PROMPT, stale_at=SystemClock().now())
    assert desk.money == []


async def test_a_service_that_is_not_there_was_asked_nothing(desk):
    async with desk_at(desk.wire, origin="http://127.0.0.1:9") as away:
        assert await away.client.improver_price(PROMPT) is None
        with pytest.raises(ProviderUnavailableError):
            await improve(away)


async def test_the_price_is_kept_and_one_that_is_not_listed_is_unknown(desk):
    known = await desk.client.improver_price(PROMPT)
    await desk.wire.fault(path=MODELS, kind="status", times=5)

    assert await desk.client.improver_price(PROMPT) == known
    async with desk_at(desk.wire) as other:
        assert await other.client.improver_price(PROMPT) is None
    desk.service.faults.clear()
    desk.service.overrides.withdrawn = [known.model_id]
    async with desk_at(desk.wire) as other:
        assert await other.client.improver_price(PROMPT) is None


async def test_a_longer_prompt_may_cost_more(desk):
    short = await desk.client.improver_price("a fox")
    long = await desk.client.improver_price("雪" * 1000)

    assert short.micros < long.micros < 10_000
