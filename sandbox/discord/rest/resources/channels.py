"""Channels: get, change, delete, their overwrites and the typing indicator."""

from aiohttp import web

from sandbox.discord.local_discord import LocalDiscord
from sandbox.discord.payloads import channel_json
from sandbox.discord.rest import reading
from sandbox.discord.rest.answers import json_answer, no_content
from sandbox.discord.rest.routing import Router
from sandbox.discord.rules import permissions
from sandbox.discord.services.posting import publish_typing
from sandbox.discord.state.models import Channel


def add_routes(router: Router, local: LocalDiscord) -> None:
    channels = _Channels(local)
    router.add("GET", "/channels/{channel_id}", channels.get)
    router.add("PATCH", "/channels/{channel_id}", channels.update)
    router.add("DELETE", "/channels/{channel_id}", channels.delete)
    router.add("POST", "/channels/{channel_id}/typing", channels.typing)
    overwrite = "/channels/{channel_id}/permissions/{overwrite_id}"
    router.add("PUT", overwrite, channels.set_overwrite)
    router.add("DELETE", overwrite, channels.delete_overwrite)


def channel_of(local: LocalDiscord, request: web.Request) -> Channel:
    """The channel in the path, if the bot sees it."""
    channel = local.world.channel(reading.path_id(request, "channel_id"))
    permissions.require(
        local.world, channel, local.world.application.bot.id, permissions.VIEW_CHANNEL
    )
    return channel


class _Channels:
    def __init__(self, local: LocalDiscord) -> None:
        self._local = local
        self._world = local.world
        self._bot_id = local.world.application.bot.id

    async def get(self, request: web.Request) -> web.Response:
        channel = channel_of(self._local, request)
        return json_answer(channel_json(self._world, channel, self._bot_id))

    async def update(self, request: web.Request) -> web.Response:
        channel = channel_of(self._local, request)
        form = await reading.form_of(request, self._world.blobs)
        self._local.channels.update(channel, form, self._bot_id)
        return json_answer(channel_json(self._world, channel, self._bot_id))

    async def delete(self, request: web.Request) -> web.Response:
        channel = channel_of(self._local, request)
        data = channel_json(self._world, channel, self._bot_id)
        if channel.guild_id:
            self._local.channels.delete(channel, self._bot_id)
        return json_answer(data)

    async def typing(self, request: web.Request) -> web.Response:
        channel = channel_of(self._local, request)
        publish_typing(self._world, channel, self._bot_id)
        return no_content()

    async def set_overwrite(self, request: web.Request) -> web.Response:
        channel = channel_of(self._local, request)
        form = await reading.form_of(request, self._world.blobs)
        overwrite_id = reading.path_id(request, "overwrite_id")
        self._local.channels.set_overwrite(channel, overwrite_id, form, self._bot_id)
        return no_content()

    async def delete_overwrite(self, request: web.Request) -> web.Response:
        channel = channel_of(self._local, request)
        overwrite_id = reading.path_id(request, "overwrite_id")
        self._local.channels.delete_overwrite(channel, overwrite_id, self._bot_id)
        return no_content()
