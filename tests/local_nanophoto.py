"""The bot's client at a local NanoPhoto: what the tests of the two together share."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp

from bot.catalog.request import Shot, VideoRequest
from bot.clock import Clock, SystemClock
from bot.errors import ProviderError
from bot.providers.contract import (
    Order,
    OrderPicture,
    ProviderStatus,
    Receipt,
    RequestBudgets,
    Watched,
)
from bot.providers.nanophoto.client import NanoPhoto
from bot.providers.nanophoto.handles import Handle, parse
from bot.providers.nanophoto.models import MODEL_ID
from sandbox.app import Sandbox, running_sandbox
from sandbox.providers.nanophoto import service as local
from sandbox.providers.nanophoto.making import Studio
from sandbox.providers.nanophoto.overrides import Overrides
from sandbox.providers.nanophoto.shots import Shot as LocalShot
from sandbox.settings import SandboxSettings
from sandbox.videos.rendering import Renderer, RenderingError
from tests.factories import make_image, make_request
from tests.fakes.budgets import InMemoryBudgets

KEY = "np-sandbox"
OTHER_KEY = "np-someone-else"
USD_PER_CREDIT = Decimal("0.02")
OPENING_CREDITS = 1000
GENERATE = "/api/veo-3/generate"
STATUS = "/api/veo-3/check-status"
PICTURE = "https://static.nanophoto.ai/demo/nano-banana-pro.webp"
HANDLE = '{"resolution":"720p","tasks":[{"shot_id":"s","task_id":"task_a"}],"credits":10}'  # of no one's video

Json = dict[str, Any]


class BlankStudio(Studio):
    """Its videos are files with a few bytes; a picture named `away` cannot be had."""

    async def make(self, shot: LocalShot) -> str:
        if any("away" in address for address in shot.order.image_urls):
            msg = "an image could not be fetched"
            raise RenderingError(msg)
        return await self._blank(f"{shot.task_id}.mp4")

    async def join(self, shots: Any) -> str:
        return await self._blank(f"task_joined{shots[0].task_id}.mp4")

    async def _blank(self, name: str) -> str:
        await asyncio.to_thread((self.folder / name).write_bytes, b"\0\0\0\x18ftypisom")
        return name


@dataclass
class Budgetless:
    """The port `RequestBudgets` of an account that may ask as often as it likes."""

    async def take(self, rules: Any, purpose: Any) -> datetime | None:
        return None

    async def free_at(self, rules: Any, purpose: Any) -> datetime | None:
        return None

    async def used(self, rule: Any) -> int:
        return 0


@dataclass
class Local:
    """A local NanoPhoto, and clients of it."""

    sandbox: Sandbox
    session: aiohttp.ClientSession

    @property
    def service(self) -> local.NanoPhoto:
        return self.sandbox.nanophoto.service

    @property
    def credits(self) -> int:
        return self.service.books.balances[KEY]

    @property
    def asked(self) -> int:
        """How many requests the service has counted in the last hour."""
        return self.service.requests.count(KEY)

    def switch(self, **switches: Any) -> None:
        known = self.service.overrides.model_dump()
        self.service.overrides = Overrides(**(known | switches))

    def movements(self, kind: str) -> list[int]:
        return [entry.credits for entry in self.service.books.entries if entry.kind == kind]

    def client(
        self,
        key: str = KEY,
        *,
        origin: str = "",
        clock: Clock | None = None,
        budgets: RequestBudgets | None = None,
    ) -> NanoPhoto:
        clock = clock or SystemClock()
        return NanoPhoto(
            key,
            f"{origin or self.sandbox.nanophoto.origin}/api",
            USD_PER_CREDIT,
            api=self.session,
            downloads=self.session,
            budgets=budgets or InMemoryBudgets(clock),
            clock=clock,
        )

    async def over(self, receipt: Receipt) -> Handle:
        """The tasks of a submission, when the service has finished with them."""
        handle = parse(receipt.handle)
        await self.service.making[handle.tasks[0].task_id]
        return handle

    async def submitted(self, client: NanoPhoto, one: Order) -> Receipt:
        """A submission that has come to its end."""
        receipt = await client.submit(one)
        await self.over(receipt)
        return receipt

    async def seen(self, client: NanoPhoto, one: Order) -> ProviderStatus:
        """What a look shows of a submission that has come to its end."""
        receipt = await self.submitted(client, one)
        return await client.poll(receipt.handle, one.request)


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


def a_request(**fields: Any) -> VideoRequest:
    defaults: Json = {"model_id": MODEL_ID, "duration_seconds": 8, "audio": None}
    return make_request(**(defaults | fields))


def order(tag: str = "tag-1", *, address: str | None = PICTURE, **fields: Any) -> Order:
    """A request as it is handed over, its pictures under their addresses."""
    request = a_request(**fields)
    pictures = {
        image.key: OrderPicture(address=address and f"{address}?{image.key}")
        for image in request.pictures
    }
    return Order(request, tag, pictures)


def storyboard(count: int, tag: str = "tag-1", **fields: Any) -> Order:
    parts = tuple(Shot(f"scene {number}") for number in range(1, count + 1))
    return order(tag, prompt="scene 1", shots=parts, **fields)


def image(number: int) -> Any:
    return make_image(key=f"picture-{number}.png")


def watched(*receipts: Receipt) -> list[Watched]:
    return [Watched(receipt.handle, a_request()) for receipt in receipts]


def words(found: ProviderStatus | ProviderError) -> str:
    """A status or an error in one word."""
    return str(found.state) if isinstance(found, ProviderStatus) else type(found).__name__


@asynccontextmanager
async def blank_sandbox(folder: Path) -> AsyncIterator[Sandbox]:
    """A sandbox whose NanoPhoto makes blank videos at once."""
    settings = SandboxSettings(port=0, generation_seconds=0, data_dir=folder, traffic_log=None)
    async with running_sandbox(settings) as sandbox:
        service = sandbox.nanophoto.service
        service.studio = BlankStudio(Renderer(), service.studio.folder)
        yield sandbox


@asynccontextmanager
async def local_nanophoto(folder: Path) -> AsyncIterator[Local]:
    """Blank videos at once, for the bot's key and for someone else's."""
    async with blank_sandbox(folder) as sandbox, aiohttp.ClientSession() as session:
        sandbox.nanophoto.service.books.open(OTHER_KEY)
        yield Local(sandbox, session)
