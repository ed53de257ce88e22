"""A guild with its channels, active threads, roles, emoji and stickers."""

from aiohttp import web

from sandbox.discord import errors
from sandbox.discord.local_discord import LocalDiscord
from sandbox.discord.payloads import (
    channel_json,
    counts_json,
    emoji_json,
    guild_json,
    role_json,
    sticker_json,
    thread_member_json,
)
from sandbox.discord.rest import reading
from sandbox.discord.rest.answers import json_answer, no_content
from sandbox.discord.rest.routing import Router
from sandbox.discord.rules import permissions
from sandbox.discord.state.models import Guild


def add_routes(router: Router, local: LocalDiscord) -> None:
    guilds = _Guilds(local)
    router.add("GET", "/guilds/{guild_id}", guilds.get)
    router.add("PATCH", "/guilds/{guild_id}", guilds.update)
    router.add("GET", "/guilds/{guild_id}/channels", guilds.channels)
    router.add("POST", "/guilds/{guild_id}/channels", guilds.create_channel)
    router.add("GET", "/guilds/{guild_id}/threads/active", guilds.active_threads)
    router.add("GET", "/guilds/{guild_id}/emojis", guilds.emojis)
    router.add("GET", "/guilds/{guild_id}/emojis/{emoji_id}", guilds.emoji)
    router.add("GET", "/guilds/{guild_id}/stickers", guilds.stickers)
    router.add("GET", "/guilds/{guild_id}/stickers/{sticker_id}", guilds.sticker)
    router.add("GET", "/sticker-packs", guilds.sticker_packs)
    roles = _Roles(local)
    router.add("GET", "/guilds/{guild_id}/roles", roles.list)
    router.add("POST", "/guilds/{guild_id}/roles", roles.create)
    router.add("GET", "/guilds/{guild_id}/roles/{role_id}", roles.get)
    router.add("PATCH", "/guilds/{guild_id}/roles/{role_id}", roles.update)
    router.add("DELETE", "/guilds/{guild_id}/roles/{role_id}", roles.delete)


def guild_of(local: LocalDiscord, request: web.Request) -> Guild:
    """The guild in the path, if the bot is in it."""
    guild = local.world.guild(reading.path_id(request, "guild_id"))
    if local.world.application.bot.id not in guild.members:
        raise errors.unknown_guild()
    return guild


class _Guilds:
    def __init__(self, local: LocalDiscord) -> None:
        self._local = local
        self._world = local.world

    @property
    def _bot_id(self) -> int:
        return self._world.application.bot.id

    async def get(self, request: web.Request) -> web.Response:
        guild = guild_of(self._local, request)
        data = guild_json(guild)
        if reading.query_flag(request, "with_counts"):
            data |= counts_json(guild)
        return json_answer(data)

    async def update(self, request: web.Request) -> web.Response:
        guild = guild_of(self._local, request)
        form = await reading.form_of(request, self._world.blobs)
        return json_answer(guild_json(self._local.guilds.update(guild, form, self._bot_id)))

    async def channels(self, request: web.Request) -> web.Response:
        guild = guild_of(self._local, request)
        found = [item for item in guild.channels.values() if item.thread is None]
        return json_answer([channel_json(self._world, item) for item in found])

    async def create_channel(self, request: web.Request) -> web.Response:
        guild = guild_of(self._local, request)
        form = await reading.form_of(request, self._world.blobs)
        channel = self._local.channels.create(guild, form, self._bot_id)
        return json_answer(channel_json(self._world, channel), 201)

    async def active_threads(self, request: web.Request) -> web.Response:
        guild = guild_of(self._local, request)
        found = [
            item
            for item in self._world.threads_of(guild)
            if item.thread is not None
            and not item.thread.archived
            and permissions.granted_in(self._world, item, self._bot_id) & permissions.VIEW_CHANNEL
        ]
        members = [
            thread_member_json(item, self._bot_id)
            for item in found
            if item.thread is not None and self._bot_id in item.thread.member_ids
        ]
        threads = [channel_json(self._world, item, self._bot_id) for item in found]
        return json_answer({"threads": threads, "members": members, "has_more": False})

    async def emojis(self, request: web.Request) -> web.Response:
        guild = guild_of(self._local, request)
        return json_answer([emoji_json(item) for item in guild.emojis.values()])

    async def emoji(self, request: web.Request) -> web.Response:
        guild = guild_of(self._local, request)
        found = guild.emojis.get(reading.path_id(request, "emoji_id"))
        if found is None:
            raise errors.missing_emoji()
        return json_answer(emoji_json(found))

    async def stickers(self, request: web.Request) -> web.Response:
        guild = guild_of(self._local, request)
        return json_answer([sticker_json(guild, item) for item in guild.stickers.values()])

    async def sticker(self, request: web.Request) -> web.Response:
        guild = guild_of(self._local, request)
        found = guild.stickers.get(reading.path_id(request, "sticker_id"))
        if found is None:
            raise errors.unknown_sticker()
        return json_answer(sticker_json(guild, found))

    async def sticker_packs(self, _request: web.Request) -> web.Response:
        return json_answer({"sticker_packs": []})


class _Roles:
    def __init__(self, local: LocalDiscord) -> None:
        self._local = local
        self._bot_id = local.world.application.bot.id

    async def list(self, request: web.Request) -> web.Response:
        guild = guild_of(self._local, request)
        return json_answer([role_json(role) for role in guild.roles.values()])

    async def get(self, request: web.Request) -> web.Response:
        guild = guild_of(self._local, request)
        role = self._local.roles.get(guild, reading.path_id(request, "role_id"))
        return json_answer(role_json(role))

    async def create(self, request: web.Request) -> web.Response:
        guild = guild_of(self._local, request)
        form = await reading.form_of(request, self._local.world.blobs)
        return json_answer(role_json(self._local.roles.create(guild, form, self._bot_id)))

    async def update(self, request: web.Request) -> web.Response:
        guild = guild_of(self._local, request)
        form = await reading.form_of(request, self._local.world.blobs)
        role_id = reading.path_id(request, "role_id")
        return json_answer(role_json(self._local.roles.update(guild, role_id, form, self._bot_id)))

    async def delete(self, request: web.Request) -> web.Response:
        guild = guild_of(self._local, request)
        self._local.roles.delete(guild, reading.path_id(request, "role_id"), self._bot_id)
        return no_content()
