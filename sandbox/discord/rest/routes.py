"""All routes of Discord's REST interface that stand in this package."""

from collections.abc import Callable

from aiohttp import web

from sandbox.discord.local import LocalDiscord
from sandbox.discord.models import Json
from sandbox.discord.rest import (
    channels,
    gateways,
    guilds,
    members,
    messages,
    pins,
    reactions,
    roles,
    threads,
    users,
)
from sandbox.discord.rest.routing import Router


def add_routes(app: web.Application, local: LocalDiscord, start_limit: Callable[[], Json]) -> None:
    """Mount everything below /api, /api/v9 and /api/v10."""
    router = Router(app)
    gateways.add_routes(router, local.world, start_limit)
    for resource in (users, guilds, members, roles, channels, pins, messages, reactions, threads):
        resource.add_routes(router, local)
