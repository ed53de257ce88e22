"""Pinned messages, by the old routes and the new ones."""

from aiohttp import web

from sandbox.discord.local_discord import LocalDiscord
from sandbox.discord.payloads import iso, message_json
from sandbox.discord.rest import reading
from sandbox.discord.rest.answers import json_answer, no_content
from sandbox.discord.rest.resources.channels import channel_of
from sandbox.discord.rest.resources.messages import message_of
from sandbox.discord.rest.routing import Router
from sandbox.discord.rules import permissions
from sandbox.discord.state.models import Message

_MOST = 50


def add_routes(router: Router, local: LocalDiscord) -> None:
    pins = _Pins(local)
    router.add("GET", "/channels/{channel_id}/pins", pins.list_old)
    router.add("GET", "/channels/{channel_id}/messages/pins", pins.list_new)
    for folder in ("/channels/{channel_id}/pins", "/channels/{channel_id}/messages/pins"):
        router.add("PUT", folder + "/{message_id}", pins.pin)
        router.add("DELETE", folder + "/{message_id}", pins.unpin)


class _Pins:
    def __init__(self, local: LocalDiscord) -> None:
        self._local = local
        self._world = local.world
        self._bot_id = local.world.application.bot.id

    async def list_old(self, request: web.Request) -> web.Response:
        viewer = self._world.viewer(self._bot_id)
        found = [message_json(self._world, item, viewer) for item in self._pinned(request)]
        return json_answer(found[:_MOST])

    async def list_new(self, request: web.Request) -> web.Response:
        limit = reading.query_limit(request, default=_MOST, most=_MOST)
        before = reading.query_moment(request, "before")
        viewer = self._world.viewer(self._bot_id)
        found = [
            item
            for item in self._pinned(request)
            if before is None or (item.pinned_at and item.pinned_at < before)
        ]
        items = [
            {
                "pinned_at": iso(item.pinned_at),
                "message": message_json(self._world, item, viewer),
            }
            for item in found[:limit]
        ]
        return json_answer({"items": items, "has_more": len(found) > limit})

    async def pin(self, request: web.Request) -> web.Response:
        return self._set(request, pinned=True)

    async def unpin(self, request: web.Request) -> web.Response:
        return self._set(request, pinned=False)

    def _set(self, request: web.Request, *, pinned: bool) -> web.Response:
        message = message_of(self._local, request)
        self._local.messages.set_pinned(message, self._bot_id, pinned=pinned)
        return no_content()

    def _pinned(self, request: web.Request) -> list[Message]:
        """As many as the bot may read: none without READ_MESSAGE_HISTORY."""
        channel = channel_of(self._local, request)
        granted = permissions.granted_in(self._world, channel, self._bot_id)
        if not granted & permissions.READ_MESSAGE_HISTORY:
            return []
        return self._local.messages.pinned_in(channel)
