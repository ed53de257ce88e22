"""The bot's client at a local NanoGPT that words its answers in every way that is known of it."""

from itertools import product
from typing import Any, get_args

import pytest
import pytest_asyncio

from bot.errors import ArtifactUnavailableError, ProviderJobUnknownError
from bot.ids import ModelId
from bot.providers.contract import ProviderState, ProviderStatus, Receipt
from sandbox.providers.nanogpt.answers import Dialect, Failure, Output, Words
from tests.local_nanogpt import STATUS, Desk, desk_at

DIALECTS, WORDS, OUTPUTS = get_args(Dialect), get_args(Words), get_args(Output)
COST_MICROS, OPENING_MICROS = 24_000, 50_000_000
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def desk(desk: Desk) -> Desk:
    """One that may ask as often as the test likes."""
    await desk.wire.turn(submissions_per_minute=1000, requests_per_second=1000)
    return desk


async def under_way(desk: Desk, seconds: float = 100, **switches: Any) -> Receipt:
    """A video that takes so long, ordered just now and already drawn."""
    await desk.wire.turn(generation_seconds=seconds, **switches)
    receipt = await desk.submit()
    run = desk.service.books.runs[receipt.handle]
    run.rendered_at = run.created_at
    return receipt


async def poll(desk: Desk, receipt: Receipt) -> ProviderStatus:
    return await desk.client.poll(receipt.handle, desk.request)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_video_is_found_in_every_wording_and_every_spelling_of_its_address(desk, dialect):
    receipt = await desk.submit()
    await desk.service.making[receipt.handle]
    for words, output in product(WORDS, OUTPUTS):
        await desk.wire.turn(dialect=dialect, words=words, output=output, error_null=True)
        status = await poll(desk, receipt)

        nowhere = output == "none" and dialect != "openapi"
        assert status.state is (ProviderState.RUNNING if nowhere else ProviderState.SUCCEEDED)
        assert len(status.artifact_addresses) == (0 if nowhere else 1), (words, output)
        assert all(one.endswith(".mp4") for one in status.artifact_addresses)
        assert (status.refused, status.text) == (False, None)


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_every_step_of_a_video_is_understood_in_every_wording(desk, dialect, words):
    receipt = await under_way(desk, dialect=dialect, words=words, delivering=True)
    seen = []
    for seconds in (0, 30, 62, 9, 1000):
        desk.service.clock.advance(seconds)
        seen.append((await poll(desk, receipt)).state)

    queued, running, done = ProviderState.QUEUED, ProviderState.RUNNING, ProviderState.SUCCEEDED
    assert seen == [queued, running, running, done, done]


@pytest.mark.parametrize("fail", ["error", "policy", "cancel"])
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_every_end_without_a_video_is_understood_and_gives_the_money_back(
    desk, dialect, fail
):
    await desk.wire.turn(dialect=dialect, fail=fail)
    receipt = await desk.submit()
    await desk.service.making[receipt.handle]
    for words, failure in product(WORDS, get_args(Failure)):
        await desk.wire.turn(words=words, failure=failure)
        status = await poll(desk, receipt)

        ended = ProviderState.CANCELLED if fail == "cancel" else ProviderState.FAILED
        assert (status.state, status.artifact_addresses) == (ended, ()), (words, failure)
        assert status.refused == (fail == "policy"), (words, failure)
    assert desk.money == [("charge", COST_MICROS), ("refund", COST_MICROS)]


async def test_only_the_text_for_members_is_shown_to_them(desk):
    await desk.wire.turn(fail="policy")
    receipt = await desk.submit()
    told = await desk.ended(receipt)
    await desk.wire.turn(failure="bare")
    untold = await poll(desk, receipt)

    assert "Please modify your prompt" in (told.text or "")
    assert (untold.refused, untold.text) == (True, None)


async def test_a_failure_with_a_code_of_its_own_is_a_failure(desk):
    await desk.wire.turn(fail="error", fail_message="INVALID_AUDIO_DURATION")

    status = await desk.ended(await desk.submit())

    assert (status.state, status.refused, status.text) == (ProviderState.FAILED, False, None)


async def test_money_that_comes_back_late_comes_back(desk):
    await desk.wire.turn(fail="error", refund_seconds=600)
    await desk.ended(await desk.submit())
    before = await desk.client.balance_micros()
    desk.service.clock.advance(601)

    assert (before, await desk.client.balance_micros()) == (
        OPENING_MICROS - COST_MICROS,
        OPENING_MICROS,
    )


async def test_money_that_does_not_come_back_is_seen_in_the_balance(desk):
    await desk.wire.turn(fail="error", refund=False)
    await desk.ended(await desk.submit())

    assert await desk.client.balance_micros() == OPENING_MICROS - COST_MICROS


