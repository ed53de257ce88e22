"""The REST routes of application commands, under `/api/v10`; they need the bot's token."""

from typing import Any

from aiohttp import web

from sandbox.discord import errors
from sandbox.discord.interactions.registry import CommandRegistry, Scope, command_json
from sandbox.discord.interactions.service import Interactions
from sandbox.discord.models import Command, Json
from sandbox.discord.rest.answers import json_answer, no_content
from sandbox.discord.uploads import read_body

_GLOBAL = r"/applications/{application_id:\d+}/commands"
_GUILD = r"/applications/{application_id:\d+}/guilds/{guild_id:\d+}/commands"
_ONE = r"/{command_id:\d+}"


class CommandRoutes:
    """The same handlers serve global and guild commands."""

    def __init__(self, interactions: Interactions) -> None:
        self._registry: CommandRegistry = interactions.registry
        self._world = interactions.discord.world

    def table(self) -> list[web.RouteDef]:
        routes = [
            web.get(_GUILD + "/permissions", self._all_permissions),
            web.get(_GUILD + _ONE + "/permissions", self._permissions),
        ]
        for root in (_GLOBAL, _GUILD):
            routes += [
                web.get(root, self._list),
                web.put(root, self._overwrite),
                web.post(root, self._create),
                web.get(root + _ONE, self._get),
                web.patch(root + _ONE, self._edit),
                web.delete(root + _ONE, self._delete),
            ]
        return routes

    def _scope(self, request: web.Request) -> Scope:
        if int(request.match_info["application_id"]) != self._world.application.id:
            raise errors.unknown_application()
        if "guild_id" not in request.match_info:
            return None
        guild = self._world.guilds.get(int(request.match_info["guild_id"]))
        if guild is None or self._world.application.bot.id not in guild.members:
            raise errors.missing_access()
        return guild.id

    async def _body(self, request: web.Request) -> Any:
        body = await read_body(request, self._world.blobs)
        body.discard()
        return body.payload

    async def _list(self, request: web.Request) -> web.Response:
        commands = self._registry.list_in(self._scope(request))
        shown = request.query.get("with_localizations", "").lower() in {"1", "true"}
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
        command = self._registry.get(self._scope(request), _command_id(request))
        return json_answer(command_json(command))

    async def _edit(self, request: web.Request) -> web.Response:
        scope = self._scope(request)
        command = self._registry.edit(scope, _command_id(request), await self._body(request))
        return json_answer(command_json(command))

    async def _delete(self, request: web.Request) -> web.Response:
        self._registry.delete(self._scope(request), _command_id(request))
        return no_content()

    async def _all_permissions(self, request: web.Request) -> web.Response:
        """Nobody has changed a command's permissions by hand here, so there are none to list."""
        self._scope(request)
        return json_answer([])

    async def _permissions(self, request: web.Request) -> web.Response:
        """What Discord answers for a command whose permissions nobody has changed: 10066."""
        self._scope(request)
        raise errors.DiscordError(404, 10066, "Unknown application command permissions")


def _command_id(request: web.Request) -> int:
    return int(request.match_info["command_id"])


def _listed(command: Command, *, localized: bool) -> Json:
    """Lists leave the dictionaries of translations out unless they are asked for."""
    data = command_json(command)
    if not localized:
        data.pop("name_localizations")
        data.pop("description_localizations")
    return data
