"""What the local NanoPhoto accepts and what that costs, in the order in which it looks."""

from typing import Any

import pytest

from tests.contract.local_nanophoto.wire import EMBEDDED, FRAMES, REFERENCE, a_shot, pictured, shots
from tests.local_nanophoto import GENERATE, KEY, PICTURE, STATUS

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
async def test_a_request_that_cannot_be_is_refused_by_its_code_and_free_of_charge(wire, body, code):
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
    for fixed in (
        {},
        {"id": "other"},
        {"prompt": "a blockedword"},
        {"generationType": REFERENCE},
        {"imageUrls": [PICTURE]},
    ):
        shot |= fixed
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
