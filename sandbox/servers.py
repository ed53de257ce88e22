"""Starts the video services: each with its API and its store, on ports of their own."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from sandbox.clock import SandboxClock
from sandbox.providers.nanogpt import routes as nanogpt_routes
from sandbox.providers.nanogpt.overrides import Overrides as NanoGptOverrides
from sandbox.providers.nanogpt.service import NanoGpt
from sandbox.providers.nanophoto import routes as nanophoto_routes
from sandbox.providers.nanophoto.overrides import Overrides as NanoPhotoOverrides
from sandbox.providers.nanophoto.service import NanoPhoto
from sandbox.settings import SandboxSettings
from sandbox.tasks import TaskOwner
from sandbox.videos.rendering import Renderer, RenderOnce

_SHUTDOWN_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class NanoGptServer:
    """The local NanoGPT and the address of its API."""

    service: NanoGpt
    origin: str


@dataclass(frozen=True, slots=True)
class NanoPhotoServer:
    """The local NanoPhoto and the address of its site."""

    service: NanoPhoto
    origin: str


@dataclass(frozen=True, slots=True)
class Servers:
    """Starts sites that close with `stack`; they take the ports after the first one."""

    settings: SandboxSettings
    clock: SandboxClock
    folder: Path
    stack: AsyncExitStack

    async def nanogpt(self) -> NanoGptServer:
        settings = self.settings
        tasks = await self.stack.enter_async_context(TaskOwner())
        overrides = NanoGptOverrides(generation_seconds=settings.generation_seconds)
        service = NanoGpt(self.clock, tasks, self._renderer(), self.folder / "videos", overrides)
        service.books.open(settings.nanogpt_key)
        api = await self.start(nanogpt_routes.api_of(service), 1)
        storage = await self.start(nanogpt_routes.storage_of(service), 2)
        service.storage_origin = settings.shown(storage)
        return NanoGptServer(service, settings.shown(api))

    async def nanophoto(self) -> NanoPhotoServer:
        settings = self.settings
        tasks = await self.stack.enter_async_context(TaskOwner())
        overrides = NanoPhotoOverrides(generation_seconds=settings.generation_seconds)
        service = NanoPhoto(self.clock, tasks, self._renderer(), self.folder / "veo", overrides)
        service.books.open(settings.nanophoto_key)
        api = await self.start(nanophoto_routes.api_of(service), 3)
        storage = await self.start(nanophoto_routes.storage_of(service), 4)
        service.storage_origin = settings.shown(storage)
        return NanoPhotoServer(service, settings.shown(api))

    def _renderer(self) -> Renderer:
        if self.settings.render_once:
            return RenderOnce(self.folder / "rendered")
        return Renderer()

    async def start(self, app: web.Application, number: int) -> str:
        """Serve an application on the port of this number; returns its address."""
        host, first = self.settings.host, self.settings.port
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
        await runner.setup()
        self.stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, host, first and first + number).start()
        return f"http://{self.settings.local_host}:{runner.addresses[0][1]}"
