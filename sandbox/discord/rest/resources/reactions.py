"""Reactions to a message."""

from aiohttp import web

from sandbox.discord.local_discord import LocalDiscord
from sandbox.discord.payloads import user_json
from sandbox.discord.rest import reading
from sandbox.discord.rest.answers import json_answer, no_content
from sandbox.discord.rest.resources.channels import channel_of
from sandbox.discord.rest.resources.messages import message_of
from sandbox.discord.rest.routing import Router


def add_routes(router: Router, local: LocalDiscord) -> None:
    reactions = _Reactions(local)
    every = "/channels/{channel_id}/messages/{message_id}/reactions"
    router.add("DELETE", every, reactions.clear)
    router.add("DELETE", every + "/{emoji}", reactions.clear)
    router.add("GET", every + "/{emoji}", reactions.users)
    router.add("PUT", every + "/{emoji}/@me", reactions.add)
    router.add("DELETE", every + "/{emoji}/@me", reactions.remove_own)
    router.add("DELETE", every + "/{emoji}/{user_id}", reactions.remove)


class _Reactions:
    def __init__(self, local: LocalDiscord) -> None:
        self._local = local
        self._bot_id = local.world.application.bot.id

    async def add(self, request: web.Request) -> web.Response:
        channel, message = channel_of(self._local, request), message_of(self._local, request)
        self._local.reactions.add(channel, message, self._bot_id, request.match_info["emoji"])
        return no_content()

    async def remove_own(self, request: web.Request) -> web.Response:
        return self._remove(request, self._bot_id)

    async def remove(self, request: web.Request) -> web.Response:
        return self._remove(request, reading.path_id(request, "user_id"))

    def _remove(self, request: web.Request, user_id: int) -> web.Response:
        channel, message = channel_of(self._local, request), message_of(self._local, request)
        emoji = request.match_info["emoji"]
        self._local.reactions.remove(channel, message, user_id, emoji, actor_id=self._bot_id)
        return no_content()

    async def clear(self, request: web.Request) -> web.Response:
        channel, message = channel_of(self._local, request), message_of(self._local, request)
        emoji = request.match_info.get("emoji")
        self._local.reactions.clear(channel, message, self._bot_id, emoji)
        return no_content()

    async def users(self, request: web.Request) -> web.Response:
        message = message_of(self._local, request)
        found = self._local.reactions.users(
            message,
            request.match_info["emoji"],
            after=reading.query_id(request, "after") or 0,
            limit=reading.query_limit(request, default=25, most=100),
        )
        return json_answer([user_json(user) for user in found])
