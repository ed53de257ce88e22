"""What becomes of NanoPhoto's answers on their way: late, cut, dropped, of the wrong types."""

import asyncio

import aiohttp
import pytest
from aiohttp import web

from bot.errors import (
    ArtifactUnavailableError,
    ProviderProtocolError,
    ProviderTimeoutError,
    ProviderUnavailableError,
    SubmissionUncertainError,
)
from bot.providers import http
from bot.providers.contract import ProviderState
from sandbox.providers.faults import Fault
from tests.local_nanophoto import GENERATE, HANDLE, STATUS, Gate, a_request, order, storyboard
from tests.serving import listening, serving

SHORT = aiohttp.ClientTimeout(total=0.05)


def fault(kind, path, **fields):
    return Fault(kind=kind, path=path, **fields)


# --- a submission whose answer was lost costs money, and is never sent again ---


@pytest.mark.parametrize(
    ("kind", "charged"),
    [
        ("drop_before", []),
        ("drop_after", [10]),
        ("status_after", [10]),
        ("truncate", [10]),
        ("cut_short", [10]),
        ("wrong_types", [10]),
    ],
)
async def test_a_lost_or_spoilt_answer_is_uncertain_and_sent_once(local, client, kind, charged):
    local.service.faults.append(fault(kind, GENERATE, times=5))

    with pytest.raises(SubmissionUncertainError):
        await client.submit(order())

    assert local.movements("charge") == charged
    assert local.service.faults[0].times == 4  # it was asked once


async def test_a_kept_connection_that_is_cut_does_not_repeat_a_submission(local, client):
    """aiohttp would repeat a GET on it."""
    await client.submit(order())
    local.service.faults.append(fault("drop_before", GENERATE, times=5))

    with pytest.raises(SubmissionUncertainError):
        await client.submit(order("tag-2"))

    assert local.service.faults[0].times == 4


async def test_who_hangs_up_sees_each_submission_once(local):
    seen = []

    async def hang_up(reader, _writer):
        seen.append(await reader.readline())

    async with listening(hang_up) as origin:
        with pytest.raises(SubmissionUncertainError):
            await local.client(origin=origin).submit(order())

    assert seen == [b"POST /api/veo-3/generate HTTP/1.1\r\n"]


async def test_where_no_one_listens_nothing_was_accepted(local):
    client = local.client(origin="http://127.0.0.1:1")

    with pytest.raises(ProviderUnavailableError):
        await client.submit(order())
    with pytest.raises(ProviderUnavailableError):
        await client.poll(HANDLE, a_request())


async def test_an_answer_to_a_submission_that_does_not_come_is_uncertain(
    local, client, monkeypatch
):
    gate = Gate()
    monkeypatch.setattr(local.sandbox.clock, "sleep", gate.wait)
    monkeypatch.setattr(http, "SUBMIT_TIMEOUT", SHORT)
    local.service.faults.append(fault("latency", GENERATE, seconds=300))

    with pytest.raises(SubmissionUncertainError):
        await client.submit(order())


async def test_pieces_of_an_answer_are_put_together(local, client):
    local.service.faults += [fault("drip", GENERATE), fault("drip", STATUS)]

    assert (await local.seen(client, order())).state is ProviderState.SUCCEEDED


# --- a look may be repeated ---


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("drop_before", ProviderUnavailableError),
        ("drop_after", ProviderUnavailableError),
        ("status", ProviderUnavailableError),
        ("truncate", ProviderProtocolError),
        ("cut_short", ProviderUnavailableError),
        ("wrong_types", ProviderProtocolError),
    ],
)
async def test_a_poll_that_fails_says_nothing_of_the_video_and_may_be_repeated(
    local, client, kind, expected
):
    receipt = await local.submitted(client, order())
    local.service.faults.append(fault(kind, STATUS))

    with pytest.raises(expected) as caught:
        await client.poll(receipt.handle, a_request())
    again = await client.poll(receipt.handle, a_request())

    assert type(caught.value) is expected
    assert again.state is ProviderState.SUCCEEDED


async def test_a_poll_that_does_not_come_back_is_given_up(local, client, monkeypatch):
    receipt = await local.submitted(client, order())
    gate = Gate()
    monkeypatch.setattr(local.sandbox.clock, "sleep", gate.wait)
    monkeypatch.setattr(http, "READ_TIMEOUT", SHORT)
    local.service.faults.append(fault("latency", STATUS, seconds=300))

    with pytest.raises(ProviderTimeoutError):
        await client.poll(receipt.handle, a_request())


async def test_an_answer_without_end_is_cut_and_cannot_be_read(local, monkeypatch):
    monkeypatch.setattr(http, "MAX_BODY_BYTES", 64 * 1024)

    async def handler(request):
        return web.Response(body=b'{"shots": [' + b" " * 1_000_000)

    async with serving(handler) as origin:
        with pytest.raises(ProviderProtocolError):
            await local.client(origin=origin).poll(HANDLE, a_request())


async def test_bytes_that_are_no_text_cannot_be_read(local):
    async def handler(request):
        return web.Response(body=bytes(range(256)), content_type="application/json")

    async with serving(handler) as origin:
        with pytest.raises(ProviderProtocolError):
            await local.client(origin=origin).poll(HANDLE, a_request())
        with pytest.raises(SubmissionUncertainError):
            await local.client(origin=origin).submit(order())


async def test_a_video_of_many_shots_survives_a_stormy_hour(local, client):
    receipt = await local.submitted(client, storyboard(21))
    kinds = ("drop_before", "drop_after", "status", "truncate", "wrong_types", "cut_short")
    local.service.faults += [fault(kind, STATUS) for kind in kinds]

    for _ in kinds:
        with pytest.raises((ProviderUnavailableError, ProviderProtocolError)):
            await client.poll(receipt.handle, a_request())
    status = await client.poll(receipt.handle, a_request())

    assert len(status.artifact_addresses) == 21


# --- the store ---


@pytest.mark.parametrize("status", [403, 404, 500, 503])
async def test_a_video_that_cannot_be_had_now_can_be_tried_again(local, tmp_path, status):
    async def handler(request):
        return web.Response(status=status, text="<html>No</html>", content_type="text/html")

    async with serving(handler) as origin:
        with pytest.raises(ArtifactUnavailableError):
            await local.client().fetch(f"{origin}/veo/a.mp4", tmp_path / "video.mp4")


async def test_two_may_be_lost_at_once_and_neither_is_sent_again(local, client):
    local.service.faults.append(fault("drop_after", GENERATE, times=2))

    found = await asyncio.gather(
        client.submit(order("tag-1")), client.submit(order("tag-2")), return_exceptions=True
    )

    assert [type(one) for one in found] == [SubmissionUncertainError] * 2
    assert sorted(shot.order.id for shot in local.service.books.shots.values()) == [
        "tag-1-1",
        "tag-2-1",
    ]
