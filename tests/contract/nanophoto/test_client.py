"""The bot's NanoPhoto client against the local NanoPhoto, over real HTTP: from a request to its videos."""

import json

import pytest

from bot.catalog.request import Shot
from bot.errors import (
    ArtifactUnavailableError,
    ProviderJobUnknownError,
    ProviderRejectedRequestError,
)
from bot.providers.contract import ProviderState
from bot.providers.nanophoto.handles import parse
from bot.providers.nanophoto.models import CREDITS
from tests.local_nanophoto import (
    KEY,
    OPENING_CREDITS,
    OTHER_KEY,
    Gate,
    a_request,
    image,
    order,
    storyboard,
)


@pytest.fixture
def gate(local, monkeypatch):
    gate = Gate()
    monkeypatch.setattr(local.sandbox.clock, "sleep", gate.wait)
    return gate


def received(local):
    """The shots that the service has in its books, in order."""
    return list(local.service.books.shots.values())


# --- what is asked for ---


async def test_a_request_goes_all_the_way_to_a_video_on_disk(local, client, tmp_path):
    receipt = await local.submitted(client, order())
    status = await client.poll(receipt.handle, a_request())
    await client.fetch(status.artifact_addresses[0], tmp_path / "video.mp4")

    assert receipt.precharged_micros == status.charged_micros == 200_000
    assert status.state is ProviderState.SUCCEEDED
    assert (tmp_path / "video.mp4").read_bytes()[4:8] == b"ftyp"
    assert local.service.keys_seen_by_storage == []


async def test_words_alone_are_asked_for_as_text_without_pictures(local, client):
    await client.submit(order(prompt="a fox", aspect_ratio="9:16"))

    (shot,) = received(local)
    assert (shot.order.prompt, shot.order.aspect_ratio) == ("a fox", "9:16")
    assert (shot.order.generation_type, shot.order.image_urls) == ("TEXT_2_VIDEO", ())


@pytest.mark.parametrize("count", [1, 2])
async def test_a_first_and_a_last_picture_are_asked_for_as_frames(local, client, count):
    ends = {"image": image(1), "end_image": image(2) if count == 2 else None}

    await client.submit(order(**ends))

    (shot,) = received(local)
    assert shot.order.generation_type == "FIRST_AND_LAST_FRAMES_2_VIDEO"
    assert [address[-5] for address in shot.order.image_urls] == ["1", "2"][:count]


@pytest.mark.parametrize("count", [1, 2, 3])
async def test_up_to_three_pictures_are_asked_for_as_references(local, client, count):
    references = tuple(image(number) for number in range(count))

    await client.submit(order(reference_images=references))

    (shot,) = received(local)
    assert shot.order.generation_type == "REFERENCE_2_VIDEO"
    assert len(shot.order.image_urls) == count


async def test_a_picture_without_an_address_is_never_sent(local, client):
    with pytest.raises(ProviderRejectedRequestError):
        await client.submit(order(image=image(1), address=None))

    assert local.asked == 0


@pytest.mark.parametrize("resolution", [*CREDITS])
async def test_every_resolution_costs_what_the_page_says_and_is_asked_for(
    local, client, resolution
):
    receipt = await client.submit(order(resolution=resolution))

    (shot,) = received(local)
    assert shot.resolution == parse(receipt.handle).resolution == resolution
    assert local.credits == OPENING_CREDITS - CREDITS[resolution]
    assert receipt.precharged_micros == CREDITS[resolution] * 20_000


async def test_no_resolution_and_no_shape_mean_the_page_s_defaults(local, client):
    await client.submit(order(resolution=None, aspect_ratio=None))

    (shot,) = received(local)
    assert (shot.resolution, shot.order.aspect_ratio) == ("720p", "16:9")


@pytest.mark.parametrize("resolution", ["1080p", "4k"])
async def test_only_a_single_shot_can_be_sharper(local, client, resolution):
    with pytest.raises(ProviderRejectedRequestError) as caught:
        await client.submit(storyboard(2, resolution=resolution))

    assert "single-shot" in caught.value.detail
    assert local.credits == OPENING_CREDITS


