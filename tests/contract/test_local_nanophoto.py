"""The local NanoPhoto keeps what NanoPhoto's documents promise; asked over bare HTTP.

The films themselves are tested in test_local_nanophoto_films.py; here blank files stand for them.
"""

import asyncio
import contextlib
import io
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from sandbox.api import services
from sandbox.app import Sandbox, running_sandbox
from sandbox.films.rendering import Renderer, RenderingError
from sandbox.providers.nanophoto.making import Studio
from sandbox.providers.nanophoto.service import NanoPhoto
from sandbox.providers.nanophoto.shots import Shot
from sandbox.settings import SandboxSettings

Json = dict[str, Any]

KEY = "np-sandbox"
CONTROL = "/sandbox/api/providers/nanophoto"
GENERATE = "/api/veo-3/generate"
STATUS = "/api/veo-3/check-status"
PICTURE = "https://static.nanophoto.ai/demo/nano-banana-pro.webp"
EMBEDDED = "data:image/png;base64,AA=="
FRAMES = "FIRST_AND_LAST_FRAMES_2_VIDEO"
REFERENCE = "REFERENCE_2_VIDEO"


class BlankStudio(Studio):
    """Its films are files with a few bytes; a picture named `away` cannot be had."""

    async def make(self, shot: Shot) -> str:
        if any("away" in address for address in shot.order.image_urls):
            raise RenderingError("an image could not be fetched")
        return self._blank(f"{shot.task_id}.mp4")

    async def join(self, shots: Any) -> str:
        return self._blank(f"task_joined{shots[0].task_id}.mp4")

    def _blank(self, name: str) -> str:
        (self.folder / name).write_bytes(b"\0\0\0\x18ftypisom")
        return name


@dataclass
class Wire:
    """Bare HTTP to the service and to its control routes."""

    sandbox: Sandbox
    session: aiohttp.ClientSession

    @property
    def service(self) -> NanoPhoto:
        return self.sandbox.nanophoto.service

    async def call(
        self, method: str, path: str, body: Any = None, *, key: str | None = KEY, **more: Any
    ) -> tuple[int, Any]:
        """A status with JSON, or with text where the answer is no JSON."""
        own = path.startswith("/sandbox")
        origin = self.sandbox.origin if own else self.sandbox.nanophoto.origin
        headers = {"Content-Type": "application/json"} | more.pop("headers", {})
        if key is not None and not own:
            headers["Authorization"] = f"Bearer {key}"
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        data = None if body is None else io.BytesIO(content)  # as a large body must be sent
        async with self.session.request(
            method, f"{origin}{path}", data=data, headers=headers, **more
        ) as answer:
            is_json = answer.content_type == "application/json"
            return answer.status, await answer.json() if is_json else await answer.text()

    async def generate(self, *shots: Json, key: str = KEY, **more: Any) -> tuple[int, Any]:
        body = {"shots": list(shots) or [a_shot()], **more}
        return await self.call("POST", GENERATE, body, key=key)

    async def check(self, *tasks: Json, key: str = KEY, **more: Any) -> tuple[int, Any]:
        asked = [{"shotId": task["shotId"], "taskId": task["taskId"]} for task in tasks]
        return await self.call("POST", STATUS, {"taskIds": asked, **more}, key=key)

    async def made(self, *shots: Json, **more: Any) -> list[Json]:
        """The tasks of an accepted request, when they are over."""
        status, body = await self.generate(*shots, **more)
        assert status == 200, body
        await self.service.making[body["shots"][0]["taskId"]]
        return list(body["shots"])

    async def switch(self, **switches: Any) -> Json:
        status, body = await self.call("PATCH", CONTROL, switches)
        assert status == 200, body
        return dict(body)

    async def fault(self, **fault: Any) -> None:
        assert (await self.call("POST", f"{CONTROL}/faults", fault))[0] == 201


def a_shot(name: str = "shot-1", **fields: Any) -> Json:
    wish = {
        "id": name,
        "prompt": "A golden retriever running on a beach at sunset, cinematic lighting",
        "generationType": "TEXT_2_VIDEO",
        "aspectRatio": "16:9",
    }
    return wish | fields


def shots(count: int, **fields: Any) -> list[Json]:
    return [a_shot(f"shot-{number}", **fields) for number in range(1, count + 1)]


def pictured(kind: str, count: int, instead: Any = None) -> Json:
    addresses = [PICTURE] * count if instead is None else instead
    return a_shot(generationType=kind, imageUrls=addresses)


