"""A guild's roles."""

from aiohttp import web

from sandbox.discord.local import LocalDiscord
from sandbox.discord.payloads import role_json
from sandbox.discord.rest import reading
from sandbox.discord.rest.answers import json_answer, no_content
from sandbox.discord.rest.guilds import guild_of
from sandbox.discord.rest.routing import Router


def add_routes(router: Router, local: LocalDiscord) -> None:
    roles = _Roles(local)
    router.add("GET", "/guilds/{guild_id}/roles", roles.list)
    router.add("POST", "/guilds/{guild_id}/roles", roles.create)
    router.add("GET", "/guilds/{guild_id}/roles/{role_id}", roles.get)
    router.add("PATCH", "/guilds/{guild_id}/roles/{role_id}", roles.update)
    router.add("DELETE", "/guilds/{guild_id}/roles/{role_id}", roles.delete)


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