# --- several shots ---


@pytest.mark.parametrize("count", [1, 2, 7, 20, 21])
async def test_so_many_shots_are_made_in_order_and_charged_each(local, client, count):
    receipt = await local.submitted(client, storyboard(count))
    status = await client.poll(receipt.handle, a_request())

    made = received(local)
    assert [shot.order.prompt for shot in made] == [f"scene {n}" for n in range(1, count + 1)]
    assert [address.rpartition("/")[2] for address in status.artifact_addresses] == [
        shot.video for shot in made
    ]
    assert receipt.precharged_micros == status.charged_micros == count * 200_000
    assert local.asked == 2  # one to hand over, one to look, however many shots


async def test_a_shot_too_many_is_refused_and_free(local, client):
    with pytest.raises(ProviderRejectedRequestError):
        await client.submit(storyboard(22))

    assert local.credits == OPENING_CREDITS


async def test_every_shot_has_its_own_words_and_pictures(local, client):
    shots = (
        Shot("text"),
        Shot("frames", image=image(1), end_image=image(2)),
        Shot("references", reference_images=(image(3), image(4), image(5))),
    )
    await client.submit(order(shots=shots))

    told = [(shot.order.prompt, len(shot.order.image_urls)) for shot in received(local)]
    assert told == [("text", 0), ("frames", 2), ("references", 3)]


async def test_names_of_shots_are_never_used_twice(local, client):
    for tag in ("job-1", "job-2"):
        await client.submit(storyboard(2, tag))

    names = [shot.order.id for shot in received(local)]
    assert names == ["job-1-1", "job-1-2", "job-2-1", "job-2-2"]


async def test_shots_finish_one_after_the_other_and_the_whole_goes_on(local, client, gate):
    receipt = await client.submit(storyboard(3))
    progress = []
    for _ in range(3):
        await gate.reached()
        progress.append((await client.poll(receipt.handle, a_request())).progress_percent)
        gate.release()
    await local.over(receipt)

    assert progress == [None, 33, 66]
    assert (await client.poll(receipt.handle, a_request())).state is ProviderState.SUCCEEDED


@pytest.mark.parametrize("mixed_status", ["failed", "failed_at_once", "completed"])
async def test_shots_that_failed_are_named_and_the_others_are_a_video(local, client, mixed_status):
    local.switch(fail="shot", fail_shots=[0, 2], mixed_status=mixed_status)

    receipt = await local.submitted(client, storyboard(4))
    status = await client.poll(receipt.handle, a_request())

    assert status.state is ProviderState.SUCCEEDED
    assert len(status.artifact_addresses) == 2
    assert status.text == "Shots 1 and 3 of 4 failed: Video generation failed"
    assert status.charged_micros == 400_000  # half of what was taken at first
    assert receipt.precharged_micros == 800_000
    assert local.movements("refund") == [10, 10]


async def test_a_shot_that_failed_early_does_not_end_the_others(local, client, gate):
    local.switch(fail="shot", fail_shots=[0], mixed_status="failed_at_once")
    receipt = await client.submit(storyboard(2))
    await gate.reached()
    gate.release()
    await gate.reached()  # the first has failed, the second is being made

    assert (await client.poll(receipt.handle, a_request())).state is ProviderState.RUNNING
    gate.release()
    await local.over(receipt)
    assert (await client.poll(receipt.handle, a_request())).state is ProviderState.SUCCEEDED


async def test_a_video_of_which_no_shot_was_made_has_failed_in_the_service_s_words(local, client):
    local.switch(fail="all")

    status = await local.seen(client, storyboard(3))

    assert (status.state, status.refused) == (ProviderState.FAILED, False)
    assert status.text == "Video generation failed"
    assert local.credits == OPENING_CREDITS


async def test_shots_that_the_service_has_joined_are_one_video(local, client):
    local.switch(joined=True)

    status = await local.seen(client, storyboard(3))

    assert len(status.artifact_addresses) == 1