class Gate:
    """Every wait of the service lasts until it is released once."""

    def __init__(self) -> None:
        self._reached, self._released = asyncio.Semaphore(0), asyncio.Semaphore(0)

    async def wait(self, _seconds: float) -> None:
        self._reached.release()
        await self._released.acquire()

    async def reached(self) -> None:
        await self._reached.acquire()

    def release(self) -> None:
        self._released.release()


@pytest.fixture
async def wire(tmp_path) -> AsyncIterator[Wire]:
    settings = SandboxSettings(port=0, generation_seconds=0, data_dir=tmp_path, traffic_log=None)
    async with running_sandbox(settings) as sandbox, aiohttp.ClientSession() as session:
        service = sandbox.nanophoto.service
        service.studio = BlankStudio(Renderer(), service.studio.folder)
        yield Wire(sandbox, session)


@pytest.fixture
def gate(wire, monkeypatch) -> Gate:
    gate = Gate()
    monkeypatch.setattr(wire.sandbox.clock, "sleep", gate.wait)
    return gate


# --- the page's own examples ---


async def test_the_first_example_of_the_page_is_answered_as_the_page_says(wire):
    status, body = await wire.generate(a_shot(), resolution="720p")

    assert status == 200
    (shot,) = body["shots"]
    assert body == {"status": "processing", "shots": [shot], "creditsUsed": 10}
    assert set(shot) == {"shotId", "taskId", "status"}
    assert (shot["shotId"], shot["status"]) == ("shot-1", "processing")
    assert shot["taskId"].removeprefix("task_").isalnum()
    assert shot["taskId"] == shot["taskId"].lower()


async def test_the_page_s_picture_is_taken_by_its_public_address(wire):
    shot = a_shot(generationType="REFERENCE_2_VIDEO", imageUrls=[PICTURE])

    status, body = await wire.generate(shot, resolution="720p")

    assert (status, body["creditsUsed"]) == (200, 10)


async def test_a_task_is_processing_until_it_is_completed_with_an_address_and_a_time(wire, gate):
    _, body = await wire.generate()
    (task,) = body["shots"]

    assert await wire.check(task, resolution="720p") == (
        200,
        {"status": "processing", "shots": [task]},
    )
    gate.release()
    await wire.service.making[task["taskId"]]
    address = f"{wire.service.storage_origin}/storage/{task['taskId']}.mp4"
    done = task | {"status": "completed", "videoUrl": address, "generationTime": 0}
    for _ in range(2):  # a status can be asked for again
        assert await wire.check(task) == (200, {"status": "completed", "shots": [done]})


async def test_a_failed_task_says_so_in_the_page_s_words(wire):
    await wire.switch(fail="all")
    (task,) = await wire.made()

    failed = task | {"status": "failed", "error": "Video generation failed"}
    assert await wire.check(task) == (200, {"status": "failed", "shots": [failed]})


async def test_the_page_s_client_goes_from_a_wish_to_its_films(wire):
    _, data = await wire.generate(*shots(3), resolution="720p")
    assert data["status"] != "failed"
    await wire.service.making[data["shots"][0]["taskId"]]

    _, status = await wire.check(*data["shots"], resolution="720p")

    assert status["status"] == "completed"
    assert len({shot["videoUrl"] for shot in status["shots"]}) == 3


async def test_an_empty_account_hears_the_page_s_words(wire):
    await wire.switch(balances={KEY: 9})

    assert await wire.generate() == (
        402,
        {
            "error": "Insufficient credits",
            "errorCode": "INSUFFICIENT_CREDITS",
            "requiredCredits": 10,
        },
    )
    assert wire.service.books.entries == []


# --- keys and the hour ---


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer no"},
        {"Authorization": KEY},
        {"Authorization": f"Basic {KEY}"},
        {"x-api-key": KEY},
    ],
    ids=str,
)
@pytest.mark.parametrize("path", [GENERATE, STATUS, "/api/sora-2/generate"])
async def test_without_the_bearer_s_key_every_path_stays_shut(wire, headers, path):
    status, body = await wire.call("POST", path, {}, key=None, headers=headers)

    assert (status, body["errorCode"]) == (401, "LOGIN_REQUIRED")


async def test_the_hundred_and_first_request_of_an_hour_is_too_many_whatever_its_path(wire):
    paths = [GENERATE, STATUS, "/api/sora-2/generate", GENERATE]
    seen = [(await wire.call("POST", paths[n % 4], {}))[0] for n in range(100)]

    for path in paths:
        status, body = await wire.call("POST", path, {})
        assert (status, body["errorCode"]) == (429, "API_KEY_RATE_LIMIT_EXCEEDED")
        assert "100 requests/hour" in body["error"]

    assert seen == [400, 400, 404, 400] * 25


