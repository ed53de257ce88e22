"""The REST routes of application commands, under `/api/v10`; they need the bot's token."""

from typing import Any

from aiohttp import web

from sandbox.discord import errors
from sandbox.discord.interactions.commands.registry import CommandRegistry, Scope, command_json
from sandbox.discord.interactions.service import Interactions
from sandbox.discord.rest.answers import json_answer, no_content
from sandbox.discord.rest.reading import path_id, payload_of, query_flag
from sandbox.discord.rest.routing import Router
from sandbox.discord.state.models import Command, Json

_GLOBAL = "/applications/{application_id}/commands"
_GUILD = "/applications/{application_id}/guilds/{guild_id}/commands"
_ONE = "/{command_id}"


class CommandRoutes:
    """The same handlers serve global and guild commands."""

    def __init__(self, interactions: Interactions) -> None:
        self._registry: CommandRegistry = interactions.registry
        self._world = interactions.discord.world

    def add_to(self, router: Router) -> None:
        router.add("GET", _GUILD + "/permissions", self._all_permissions)
        router.add("GET", _GUILD + _ONE + "/permissions", self._permissions)
        for root in (_GLOBAL, _GUILD):
            router.add("GET", root, self._list)
            router.add("PUT", root, self._overwrite)
            router.add("POST", root, self._create)
            router.add("GET", root + _ONE, self._get)
            router.add("PATCH", root + _ONE, self._edit)
            router.add("DELETE", root + _ONE, self._delete)

    def _scope(self, request: web.Request) -> Scope:
        if path_id(request, "application_id") != self._world.application.id:
            raise errors.unknown_application()
        if "guild_id" not in request.match_info:
            return None
        guild = self._world.guilds.get(path_id(request, "guild_id"))
        if guild is None or self._world.application.bot.id not in guild.members:
            raise errors.missing_access()
        return guild.id

    async def _body(self, request: web.Request) -> Any:
        return await payload_of(request, self._world.blobs)

    async def _list(self, request: web.Request) -> web.Response:
        commands = self._registry.list_in(self._scope(request))
        shown = query_flag(request, "with_localizations")
        return json_answer([_listed(command, localized=shown) for command in commands])

    async def _overwrite(self, request: web.Request) -> web.Response:
        scope = self._scope(request)
        commands = self._registry.overwrite(scope, await self._body(request))
        return json_answer([command_json(command) for command in commands])

    async def _create(self, request: web.Request) -> web.Response:
        scope = self._scope(request)
        command, is_new = self._registry.create(scope, await self._body(request))
        return json_answer(command_json(command), 201 if is_new else 200)

    async def _get(self, request: web.Request) -> web.Response:
        command = self._registry.get(self._scope(request), path_id(request, "command_id"))
        return json_answer(command_json(command))

    async def _edit(self, request: web.Request) -> web.Response:
        scope = self._scope(request)
        command = self._registry.edit(
            scope, path_id(request, "command_id"), await self._body(request)
        )
        return json_answer(command_json(command))

    async def _delete(self, request: web.Request) -> web.Response:
        self._registry.delete(self._scope(request), path_id(request, "command_id"))
        return no_content()

    async def _all_permissions(self, request: web.Request) -> web.Response:
        """No one has changed a command's permissions by hand here, so there are none to list."""
        self._scope(request)
        return json_answer([])

    async def _permissions(self, request: web.Request) -> web.Response:
        """What Discord answers for a command whose permissions no one has changed: 10066."""
        self._scope(request)
        raise errors.DiscordError(404, 10066, "Unknown application command permissions")


def _listed(command: Command, *, localized: bool) -> Json:
    """Lists leave the dictionaries of translations out unless they are asked for."""
    data = command_json(command)
    if not localized:
        data.pop("name_localizations")
        data.pop("description_localizations")
    return data
