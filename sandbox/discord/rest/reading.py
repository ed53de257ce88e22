"""Reading requests: ids in the path, numbers in the query, the body."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from sandbox.discord import errors
from sandbox.discord.rules import forms
from sandbox.discord.rules.uploads import Body, read_body
from sandbox.discord.state.blobs import BlobStore
from sandbox.discord.state.models import Json


def path_id(request: web.Request, name: str) -> int:
    """The id in the path; 50035 for what is none, such as a name."""
    return forms.required_snowflake(name, request.match_info[name])


def query_id(request: web.Request, name: str) -> int | None:
    if name not in request.query:
        return None
    return forms.required_snowflake(name, request.query[name])


def query_limit(request: web.Request, *, default: int, most: int, least: int = 1) -> int:
    """`limit`; 50035 outside its range."""
    faults = errors.FormErrors()
    limit = forms.integer(faults, "limit", request.query.get("limit"), least=least, most=most)
    faults.raise_if_any()
    return default if limit is None else limit


def query_flag(request: web.Request, name: str) -> bool:
    """A switch such as `with_counts`; off if it is left out, 50035 for what is none."""
    faults = errors.FormErrors()
    found = forms.boolean(faults, name, request.query.get(name), default=False)
    faults.raise_if_any()
    return found


def query_moment(request: web.Request, name: str) -> datetime | None:
    """An instant in ISO 8601, in UTC where it names no zone."""
    if name not in request.query:
        return None
    try:
        moment = datetime.fromisoformat(request.query[name])
    except ValueError as error:
        text = f"Could not parse {request.query[name]}. Should be ISO8601."
        raise errors.invalid_form(name, "DATE_TIME_TYPE_PARSE", text) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@asynccontextmanager
async def body_of(request: web.Request, blobs: BlobStore) -> AsyncIterator[Body]:
    """The request's body; uploads that no attachment took over are removed at the end."""
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