async def test_the_hour_is_a_sliding_one_of_the_sandbox_s_clock_and_counts_each_key_alone(wire):
    await wire.switch(requests_per_hour=2, balances={"other": 5})

    async def asked(key: str = KEY) -> int:
        status, _ = await wire.call("POST", GENERATE, {}, key=key)
        return int(status)

    assert await asked() == 400
    wire.sandbox.clock.advance(1800)
    assert [await asked(), await asked(), await asked("other")] == [400, 429, 400]
    wire.sandbox.clock.advance(1801)
    assert [await asked(), await asked()] == [400, 429]


async def test_who_has_asked_too_often_gets_no_time_to_come_back(wire):
    await wire.switch(requests_per_hour=0)
    origin = wire.sandbox.nanophoto.origin
    headers = {"Authorization": f"Bearer {KEY}"}

    async with wire.session.post(f"{origin}{GENERATE}", json={}, headers=headers) as answer:
        assert answer.status == 429
        assert "Retry-After" not in answer.headers


async def test_a_wrong_key_is_not_counted_and_goes_before_the_hour(wire):
    await wire.switch(requests_per_hour=0)

    assert (await wire.call("POST", GENERATE, {}, key="no"))[0] == 401


async def test_asking_how_a_task_stands_is_free_where_it_is_switched_so(wire):
    (task,) = await wire.made()
    await wire.switch(requests_per_hour=1, counts_status=False)

    assert [(await wire.check(task))[0] for _ in range(3)] == [200, 200, 200]
    assert (await wire.generate())[0] == 429
    await wire.switch(counts_status=True)
    assert (await wire.check(task))[0] == 429


async def test_the_control_routes_tell_how_much_of_an_hour_is_used(wire):
    await wire.generate()

    assert (await wire.call("GET", CONTROL))[1]["requests_in_the_last_hour"] == {KEY: 1}


# --- what is accepted, in the order in which it looks ---


WRONG: dict[str, tuple[Any, str]] = {
    "nothing": (b"", "INVALID_INPUT"),
    "half an object": (b"{", "INVALID_INPUT"),
    "no text": (b"\xff", "INVALID_INPUT"),
    "too deep": (b"[" * 100_000, "INVALID_INPUT"),
    "a list": ([], "INVALID_INPUT"),
    "no shots": ({}, "SHOTS_REQUIRED"),
    "empty shots": ({"shots": []}, "SHOTS_REQUIRED"),
    "shots that are no list": ({"shots": {"id": "a"}}, "SHOTS_REQUIRED"),
    "a shot that is no object": ({"shots": ["words"]}, "INVALID_INPUT"),
    "no id": ({"shots": [a_shot(id=None)]}, "INVALID_INPUT"),
    "a number for an id": ({"shots": [a_shot(id=1)]}, "INVALID_INPUT"),
    "one id twice": ({"shots": [a_shot("same"), a_shot("same")]}, "INVALID_INPUT"),
    "no prompt": ({"shots": [a_shot(prompt=None)]}, "PROMPT_REQUIRED"),
    "a blank second prompt": ({"shots": [a_shot(), a_shot("b", prompt=" ")]}, "PROMPT_REQUIRED"),
    "an unknown type": ({"shots": [a_shot(generationType="IMAGE_2_VIDEO")]}, "INVALID_INPUT"),
    "no type": ({"shots": [a_shot(generationType=None)]}, "INVALID_INPUT"),
    "a list for a type": ({"shots": [a_shot(generationType=[])]}, "INVALID_INPUT"),
    "a square": ({"shots": [a_shot(aspectRatio="1:1")]}, "INVALID_INPUT"),
    "no shape": ({"shots": [a_shot(aspectRatio=None)]}, "INVALID_INPUT"),
    "text with a picture": ({"shots": [pictured("TEXT_2_VIDEO", 1)]}, "INVALID_IMAGE_COUNT"),
    "no frame": ({"shots": [pictured(FRAMES, 0)]}, "INVALID_IMAGE_COUNT"),
    "three frames": ({"shots": [pictured(FRAMES, 3)]}, "INVALID_IMAGE_COUNT"),
    "no reference": ({"shots": [pictured(REFERENCE, 0)]}, "INVALID_IMAGE_COUNT"),
    "four references": ({"shots": [pictured(REFERENCE, 4)]}, "INVALID_IMAGE_COUNT"),
    "no list of frames": ({"shots": [a_shot(generationType=FRAMES)]}, "IMAGE_URLS_REQUIRED"),
    "a text for a list": ({"shots": [pictured(REFERENCE, 1, PICTURE)]}, "IMAGE_URLS_REQUIRED"),
    "a picture itself": ({"shots": [pictured(REFERENCE, 1, [EMBEDDED])]}, "IMAGE_URLS_REQUIRED"),
    "a large K": ({"shots": [a_shot()], "resolution": "4K"}, "INVALID_INPUT"),
    "an unknown resolution": ({"shots": [a_shot()], "resolution": "480p"}, "INVALID_INPUT"),
    "a number for it": ({"shots": [a_shot()], "resolution": 720}, "INVALID_INPUT"),
    "two shots in 1080p": ({"shots": shots(2), "resolution": "1080p"}, "INVALID_INPUT"),
    "two shots in 4k": ({"shots": shots(2), "resolution": "4k"}, "INVALID_INPUT"),
    "22 shots": ({"shots": shots(22)}, "INVALID_INPUT"),
}