async def test_a_joined_video_without_a_shot_says_which(local, client):
    local.switch(joined=True, fail="shot", fail_shots=[1])

    status = await local.seen(client, storyboard(3))

    assert len(status.artifact_addresses) == 1
    assert status.text is not None
    assert status.text.startswith("Shot 2 of 3 failed")


# --- looking ---


async def test_a_video_is_looked_at_with_the_resolution_that_it_was_asked_in(local, client):
    local.switch(mixed_resolution_or_requests="refused")  # which minds any other

    status = await local.seen(client, order(resolution="4k"))

    assert status.state is ProviderState.SUCCEEDED


async def test_a_finished_video_can_be_looked_at_again(local, client):
    receipt = await local.submitted(client, order())

    first = await client.poll(receipt.handle, a_request())
    assert await client.poll(receipt.handle, a_request()) == first


@pytest.mark.parametrize("says", [True, False])
async def test_how_long_a_video_took_is_known_where_the_service_says(
    local, client, monkeypatch, says
):
    local.switch(generation_time=says)
    receipt = await local.submitted(client, storyboard(2))
    for shot, seconds in zip(received(local), (90, 110), strict=True):
        shot.generation_time = seconds

    status = await client.poll(receipt.handle, a_request())

    assert status.took_seconds == (200 if says else None)


async def test_a_video_of_no_one_and_one_of_someone_else_are_unknown(local, client):
    theirs = await local.submitted(local.client(OTHER_KEY), order())
    nobodys = theirs.handle.replace(parse(theirs.handle).tasks[0].task_id, "task_nothing")

    for handle in (theirs.handle, nobodys):
        with pytest.raises(ProviderJobUnknownError):
            await client.poll(handle, a_request())


async def test_a_task_that_is_unknown_shot_by_shot_is_unknown_too(local, client):
    receipt = await local.submitted(client, order())
    handle = receipt.handle.replace(parse(receipt.handle).tasks[0].task_id, "task_nothing")
    local.switch(not_found="per_shot")

    with pytest.raises(ProviderJobUnknownError):
        await client.poll(handle, a_request())


@pytest.mark.parametrize("handle", ["", "vid_1", "{}", '{"resolution": "720p", "tasks": []}'])
async def test_a_handle_that_is_none_is_unknown_and_no_one_is_asked(local, client, handle):
    with pytest.raises(ProviderJobUnknownError):
        await client.poll(handle, a_request())

    assert local.asked == 0


async def test_the_handle_holds_all_that_a_poll_needs_and_no_secret(local, client):
    receipt = await client.submit(storyboard(2))

    told = json.loads(receipt.handle)
    assert set(told) == {"resolution", "tasks", "credits"}
    assert [set(task) for task in told["tasks"]] == [{"shot_id", "task_id"}] * 2
    assert KEY not in receipt.handle


async def test_fields_that_no_document_names_are_no_trouble(local, client):
    local.switch(extra_fields=True, envelope="overview")

    assert (await local.seen(client, storyboard(2))).state is ProviderState.SUCCEEDED


# --- fetching ---


@pytest.mark.parametrize("gone", [403, 404])
async def test_an_address_that_expired_can_be_tried_again_and_leaves_nothing_behind(
    local, client, tmp_path, gone
):
    status = await local.seen(client, order())
    local.switch(storage_expired=True, storage_expired_status=gone)

    with pytest.raises(ArtifactUnavailableError):
        await client.fetch(status.artifact_addresses[0], tmp_path / "video.mp4")

    assert list(tmp_path.glob("video*")) == []


# --- what the service cannot do ---


async def test_there_is_no_balance_and_nothing_to_recover_and_no_one_is_asked(local, client):
    assert not client.can_recover
    assert await client.balance_micros() is None
    assert await client.recover("tag-1", a_request()) is None
    assert client.pictures_max_bytes is None
    assert local.asked == 0


async def test_its_one_model_is_known_without_asking(local, client):
    (veo,) = await client.list_capabilities()

    assert veo.shots_max == 21
    assert local.asked == 0
