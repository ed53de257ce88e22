"""All routes of Discord's REST API but those of interactions, and the gateway's address."""

from collections.abc import Callable

from aiohttp import web

from sandbox.discord.local_discord import LocalDiscord
from sandbox.discord.rest.answers import json_answer
from sandbox.discord.rest.resources import (
    channels,
    guilds,
    members,
    messages,
    pins,
    reactions,
    threads,
    users,
    voice,
)
from sandbox.discord.rest.routing import Router
from sandbox.discord.state.models import Json
from sandbox.discord.state.world import World


def add_routes(app: web.Application, local: LocalDiscord, start_limit: Callable[[], Json]) -> None:
    """Mount everything below /api, /api/v9 and /api/v10."""
    router = Router(app)
    _add_gateway(router, local.world, start_limit)
    for resource in (
        users,
        guilds,
        members,
        channels,
        pins,
        messages,
        reactions,
        threads,
        voice,
    ):
        resource.add_routes(router, local)


def _add_gateway(router: Router, world: World, start_limit: Callable[[], Json]) -> None:
    """`start_limit` gives the `session_start_limit` of `/gateway/bot`."""

    def url() -> str:
        return world.addresses.origin.replace("http", "ws", 1) + "/gateway"

    async def gateway(_request: web.Request) -> web.Response:
        return json_answer({"url": url()})

    async def gateway_for_bots(_request: web.Request) -> web.Response:
        return json_answer({"url": url(), "shards": 1, "session_start_limit": start_limit()})

    router.add("GET", "/gateway", gateway)
    router.add("GET", "/gateway/bot", gateway_for_bots)
