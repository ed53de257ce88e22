"""Routes as data: method, path, models and handler; how a request is read and answered by them.

Everything that is refused becomes `{"code", "message"}` with Discord's own code where there is one.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sandbox.discord.errors import DiscordError
from sandbox.discord.rest.answers import json_answer, no_content
from sandbox.discord.rules.uploads import Upload, read_body
from sandbox.discord.state.blobs import BlobStore

PREFIX = "/sandbox/api"
_INVALID_FORM = 50035


class Form(BaseModel):
    """A body or query that refuses what it does not know."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    def given(self) -> dict[str, Any]:
        """The fields that were sent."""
        return self.model_dump(exclude_unset=True)


class Nothing(Form):
    """No fields at all."""


class As(Form):
    """Who acts."""

    user_id: int = Field(alias="as", description="the id of the user who acts")


FormT = TypeVar("FormT", bound=BaseModel)
QueryT = TypeVar("QueryT", bound=Form)


@dataclass(frozen=True, slots=True)
class Call(Generic[FormT, QueryT]):
    """One request, read and checked. `path` has the ids that stand in the path."""

    request: web.Request
    path: Mapping[str, int]
    body: FormT
    query: QueryT
    files: Mapping[int, Upload] = field(default_factory=dict)


Handler = Callable[[Call[Any, Any]], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Route:
    """One operation. Its handler answers with JSON data, None (204) or a response of its own.

    A route without a handler is served by another part of the sandbox and only described here.
    """

    method: str
    path: str
    handler: Handler | None
    summary: str
    body: type[BaseModel] | None = None
    query: type[Form] = Nothing
    takes_files: bool = False
    upgrades: bool = False  # to a websocket
    status: int = 200  # of an answer with data
    answer: Any = None  # the type of the answer, for the OpenAPI document; None is 204


def add_routes(app: web.Application, routes: list[Route], blobs: BlobStore) -> None:
    for route in routes:
        if route.handler is not None:
            serve = _served(route, route.handler, blobs)
            app.router.add_route(route.method, _pattern(route.path), serve)


def _pattern(path: str) -> str:
    """The path for aiohttp: everything in braces but an emoji is a number."""
    for name in ("guild", "user", "role", "channel", "message", "id"):
        path = path.replace(f"{{{name}}}", rf"{{{name}:\d+}}")
    return PREFIX + path


def _served(
    route: Route, handler: Handler, blobs: BlobStore
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def serve(request: web.Request) -> web.StreamResponse:
        try:
            return await _answer(route, handler, request, blobs)
        except DiscordError as error:
            return json_answer(error.body(), error.status)
        except ValidationError as error:
            return json_answer({"code": _INVALID_FORM, "message": _in_words(error)}, 400)

    return serve


async def _answer(
    route: Route, handler: Handler, request: web.Request, blobs: BlobStore
) -> web.StreamResponse:
    path = {name: int(text) for name, text in request.match_info.items() if text.isdecimal()}
    query = route.query.model_validate(dict(request.query))
    if route.body is None:
        result = await handler(Call(request, path, Nothing(), query))
    else:
        raw = await read_body(request, blobs)
        try:
            body = route.body.model_validate(raw.form())
            result = await handler(Call(request, path, body, query, raw.files))
        finally:
            raw.discard()
    if isinstance(result, web.StreamResponse):
        return result
    return no_content() if result is None else json_answer(result, route.status)


def _in_words(error: ValidationError) -> str:
    """Every fault with where it is, in one line."""
    faults = (
        f"{'.'.join(map(str, fault['loc'])) or 'body'}: {fault['msg']}" for fault in error.errors()
    )
    return "; ".join(faults)
