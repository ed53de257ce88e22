"""Where the gateway is."""

from aiohttp import web

from sandbox.discord.rest.answers import json_answer
from sandbox.discord.rest.routing import Router
from sandbox.discord.world import World


def add_routes(router: Router, world: World) -> None:
    async def gateway(_request: web.Request) -> web.Response:
        return json_answer({"url": gateway_url(world)})

    async def gateway_for_bots(_request: web.Request) -> web.Response:
        limit = {"total": 1000, "remaining": 1000, "reset_after": 86_400_000, "max_concurrency": 1}
        return json_answer({"url": gateway_url(world), "shards": 1, "session_start_limit": limit})

    router.add("GET", "/gateway", gateway)
    router.add("GET", "/gateway/bot", gateway_for_bots)


def gateway_url(world: World) -> str:
    return world.addresses.origin.replace("http", "ws", 1) + "/gateway"
