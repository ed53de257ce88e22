"""Composition root of the sandbox: builds every part, starts the sites, stops them in order.

`running_sandbox` is what `__main__` and tests use; nothing else makes worlds, gateways or sites.
"""

import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from sandbox.api.service import PeopleApi
from sandbox.clock import SandboxClock
from sandbox.discord import cdn
from sandbox.discord.base_urls import answering_at
from sandbox.discord.faults import Faults
from sandbox.discord.gateway.service import Gateway
from sandbox.discord.interactions.command_routes import CommandRoutes
from sandbox.discord.interactions.routes import InteractionRoutes
from sandbox.discord.interactions.service import Interactions
from sandbox.discord.local_discord import LocalDiscord
from sandbox.discord.rest import routes
from sandbox.discord.rest.answers import errors_as_json
from sandbox.discord.rest.missing import MissingRoutes
from sandbox.discord.rest.ratelimits import RateLimits
from sandbox.discord.rest.routing import Router, authorising
from sandbox.discord.seed import new_world
from sandbox.discord.state.blobs import BlobStore
from sandbox.discord.traffic import TrafficLog
from sandbox.providers.control import add_routes
from sandbox.providers.nanogpt import control as nanogpt_control
from sandbox.providers.nanophoto import control as nanophoto_control
from sandbox.servers import NanoGptServer, NanoPhotoServer, Servers
from sandbox.settings import SandboxSettings

_PAGE = Path(__file__).parent / "page"


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox: its parts for tests, its addresses for everyone."""

    settings: SandboxSettings
    clock: SandboxClock
    discord: LocalDiscord
    interactions: Interactions
    gateway: Gateway
    faults: Faults
    rate_limits: RateLimits
    origin: str
    nanogpt: NanoGptServer
    nanophoto: NanoPhotoServer

    def environment(self) -> dict[str, str]:
        """What a bot needs to run here, by the names of its settings; and the page's address."""
        return {
            "DISCORD_TOKEN": self.discord.world.application.token,
            "DISCORD_API_URL": f"{self.origin}/api/v10",
            "DISCORD_GATEWAY_URL": self.gateway.address(),
            "DISCORD_CDN_URL": f"{self.origin}/cdn",
            "NANOGPT_BASE_URL": f"{self.nanogpt.origin}/api",
            "NANOGPT_API_KEY": self.settings.nanogpt_key,
            "NANOPHOTO_BASE_URL": f"{self.nanophoto.origin}/api",
            "NANOPHOTO_API_KEY": self.settings.nanophoto_key,
            "NANOPHOTO_USD_PER_CREDIT": "0.02",  # what the real one takes is not documented
            "FETCH_ALLOW_HOSTS": ",".join(
                address.partition("://")[2]
                for address in (
                    self.origin,
                    self.nanogpt.origin,
                    self.nanogpt.service.storage_origin,
                    self.nanophoto.origin,
                    self.nanophoto.service.storage_origin,
                )
            ),
            "page": f"{self.origin}/",
        }


@asynccontextmanager
async def running_sandbox(settings: SandboxSettings) -> AsyncIterator[Sandbox]:
    """Start everything; stop it when the block ends."""
    async with AsyncExitStack() as stack:
        folder = _folder(settings, stack)
        clock = SandboxClock()
        discord = new_world(clock, BlobStore(folder), settings.token)
        interactions = Interactions(discord)
        stack.callback(interactions.close)
        faults = Faults(clock)
        rate_limits = RateLimits(clock, enabled=settings.rate_limits)
        gateway = Gateway(discord.world, starts_paced=lambda: rate_limits.enabled)
        missing = MissingRoutes()
        people = PeopleApi(interactions, gateway, faults, missing)
        traffic = stack.enter_context(TrafficLog(settings.traffic_log))
        app = _application(discord, traffic, faults, rate_limits, missing)
        _mount(app, interactions, gateway)
        people.add_to(app)
        servers = Servers(settings, clock, folder, stack)
        nanogpt, nanophoto = await servers.nanogpt(), await servers.nanophoto()
        add_routes(app, nanogpt_control.playable(nanogpt.service))
        add_routes(app, nanophoto_control.playable(nanophoto.service))
        local = await servers.start(app, 0)
        origin = settings.public_origin or local
        stack.push_async_callback(people.close)
        stack.callback(gateway.close)
        discord.world.addresses.local = local
        discord.world.addresses.public = settings.public_origin
        yield Sandbox(
            settings,
            clock,
            discord,
            interactions,
            gateway,
            faults,
            rate_limits,
            origin,
            nanogpt,
            nanophoto,
        )


def _folder(settings: SandboxSettings, stack: AsyncExitStack) -> Path:
    """Where uploads lie: the set folder, or a temporary one that goes at the end."""
    if settings.data_dir is None:
        return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="showreel-sandbox-")))
    folder = settings.data_dir / "discord"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _application(
    discord: LocalDiscord,
    traffic: TrafficLog,
    faults: Faults,
    rate_limits: RateLimits,
    missing: MissingRoutes,
) -> web.Application:
    """Outermost first: what is logged is what the bot saw, faults included."""
    return web.Application(
        middlewares=[
            answering_at(discord.world.addresses),
            traffic.middleware,
            faults.middleware,
            errors_as_json(missing),
            authorising(discord.world.application),
            rate_limits.middleware,
        ]
    )


def _mount(app: web.Application, interactions: Interactions, gateway: Gateway) -> None:
    discord = interactions.discord
    router = Router(app)
    routes.add_routes(app, discord, gateway.start_limit)
    CommandRoutes(interactions).add_to(router)
    InteractionRoutes(interactions).add_to(router)
    gateway.add_routes(app)
    cdn.add_routes(app, discord.world)
    app.router.add_get("/", _index)
    if _PAGE.is_dir():
        app.router.add_static("/page/", _PAGE)


async def _index(_request: web.Request) -> web.FileResponse:
    return web.FileResponse(_PAGE / "index.html", headers={"Cache-Control": "no-cache"})
