"""Threads: start, join, leave, members, and those that are archived."""

from aiohttp import web

from sandbox.discord import errors, permissions
from sandbox.discord.local import LocalDiscord
from sandbox.discord.models import Json
from sandbox.discord.payloads import channel_json, member_json, thread_member_json
from sandbox.discord.rest import reading
from sandbox.discord.rest.answers import json_answer, no_content
from sandbox.discord.rest.channels import channel_of
from sandbox.discord.rest.messages import message_of
from sandbox.discord.rest.routing import Router
from sandbox.discord.threads import PRIVATE_THREAD


def add_routes(router: Router, local: LocalDiscord) -> None:
    threads = _Threads(local)
    channel, members = "/channels/{channel_id}", "/channels/{channel_id}/thread-members"
    router.add("POST", channel + "/threads", threads.create)
    router.add("POST", channel + "/messages/{message_id}/threads", threads.create_from_message)
    router.add("GET", members, threads.members)
    router.add("PUT", members + "/@me", threads.join)
    router.add("DELETE", members + "/@me", threads.leave)
    router.add("GET", members + "/{user_id}", threads.member)
    router.add("PUT", members + "/{user_id}", threads.add)
    router.add("DELETE", members + "/{user_id}", threads.remove)
    router.add("GET", channel + "/threads/archived/public", threads.archived_public)
    router.add("GET", channel + "/threads/archived/private", threads.archived_private)
    router.add("GET", channel + "/users/@me/threads/archived/private", threads.archived_private)


class _Threads:
    def __init__(self, local: LocalDiscord) -> None:
        self._local = local
        self._world = local.world
        self._bot_id = local.world.application.bot.id

    async def create(self, request: web.Request) -> web.Response:
        channel = channel_of(self._local, request)
        form = await reading.form_of(request, self._world.blobs)
        thread = self._local.threads.create(channel, self._bot_id, form)
        return json_answer(channel_json(self._world, thread, self._bot_id), 201)

    async def create_from_message(self, request: web.Request) -> web.Response:
        channel, message = channel_of(self._local, request), message_of(self._local, request)
        form = await reading.form_of(request, self._world.blobs)
        thread = self._local.threads.create(channel, self._bot_id, form, message)
        return json_answer(channel_json(self._world, thread, self._bot_id), 201)

    async def join(self, request: web.Request) -> web.Response:
        self._local.threads.join(channel_of(self._local, request), self._bot_id)
        return no_content()

    async def leave(self, request: web.Request) -> web.Response:
        channel = channel_of(self._local, request)
        self._local.threads.remove(channel, self._bot_id, self._bot_id)
        return no_content()

    async def add(self, request: web.Request) -> web.Response:
        channel = channel_of(self._local, request)
        self._local.threads.add(channel, reading.path_id(request, "user_id"), self._bot_id)
        return no_content()

    async def remove(self, request: web.Request) -> web.Response:
        channel = channel_of(self._local, request)
        self._local.threads.remove(channel, reading.path_id(request, "user_id"), self._bot_id)
        return no_content()

    async def members(self, request: web.Request) -> web.Response:
        channel = channel_of(self._local, request)
        found = sorted(self._local.threads.of(channel).member_ids)
        return json_answer([self._member_json(request, user_id) for user_id in found])

    async def member(self, request: web.Request) -> web.Response:
        channel = channel_of(self._local, request)
        user_id = reading.path_id(request, "user_id")
        if user_id not in self._local.threads.of(channel).member_ids:
            raise errors.unknown_member()
        return json_answer(self._member_json(request, user_id))

    def _member_json(self, request: web.Request, user_id: int) -> Json:
        channel = channel_of(self._local, request)
        data = thread_member_json(channel, user_id)
        member = self._world.find_member(channel.guild_id, user_id)
        if request.query.get("with_member") == "true" and member is not None:
            data["member"] = member_json(member)
        return data

    async def archived_public(self, request: web.Request) -> web.Response:
        return self._archived(request, private=False)

    async def archived_private(self, request: web.Request) -> web.Response:
        return self._archived(request, private=True)

    def _archived(self, request: web.Request, *, private: bool) -> web.Response:
        parent = channel_of(self._local, request)
        self._world.require(parent, self._bot_id, permissions.READ_MESSAGE_HISTORY)
        found = [
            item
            for item in self._world.threads_of(self._world.guild(parent.guild_id))
            if item.parent_id == parent.id
            and item.thread is not None
            and item.thread.archived
            and (item.type == PRIVATE_THREAD) == private
            and self._world.permissions_in(item, self._bot_id)
        ]
        limit = reading.query_limit(request, default=50, most=100, least=2)
        threads = [channel_json(self._world, item, self._bot_id) for item in found[:limit]]
        return json_answer({"threads": threads, "members": [], "has_more": len(found) > limit})