@pytest.mark.parametrize("factor", [0.5, 1, 1.5])
async def test_what_a_video_costs_in_the_end_is_what_the_ledger_holds(desk, factor):
    await desk.wire.turn(final_cost_factor=factor)

    receipt = await desk.submit()
    status = await desk.ended(receipt)

    spent = OPENING_MICROS - (await desk.client.balance_micros() or 0)
    assert receipt.precharged_micros == COST_MICROS
    assert status.charged_micros == spent == COST_MICROS * factor


RECEIPTS: list[tuple[dict[str, Any], int | None]] = [
    ({"submission": "current"}, COST_MICROS),
    ({"submission": "seed"}, COST_MICROS),
    ({"submit_status": 200}, COST_MICROS),
    ({"remaining_balance": False}, COST_MICROS),
    ({"cost": False}, None),
    ({"payment_source": "XNO"}, None),
]


@pytest.mark.parametrize(("switches", "precharged"), RECEIPTS, ids=str)
async def test_every_receipt_is_read_and_its_video_found(desk, switches, precharged):
    await desk.wire.turn(**switches)

    receipt = await desk.submit()

    assert receipt.precharged_micros == precharged
    assert (await desk.ended(receipt)).state is ProviderState.SUCCEEDED
    assert await desk.client.recover("tag-1", desk.request) == Receipt(receipt.handle)


@pytest.mark.parametrize("status", [404, 405])
async def test_a_video_of_the_seeds_kind_is_found_where_only_the_older_status_exists(desk, status):
    await desk.wire.turn(submission="seed", words="seed", dialect="legacy")
    receipt = await desk.submit()
    await desk.wire.fault(path=STATUS, kind="status", status=status, body={"error": "Not found"})

    assert receipt.handle.startswith("fal-request-")
    assert (await desk.ended(receipt)).state is ProviderState.SUCCEEDED


async def test_an_id_that_is_unknown_for_a_moment_is_known_afterwards(desk):
    await desk.wire.turn(unknown_seconds=30)
    receipt = await desk.submit()

    with pytest.raises(ProviderJobUnknownError):
        await poll(desk, receipt)
    desk.service.clock.advance(31)

    assert (await desk.ended(receipt)).state is ProviderState.SUCCEEDED


async def test_a_video_that_takes_more_than_ten_minutes_is_still_being_made(desk):
    receipt = await under_way(desk, 3600)
    desk.service.clock.advance(3000)

    assert (await poll(desk, receipt)).state is ProviderState.RUNNING


@pytest.mark.parametrize("model", ["grok-imagine-video", "sora-2"])
async def test_a_video_below_the_service_is_fetched_with_the_key_and_its_store_sees_none(
    desk, model, tmp_path
):
    await desk.client.list_capabilities()
    seconds = 4 if model == "sora-2" else 6
    request = {"model_id": ModelId(model), "duration_seconds": seconds, "resolution": "720p"}
    receipt = await desk.submit(**request)
    (address,) = (await desk.ended(receipt)).artifact_addresses
    await desk.client.fetch(address, tmp_path / "video.mp4")

    assert address.startswith("/api/generate-video/content?")
    assert (tmp_path / "video.mp4").read_bytes()[4:8] == b"ftyp"
    assert desk.service.keys_seen_by_storage == []


async def test_an_address_that_has_expired_is_asked_for_again(desk, tmp_path):
    receipt = await desk.submit()
    (address,) = (await desk.ended(receipt)).artifact_addresses
    await desk.wire.turn(storage_expired=True)
    with pytest.raises(ArtifactUnavailableError):
        await desk.client.fetch(address, tmp_path / "video.mp4")
    await desk.wire.turn(storage_expired=False)
    (fresh,) = (await poll(desk, receipt)).artifact_addresses
    await desk.client.fetch(fresh, tmp_path / "video.mp4")

    assert (tmp_path / "video.mp4").exists()


async def test_a_tag_is_found_among_many_videos_and_after_a_model_was_renamed(desk):
    wanted = await desk.submit("wanted")
    others = [await desk.submit(f"tag-{number}") for number in range(60)]
    renamed = await desk.submit("renamed", model_id=ModelId("wan-25"), duration_seconds=5)

    assert await desk.client.recover("wanted", desk.request) == Receipt(wanted.handle)
    assert await desk.client.recover("tag-3", desk.request) == Receipt(others[3].handle)
    assert await desk.client.recover("renamed", desk.request) == Receipt(renamed.handle)
    assert await desk.client.recover("tag", desk.request) is None


async def test_no_one_elses_video_is_looked_at_or_recovered(desk):
    desk.service.books.open("another-key")
    receipt = await desk.submit()
    async with desk_at(desk.wire, key="another-key") as stranger:
        with pytest.raises(ProviderJobUnknownError):
            await stranger.client.poll(receipt.handle, desk.request)

        assert await stranger.client.recover("tag-1", desk.request) is None
        assert await stranger.client.balance_micros() == OPENING_MICROS
