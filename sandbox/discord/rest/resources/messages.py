"""Messages of a channel: list, get, create, edit, delete, bulk delete."""

from aiohttp import web

from sandbox.discord import errors
from sandbox.discord.local_discord import LocalDiscord
from sandbox.discord.payloads import message_json
from sandbox.discord.rest import reading
from sandbox.discord.rest.answers import json_answer, no_content
from sandbox.discord.rest.resources.channels import channel_of
from sandbox.discord.rest.routing import Router
from sandbox.discord.rules import forms
from sandbox.discord.state.models import Json, Message

_CROSSPOSTED = 1 << 0
_NEWS = 5
_MOST_AT_ONCE = 100


def add_routes(router: Router, local: LocalDiscord) -> None:
    messages = _Messages(local)
    every, one = "/channels/{channel_id}/messages", "/channels/{channel_id}/messages/{message_id}"
    router.add("GET", every, messages.list)
    router.add("POST", every, messages.create)
    router.add("POST", f"{every}/bulk-delete", messages.delete_many)
    router.add("GET", one, messages.get)
    router.add("PATCH", one, messages.edit)
    router.add("DELETE", one, messages.delete)
    router.add("POST", f"{one}/crosspost", messages.crosspost)


def message_of(local: LocalDiscord, request: web.Request) -> Message:
    """The message in the path, if the bot may read it."""
    channel = channel_of(local, request)
    message_id = reading.path_id(request, "message_id")
    return local.messages.get(channel, message_id, local.world.application.bot.id)


class _Messages:
    def __init__(self, local: LocalDiscord) -> None:
        self._local = local
        self._world = local.world
        self._bot = local.world.application.bot

    async def list(self, request: web.Request) -> web.Response:
        channel = channel_of(self._local, request)
        found = self._local.messages.history(
            channel,
            self._bot.id,
            before=reading.query_id(request, "before"),
            after=reading.query_id(request, "after"),
            around=reading.query_id(request, "around"),
            limit=reading.query_limit(request, default=50, most=100),
        )
        return json_answer([self._json(message) for message in found])

    async def get(self, request: web.Request) -> web.Response:
        return json_answer(self._json(message_of(self._local, request)))

    async def create(self, request: web.Request) -> web.Response:
        channel = self._world.channel(reading.path_id(request, "channel_id"))
        async with reading.body_of(request, self._world.blobs) as body:
            message = self._local.messages.create(channel, self._bot, body.form(), body.files)
        data = self._json(message)
        if message.nonce is not None:
            data["nonce"] = message.nonce
        return json_answer(data)

    async def edit(self, request: web.Request) -> web.Response:
        message = message_of(self._local, request)
        async with reading.body_of(request, self._world.blobs) as body:
            self._local.messages.edit(message, self._bot.id, body.form(), body.files)
        return json_answer(self._json(message))

    async def delete(self, request: web.Request) -> web.Response:
        self._local.messages.delete(message_of(self._local, request), self._bot.id)
        return no_content()

    async def delete_many(self, request: web.Request) -> web.Response:
        channel = channel_of(self._local, request)
        form = await reading.form_of(request, self._world.blobs)
        faults = errors.FormErrors()
        named = forms.items(faults, "messages", form.get("messages"), most=_MOST_AT_ONCE)
        faults.raise_if_any()
        found = [forms.required_snowflake("messages", item) for item in named]
        self._local.messages.delete_many(channel, found, self._bot.id)
        return no_content()

    async def crosspost(self, request: web.Request) -> web.Response:
        message = message_of(self._local, request)
        if self._world.channel(message.channel_id).type != _NEWS:
            raise errors.wrong_kind_of_channel()
        if message.author.id != self._bot.id:
            raise errors.missing_permissions()
        message.flags |= _CROSSPOSTED
        self._local.messages.publish_update(message)
        return json_answer(self._json(message))

    def _json(self, message: Message) -> Json:
        return message_json(self._world, message, self._world.viewer(self._bot.id))
