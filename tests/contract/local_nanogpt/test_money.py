"""The local NanoGPT's money: quotes, balances, charges, refunds, corrections, usage."""

import pytest

from tests.local_nanogpt import BALANCE, CONTROL, KEY_NAME, REQUEST, SUBMIT

OTHER = {"x-api-key": "other"}
DAY_SECONDS = 86400


async def test_a_quote_names_the_price_and_runs_nothing(wire):
    status, body, _ = await wire.quote()

    assert status == 402
    assert body["payment"]["amountUsd"] == "0.024"
    assert body["payment"]["accepted"][0]["amountUsd"] == "0.024"
    assert (body["error"]["code"], body["x402Version"]) == ("insufficient_quota", 1)
    assert wire.service.books.runs == {}
    assert wire.service.books.entries == []


async def test_a_quote_is_what_is_charged_then(wire):
    request = {"model": "veo3-1-fast-video", "duration": "8"}
    _, quoted, _ = await wire.quote(**request)
    _, charged, _ = await wire.submit(**request)

    assert float(quoted["payment"]["amountUsd"]) == charged["cost"] == 1.2


@pytest.mark.parametrize(
    ("how", "amount"),
    [
        ("number", 0.024),
        ("null", None),
        ("list", ["0.024000"]),
        ("words", "on request"),
        ("zero", "0"),
        ("negative", "-0.024000"),
        ("huge", "1e12"),
    ],
)
async def test_a_quote_can_be_made_odd(wire, how, amount):
    await wire.turn(quote_amount=how)

    assert (await wire.quote())[1]["payment"]["amountUsd"] == amount


async def test_a_quote_can_lack_its_amount_or_have_it_elsewhere(wire):
    await wire.turn(quote_amount="missing")
    _, missing, _ = await wire.quote()
    await wire.turn(quote_amount="elsewhere")
    _, elsewhere, _ = await wire.quote()

    assert "amountUsd" not in missing["payment"] | elsewhere["payment"]
    assert elsewhere["amountUsd"] == "0.024"


async def test_a_quote_can_differ_from_the_charge_and_have_another_status(wire):
    await wire.turn(quote_factor=2, quote_status=503)
    status, body, _ = await wire.quote()
    _, charged, _ = await wire.submit()

    assert (status, body["payment"]["amountUsd"], charged["cost"]) == (503, "0.048", 0.024)


async def test_a_quote_is_for_who_asks_for_one_without_a_key(wire):
    plain = await wire.call("POST", SUBMIT, json=REQUEST, headers={})
    keyed = await wire.call("POST", SUBMIT, json=REQUEST, headers={**OTHER, "x-x402": "true"})
    elsewhere = await wire.call("POST", BALANCE, headers={"x-x402": "true"})
    await wire.turn(quotes=False)
    off = await wire.quote()

    assert plain[1]["error"]["code"] == off[1]["error"]["code"] == "missing_api_key"
    assert [answer[0] for answer in (plain, keyed, elsewhere, off)] == [401] * 4


async def test_a_request_that_cannot_be_has_no_quote(wire):
    assert (await wire.quote(model="no one"))[0] == 400


async def test_balances_are_set_and_further_keys_opened_from_outside(wire):
    before = await wire.turn(balance_usd={"other": 0.03, KEY_NAME: 1.5})
    _, body, _ = await wire.call("POST", BALANCE, headers=OTHER)
    await wire.call("POST", SUBMIT, json=REQUEST, headers=OTHER)
    status, refused, _ = await wire.call("POST", SUBMIT, json=REQUEST, headers=OTHER)
    _, after, _ = await wire.call("GET", CONTROL)

    assert before["balance_usd"] == {KEY_NAME: 1.5, "other": 0.03}
    assert body["usd_balance"] == "0.03000000"
    assert (status, refused["requiredBalance"]) == (402, 0.024)
    assert after["balance_usd"] == {KEY_NAME: 1.5, "other": 0.006}


async def test_exactly_enough_is_enough(wire):
    await wire.turn(balance_usd={KEY_NAME: 0.024})

    assert (await wire.submit())[0] == 202
    assert wire.balance_micros == 0


