"""The bot's NanoGPT client against the local NanoGPT, over real HTTP."""

import asyncio

import aiohttp
import pytest

from bot.clock import SystemClock
from bot.errors import (
    ArtifactUnavailableError,
    ProviderBalanceError,
    ProviderCredentialsError,
    ProviderError,
    ProviderJobUnknownError,
    ProviderProtocolError,
    ProviderUnavailableError,
    SubmissionUncertainError,
)
from bot.ids import ModelId
from bot.providers.contract import Order, ProviderState
from bot.providers.nanogpt.client import NanoGpt
from sandbox.app import running_sandbox
from sandbox.providers.nanogpt.overrides import Fault, Overrides
from sandbox.settings import SandboxSettings
from tests.factories import make_request
from tests.fakes.budgets import InMemoryBudgets

MODEL = ModelId("seedance-lite-video")
KEY = "sk-nano-sandbox"


@pytest.fixture
async def local(tmp_path):
    settings = SandboxSettings(port=0, generation_seconds=0, data_dir=tmp_path)
    async with running_sandbox(settings) as sandbox:
        yield sandbox.nanogpt


@pytest.fixture
def service(local):
    return local.service


@pytest.fixture
def make_client(local, session):
    def make(key=KEY, origin=local.origin):
        return NanoGpt(
            key,
            f"{origin}/api",
            api=session,
            downloads=session,
            budgets=InMemoryBudgets(SystemClock()),
            clock=SystemClock(),
        )

    return make


@pytest.fixture
def client(make_client):
    return make_client()


def order(tag="tag-1", **fields):
    return Order(make_request(model_id=MODEL, resolution="480p", **fields), tag)


async def submitted(client, service, tag="tag-1"):
    """A submission whose video has come to its end."""
    receipt = await client.submit(order(tag))
    await service.making[receipt.handle]
    return receipt


def charges(service):
    return [entry for entry in service.books.entries if entry.kind == "charge"]


async def test_a_request_goes_all_the_way_to_a_video_on_disk(client, service, tmp_path):
    receipt = await submitted(client, service)
    status = await client.poll(receipt.handle, make_request(model_id=MODEL))
    await client.fetch(status.artifact_addresses[0], tmp_path / "video.mp4")

    assert receipt.precharged_micros == status.charged_micros == 80_070
    assert status.state is ProviderState.SUCCEEDED
    assert (tmp_path / "video.mp4").read_bytes()[4:8] == b"ftyp"


async def test_the_key_opens_a_relative_address_and_never_reaches_the_store(
    client, service, tmp_path
):
    service.overrides = Overrides(generation_seconds=0, relative_address=True)

    receipt = await submitted(client, service)
    status = await client.poll(receipt.handle, make_request(model_id=MODEL))
    await client.fetch(status.artifact_addresses[0], tmp_path / "video.mp4")

    assert status.artifact_addresses[0].startswith("/api/generate-video/content")
    assert (tmp_path / "video.mp4").stat().st_size > 1000
    assert service.keys_seen_by_storage == []


async def test_an_address_that_expired_can_be_asked_for_again(client, service, tmp_path):
    receipt = await submitted(client, service)
    status = await client.poll(receipt.handle, make_request(model_id=MODEL))
    service.overrides = Overrides(storage_expired=True)

    with pytest.raises(ArtifactUnavailableError):
        await client.fetch(status.artifact_addresses[0], tmp_path / "video.mp4")

    assert not (tmp_path / "video.mp4").exists()


async def test_a_lost_answer_is_uncertain_and_found_by_its_tag_and_charged_once(client, service):
    service.faults.append(Fault(method="POST", kind="drop_after"))

    with pytest.raises(SubmissionUncertainError):
        await client.submit(order("lost-tag"))
    found = await client.recover("lost-tag", make_request(model_id=MODEL))

    assert found is not None
    assert found.handle in service.books.runs
    assert len(charges(service)) == 1


async def test_a_submission_that_never_arrived_is_uncertain_and_not_found(client, service):
    service.faults.append(Fault(method="POST", kind="drop_before"))

    with pytest.raises(SubmissionUncertainError):
        await client.submit(order("lost-tag"))

    assert await client.recover("lost-tag", make_request(model_id=MODEL)) is None
    assert charges(service) == []


async def test_only_the_very_tag_is_recovered(client, service):
    await submitted(client, service, "tag-1")

    assert await client.recover("tag-10", make_request(model_id=MODEL)) is None


async def test_a_service_that_is_not_there_certainly_took_nothing(make_client, unused_tcp_port):
    client = make_client(origin=f"http://127.0.0.1:{unused_tcp_port}")

    with pytest.raises(ProviderUnavailableError):
        await client.submit(order())


async def test_half_an_answer_to_a_submission_is_uncertain(client, service):
    service.faults.append(Fault(method="POST", kind="status", status=500, body='{"runId": "vid'))

    with pytest.raises(SubmissionUncertainError):
        await client.submit(order())


async def test_a_wrong_key_is_named_as_such(make_client):
    with pytest.raises(ProviderCredentialsError):
        await make_client(key="sk-nano-wrong").balance_micros()


async def test_an_empty_account_is_named_as_such(client, service):
    service.books.open(KEY, 0)

    with pytest.raises(ProviderBalanceError):
        await client.submit(order())


async def test_someone_elses_video_and_an_unknown_one_are_unknown(client, make_client, service):
    service.books.open("other-key")
    receipt = await submitted(make_client(key="other-key"), service)

    for handle in (receipt.handle, "vid_nothing"):
        with pytest.raises(ProviderJobUnknownError):
            await client.poll(handle, make_request(model_id=MODEL))


async def test_every_billable_switch_is_sent_so_that_the_price_is_the_quoted_one(client, service):
    request = make_request(
        model_id=ModelId("veo3-1-fast-video"), duration_seconds=8, resolution="720p"
    )

    receipt = await client.submit(Order(request, "tag"))

    assert receipt.precharged_micros == 800_000  # silent; the list's default would be 1,200,000
    assert service.books.runs[receipt.handle].body["generateAudio"] is False


async def test_a_post_is_never_repeated_by_itself():
    """A server that hangs up on every first request sees each POST once."""
    seen = []

    async def hang_up(reader, writer):
        seen.append(await reader.readline())
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, aiohttp.ClientSession() as session:
        client = NanoGpt(
            KEY,
            f"http://127.0.0.1:{port}/api",
            api=session,
            downloads=session,
            budgets=InMemoryBudgets(SystemClock()),
            clock=SystemClock(),
        )
        with pytest.raises(SubmissionUncertainError):
            await client.submit(order())

    assert seen == [b"POST /api/generate-video HTTP/1.1\r\n"]


def test_no_error_of_a_library_is_one_of_ours():
    assert not issubclass(ProviderError, aiohttp.ClientError)
    assert not issubclass(aiohttp.ClientError, ProviderError)
    assert issubclass(ProviderProtocolError, ProviderError)
