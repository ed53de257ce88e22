"""What every handler reads from a request: ids in the path, numbers in the query, a body."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from sandbox.discord import errors, forms
from sandbox.discord.blobs import BlobStore
from sandbox.discord.models import Json
from sandbox.discord.uploads import Body, read_body


def path_id(request: web.Request, name: str) -> int:
    return int(request.match_info[name])


def query_id(request: web.Request, name: str) -> int | None:
    if name not in request.query:
        return None
    return forms.required_snowflake(name, request.query[name])


def query_limit(request: web.Request, *, default: int, most: int, least: int = 1) -> int:
    """`limit`; 50035 outside its range."""
    text = request.query.get("limit", str(default))
    limit = forms.snowflake(text)
    if limit is None or not least <= limit <= most:
        raise errors.invalid_form(
            "limit", "NUMBER_TYPE_RANGE", f"int value should be between {least} and {most}."
        )
    return limit


@asynccontextmanager
async def body_of(request: web.Request, blobs: BlobStore) -> AsyncIterator[Body]:
    """The request's body; uploads that nobody adopted are removed at the end."""
    body = await read_body(request, blobs)
    try:
        yield body
    finally:
        body.discard()


async def form_of(request: web.Request, blobs: BlobStore) -> Json:
    """The request's JSON object."""
    async with body_of(request, blobs) as body:
        return body.form()


async def payload_of(request: web.Request, blobs: BlobStore) -> Any:
    """The request's JSON, which may be a list."""
    async with body_of(request, blobs) as body:
        return body.payload