@pytest.mark.parametrize(("body", "code"), WRONG.values(), ids=WRONG)
async def test_a_wish_that_cannot_be_is_refused_by_its_code_and_free_of_charge(wire, body, code):
    status, answer = await wire.call("POST", GENERATE, body)

    assert (status, answer["errorCode"]) == (400, code)
    assert answer["error"]
    assert wire.service.books.entries == []
    assert wire.service.books.balances == {KEY: 1000}


async def test_a_picture_of_megabytes_in_place_of_its_address_is_refused_in_words_too(wire):
    picture = f"data:image/png;base64,{'A' * 3_000_000}"

    status, answer = await wire.generate(a_shot(generationType=REFERENCE, imageUrls=[picture]))

    assert (status, answer["errorCode"]) == (400, "IMAGE_URLS_REQUIRED")


async def test_of_several_wrong_things_the_first_in_order_is_told(wire):
    await wire.switch(balances={KEY: 0})
    shot = a_shot("same", prompt="", generationType="NO", imageUrls=[EMBEDDED])
    codes = []
    for mended in (
        {},
        {"id": "other"},
        {"prompt": "a blockedword"},
        {"generationType": REFERENCE},
        {"imageUrls": [PICTURE]},
    ):
        shot |= mended
        _, body = await wire.generate(a_shot("same"), shot, resolution="1080p")
        codes.append(body["errorCode"])
    codes.append((await wire.generate(a_shot("same"), shot))[1]["errorCode"])
    await wire.switch(balances={KEY: 20})
    codes.append((await wire.generate(a_shot("same"), shot))[1]["errorCode"])

    assert codes == [
        "INVALID_INPUT",  # one id twice
        "PROMPT_REQUIRED",
        "INVALID_INPUT",  # the type
        "IMAGE_URLS_REQUIRED",
        "INVALID_INPUT",  # two shots in 1080p
        "INSUFFICIENT_CREDITS",
        "GENERATION_FAILED",
    ]


@pytest.mark.parametrize(
    ("kind", "pictures"),
    [("TEXT_2_VIDEO", 0), (FRAMES, 1), (FRAMES, 2), (REFERENCE, 1), (REFERENCE, 3)],
)
@pytest.mark.parametrize("ratio", ["16:9", "9:16"])
async def test_every_type_takes_its_pictures_in_either_shape(wire, kind, pictures, ratio):
    shot = a_shot(generationType=kind, aspectRatio=ratio, imageUrls=[PICTURE] * pictures)

    assert (await wire.generate(shot | {"unheardOf": 1}))[0] == 200


@pytest.mark.parametrize(
    ("count", "resolution", "cost"),
    [(1, None, 10), (1, "720p", 10), (3, "720p", 30), (21, "720p", 210), (1, "1080p", 14), (1, "4k", 30)],
)  # fmt: skip
async def test_a_shot_costs_what_the_page_says(wire, count, resolution, cost):
    _, body = await wire.generate(*shots(count), resolution=resolution)

    assert body["creditsUsed"] == cost
    assert wire.service.books.balances == {KEY: 1000 - cost}
    entries = [entry.describe() for entry in wire.service.books.entries]
    assert [entry["task"] for entry in entries] == [shot["taskId"] for shot in body["shots"]]
    assert {(entry["kind"], entry["credits"] * count) for entry in entries} == {("charge", cost)}


@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_everything_is_a_post(wire, method):
    assert (await wire.call(method, STATUS))[0] == 405


# --- shots in turn, failures and credits ---


