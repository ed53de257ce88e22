"""A guild's members: list, search, change, and their roles."""

from aiohttp import web

from sandbox.discord import errors
from sandbox.discord.local_discord import LocalDiscord
from sandbox.discord.payloads import member_json
from sandbox.discord.rest import reading
from sandbox.discord.rest.answers import json_answer, no_content
from sandbox.discord.rest.resources.guilds import guild_of
from sandbox.discord.rest.routing import Router
from sandbox.discord.state.models import Member


def add_routes(router: Router, local: LocalDiscord) -> None:
    members = _Members(local)
    one = "/guilds/{guild_id}/members/{user_id}"
    router.add("GET", "/guilds/{guild_id}/members", members.list)
    router.add("GET", "/guilds/{guild_id}/members/search", members.search)
    router.add("PATCH", "/guilds/{guild_id}/members/@me", members.update_own)
    router.add("GET", one, members.get)
    router.add("PATCH", one, members.update)
    router.add("DELETE", one, members.remove)
    router.add("PUT", one + "/roles/{role_id}", members.give_role)
    router.add("DELETE", one + "/roles/{role_id}", members.take_role)
    router.add("DELETE", "/users/@me/guilds/{guild_id}", members.leave)


class _Members:
    def __init__(self, local: LocalDiscord) -> None:
        self._local = local
        self._world = local.world

    @property
    def _bot_id(self) -> int:
        return self._world.application.bot.id

    async def get(self, request: web.Request) -> web.Response:
        guild = guild_of(self._local, request)
        member = self._world.member(guild.id, reading.path_id(request, "user_id"))
        return json_answer(member_json(member))

    async def list(self, request: web.Request) -> web.Response:
        """Listing everyone takes the privileged intent, as on Discord."""
        guild = guild_of(self._local, request)
        if not self._world.application.guild_members:
            raise errors.missing_access()
        limit = reading.query_limit(request, default=1, most=1000)
        after = reading.query_id(request, "after") or 0
        found = sorted(
            (item for item in guild.members.values() if item.user.id > after),
            key=lambda item: item.user.id,
        )
        return json_answer([member_json(item) for item in found[:limit]])

    async def search(self, request: web.Request) -> web.Response:
        guild = guild_of(self._local, request)
        limit = reading.query_limit(request, default=1, most=1000)
        text = request.query.get("query", "").lower()
        found = [item for item in guild.members.values() if _is_named(item, text)]
        return json_answer([member_json(item) for item in found[:limit]])

    async def update(self, request: web.Request) -> web.Response:
        return await self._update(request, reading.path_id(request, "user_id"))

    async def update_own(self, request: web.Request) -> web.Response:
        return await self._update(request, self._bot_id)

    async def _update(self, request: web.Request, user_id: int) -> web.Response:
        guild = guild_of(self._local, request)
        form = await reading.form_of(request, self._world.blobs)
        return json_answer(
            member_json(self._local.members.update(guild, user_id, form, self._bot_id))
        )

    async def remove(self, request: web.Request) -> web.Response:
        guild = guild_of(self._local, request)
        self._local.members.remove(guild, reading.path_id(request, "user_id"), self._bot_id)
        return no_content()

    async def leave(self, request: web.Request) -> web.Response:
        guild = guild_of(self._local, request)
        self._local.members.remove(guild, self._bot_id, self._bot_id)
        return no_content()

    async def give_role(self, request: web.Request) -> web.Response:
        guild = guild_of(self._local, request)
        user_id, role_id = (reading.path_id(request, name) for name in ("user_id", "role_id"))
        self._local.members.give_role(guild, user_id, role_id, self._bot_id)
        return no_content()

    async def take_role(self, request: web.Request) -> web.Response:
        guild = guild_of(self._local, request)
        user_id, role_id = (reading.path_id(request, name) for name in ("user_id", "role_id"))
        self._local.members.take_role(guild, user_id, role_id, self._bot_id)
        return no_content()


def _is_named(member: Member, text: str) -> bool:
    names = (member.nick, member.user.global_name, member.user.username)
    return any(name is not None and name.lower().startswith(text) for name in names)
