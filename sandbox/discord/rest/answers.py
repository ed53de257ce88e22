"""REST answers: JSON with Discord's exact Content-Type, errors in Discord's shape."""

import json
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from sandbox.discord import errors
from sandbox.discord.rest.missing import HEADER, MissingRoutes
from sandbox.discord.rest.routing import is_discord_rest, names_discontinued_version


def json_answer(data: Any, status: int = 200) -> web.Response:
    """JSON under exactly `application/json`: clients compare it with `==`, a charset breaks them."""
    response = web.Response(body=json.dumps(data).encode(), status=status)
    response.headers["Content-Type"] = "application/json"
    return response


def no_content() -> web.Response:
    return web.Response(status=204)


def error_answer(error: errors.DiscordError) -> web.Response:
    return json_answer(error.body(), error.status)


def errors_as_json(missing: MissingRoutes) -> Middleware:
    """A middleware that turns refusals and unknown routes into Discord's bodies."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            if names_discontinued_version(request):
                raise errors.invalid_api_version()
            return await handler(request)
        except errors.DiscordError as error:
            return error_answer(error)
        except web.HTTPNotFound:
            return _not_here(request, missing, errors.not_found())
        except web.HTTPMethodNotAllowed:
            return _not_here(request, missing, errors.method_not_allowed())
        except web.HTTPRequestEntityTooLarge:
            return error_answer(errors.request_too_large())

    return middleware


def _not_here(
    request: web.Request, missing: MissingRoutes, error: errors.DiscordError
) -> web.Response:
    response = error_answer(error)
    if is_discord_rest(request):
        response.headers[HEADER] = missing.note(request)
    return response
