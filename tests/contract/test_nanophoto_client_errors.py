"""Every row of NanoPhoto's error catalogue, and what else an edge may send, as an error of ours."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from bot.domain.submissions import ProviderState
from bot.errors import (
    ContentRefusedError,
    GenerationFailedError,
    ProviderBalanceError,
    ProviderCredentialsError,
    ProviderJobUnknownError,
    ProviderProtocolError,
    ProviderRateLimitedError,
    ProviderRejectedRequestError,
    ProviderUnavailableError,
    SubmissionUncertainError,
)
from bot.providers.nanophoto.errors import RATE_LIMIT_WAIT
from sandbox.providers.faults import Fault
from tests.factories import NOW
from tests.fakes.clock import FakeClock
from tests.local_nanophoto import (
    GENERATE,
    KEY,
    OPENING_CREDITS,
    PICTURE,
    STATUS,
    Budgetless,
    image,
    local_nanophoto,
    order,
    storyboard,
    wish,
)
from tests.serving import serving

PAGE = "<html><head><title>Attention Required!</title></head></html>"


@pytest.fixture
async def local(tmp_path):
    async with local_nanophoto(tmp_path) as opened:
        yield opened


@pytest.fixture
def client(local):
    return local.client()


def ordered(path, status, body=None, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Fault(path=path, kind="status", status=status, body=body, headers=named)


def error_body(code, envelope):
    said = {"error": "In their words", "errorCode": code}
    return said if envelope == "veo" else {"success": False, **said}


# --- the catalogue, row by row: status, to a submission, to a look ---

CATALOGUE = {
    "LOGIN_REQUIRED": (401, ProviderCredentialsError, ProviderCredentialsError),
    "API_KEY_RATE_LIMIT_EXCEEDED": (429, ProviderRateLimitedError, ProviderRateLimitedError),
    "INSUFFICIENT_CREDITS": (402, ProviderBalanceError, ProviderBalanceError),
    "SHOTS_REQUIRED": (400, ProviderRejectedRequestError, ProviderRejectedRequestError),
    "PROMPT_REQUIRED": (400, ProviderRejectedRequestError, ProviderRejectedRequestError),
    "INVALID_IMAGE_COUNT": (400, ProviderRejectedRequestError, ProviderRejectedRequestError),
    "IMAGE_URLS_REQUIRED": (400, ProviderRejectedRequestError, ProviderRejectedRequestError),
    "IMAGE_REQUIRED": (400, ProviderRejectedRequestError, ProviderRejectedRequestError),
    "INVALID_INPUT": (400, ProviderRejectedRequestError, ProviderRejectedRequestError),
    "TASK_IDS_REQUIRED": (400, ProviderRejectedRequestError, ProviderRejectedRequestError),
    "TASK_NOT_FOUND": (404, ProviderJobUnknownError, ProviderJobUnknownError),
    "GENERATION_FAILED": (500, GenerationFailedError, GenerationFailedError),
    "INTERNAL_ERROR": (500, SubmissionUncertainError, ProviderUnavailableError),
    "SOMETHING_NEW": (400, ProviderRejectedRequestError, ProviderRejectedRequestError),
    "SOMETHING_OLD": (500, SubmissionUncertainError, ProviderUnavailableError),
}
ROWS = [(code, *row) for code, row in CATALOGUE.items()]
by_row = pytest.mark.parametrize(
    ("code", "status", "to_submission", "to_look"), ROWS, ids=[*CATALOGUE]
)
in_both_envelopes = pytest.mark.parametrize("envelope", ["veo", "overview"])


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
        await client.look(receipt.handle, wish())

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


async def test_a_wish_without_words_is_refused_for_its_form(client):
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


async def test_a_shot_refused_for_its_content_in_a_film_is_told_as_a_remark(local, client):
    receipt = await local.submitted(client, storyboard(2))
    local.service.books.shots[_second_task(receipt)].state = "failed"
    local.service.books.shots[_second_task(receipt)].error = "Content policy violation"

    status = await client.look(receipt.handle, wish())

    assert status.state is ProviderState.SUCCEEDED
    assert status.text == "Shot 2 of 2 could not be made: Content policy violation"


def _second_task(receipt):
    return json.loads(receipt.handle)["tasks"][1]["task_id"]


async def test_a_film_whose_failure_comes_as_a_500_has_failed(local, client):
    local.switch(fail="status_500")
    receipt = await local.submitted(client, order())

    with pytest.raises(GenerationFailedError):
        await client.look(receipt.handle, wish())


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
        await (client.submit(order()) if path == GENERATE else client.look(receipt.handle, wish()))

    assert caught.value.retry_at == NOW + waits


async def test_the_service_s_own_hour_is_respected_where_others_use_the_key(local):
    client = local.client(budgets=Budgetless())
    receipt = await local.submitted(client, order())
    local.switch(requests_per_hour=1)

    with pytest.raises(ProviderRateLimitedError):
        await client.look(receipt.handle, wish())
    with pytest.raises(ProviderRateLimitedError):
        await client.submit(order())

    assert local.movements("charge") == [10]


async def test_an_edge_s_429_is_one_too(local, client):
    local.service.faults.append(ordered(GENERATE, 429, PAGE))

    with pytest.raises(ProviderRateLimitedError):
        await client.submit(order())


# --- edges ---

EDGES = {
    "a wall": (403, ProviderUnavailableError, ProviderUnavailableError),
    "no such path": (404, ProviderUnavailableError, ProviderUnavailableError),
    "a time-out of its own": (408, SubmissionUncertainError, ProviderUnavailableError),
    "too large": (413, ProviderRejectedRequestError, ProviderRejectedRequestError),
    "bad gateway": (502, SubmissionUncertainError, ProviderUnavailableError),
    "away": (503, SubmissionUncertainError, ProviderUnavailableError),
    "gateway time-out": (504, SubmissionUncertainError, ProviderUnavailableError),
    "origin is down": (521, SubmissionUncertainError, ProviderUnavailableError),
}


@pytest.mark.parametrize(("status", "to_submission", "to_look"), EDGES.values(), ids=EDGES.keys())
@pytest.mark.parametrize("body", [PAGE, ""], ids=["page", "nothing"])
async def test_what_an_edge_says_is_not_the_service_s_word(
    local, client, status, to_submission, to_look, body
):
    receipt = await local.submitted(client, order())
    local.service.faults += [ordered(GENERATE, status, body), ordered(STATUS, status, body)]

    with pytest.raises(to_submission) as submitted:
        await client.submit(order())
    with pytest.raises(to_look) as looked:
        await client.look(receipt.handle, wish())

    assert (type(submitted.value), type(looked.value)) == (to_submission, to_look)


async def test_the_wall_against_programs_lets_the_bot_through(local, client):
    local.switch(bot_wall=True)

    assert (await local.seen(client, order())).state is ProviderState.SUCCEEDED


async def test_a_403_in_the_service_s_own_words_is_about_the_key(local, client):
    local.service.faults.append(ordered(GENERATE, 403, {"error": "Key disabled"}))

    with pytest.raises(ProviderCredentialsError):
        await client.submit(order())


async def test_a_key_that_an_error_repeats_does_not_reach_the_logs(local, client):
    local.service.faults.append(ordered(GENERATE, 400, {"error": f"The key {KEY} is not allowed"}))

    with pytest.raises(ProviderRejectedRequestError) as caught:
        await client.submit(order())

    assert KEY not in caught.value.detail


# --- successes that are none ---

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
HANDLE = '{"resolution":"720p","tasks":[{"shot_id":"s","task_id":"task_a"}],"credits":10}'


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
async def test_a_look_s_success_may_be_none(local, body, expected):
    async with answering(body) as origin:
        with pytest.raises(expected) as caught:
            await local.client(origin=origin).look(HANDLE, wish())

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
            await local.client(origin=origin).look(HANDLE, wish())

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
async def test_a_word_that_nobody_documented_means_still_in_the_making(local, word, state):
    shot = {"shotId": "s", "taskId": "task_a", "status": word, "videoUrl": "https://a.example/f"}
    async with answering({"status": "anything", "shots": [shot]}) as origin:
        status = await local.client(origin=origin).look(HANDLE, wish())

    assert status.state is state


async def test_done_and_nowhere_is_waited_for(local):
    shot = {"shotId": "s", "taskId": "task_a", "status": "completed"}
    async with answering({"status": "completed", "shots": [shot]}) as origin:
        status = await local.client(origin=origin).look(HANDLE, wish())

    assert status.state is ProviderState.RUNNING


# --- the page ---


def section():
    """What docs/providers.md says of NanoPhoto."""
    page = (Path(__file__).parents[2] / "docs" / "providers.md").read_text("utf-8")
    return page.partition("## NanoPhoto Veo 3.1")[2].partition("\n## ")[0]


@by_row
def test_every_row_stands_on_the_page(code, status, to_submission, to_look):
    name = "any other" if code.startswith("SOMETHING") else f"`{code}`"
    classes = f"`{to_submission.__name__}` | `{to_look.__name__}`"

    assert f"| {name} | {status} | {classes} |" in section()


def test_every_test_that_the_page_names_is_there():
    tests = Path(__file__).parents[1]
    files = {name: tests / name for name in re.findall(r"`(\w+/[\w/]+\.py)`", section())}
    sources = "".join(path.read_text("utf-8") for path in files.values())

    assert len(files) > 8
    for name in re.findall(r"`(test_\w+)`", section()):
        assert f"def {name}(" in sources