async def test_shots_are_made_one_after_the_other(wire, gate):
    _, body = await wire.generate(*shots(3))
    tasks, states = body["shots"], []

    for _ in tasks:
        await gate.reached()
        _, now = await wire.check(*tasks)
        states.append((now["status"], [shot["status"][0] for shot in now["shots"]]))
        gate.release()
    await wire.service.making[tasks[0]["taskId"]]

    assert states == [
        ("processing", ["p", "p", "p"]),
        ("processing", ["c", "p", "p"]),
        ("processing", ["c", "c", "p"]),
    ]
    assert (await wire.check(*tasks))[1]["status"] == "completed"


async def test_the_time_that_a_shot_took_is_told_in_seconds_unless_switched_off(wire, monkeypatch):
    async def wait(seconds: float) -> None:
        wire.sandbox.clock.advance(seconds)

    monkeypatch.setattr(wire.sandbox.clock, "sleep", wait)
    await wire.switch(generation_seconds=90)
    tasks = await wire.made(*shots(2))

    _, told = await wire.check(*tasks)
    await wire.switch(generation_time=False)
    _, untold = await wire.check(*tasks)

    assert [shot["generationTime"] for shot in told["shots"]] == [90, 90]
    assert "generationTime" not in untold["shots"][0]


@pytest.mark.parametrize("refund", [True, False])
async def test_only_the_shots_that_failed_are_given_back_and_only_where_switched_so(wire, refund):
    await wire.switch(fail="shot", fail_shots=[0, 2], refund=refund)

    tasks = await wire.made(*shots(3))

    _, body = await wire.check(*tasks)
    assert [shot["status"] for shot in body["shots"]] == ["failed", "completed", "failed"]
    assert "videoUrl" in body["shots"][1]
    _, ledger = await wire.call("GET", f"{CONTROL}/ledger")
    back = [(entry["task"], entry["credits"]) for entry in ledger if entry["kind"] == "refund"]
    assert back == ([(tasks[0]["taskId"], 10), (tasks[2]["taskId"], 10)] if refund else [])
    assert wire.service.books.balances == {KEY: 990 if refund else 970}


async def test_a_picture_that_cannot_be_had_makes_its_shot_fail(wire):
    with_picture = a_shot("b", generationType=REFERENCE, imageUrls=["http://away.example/a.png"])

    tasks = await wire.made(a_shot("a"), with_picture, a_shot("c"))

    _, body = await wire.check(*tasks)
    assert [shot["status"] for shot in body["shots"]] == ["completed", "failed", "completed"]
    assert "fetched" in body["shots"][1]["error"]
    assert wire.service.books.balances == {KEY: 980}


async def test_a_blocked_prompt_is_refused_and_a_doubtful_result_fails_its_shot(wire):
    status, body = await wire.generate(a_shot(prompt="A BlockedWord"))
    assert (status, body["errorCode"]) == (500, "GENERATION_FAILED")
    assert wire.service.books.balances == {KEY: 1000}

    tasks = await wire.made(a_shot("a", prompt="nsfwlater"), a_shot("b"))
    _, told = await wire.check(*tasks)
    assert [shot["status"] for shot in told["shots"]] == ["failed", "completed"]
    assert "unsafe" in told["shots"][0]["error"]
    assert wire.service.books.balances == {KEY: 990}


@pytest.mark.parametrize("refund", [True, False])
async def test_a_generate_that_fails_with_500_may_have_been_charged(wire, refund):
    await wire.switch(fail="generate_500", refund=refund)

    status, body = await wire.generate(*shots(2))

    assert status == 500
    assert body == {"error": "Video generation failed", "errorCode": "GENERATION_FAILED"}
    assert wire.service.books.balances == {KEY: 1000 if refund else 980}


async def test_a_generate_can_fail_with_200(wire):
    await wire.switch(fail="generate_200_failed")

    status, body = await wire.generate(*shots(2))

    assert (status, body["status"]) == (200, "failed")
    assert body["error"] == "Video generation failed"
    assert "shots" not in body
    assert wire.service.books.balances == {KEY: 1000}


async def test_a_failure_can_come_as_a_status_of_500(wire):
    await wire.switch(fail="status_500")
    (bad,) = await wire.made()
    await wire.switch(fail="no")
    (good,) = await wire.made()

    for tasks in ([bad], [bad, good]):
        status, body = await wire.check(*tasks)
        assert (status, body["errorCode"]) == (500, "GENERATION_FAILED")
    assert (await wire.check(good))[0] == 200


