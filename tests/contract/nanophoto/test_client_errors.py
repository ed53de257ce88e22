"""Every row of NanoPhoto's error catalogue, failures and limits, as an error of ours."""

import json
from datetime import timedelta

import pytest

from bot.errors import (
    ContentRefusedError,
    GenerationFailedError,
    ProviderBalanceError,
    ProviderCredentialsError,
    ProviderRateLimitedError,
    ProviderRejectedRequestError,
)
from bot.providers.contract import ProviderState
from bot.providers.nanophoto.errors import RATE_LIMIT_WAIT
from tests.contract.nanophoto.errors import by_row, error_body, in_both_envelopes, ordered
from tests.factories import NOW
from tests.fakes.clock import FakeClock
from tests.local_nanophoto import (
    GENERATE,
    KEY,
    OPENING_CREDITS,
    PICTURE,
    STATUS,
    Budgetless,
    a_request,
    image,
    order,
    storyboard,
)


@by_row
@in_both_envelopes
async def test_every_row_has_its_class_for_a_submission(
    local, client, code, status, to_submission, to_look, envelope
):
    local.service.faults.append(ordered(GENERATE, status, error_body(code, envelope)))

    with pytest.raises(to_submission) as caught:
        await client.submit(order())

    assert type(caught.value) is to_submission
    assert caught.value.status == status
    assert code in caught.value.detail
    assert local.movements("charge") == []


@by_row
@in_both_envelopes
async def test_every_row_has_its_class_for_a_look(
    local, client, code, status, to_submission, to_look, envelope
):
    receipt = await local.submitted(client, order())
    local.service.faults.append(ordered(STATUS, status, error_body(code, envelope)))

    with pytest.raises(to_look) as caught:
        await client.poll(receipt.handle, a_request())

    assert type(caught.value) is to_look


# --- the rows as the service itself comes to them ---


async def test_a_wrong_key_is_named_as_such(local):
    stranger = local.client("np-wrong")

    with pytest.raises(ProviderCredentialsError):
        await stranger.submit(order())


async def test_an_empty_account_is_named_as_such_and_pays_nothing(local, client):
    local.service.books.balances[KEY] = 29

    with pytest.raises(ProviderBalanceError):
        await client.submit(storyboard(3))

    assert local.credits == 29


async def test_a_request_without_words_is_refused_for_its_form(client):
    with pytest.raises(ProviderRejectedRequestError, match="PROMPT_REQUIRED"):
        await client.submit(order(prompt=""))


async def test_too_many_pictures_are_refused_for_their_number(client):
    four = tuple(image(number) for number in range(4))

    with pytest.raises(ProviderRejectedRequestError, match="INVALID_IMAGE_COUNT"):
        await client.submit(order(reference_images=four))


async def test_a_picture_in_place_of_its_address_is_refused_and_not_logged(client):
    embedded = "data:image/png;base64,iVBORw0KGgo="

    with pytest.raises(ProviderRejectedRequestError, match="IMAGE_URLS_REQUIRED") as caught:
        await client.submit(order(image=image(1), address=embedded))

    assert "iVBORw0KGgo" not in caught.value.detail


async def test_a_shape_that_it_cannot_make_is_refused_in_its_words(client):
    with pytest.raises(ProviderRejectedRequestError, match="aspectRatio must be one of"):
        await client.submit(order(aspect_ratio="1:1"))


async def test_a_picture_that_cannot_be_had_fails_its_shot_alone(local, client):
    status = await local.seen(client, order(image=image(1), address=f"{PICTURE}/away"))

    assert (status.state, status.refused) == (ProviderState.FAILED, False)
    assert status.text == "Video generation failed: an image could not be fetched"


async def test_a_key_that_an_error_repeats_does_not_reach_the_logs(local, client):
    local.service.faults.append(ordered(GENERATE, 400, {"error": f"The key {KEY} is not allowed"}))

    with pytest.raises(ProviderRejectedRequestError) as caught:
        await client.submit(order())

    assert KEY not in caught.value.detail


