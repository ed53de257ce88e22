"""Who may call Discord's REST interface: whoever has the bot's token, or a token in the path."""

import hmac

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from sandbox.discord import errors
from sandbox.discord.models import Application
from sandbox.discord.rest.routing import (
    is_authorised_by_path,
    is_discord_rest,
    path_below_version,
)


def authorising(application: Application) -> Middleware:
    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if is_discord_rest(request) and not _is_open(request):
            given = request.headers.get("Authorization", "").encode()
            if not hmac.compare_digest(given, f"Bot {application.token}".encode()):
                raise errors.unauthorized()
        return await handler(request)

    return middleware


def _is_open(request: web.Request) -> bool:
    return is_authorised_by_path(request) or path_below_version(request) == "/gateway"
