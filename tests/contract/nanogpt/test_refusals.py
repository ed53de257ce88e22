"""Every documented error of NanoGPT, in every envelope: its class, its words, and the money."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from bot.clock import SystemClock
from bot.errors import (
    GenerationFailedError,
    ProviderError,
    ProviderJobUnknownError,
)
from tests.contract.nanogpt.refusals import (
    AWAY,
    CATALOGUE,
    CODED,
    EMPTY,
    KEY,
    LOST,
    OFTEN,
    PAGE,
    PLAIN,
    REFUSED,
    REJECTED,
    Kind,
    Row,
)
from tests.fakes.clock import FakeClock
from tests.local_nanogpt import BALANCE, RECOVER, STATUS, Desk, desk_at

OPENING_MICROS = 50_000_000


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(SystemClock().now())


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def desk(wire, clock) -> AsyncIterator[Desk]:
    wire.renew()
    async with desk_at(wire, clock=clock) as opened:
        yield opened


async def refused(desk: Desk, envelope: int, row: Row, **order: Any) -> ProviderError:
    given = {"status": row.status, "code": row.code, "message": row.message, "envelope": envelope}
    await desk.wire.turn(refuse=given | order)
    with pytest.raises(ProviderError) as caught:
        await desk.submit()
    return caught.value


@pytest.mark.parametrize("row", CATALOGUE, ids=str)
async def test_every_row_has_its_class_its_words_and_costs_nothing(desk, row):
    for envelope in (*CODED, *PLAIN):
        error = await refused(desk, envelope, row)

        assert type(error) is row.kind, envelope
        assert error.status == row.status
        if row.advice is not None and envelope in row.coded_in:
            assert row.advice in (getattr(error, "friendly", None) or ""), envelope
    edge = await refused(desk, PAGE, row)  # of which the status alone can be read

    assert type(edge) is (row.page or row.kind)
    assert getattr(edge, "friendly", None) is None or row.status == 413
    assert (desk.money, desk.wire.balance_micros) == ([], OPENING_MICROS)


LOOKS: dict[int, Kind] = {
    400: REJECTED,
    401: KEY,
    402: EMPTY,
    403: ProviderJobUnknownError,
    404: ProviderJobUnknownError,
    408: AWAY,
    409: AWAY,
    413: REJECTED,
    422: REJECTED,
    429: OFTEN,
    500: AWAY,
    502: AWAY,
    503: AWAY,
    504: AWAY,
}


@pytest.mark.parametrize("status", LOOKS)
async def test_every_error_of_a_poll_has_its_class_in_every_envelope(desk, status):
    receipt = await desk.submit()
    for envelope in (*CODED, *PLAIN):
        order = {"status": status, "message": "Such is life", "envelope": envelope}
        await desk.wire.turn(refuse=order | {"path": STATUS})
        with pytest.raises(ProviderError) as caught:
            await desk.client.poll(receipt.handle, desk.request)

        says_pro = status == 403 and envelope in {2, 3}  # that type stands for a 403 there
        assert type(caught.value) is (KEY if says_pro else LOOKS[status]), envelope


@pytest.mark.parametrize("status", LOOKS)
async def test_a_page_in_place_of_a_status_never_means_that_a_video_is_unknown(desk, status):
    receipt = await desk.submit()
    await desk.wire.turn(refuse={"status": status, "envelope": PAGE, "path": "*status"})
    with pytest.raises(ProviderError) as caught:
        await desk.client.poll(receipt.handle, desk.request)

    away = {403, 404}
    assert type(caught.value) is (AWAY if status in away else LOOKS[status])


async def asked(desk: Desk, path: str) -> None:
    if path == RECOVER:
        await desk.client.recover("tag-1", desk.request)
    else:
        await desk.client.balance_micros()


@pytest.mark.parametrize("path", [RECOVER, BALANCE])
@pytest.mark.parametrize("status", LOOKS)
async def test_every_error_of_the_other_questions_has_its_class(desk, path, status):
    usual = {403: KEY, 404: REJECTED}
    for envelope in (*CODED, *PLAIN, PAGE):
        order = {"status": status, "message": "Such is life", "envelope": envelope}
        await desk.wire.turn(refuse=order | {"path": path})
        with pytest.raises(ProviderError) as caught:
            await asked(desk, path)

        is_wall = status == 403 and envelope == PAGE
        assert type(caught.value) is (AWAY if is_wall else usual.get(status, LOOKS[status]))


@pytest.mark.parametrize("envelope", [*CODED, *PLAIN])
async def test_what_a_refusal_says_beside_its_error_does_no_harm(desk, envelope):
    beside = {
        "refundMessage": "Refunded",
        "requiredBalance": 0.0035,
        "moderation": {"id": "m", "model": "x", "results": [], "usage": {}},
        "payment": {"amountUsd": "0.1", "accepted": []},
        "x402Version": 1,
    }
    row = Row(400, "content_policy_violation", "blocked by content moderation", REFUSED)

    error = await refused(desk, envelope, row, more=beside)

    assert type(error) is REFUSED


async def test_a_failure_that_says_that_the_money_is_back_is_no_riddle(desk):
    row = Row(500, None, "Generation failed", GenerationFailedError)
    error = await refused(desk, 3, row, more={"refundMessage": "You have been refunded."})

    assert type(error) is GenerationFailedError


async def test_a_failure_that_says_that_nothing_was_charged_is_no_riddle(desk):
    text = "Upstream is down. You have not been charged for this request."

    assert type(await refused(desk, 4, Row(502, None, text, AWAY))) is AWAY


async def test_a_failure_that_was_billed_all_the_same_is_looked_up(desk):
    text = "Failed after provider processing may have started, so this request has been billed."

    assert type(await refused(desk, 4, Row(500, "api_error", text, LOST))) is LOST


async def test_a_rate_limit_says_when_to_come_again_with_its_header_and_without(desk, clock):
    row = Row(429, None, "Rate limit exceeded.", OFTEN)
    told = await refused(desk, 1, row, retry_after=60)
    await desk.wire.turn(retry_after=False)
    untold = await refused(desk, 1, row, retry_after=60)

    assert isinstance(told, OFTEN)
    assert isinstance(untold, OFTEN)
    assert told.retry_at == clock.now() + timedelta(seconds=60)
    assert untold.retry_at is None


@pytest.mark.parametrize("code", ["daily_rpd_limit_exceeded", "daily_usd_limit_exceeded"])
async def test_a_daily_limit_ends_at_midnight_utc_whatever_the_header_forgets(desk, clock, code):
    error = await refused(desk, 4, Row(429, code, "Daily limit", OFTEN))

    assert isinstance(error, OFTEN)
    assert error.retry_at is not None
    assert error.retry_at.time().isoformat() == "00:00:00"
    assert timedelta() < error.retry_at - clock.now() <= timedelta(days=1)


async def test_the_services_own_limits_are_met_as_such(desk):
    await desk.wire.turn(submissions_per_minute=1, recoveries_per_minute=0)
    await desk.submit()

    with pytest.raises(OFTEN) as often:
        await desk.submit()
    with pytest.raises(OFTEN):
        await desk.client.recover("tag-1", desk.request)

    assert often.value.retry_at is not None
    assert len(desk.money) == 1


@pytest.mark.parametrize("switch", [{"daily_requests": 1}, {"daily_usd": 0.03}])
async def test_the_days_limits_of_a_key_are_met_as_such(desk, switch):
    await desk.wire.turn(**switch)
    await desk.submit()

    with pytest.raises(OFTEN) as often:
        await desk.submit()

    assert often.value.retry_at is not None
    assert len(desk.money) == 1


async def test_a_model_that_has_left_the_list_is_refused_in_words(desk):
    await desk.client.list_capabilities()
    await desk.wire.turn(withdrawn=[desk.request.model_id])

    with pytest.raises(REJECTED) as caught:
        await desk.submit()

    assert "Choose another one" in (caught.value.friendly or "")


async def test_a_prompt_that_the_service_finds_bad_is_refused_at_once_and_later_alike(desk):
    with pytest.raises(REFUSED):
        await desk.submit(prompt="a blockedword")
    later = await desk.ended(await desk.submit(prompt="a nsfwlater"))

    assert (later.refused, desk.wire.balance_micros) == (True, OPENING_MICROS)


async def test_an_account_without_money_is_named_and_stays_as_it_is(desk):
    desk.service.books.open("sk-nano-sandbox", 1000)

    with pytest.raises(EMPTY):
        await desk.submit()

    assert (desk.money, desk.wire.balance_micros) == ([], 1000)