async def test_the_ledger_names_the_key_of_every_movement(wire):
    await wire.turn(balance_usd={"other": 1}, fail="error")
    _, body, _ = await wire.call("POST", SUBMIT, json=REQUEST, headers=OTHER)
    await wire.service.making[body["runId"]]

    _, entries, _ = await wire.call("GET", f"{CONTROL}/ledger")

    assert [(entry["key"], entry["kind"], entry["amount"]) for entry in entries] == [
        ("other", "charge", 0.024),
        ("other", "refund", 0.024),
    ]
    assert {entry["run"] for entry in entries} == {body["runId"]}


async def test_a_refund_takes_its_time_by_the_sandboxs_clock(wire):
    await wire.turn(fail="error", refund_seconds=600)
    run = await wire.made()
    assert (await wire.status(run))["data"]["status"] == "FAILED"

    wire.service.clock.advance(590)
    assert await wire.ledger() == [("charge", 0.024)]
    wire.service.clock.advance(11)
    _, body, _ = await wire.call("POST", BALANCE)

    assert body["usd_balance"] == "50.00000000"
    assert await wire.ledger() == [("charge", 0.024), ("refund", 0.024)]
    assert (await wire.status(run))["data"]["status"] == "FAILED"


@pytest.mark.parametrize(("factor", "corrected"), [(1.5, 0.012), (0.5, -0.012), (0, -0.024)])
async def test_a_video_may_cost_another_sum_in_the_end(wire, factor, corrected):
    await wire.turn(final_cost_factor=factor)

    run = await wire.made()
    body = await wire.status(run)

    assert body["data"]["cost"] == pytest.approx(0.024 * factor)
    assert await wire.ledger() == [("charge", 0.024), ("correction", corrected)]
    assert wire.balance_micros == 50_000_000 - round(24_000 * factor)


async def test_a_final_cost_that_is_the_precharge_needs_no_correction(wire):
    run = await wire.made()

    assert (await wire.status(run))["data"]["cost"] == 0.024
    assert await wire.ledger() == [("charge", 0.024)]


async def test_cost_and_balance_can_be_left_out_of_the_answer(wire):
    await wire.turn(cost=False, remaining_balance=False)

    _, body, _ = await wire.submit()
    status = await wire.status(await wire.made())

    assert set(body) == {"runId", "id", "status", "model", "paymentSource", "prechargeLabel"}
    assert "cost" not in status["data"]
    assert wire.balance_micros == 50_000_000 - 2 * 24_000


async def test_usage_adds_up_what_was_spent_and_given_back(wire):
    await wire.made()
    await wire.turn(fail="error", balance_usd={"other": 1})
    await wire.made(model="hunyuan-video")

    _, body, _ = await wire.call("GET", "/api/v1/usage")
    _, other, _ = await wire.call("GET", "/api/v1/usage", headers=OTHER)

    totals = body["totals"]
    assert (totals["requests"], totals["costUsd"]) == (2, 0.424)
    assert (totals["refundedUsd"], totals["netCostUsd"]) == (0.4, 0.024)
    assert [row["model"] for row in body["byModel"]] == ["Seedance 1.0 Pro Fast", "Hunyuan Video"]
    assert len(body["byDay"]) == 1
    assert other["totals"]["requests"] == 0


async def test_usage_is_up_to_a_minute_old(wire):
    async def requests() -> int:
        _, body, _ = await wire.call("GET", "/api/v1/usage")
        return int(body["totals"]["requests"])

    assert await requests() == 0
    await wire.made()
    assert await requests() == 0
    wire.service.clock.advance(60)
    assert await requests() == 1


async def test_usage_is_asked_for_by_days_and_grouping(wire):
    await wire.made()
    today = wire.service.clock.now().date()
    wire.service.clock.advance(DAY_SECONDS)
    await wire.made()
    path = f"/api/v1/usage?from={today}&to={today}"

    _, one, _ = await wire.call("GET", f"{path}&group_by=day")
    _, both, _ = await wire.call("GET", "/api/v1/usage?group_by=model,day")

    assert (one["totals"]["requests"], both["totals"]["requests"]) == (1, 2)
    assert "byModel" not in one
    assert len(both["byDayModel"]) == 2
    assert both["groupBy"] == "day,model"


@pytest.mark.parametrize(
    "query",
    [
        "from=2026-01-01",
        "from=then&to=now",
        "from=2030-01-02&to=2030-01-01",
        "group_by=key",
        "tz=1",
    ],
)
async def test_usage_that_cannot_be_is_refused(wire, query):
    status, body, _ = await wire.call("GET", f"/api/v1/usage?{query}")

    assert (status, body["error"]["type"]) == (400, "invalid_request_error")
