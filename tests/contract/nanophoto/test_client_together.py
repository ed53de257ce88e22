"""One request for all videos rendering, where the service allows it, and what if it does not."""

from datetime import timedelta

import pytest

from bot.errors import ProviderUnavailableError
from bot.providers.contract import ProviderState, Watched
from bot.providers.nanophoto.handles import parse
from bot.providers.nanophoto.rules import MIX_AGAIN_AFTER
from sandbox.providers.faults import Fault
from tests.local_nanophoto import (
    OTHER_KEY,
    STATUS,
    a_request,
    order,
    storyboard,
    watched,
    words,
)

SUCCEEDED, RUNNING, FAILED = "succeeded", "running", "failed"


@pytest.fixture
def client(local, clock):
    return local.client(clock=clock)


@pytest.fixture
async def three(local, client):
    """The receipts of three videos that are ready."""
    return [await local.submitted(client, storyboard(2, f"job-{n}")) for n in range(3)]


async def looked_at(client, receipts):
    return [words(found) for found in await client.poll_batch(watched(*receipts))]


async def test_one_request_shows_videos_of_many_submissions(local, client, three):
    before = local.asked
    found = await client.poll_batch(watched(*three))

    assert local.asked - before == 1
    for receipt, status in zip(three, found, strict=True):
        tasks = [task.task_id for task in parse(receipt.handle).tasks]
        assert [address[-29:-4] for address in status.artifact_addresses] == tasks


async def test_each_resolution_is_asked_for_by_itself(local, client, three):
    sharp = [
        await local.submitted(client, order(f"sharp-{kind}", resolution=kind))
        for kind in ("1080p", "4k")
    ]
    before = local.asked

    assert await looked_at(client, [*three, *sharp]) == [SUCCEEDED] * 5
    assert local.asked - before == 3


async def test_no_one_is_asked_about_nothing(local, client):
    assert await client.poll_batch([]) == []
    assert local.asked == 0


async def test_shots_that_share_a_name_are_told_apart_by_their_tasks(local, client):
    receipts = [await local.submitted(client, order("same")) for _ in range(2)]

    first, second = await client.poll_batch(watched(*receipts))

    assert first.artifact_addresses != second.artifact_addresses


async def test_a_video_that_failed_and_one_rendering_do_not_touch_the_others(local, client):
    ready = await local.submitted(client, order("ready"))
    local.switch(fail="all")
    failed = await local.submitted(client, order("failed"))
    local.switch(fail="no", generation_seconds=3600)
    making = await client.submit(order("making"))

    assert await looked_at(client, [making, failed, ready]) == [RUNNING, FAILED, SUCCEEDED]


# --- one that is amiss ---


async def test_one_unknown_video_is_found_by_asking_one_by_one_and_the_rest_go_on(
    local, client, three
):
    theirs = await local.submitted(local.client(OTHER_KEY), order("theirs"))
    before = local.asked

    assert (
        await looked_at(client, [theirs, *three]) == ["ProviderJobUnknownError"] + [SUCCEEDED] * 3
    )
    assert local.asked - before == 5
    assert client.polls_in_batches  # it was the video, not the mixture


async def test_where_an_unknown_video_is_told_by_itself_one_request_is_enough(local, client, three):
    local.switch(not_found="per_shot")
    theirs = await local.submitted(local.client(OTHER_KEY), order("theirs"))
    before = local.asked

    assert (
        await looked_at(client, [theirs, *three]) == ["ProviderJobUnknownError"] + [SUCCEEDED] * 3
    )
    assert local.asked - before == 1


async def test_a_handle_that_is_none_is_unknown_without_being_asked_for(local, client, three):
    before = local.asked
    found = await client.poll_batch([Watched("nonsense", a_request()), *watched(*three)])

    assert [words(one) for one in found] == ["ProviderJobUnknownError"] + [SUCCEEDED] * 3
    assert local.asked - before == 1


async def test_a_video_whose_failure_is_a_500_does_not_hide_the_others(local, client, three):
    local.switch(fail="status_500")
    failed = await local.submitted(client, order("failed"))

    assert await looked_at(client, [failed, *three]) == ["GenerationFailedError"] + [SUCCEEDED] * 3
    assert client.polls_in_batches


# --- a service that minds ---


async def test_where_the_mixture_is_refused_each_is_asked_for_alone_for_six_hours(
    local, client, clock, three
):
    local.switch(mixed_resolution_or_requests="refused")

    assert await looked_at(client, three) == [SUCCEEDED] * 3
    assert not client.polls_in_batches
    clock.advance((MIX_AGAIN_AFTER - timedelta(seconds=1)).total_seconds())
    assert not client.polls_in_batches
    clock.advance(1)
    assert client.polls_in_batches


async def test_one_video_alone_is_no_mixture(local, client):
    local.switch(mixed_resolution_or_requests="refused")
    receipt = await local.submitted(client, storyboard(3))

    assert await looked_at(client, [receipt]) == [SUCCEEDED]
    assert client.polls_in_batches


async def test_one_answer_that_cannot_be_read_is_a_hiccup_and_a_second_is_an_answer(
    local, client, three
):
    local.service.faults.append(Fault(path=STATUS, kind="truncate", times=2))

    assert await looked_at(client, three) == ["ProviderProtocolError"] * 3
    assert client.polls_in_batches
    assert await looked_at(client, three) == ["ProviderProtocolError"] * 3
    assert not client.polls_in_batches


async def test_an_answer_that_leaves_videos_out_is_completed_one_by_one(
    local, client, three, monkeypatch
):
    """As of a service that reads only the first tasks of a request."""
    ask = client._api.read

    async def of_the_first_two(*args, payload, **more):
        short = payload | {"taskIds": payload["taskIds"][:2]}
        return await ask(*args, payload=short, **more)

    monkeypatch.setattr(client._api, "read", of_the_first_two)
    before = local.asked

    assert await looked_at(client, three) == [SUCCEEDED] * 3
    assert local.asked - before == 3
    assert client.polls_in_batches
    await looked_at(client, three)
    assert not client.polls_in_batches


async def test_a_good_answer_forgives_a_bad_one(local, client, three):
    for _ in range(3):
        local.service.faults.append(Fault(path=STATUS, kind="truncate"))
        await looked_at(client, three)
        assert await looked_at(client, three) == [SUCCEEDED] * 3

    assert client.polls_in_batches


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "status"])
async def test_while_the_service_is_away_no_one_is_asked_for_one_by_one(local, client, three, kind):
    local.service.faults.append(Fault(path=STATUS, kind=kind, status=503, times=9))

    assert await looked_at(client, three) == ["ProviderUnavailableError"] * 3
    assert local.service.faults[0].times == 8


async def test_trouble_with_one_resolution_does_not_hide_another(local, client):
    plain = await local.submitted(client, order("plain"))
    sharp = await local.submitted(client, order("sharp", resolution="4k"))
    local.service.faults.append(Fault(path=STATUS, kind="status", status=503, after=1))

    first, second = await client.poll_batch(watched(plain, sharp))

    assert first.state is ProviderState.SUCCEEDED
    assert isinstance(second, ProviderUnavailableError)