async def test_what_goes_wrong_inside_is_an_internal_error(wire, monkeypatch):
    def burst(_key: str, _body: Json) -> list[Shot]:
        raise RuntimeError

    monkeypatch.setattr(wire.service, "accept", burst)

    status, body = await wire.generate()

    assert (status, body["errorCode"]) == (500, "INTERNAL_ERROR")


# --- check-status: whose tasks, which batches, what the whole says ---


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "INVALID_INPUT"),
        ({}, "TASK_IDS_REQUIRED"),
        ({"taskIds": []}, "TASK_IDS_REQUIRED"),
        ({"taskIds": "task_abc123"}, "TASK_IDS_REQUIRED"),
        ({"taskIds": ["task_abc123"]}, "TASK_IDS_REQUIRED"),
        ({"taskIds": [{"shotId": "shot-1"}]}, "TASK_IDS_REQUIRED"),
        ({"taskIds": [{"taskId": "task_abc123"}]}, "INVALID_INPUT"),
        (
            {"taskIds": [{"shotId": "a", "taskId": "task_abc123"}], "resolution": "8k"},
            "INVALID_INPUT",
        ),
    ],
    ids=str,
)
async def test_a_status_that_names_no_tasks_is_refused_by_its_code(wire, body, code):
    status, answer = await wire.call("POST", STATUS, body)

    assert (status, answer["errorCode"]) == (400, code)


async def test_a_task_that_is_unknown_or_another_s_is_not_found(wire):
    (mine,) = await wire.made()
    await wire.switch(balances={"other": 10})

    for task, key in [(mine, "other"), (mine | {"taskId": "task_abc123"}, KEY)]:
        status, body = await wire.check(task, key=key)
        assert (status, body["errorCode"]) == (404, "TASK_NOT_FOUND")


async def test_one_unknown_task_fails_the_whole_call_or_stands_in_it_as_switched(wire):
    (mine,) = await wire.made()
    unknown = {"shotId": "gone", "taskId": "task_gone"}

    assert (await wire.check(mine, unknown))[0] == 404
    await wire.switch(not_found="per_shot")
    status, body = await wire.check(mine, unknown)

    assert (status, body["status"]) == (200, "failed")
    assert body["shots"][0]["status"] == "completed"
    assert body["shots"][1] == unknown | {"status": "failed", "error": "Task not found"}


async def test_tasks_of_several_requests_and_resolutions_share_a_call_or_not_as_switched(wire):
    (small,) = await wire.made()
    (other,) = await wire.made()
    (large,) = await wire.made(resolution="4k")
    batches = [((small, other), "720p"), ((large,), "720p"), ((small, large), "4k")]

    allowed = [(await wire.check(*tasks, resolution=named))[0] for tasks, named in batches]
    await wire.switch(mixed_resolution_or_requests="refused")
    refused = [await wire.check(*tasks, resolution=named) for tasks, named in batches]

    assert allowed == [200, 200, 200]
    assert {(status, body["errorCode"]) for status, body in refused} == {(400, "INVALID_INPUT")}
    assert (await wire.check(small))[0] == 200
    assert (await wire.check(large))[0] == 400  # a missing resolution is 720p
    assert (await wire.check(large, resolution="4k"))[0] == 200


async def test_shots_of_several_requests_that_share_an_id_are_told_apart_by_their_tasks(wire):
    (one,) = await wire.made()
    (two,) = await wire.made()

    _, body = await wire.check(two, one)

    assert [shot["shotId"] for shot in body["shots"]] == ["shot-1", "shot-1"]
    assert [shot["taskId"] for shot in body["shots"]] == [two["taskId"], one["taskId"]]


@pytest.mark.parametrize(
    ("mixed", "during", "after"),
    [
        ("failed", "processing", "failed"),
        ("failed_at_once", "failed", "failed"),
        ("completed", "processing", "completed"),
    ],
)
async def test_what_the_whole_says_of_shots_that_differ_is_switched(
    wire, gate, mixed, during, after
):
    await wire.switch(mixed_status=mixed, fail="shot", fail_shots=[0])
    _, body = await wire.generate(*shots(2))
    tasks = body["shots"]

    gate.release()
    await gate.reached()
    await gate.reached()
    meanwhile = await wire.check(*tasks)
    gate.release()
    await wire.service.making[tasks[0]["taskId"]]
    at_last = await wire.check(*tasks)

    assert [shot["status"] for shot in meanwhile[1]["shots"]] == ["failed", "processing"]
    assert [shot["status"] for shot in at_last[1]["shots"]] == ["failed", "completed"]
    assert (meanwhile[1]["status"], at_last[1]["status"]) == (during, after)


