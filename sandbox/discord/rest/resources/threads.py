"""Threads: start, join, leave, members, archived ones."""

from aiohttp import web

from sandbox.discord import errors
from sandbox.discord.local_discord import LocalDiscord
from sandbox.discord.payloads import channel_json, member_json, message_json, thread_member_json
from sandbox.discord.rest import reading
from sandbox.discord.rest.answers import json_answer, no_content
from sandbox.discord.rest.resources.channels import channel_of
from sandbox.discord.rest.resources.messages import message_of
from sandbox.discord.rest.routing import Router
from sandbox.discord.rules import permissions
from sandbox.discord.rules.channel_kinds import POSTED_IN
from sandbox.discord.services.threads import PRIVATE_THREAD
from sandbox.discord.state.models import Channel, Json


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
    router.add("GET", channel + "/users/@me/threads/archived/private", threads.joined_private)


class _Threads:
    def __init__(self, local: LocalDiscord) -> None:
        self._local = local
        self._world = local.world
        self._bot_id = local.world.application.bot.id

    async def create(self, request: web.Request) -> web.Response:
        channel = channel_of(self._local, request)
        if channel.type in POSTED_IN:
            return await self._create_post(request, channel)
        form = await reading.form_of(request, self._world.blobs)
        thread = self._local.threads.create(channel, self._bot_id, form)
        return json_answer(channel_json(self._world, thread, self._bot_id), 201)

    async def _create_post(self, request: web.Request, forum: Channel) -> web.Response:
        async with reading.body_of(request, self._world.blobs) as body:
            thread, message = self._local.threads.create_post(
                forum, self._bot_id, body.form(), body.files
            )
        data = channel_json(self._world, thread, self._bot_id)
        data["message"] = message_json(self._world, message, self._world.viewer(self._bot_id))
        return json_answer(data, 201)

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
        if reading.query_flag(request, "with_member"):  # only then there are pages
            limit = reading.query_limit(request, default=100, most=100)
            after = reading.query_id(request, "after") or 0
            found = [user_id for user_id in found if user_id > after][:limit]
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
        if reading.query_flag(request, "with_member") and member is not None:
            data["member"] = member_json(member)
        return data

    async def archived_public(self, request: web.Request) -> web.Response:
        return self._archived(request, self._latest_first(request, private=False))

    async def archived_private(self, request: web.Request) -> web.Response:
        return self._archived(request, self._latest_first(request, private=True))

    async def joined_private(self, request: web.Request) -> web.Response:
        """Those that the bot has joined, by id, and `before` is an id."""
        before = reading.query_id(request, "before") or 1 << 63
        found = [
            item
            for item in self._archived_in(request, private=True)
            if item.id < before and item.thread and self._bot_id in item.thread.member_ids
        ]
        return self._archived(request, sorted(found, key=lambda item: item.id, reverse=True))

    def _latest_first(self, request: web.Request, *, private: bool) -> list[Channel]:
        """By when they were archived, and `before` is such an instant."""
        before = reading.query_moment(request, "before")
        found = [
            (item.thread.archived_at, item)
            for item in self._archived_in(request, private=private)
            if item.thread and (before is None or item.thread.archived_at < before)
        ]
        return [item for _, item in sorted(found, key=lambda row: (row[0], row[1].id))[::-1]]

    def _archived_in(self, request: web.Request, *, private: bool) -> list[Channel]:
        parent = channel_of(self._local, request)
        permissions.require(self._world, parent, self._bot_id, permissions.READ_MESSAGE_HISTORY)
        return [
            item
            for item in self._world.threads_of(self._world.guild(parent.guild_id))
            if item.parent_id == parent.id
            and item.thread is not None
            and item.thread.archived
            and (item.type == PRIVATE_THREAD) == private
            and permissions.granted_in(self._world, item, self._bot_id)
        ]

    def _archived(self, request: web.Request, found: list[Channel]) -> web.Response:
        """A page of them, with the bot's memberships."""
        limit = reading.query_limit(request, default=50, most=100, least=2)
        threads = [channel_json(self._world, item, self._bot_id) for item in found[:limit]]
        members = [
            thread_member_json(item, self._bot_id)
            for item in found[:limit]
            if item.thread and self._bot_id in item.thread.member_ids
        ]
        return json_answer({"threads": threads, "members": members, "has_more": len(found) > limit})
