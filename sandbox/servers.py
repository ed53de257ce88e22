"""Opens the video services: each with its API and its store on origins of their own."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from sandbox.clock import SandboxClock
from sandbox.films.rendering import Renderer
from sandbox.providers.nanogpt import routes as nanogpt_routes
from sandbox.providers.nanogpt.service import NanoGpt
from sandbox.providers.nanogpt.switches import Switches as NanoGptSwitches
from sandbox.providers.nanophoto import routes as nanophoto_routes
from sandbox.providers.nanophoto.service import NanoPhoto
from sandbox.providers.nanophoto.switches import Switches as NanoPhotoSwitches
from sandbox.settings import SandboxSettings
from sandbox.tasks import TaskOwner

_SHUTDOWN_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class OpenNanoGpt:
    """The local NanoGPT and the address of its API."""

    service: NanoGpt
    origin: str


@dataclass(frozen=True, slots=True)
class OpenNanoPhoto:
    """The local NanoPhoto and the address of its site."""

    service: NanoPhoto
    origin: str


@dataclass(frozen=True, slots=True)
class Opener:
    """Starts sites that close with `stack`; they take the ports after the first one."""

    settings: SandboxSettings
    clock: SandboxClock
    folder: Path
    stack: AsyncExitStack

    async def nanogpt(self) -> OpenNanoGpt:
        settings = self.settings
        tasks = await self.stack.enter_async_context(TaskOwner())
        switches = NanoGptSwitches(generation_seconds=settings.generation_seconds)
        service = NanoGpt(self.clock, tasks, Renderer(), self.folder / "films", switches)
        service.books.open(settings.nanogpt_key)
        api = await self.start(nanogpt_routes.api_of(service), 1)
        service.storage_origin = await self.start(nanogpt_routes.storage_of(service), 2)
        return OpenNanoGpt(service, api)

    async def nanophoto(self) -> OpenNanoPhoto:
        settings = self.settings
        tasks = await self.stack.enter_async_context(TaskOwner())
        switches = NanoPhotoSwitches(generation_seconds=settings.generation_seconds)
        service = NanoPhoto(self.clock, tasks, Renderer(), self.folder / "veo", switches)
        service.books.open(settings.nanophoto_key)
        api = await self.start(nanophoto_routes.api_of(service), 3)
        service.storage_origin = await self.start(nanophoto_routes.storage_of(service), 4)
        return OpenNanoPhoto(service, api)

    async def start(self, app: web.Application, number: int) -> str:
        """Serve an application on the port of this number; returns its address."""
        host, first = self.settings.host, self.settings.port
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
        await runner.setup()
        self.stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, host, first and first + number).start()
        return f"http://{host}:{runner.addresses[0][1]}"