async def test_shots_that_have_all_failed_are_never_completed(wire):
    await wire.switch(mixed_status="completed", fail="all")

    assert (await wire.check(*await wire.made(*shots(2))))[1]["status"] == "failed"


async def test_a_joined_film_completes_its_shots_together_without_those_that_failed(wire, gate):
    await wire.switch(joined=True, fail="shot", fail_shots=[1])
    _, body = await wire.generate(*shots(3))
    tasks = body["shots"]

    for _ in range(2):
        await gate.reached()
        gate.release()
    await gate.reached()
    _, meanwhile = await wire.check(*tasks)
    gate.release()
    await wire.service.making[tasks[0]["taskId"]]
    _, at_last = await wire.check(*tasks)

    assert [shot["status"] for shot in meanwhile["shots"]] == ["processing", "failed", "processing"]
    assert [shot["status"] for shot in at_last["shots"]] == ["completed", "failed", "completed"]
    assert at_last["shots"][0]["videoUrl"] == at_last["shots"][2]["videoUrl"]


async def test_a_single_shot_is_its_own_joined_film(wire):
    await wire.switch(joined=True)
    (task,) = await wire.made()

    _, body = await wire.check(task)

    assert body["shots"][0]["videoUrl"].endswith(f"/{task['taskId']}.mp4")


# --- envelopes, walls, stores, faults ---


async def test_the_overview_s_envelope_has_success_and_the_page_s_has_not(wire):
    async def answers() -> list[Json]:
        (task,) = (await wire.generate())[1]["shots"]
        return [
            (await wire.generate())[1],
            (await wire.check(task))[1],
            (await wire.call("POST", STATUS, {}))[1],
            (await wire.call("POST", STATUS, {}, key="no"))[1],
        ]

    assert all("success" not in answer for answer in await answers())
    await wire.switch(envelope="overview")
    assert [answer["success"] for answer in await answers()] == [True, True, False, False]
    await wire.switch(fail="generate_200_failed")
    assert (await wire.generate())[1]["success"] is False


async def test_fields_that_no_document_names_can_come_with_every_answer(wire):
    _, plain = await wire.generate()
    await wire.switch(extra_fields=True)
    _, more = await wire.generate()
    _, refused = await wire.call("POST", GENERATE, {})
    _, told = await wire.check(*more["shots"])

    assert set(more) > set(plain)
    assert set(more["shots"][0]) > set(plain["shots"][0])
    assert set(refused) > {"error", "errorCode"}
    assert set(told["shots"][0]) > {"shotId", "taskId", "status"}


async def test_the_wall_lets_only_browsers_through_and_answers_with_a_page(wire):
    await wire.switch(bot_wall=True)

    status, page = await wire.call("POST", GENERATE, {"shots": [a_shot()]}, key=None)
    assert (status, page[:6]) == (403, "<html>")
    browser = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64)"}
    assert (await wire.call("POST", GENERATE, {"shots": [a_shot()]}, headers=browser))[0] == 200


@pytest.mark.parametrize("gone", [403, 404])
async def test_the_store_gives_a_part_of_a_film_and_nothing_once_expired(wire, gone):
    (task,) = await wire.made()
    _, body = await wire.check(task)
    address = body["shots"][0]["videoUrl"]

    async with wire.session.get(address, headers={"Range": "bytes=4-7"}) as answer:
        assert (answer.status, await answer.read()) == (206, b"ftyp")
        assert answer.content_type == "video/mp4"
    async with wire.session.get(f"{wire.service.storage_origin}/storage/task_none.mp4") as answer:
        assert answer.status == 404
    await wire.switch(storage_expired=True, storage_expired_status=gone)
    async with wire.session.get(address) as answer:
        assert answer.status == gone


async def test_the_store_is_another_site_and_writes_down_who_shows_it_a_key(wire):
    (task,) = await wire.made()
    address = (await wire.check(task))[1]["shots"][0]["videoUrl"]

    async with wire.session.get(address, headers={"Authorization": f"Bearer {KEY}"}) as answer:
        assert answer.status == 200

    assert not address.startswith(wire.sandbox.nanophoto.origin)
    assert (await wire.call("GET", CONTROL))[1]["keys_seen_by_storage"] == 1


async def test_a_dropped_answer_was_charged_and_a_dropped_request_was_not(wire):
    for kind, balance in [("drop_before", 1000), ("drop_after", 990)]:
        await wire.fault(kind=kind, path=GENERATE)
        with pytest.raises(aiohttp.ClientError):
            await wire.generate()
        assert wire.service.books.balances == {KEY: balance}


