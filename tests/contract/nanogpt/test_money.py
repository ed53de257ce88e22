"""What a video of NanoGPT costs and gives back, and what is handed over for it."""

import base64
import io
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from PIL import Image

from bot.clock import SystemClock
from bot.ids import ModelId
from bot.media.downloads import guarded_session
from bot.media.videos.ffmpeg import Ffmpeg, find_ffmpeg
from bot.media.videos.store import DiskVideoStore
from bot.providers.contract import (
    Order,
    OrderPicture,
    ProviderState,
    ProviderStatus,
    Receipt,
)
from bot.providers.nanogpt.client import NanoGpt
from sandbox.app import running_sandbox
from sandbox.providers.nanogpt.overrides import Fault
from sandbox.providers.nanogpt.service import NanoGpt as Service
from sandbox.settings import SandboxSettings
from tests.factories import make_image, make_request, new_job_id
from tests.fakes.budgets import InMemoryBudgets
from tests.serving import pair_of

KEY = "sk-nano-sandbox"
MODEL = ModelId("bytedance-seedance-v1-pro-fast")
REQUEST = make_request(model_id=MODEL, duration_seconds=2, resolution="480p")
COST_MICROS = 24_000


@dataclass
class Table:
    """The client, the service behind it, and the address between them."""

    client: NanoGpt
    service: Service
    origin: str

    async def ended(self, receipt: Receipt) -> ProviderStatus:
        await self.service.making[receipt.handle]
        return await self.client.poll(receipt.handle, REQUEST)

    @property
    def money(self) -> list[tuple[str, int]]:
        return [(entry.kind, entry.amount_micros) for entry in self.service.books.entries]

    def fault(self, **fields: Any) -> None:
        self.service.faults.append(Fault(method="POST", path="/api/generate-video", **fields))


@asynccontextmanager
async def set_table(folder: Path, key: str = KEY, sandbox: Any = None) -> AsyncIterator[Table]:
    async with AsyncExitStack() as stack:
        settings = SandboxSettings(port=0, generation_seconds=0, data_dir=folder, traffic_log=None)
        sandbox = sandbox or await stack.enter_async_context(running_sandbox(settings))
        service, origin = sandbox.nanogpt.service, sandbox.nanogpt.origin
        hosts = frozenset({pair_of(origin), pair_of(service.storage_origin)})
        api = await stack.enter_async_context(aiohttp.ClientSession())
        downloads = await stack.enter_async_context(guarded_session(hosts))
        client = NanoGpt(
            key,
            f"{origin}/api",
            api=api,
            downloads=downloads,
            budgets=InMemoryBudgets(SystemClock()),
            clock=SystemClock(),
        )
        yield Table(client, service, origin)


@pytest.fixture
async def table(tmp_path) -> AsyncIterator[Table]:
    async with set_table(tmp_path) as opened:
        yield opened


def order(tag: str = "tag-1", **fields: Any) -> Order:
    return Order(replace(REQUEST, **fields), tag)


async def test_a_request_becomes_a_video_that_plays(table, tmp_path):
    receipt = await table.client.submit(order())
    status = await table.ended(receipt)
    videos, job_id = DiskVideoStore(tmp_path / "mine", Ffmpeg(find_ffmpeg())), new_job_id()
    assert status.artifact_addresses
    await table.client.fetch(status.artifact_addresses[0], videos.path(job_id))
    video = await videos.inspect(job_id)

    assert receipt.precharged_micros == status.charged_micros == COST_MICROS
    assert (video.duration_seconds, video.height) == (2.0, 480)
    assert table.money == [("charge", COST_MICROS)]
    assert table.service.keys_seen_by_storage == []


@pytest.mark.parametrize(("fail", "refused"), [("error", False), ("policy", True)])
async def test_a_video_that_fails_is_failed_and_its_money_comes_back(table, fail, refused):
    table.service.overrides.fail = fail

    status = await table.ended(await table.client.submit(order()))

    assert (status.state, status.refused) == (ProviderState.FAILED, refused)
    assert (status.text is not None) == refused
    assert table.money == [("charge", COST_MICROS), ("refund", COST_MICROS)]
    assert await table.client.balance_micros() == 50_000_000


async def test_a_picture_is_handed_over_whole(table):
    target = io.BytesIO()
    Image.new("RGB", (320, 180), "red").save(target, "PNG")

    receipt = await table.client.submit(
        Order(
            replace(REQUEST, image=make_image(key="a.png")),
            "tag-1",
            {"a.png": OrderPicture(target.getvalue(), "image/png")},
        )
    )

    sent = table.service.books.runs[receipt.handle].body["imageDataUrl"]
    assert sent == f"data:image/png;base64,{base64.b64encode(target.getvalue()).decode()}"
    assert (await table.ended(receipt)).state is ProviderState.SUCCEEDED


async def test_what_was_paid_in_another_currency_is_not_counted_in_dollars(table):
    table.service.overrides.payment_source = "XNO"

    assert (await table.client.submit(order())).precharged_micros is None


async def test_where_the_newer_status_is_not_known_the_older_one_is_asked(table):
    receipt = await table.client.submit(order())
    await table.service.making[receipt.handle]
    table.service.faults.append(Fault(path="/api/video/status", kind="status", status=404))

    status = await table.client.poll(receipt.handle, REQUEST)

    assert status.state is ProviderState.SUCCEEDED
