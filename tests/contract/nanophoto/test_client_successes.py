"""A status of success in front of anything: what NanoPhoto's client makes of it."""

import json

import pytest
from aiohttp import web

from bot.errors import (
    ContentRefusedError,
    GenerationFailedError,
    ProviderBalanceError,
    ProviderJobUnknownError,
    ProviderProtocolError,
    ProviderRateLimitedError,
    ProviderRejectedRequestError,
    ProviderUnavailableError,
    SubmissionUncertainError,
)
from bot.providers.contract import ProviderState
from tests.local_nanophoto import GENERATE, HANDLE, STATUS, a_request, order
from tests.serving import serving

SUBMISSIONS = {
    "failed": ({"status": "failed", "error": "Busy"}, GenerationFailedError),
    "failed inside": (
        {"status": "FAILED", "errorCode": "INTERNAL_ERROR", "error": "Oops"},
        GenerationFailedError,
    ),
    "failed for its content": (
        {"status": "failed", "error": "Violates our policy"},
        ContentRefusedError,
    ),
    "failed for want of credits": (
        {"status": "failed", "errorCode": "INSUFFICIENT_CREDITS", "error": "Empty"},
        ProviderBalanceError,
    ),
    "failed for asking too often": (
        {"status": "failed", "errorCode": "API_KEY_RATE_LIMIT_EXCEEDED"},
        ProviderRateLimitedError,
    ),
    "no success": (
        {"success": False, "errorCode": "INVALID_INPUT", "error": "No"},
        ProviderRejectedRequestError,
    ),
    "no success, inside": (
        {"success": False, "errorCode": "INTERNAL_ERROR", "error": "Oops"},
        SubmissionUncertainError,
    ),
    "no success, no reason": ({"success": False}, SubmissionUncertainError),
    "a code alone": ({"errorCode": "PROMPT_REQUIRED"}, ProviderRejectedRequestError),
    "nothing": ({}, SubmissionUncertainError),
    "no shots": ({"status": "processing", "creditsUsed": 10}, SubmissionUncertainError),
    "empty shots": ({"status": "processing", "shots": []}, SubmissionUncertainError),
    "a shot without a task": (
        {"status": "processing", "shots": [{"shotId": "tag-1-1", "status": "processing"}]},
        SubmissionUncertainError,
    ),
    "a list": ([], SubmissionUncertainError),
    "null": (None, SubmissionUncertainError),
}
LOOKS = {
    "unknown": ({"success": False, "errorCode": "TASK_NOT_FOUND"}, ProviderJobUnknownError),
    "inside": ({"error": "Oops", "errorCode": "INTERNAL_ERROR"}, ProviderUnavailableError),
    "no reason": ({"success": False}, ProviderUnavailableError),
    "nothing": ({}, ProviderProtocolError),
    "no shots": ({"status": "completed"}, ProviderProtocolError),
    "others": (
        {"status": "completed", "shots": [{"taskId": "task_b", "status": "completed"}]},
        ProviderProtocolError,
    ),
    "shots that are none": ({"status": "completed", "shots": "task_a"}, ProviderProtocolError),
    "a list": ([], ProviderProtocolError),
}


def answering(body, status=200):
    async def handler(_request):
        return web.json_response(body, status=status)

    return serving(handler)


@pytest.mark.parametrize(("body", "expected"), SUBMISSIONS.values(), ids=SUBMISSIONS.keys())
async def test_a_submission_s_success_may_be_none(local, body, expected):
    async with answering(body) as origin:
        with pytest.raises(expected) as caught:
            await local.client(origin=origin).submit(order())

    assert type(caught.value) is expected
    if isinstance(caught.value, ProviderRateLimitedError):
        assert caught.value.retry_at is not None


@pytest.mark.parametrize(("body", "expected"), LOOKS.values(), ids=LOOKS.keys())
async def test_a_poll_s_success_may_be_none(local, body, expected):
    async with answering(body) as origin:
        with pytest.raises(expected) as caught:
            await local.client(origin=origin).poll(HANDLE, a_request())

    assert type(caught.value) is expected


@pytest.mark.parametrize("status", [201, 202])
async def test_any_success_is_one(local, status):
    shots = [{"shotId": "tag-1-1", "taskId": "task_a", "status": "processing"}]
    async with answering({"status": "processing", "shots": shots}, status) as origin:
        receipt = await local.client(origin=origin).submit(order())

    assert json.loads(receipt.handle)["tasks"] == [{"shot_id": "tag-1-1", "task_id": "task_a"}]
    assert receipt.precharged_micros == 200_000  # by the page's price, where no credits are named


@pytest.mark.parametrize("status", [301, 302, 307])
async def test_a_redirect_is_not_followed_with_a_key_and_leaves_a_submission_uncertain(
    local, status
):
    seen = []

    async def handler(request):
        seen.append(request.path)
        return web.Response(status=status, headers={"Location": "/elsewhere"})

    async with serving(handler) as origin:
        with pytest.raises(SubmissionUncertainError):
            await local.client(origin=origin).submit(order())
        with pytest.raises(ProviderUnavailableError):
            await local.client(origin=origin).poll(HANDLE, a_request())

    assert seen == [GENERATE, STATUS]


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("completed", ProviderState.SUCCEEDED),
        ("COMPLETED", ProviderState.SUCCEEDED),
        ("success", ProviderState.SUCCEEDED),
        ("processing", ProviderState.RUNNING),
        ("queued", ProviderState.RUNNING),
        ("upscaling", ProviderState.RUNNING),
        ("", ProviderState.RUNNING),
        ("failed", ProviderState.FAILED),
        ("Failed", ProviderState.FAILED),
        ("error", ProviderState.FAILED),
    ],
)
async def test_a_word_that_no_one_documented_means_still_rendering(local, word, state):
    shot = {"shotId": "s", "taskId": "task_a", "status": word, "videoUrl": "https://a.example/f"}
    async with answering({"status": "anything", "shots": [shot]}) as origin:
        status = await local.client(origin=origin).poll(HANDLE, a_request())

    assert status.state is state


async def test_done_and_nowhere_is_waited_for(local):
    shot = {"shotId": "s", "taskId": "task_a", "status": "completed"}
    async with answering({"status": "completed", "shots": [shot]}) as origin:
        status = await local.client(origin=origin).poll(HANDLE, a_request())

    assert status.state is ProviderState.RUNNING
