"""How every REST answer is made: JSON with Discord's exact Content-Type, errors in Discord's shape."""

import json
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.discord import errors


def json_answer(data: Any, status: int = 200) -> web.Response:
    """JSON under exactly `application/json`: clients compare it with `==`, a charset breaks them."""
    response = web.Response(body=json.dumps(data).encode(), status=status)
    response.headers["Content-Type"] = "application/json"
    return response


def no_content() -> web.Response:
    return web.Response(status=204)


def error_answer(error: errors.DiscordError) -> web.Response:
    return json_answer(error.body(), error.status)


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn refusals and unknown routes into Discord's bodies."""
    try:
        return await handler(request)
    except errors.DiscordError as error:
        return error_answer(error)
    except web.HTTPNotFound:
        return error_answer(errors.not_found())
    except web.HTTPMethodNotAllowed:
        return error_answer(errors.method_not_allowed())
    except web.HTTPRequestEntityTooLarge:
        return error_answer(errors.request_too_large())