# --- failing ---


@pytest.mark.parametrize("refund", [True, False])
async def test_a_generate_that_fails_with_500_is_over_and_never_sent_again(local, client, refund):
    local.switch(fail="generate_500", refund=refund)

    with pytest.raises(GenerationFailedError):
        await client.submit(order())

    assert local.movements("charge") == [10]
    assert local.credits == OPENING_CREDITS - (0 if refund else 10)


@in_both_envelopes
async def test_a_generate_that_fails_with_200_is_over(local, client, envelope):
    local.switch(fail="generate_200_failed", envelope=envelope)

    with pytest.raises(GenerationFailedError):
        await client.submit(order())

    assert local.credits == OPENING_CREDITS


async def test_a_prompt_that_is_refused_at_once_says_so_in_the_service_s_words(client):
    with pytest.raises(ContentRefusedError) as caught:
        await client.submit(order(prompt="a blockedword"))

    assert caught.value.friendly == "The prompt was rejected by the safety filter."


async def test_a_result_that_is_refused_later_says_so_in_the_service_s_words(local, client):
    status = await local.seen(client, order(prompt="nsfwlater"))

    assert (status.state, status.refused) == (ProviderState.FAILED, True)
    assert status.text is not None
    assert status.text.endswith("Try a different prompt.")
    assert local.credits == OPENING_CREDITS


async def test_a_shot_refused_for_its_content_in_a_video_is_told_as_a_remark(local, client):
    receipt = await local.submitted(client, storyboard(2))
    local.service.books.shots[_second_task(receipt)].state = "failed"
    local.service.books.shots[_second_task(receipt)].error = "Content policy violation"

    status = await client.poll(receipt.handle, a_request())

    assert status.state is ProviderState.SUCCEEDED
    assert status.text == "Shot 2 of 2 failed: Content policy violation"


def _second_task(receipt):
    return json.loads(receipt.handle)["tasks"][1]["task_id"]


async def test_a_video_whose_failure_comes_as_a_500_has_failed(local, client):
    local.switch(fail="status_500")
    receipt = await local.submitted(client, order())

    with pytest.raises(GenerationFailedError):
        await client.poll(receipt.handle, a_request())


# --- asked too often ---


@pytest.mark.parametrize("path", [GENERATE, STATUS])
@pytest.mark.parametrize(
    ("headers", "waits"),
    [
        ({}, RATE_LIMIT_WAIT),
        ({"Retry_After": "90"}, timedelta(seconds=90)),
        ({"Retry_After": "Sat, 21 Nov 2026 12:20:00 GMT"}, timedelta(minutes=20)),
        ({"Retry_After": "soon"}, RATE_LIMIT_WAIT),
    ],
    ids=["no word", "in seconds", "a date", "nonsense"],
)
async def test_who_asked_too_often_comes_again_when_told_or_after_minutes(
    local, path, headers, waits
):
    client = local.client(clock=FakeClock(NOW))
    receipt = await local.submitted(client, order())
    body = error_body("API_KEY_RATE_LIMIT_EXCEEDED", "veo")
    local.service.faults.append(ordered(path, 429, body, **headers))

    with pytest.raises(ProviderRateLimitedError) as caught:
        await (
            client.submit(order()) if path == GENERATE else client.poll(receipt.handle, a_request())
        )

    assert caught.value.retry_at == NOW + waits


async def test_the_service_s_own_hour_is_respected_where_others_use_the_key(local):
    client = local.client(budgets=Budgetless())
    receipt = await local.submitted(client, order())
    local.switch(requests_per_hour=1)

    with pytest.raises(ProviderRateLimitedError):
        await client.poll(receipt.handle, a_request())
    with pytest.raises(ProviderRateLimitedError):
        await client.submit(order())

    assert local.movements("charge") == [10]
