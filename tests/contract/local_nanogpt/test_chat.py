"""NanoGPT's text models as its documents tell: the list, and chat completions with their charge."""

import pytest

CHAT = "/api/v1/chat/completions"
MODEL = "google/gemini-3.1-flash-lite"
ASKED = {"model": MODEL, "messages": [{"role": "user", "content": "a fox"}]}


async def ask(wire, headers=None, **fields):
    return await wire.call("POST", CHAT, json=ASKED | fields, headers=headers)


async def test_an_answer_has_openais_shape_and_says_what_was_charged(wire):
    before = wire.balance_micros
    status, body, headers = await ask(wire)

    [choice] = body["choices"]
    assert (status, body["object"], body["model"]) == (200, "chat.completion", MODEL)
    assert choice["message"]["role"] == "assistant"
    assert choice["message"]["content"].startswith("a fox, ")
    assert choice["finish_reason"] == "stop"
    assert "usage" not in body
    cost = body["x_nanogpt_pricing"]["cost"]
    assert before - wire.balance_micros == round(cost * 1_000_000) > 0
    assert await wire.ledger() == [("charge", cost)]
    assert headers["X-Request-ID"]


async def test_tokens_come_when_they_are_asked_for_and_count_in_the_usage(wire):
    _, body, _ = await ask(wire, include_usage=True)
    _, usage, _ = await wire.call("GET", "/api/v1/usage")

    tokens = body["usage"]
    assert tokens["total_tokens"] == tokens["prompt_tokens"] + tokens["completion_tokens"]
    assert usage["totals"]["totalTokens"] == tokens["total_tokens"]
    assert [one["model"] for one in usage["byModel"]] == [MODEL]


async def test_an_answer_ends_at_its_limit(wire):
    _, body, _ = await ask(wire, max_tokens=3)

    [choice] = body["choices"]
    assert (len(choice["message"]["content"]), choice["finish_reason"]) == (12, "length")


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"model": None}, 400, "missing_required_parameter"),
        ({"model": "no-such-model"}, 400, "model_not_found"),
        ({"messages": []}, 400, "missing_required_parameter"),
        ({"messages": "a fox"}, 400, "missing_required_parameter"),
        ({"messages": ["a fox"]}, 400, "invalid_parameter_value"),
        ({"messages": [{"role": "system", "content": "x"}]}, 400, "invalid_parameter_value"),
        ({"max_tokens": 0}, 400, "invalid_parameter_value"),
        ({"stream": True}, 400, "invalid_parameter_value"),
        (
            {"messages": [{"role": "user", "content": "blockedword"}]},
            400,
            "content_policy_violation",
        ),
    ],
)
async def test_what_it_cannot_answer_is_refused_and_costs_nothing(wire, fields, status, code):
    answered, body, _ = await ask(wire, **fields)

    assert (answered, body["error"]["code"]) == (status, code)
    assert await wire.ledger() == []


async def test_without_a_key_or_money_there_is_no_answer(wire):
    assert (await ask(wire, headers={}))[0] == 401
    assert (await ask(wire, headers={"x-api-key": "wrong"}))[0] == 401
    await wire.turn(balance_usd={"sk-nano-sandbox": 0.00001})
    status, body, _ = await ask(wire)

    assert (status, body["error"]) == (402, "Insufficient balance")
    assert body["requiredBalance"] > 0
    assert await wire.ledger() == []


async def test_prices_are_listed_only_in_detail(wire):
    _, short, _ = await wire.call("GET", "/api/v1/models", headers={})
    _, long, _ = await wire.call("GET", "/api/v1/models?detailed=true", headers={})

    assert all("pricing" not in model for model in short["data"])
    assert {model["pricing"]["unit"] for model in long["data"]} == {"per_million_tokens"}
