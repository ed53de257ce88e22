"""Users, the bot's own account, its application and its guilds."""

from aiohttp import web

from sandbox.discord.local_discord import LocalDiscord
from sandbox.discord.payloads import (
    application_json,
    channel_json,
    counts_json,
    own_user_json,
    user_json,
)
from sandbox.discord.rest import reading
from sandbox.discord.rest.answers import json_answer
from sandbox.discord.rest.routing import Router
from sandbox.discord.rules import forms, permissions
from sandbox.discord.state.models import Guild, Json


def add_routes(router: Router, local: LocalDiscord) -> None:
    users = _Users(local)
    router.add("GET", "/users/@me", users.me)
    router.add("GET", "/users/@me/guilds", users.guilds)
    router.add("POST", "/users/@me/channels", users.open_direct)
    router.add("GET", "/users/{user_id}", users.get)
    router.add("GET", "/oauth2/applications/@me", users.application)
    router.add("GET", "/applications/@me", users.application)


class _Users:
    def __init__(self, local: LocalDiscord) -> None:
        self._local = local
        self._world = local.world

    async def me(self, _request: web.Request) -> web.Response:
        return json_answer(own_user_json(self._world.application.bot))

    async def get(self, request: web.Request) -> web.Response:
        return json_answer(user_json(self._world.user(reading.path_id(request, "user_id"))))

    async def guilds(self, request: web.Request) -> web.Response:
        limit = reading.query_limit(request, default=200, most=200)
        bot_id = self._world.application.bot.id
        before, after = reading.query_id(request, "before"), reading.query_id(request, "after")
        joined = [guild for guild in self._world.guilds.values() if bot_id in guild.members]
        found = sorted(
            (guild for guild in joined if (after or 0) < guild.id < (before or 1 << 63)),
            key=lambda guild: guild.id,
        )
        page = found[-limit:] if before is not None and after is None else found[:limit]
        counted = reading.query_flag(request, "with_counts")
        return json_answer(
            [
                _own_guild_json(guild, bot_id) | (counts_json(guild) if counted else {})
                for guild in page
            ]
        )

    async def application(self, _request: web.Request) -> web.Response:
        world = self._world
        return json_answer(application_json(world.application, len(world.guilds)))

    async def open_direct(self, request: web.Request) -> web.Response:
        form = await reading.form_of(request, self._world.blobs)
        user_id = forms.required_snowflake("recipient_id", form.get("recipient_id"))
        channel = self._local.channels.open_direct(user_id)
        return json_answer(channel_json(self._world, channel))


def _own_guild_json(guild: Guild, user_id: int) -> Json:
    granted = permissions.guild_permissions(guild, guild.members[user_id])
    return {
        "id": str(guild.id),
        "name": guild.name,
        "icon": None,
        "banner": None,
        "owner": guild.owner_id == user_id,
        "permissions": str(granted),
        "features": [],
    }
