"""Where the gateway is, and how many times a bot may still begin."""

from collections.abc import Callable

from aiohttp import web

from sandbox.discord.models import Json
from sandbox.discord.rest.answers import json_answer
from sandbox.discord.rest.routing import Router
from sandbox.discord.world import World


def add_routes(router: Router, world: World, start_limit: Callable[[], Json]) -> None:
    """`start_limit` gives the `session_start_limit` of `/gateway/bot`."""

    def url() -> str:
        return world.addresses.origin.replace("http", "ws", 1) + "/gateway"

    async def gateway(_request: web.Request) -> web.Response:
        return json_answer({"url": url()})

    async def gateway_for_bots(_request: web.Request) -> web.Response:
        return json_answer({"url": url(), "shards": 1, "session_start_limit": start_limit()})

    router.add("GET", "/gateway", gateway)
    router.add("GET", "/gateway/bot", gateway_for_bots)
