"""Threads: started from a message or without one, a forum's posts, members, the archive."""

from collections.abc import Mapping
from functools import partial

from sandbox.discord import errors
from sandbox.discord.rules import forms, permissions, tags
from sandbox.discord.rules.channel_kinds import ARCHIVE_MINUTES, POSTED_IN, fields_of
from sandbox.discord.rules.uploads import Upload
from sandbox.discord.services import posting
from sandbox.discord.services.drafts import HAS_THREAD
from sandbox.discord.services.messages import NO_FILES, Messages
from sandbox.discord.state.models import (
    Channel,
    Json,
    Message,
    Thread,
)
from sandbox.discord.state.world import World

NEWS_THREAD, PUBLIC_THREAD, PRIVATE_THREAD = 10, 11, 12
_THREAD_CREATED, _THREAD_STARTER = 18, 21
_PARENTS = {0, 5}
_DEFAULT_ARCHIVE = 4320


class Threads:
    """Starts, joins and leaves threads for a user; archiving is `Guilds.update_channel`."""

    def __init__(self, world: World, messages: Messages) -> None:
        self._world = world
        self._messages = messages

    def create(
        self, channel: Channel, user_id: int, form: Json, message: Message | None = None
    ) -> Channel:
        """Start a thread, whose id is the message's if it comes from one.

        Raises:
            DiscordError: 160004 if the message already has one, 50013 without permission.
        """
        if channel.type not in _PARENTS:
            raise errors.wrong_kind_of_channel()
        kind = self._kind(channel, form, message)
        self._check_may_create(channel, user_id, kind)
        if message is not None and message.thread_id is not None:
            raise errors.thread_exists()
        thread = self._open(channel, user_id, form, kind, message)
        posting.publish_thread(self._world, "THREAD_CREATE", thread)
        self._announce(channel, thread, user_id, message)
        return thread

    def create_post(
        self, forum: Channel, user_id: int, form: Json, files: Mapping[int, Upload] = NO_FILES
    ) -> tuple[Channel, Message]:
        """Start a post in a forum or media channel: a thread, and the message that opens it.

        Raises:
            DiscordError: 50024 for another channel, 10087 and 40067 for its tags, 50013.
        """
        if forum.type not in POSTED_IN:
            raise errors.wrong_kind_of_channel()
        permissions.require(self._world, forum, user_id, permissions.SEND_MESSAGES)
        opening = _opening(form)
        if files:
            permissions.require(self._world, forum, user_id, permissions.ATTACH_FILES)
        if opening.get("embeds"):
            permissions.require(self._world, forum, user_id, permissions.EMBED_LINKS)
        applied = tags.applied(self._world, forum, form, user_id)
        thread = self._open(forum, user_id, form, PUBLIC_THREAD, None)
        if thread.thread is not None:
            thread.thread.applied_tags = applied
        announce = partial(posting.publish_thread, self._world, "THREAD_CREATE", thread)
        author = self._world.user(user_id)
        try:
            message = self._messages.open_post(thread, author, opening, files, announce=announce)
        except errors.DiscordError:
            del self._threads_of(forum)[thread.id]
            raise
        return thread, message

    def _threads_of(self, channel: Channel) -> dict[int, Channel]:
        return self._world.guild(channel.guild_id).channels

    def join(self, channel: Channel, user_id: int) -> None:
        permissions.require(self._world, channel, user_id, permissions.VIEW_CHANNEL)
        thread = self.of(channel)
        if thread.archived:
            raise errors.thread_is_archived()
        if user_id not in thread.member_ids:
            posting.add_to_thread(self._world, channel, user_id)

    def add(self, channel: Channel, user_id: int, actor_id: int) -> None:
        """Bring someone else in."""
        permissions.require(self._world, channel, actor_id, permissions.SEND_MESSAGES_IN_THREADS)
        self._world.member(channel.guild_id, user_id)
        if user_id not in self.of(channel).member_ids:
            posting.add_to_thread(self._world, channel, user_id)

    def remove(self, channel: Channel, user_id: int, actor_id: int) -> None:
        """Leave, or take someone out with MANAGE_THREADS."""
        thread = self.of(channel)
        if user_id != actor_id:
            permissions.require(self._world, channel, actor_id, permissions.MANAGE_THREADS)
        if user_id in thread.member_ids:
            posting.publish_thread_members(self._world, channel, added=[], removed=[user_id])
            thread.member_ids.discard(user_id)

    def of(self, channel: Channel) -> Thread:
        if channel.thread is None:
            raise errors.wrong_kind_of_channel()
        return channel.thread

    def _kind(self, channel: Channel, form: Json, message: Message | None) -> int:
        if channel.type == posting.NEWS:
            return NEWS_THREAD
        if message is not None:
            return PUBLIC_THREAD
        faults = errors.FormErrors()
        kind = forms.choice(faults, "type", form.get("type"), {PUBLIC_THREAD, PRIVATE_THREAD})
        faults.raise_if_any()
        return PRIVATE_THREAD if kind is None else kind

    def _check_may_create(self, channel: Channel, user_id: int, kind: int) -> None:
        needed = permissions.CREATE_PUBLIC_THREADS
        if kind == PRIVATE_THREAD:
            needed = permissions.CREATE_PRIVATE_THREADS
        permissions.require(self._world, channel, user_id, needed)

    def _open(
        self, channel: Channel, user_id: int, form: Json, kind: int, message: Message | None
    ) -> Channel:
        faults = errors.FormErrors()
        name = forms.required_text(faults, "name", form.get("name"), most=100)
        minutes = forms.choice(
            faults, "auto_archive_duration", form.get("auto_archive_duration"), ARCHIVE_MINUTES
        )
        slowmode = forms.integer(
            faults, "rate_limit_per_user", form.get("rate_limit_per_user"), least=0, most=21600
        )
        invitable = forms.boolean(faults, "invitable", form.get("invitable"), default=True)
        faults.raise_if_any()
        thread = Channel(
            id=message.id if message else self._world.ids.new(),
            guild_id=channel.guild_id,
            type=kind,
            name=name,
            parent_id=channel.id,
            nsfw=channel.nsfw,
            slowmode_seconds=fields_of(channel).get("default_thread_rate_limit_per_user", 0)
            if slowmode is None
            else slowmode,
            thread=Thread(
                owner_id=user_id,
                auto_archive_minutes=minutes
                or fields_of(channel).get("default_auto_archive_duration")
                or _DEFAULT_ARCHIVE,
                archived_at=self._world.clock.now(),
                invitable=invitable,
                member_ids={user_id},
            ),
        )
        self._world.guild(channel.guild_id).channels[thread.id] = thread
        return thread

    def _announce(
        self, channel: Channel, thread: Channel, user_id: int, message: Message | None
    ) -> None:
        """Mark the message that started it; otherwise say in the channel that it was started."""
        user = self._world.user(user_id)
        if message is None:
            if thread.type != PRIVATE_THREAD:
                pointer = {
                    "type": 0,
                    "channel_id": str(thread.id),
                    "guild_id": str(thread.guild_id),
                }
                self._messages.post_system(
                    channel, user, _THREAD_CREATED, content=thread.name, reference=pointer
                )
            return
        message.thread_id = thread.id
        message.flags |= HAS_THREAD
        self._messages.publish_update(message)


def _opening(form: Json) -> Json:
    """The form of the message that opens a post; 50035 without one."""
    faults = errors.FormErrors()
    opening: Json = {}
    if form.get("message") is None:
        faults.required("message")
    else:
        opening = forms.fields(faults, "message", form["message"])
    faults.raise_if_any()
    return opening