async def test_an_answer_can_be_spoilt_although_the_request_had_its_effect(wire):
    for number, kind in enumerate(("truncate", "wrong_types", "status_after"), start=1):
        await wire.fault(kind=kind, path=GENERATE)
        with contextlib.suppress(ValueError):  # half an answer is no JSON
            _, body = await wire.generate()
            assert "shots" not in body or not isinstance(body["shots"], list)
        assert wire.service.books.balances == {KEY: 1000 - 10 * number}


async def test_faults_strike_in_turn_and_can_be_forgotten(wire):
    (task,) = await wire.made()
    await wire.fault(kind="status", status=429, path=STATUS, after=1, headers={"X-Odd": "1"})
    internal = {"error": "Internal server error", "errorCode": "INTERNAL_ERROR"}
    await wire.fault(kind="status", status=500, path=STATUS, body=internal)
    await wire.fault(kind="latency", path=STATUS, seconds=0)
    await wire.fault(kind="status", path=STATUS, times=9)

    seen = [await wire.check(task) for _ in range(5)]
    await wire.call("DELETE", f"{CONTROL}/faults")

    assert [status for status, _ in seen] == [200, 429, 500, 200, 500]
    assert seen[2][1] == internal
    assert (await wire.check(task))[0] == 200
    assert (await wire.call("GET", f"{CONTROL}/faults"))[1] == []


# --- playing it ---


async def test_the_switches_are_shown_and_changed_and_keep_what_is_not_named(wire):
    before = await wire.switch()
    after = await wire.switch(fail="shot", balances={"other": 7})

    assert (before["fail"], before["balances"]) == ("no", {KEY: 1000})
    assert after == before | {
        "fail": "shot",
        "balances": {KEY: 1000, "other": 7},
        "requests_in_the_last_hour": {KEY: 0, "other": 0},
    }
    assert (await wire.call("GET", CONTROL))[1] == after


@pytest.mark.parametrize(
    ("method", "path", "content", "said"),
    [
        ("PATCH", "", b'{"envelope": "paper"}', "envelope"),
        ("PATCH", "", b'{"unheard_of": 1}', "unheard_of"),
        ("PATCH", "", b'{"balances": {"np-sandbox": -1}}', "balances"),
        ("PATCH", "", b'{"fail_shots": [21]}', "fail_shots"),
        ("PATCH", "", b"{", "JSON"),
        ("PATCH", "", b"[]", "object"),
        ("POST", "/faults", b'{"kind": "meteor"}', "kind"),
        ("POST", "/faults", b"{", "JSON"),
    ],
)
async def test_a_switch_or_fault_that_does_not_exist_is_named_in_a_clear_answer(
    wire, method, path, content, said
):
    before = await wire.switch()

    status, body = await wire.call(method, f"{CONTROL}{path}", content)

    assert status == 400
    assert said in body["message"]
    assert await wire.switch() == before


async def test_the_books_name_every_shot_and_every_movement(wire):
    await wire.switch(fail="shot")
    tasks = await wire.made(*shots(2), resolution="720p")

    _, runs = await wire.call("GET", f"{CONTROL}/runs")
    _, ledger = await wire.call("GET", f"{CONTROL}/ledger")

    assert [run["id"] for run in runs] == [task["taskId"] for task in tasks]
    assert [(run["shot_id"], run["position"], run["state"]) for run in runs] == [
        ("shot-1", 0, "failed"),
        ("shot-2", 1, "completed"),
    ]
    assert len({run["request"] for run in runs}) == 1
    assert [(entry["kind"], entry["task"]) for entry in ledger] == [
        ("charge", tasks[0]["taskId"]),
        ("charge", tasks[1]["taskId"]),
        ("refund", tasks[0]["taskId"]),
    ]
    assert {(entry["key"], entry["credits"]) for entry in ledger} == {(KEY, 10)}
    assert [services.Shot.model_validate(run).model_dump() for run in runs] == runs
    assert [services.CreditEntry.model_validate(one).model_dump() for one in ledger] == ledger


async def test_a_bot_is_told_where_it_is_and_what_its_films_cost(wire):
    told = wire.sandbox.environment()

    assert told["NANOPHOTO_BASE_URL"] == f"{wire.sandbox.nanophoto.origin}/api"
    assert (told["NANOPHOTO_API_KEY"], told["NANOPHOTO_USD_PER_CREDIT"]) == (KEY, "0.02")
    hosts = told["FETCH_ALLOW_HOSTS"].split(",")
    for origin in (wire.sandbox.nanophoto.origin, wire.service.storage_origin):
        assert origin.removeprefix("http://") in hosts
