"""Everything in the local Discord, and how to look it up.

The world holds records and the event bus; it has no rules.
"""

import re
from collections.abc import Iterator

from sandbox.clock import SandboxClock
from sandbox.discord import errors
from sandbox.discord.state.addresses import Addresses
from sandbox.discord.state.blobs import BlobStore
from sandbox.discord.state.events import EventBus, Viewer
from sandbox.discord.state.models import (
    Application,
    Channel,
    Guild,
    Member,
    Message,
    User,
)
from sandbox.discord.state.snowflakes import Snowflakes


class World:
    """The records by id. `get`-like methods raise Discord's "Unknown …"; `find_…` return None."""

    def __init__(
        self, *, clock: SandboxClock, blobs: BlobStore, application: Application, secret: bytes
    ) -> None:
        self.clock = clock
        self.blobs = blobs
        self.application = application
        self.ids = Snowflakes(clock)
        self.bus = EventBus()
        self.addresses = Addresses(clock, secret)
        self.users: dict[int, User] = {application.bot.id: application.bot}
        self.guilds: dict[int, Guild] = {}
        self.direct_channels: dict[int, tuple[Channel, int]] = {}  # with the recipient's user id
        self.histories: dict[int, dict[int, Message]] = {}  # by channel, then message, oldest first

    def guild(self, guild_id: int) -> Guild:
        if (guild := self.guilds.get(guild_id)) is None:
            raise errors.unknown_guild()
        return guild

    def find_channel(self, channel_id: int) -> Channel | None:
        """A channel or thread of any guild, or a direct channel (whose `guild_id` is 0)."""
        if (direct := self.direct_channels.get(channel_id)) is not None:
            return direct[0]
        found = (guild.channels.get(channel_id) for guild in self.guilds.values())
        return next((channel for channel in found if channel is not None), None)

    def channel(self, channel_id: int) -> Channel:
        if (channel := self.find_channel(channel_id)) is None:
            raise errors.unknown_channel()
        return channel

    def find_member(self, guild_id: int, user_id: int) -> Member | None:
        guild = self.guilds.get(guild_id)
        return guild.members.get(user_id) if guild else None

    def member(self, guild_id: int, user_id: int) -> Member:
        if (member := self.find_member(guild_id, user_id)) is None:
            raise errors.unknown_member()
        return member

    def user(self, user_id: int) -> User:
        if (user := self.users.get(user_id)) is None:
            raise errors.unknown_user()
        return user

    def history(self, channel_id: int) -> dict[int, Message]:
        """The channel's messages, oldest first, ephemeral ones included."""
        return self.histories.setdefault(channel_id, {})

    def find_message(self, channel_id: int, message_id: int) -> Message | None:
        return self.histories.get(channel_id, {}).get(message_id)

    def threads_of(self, guild: Guild) -> Iterator[Channel]:
        return (channel for channel in guild.channels.values() if channel.thread is not None)

    def viewer(self, user_id: int) -> Viewer:
        """How JSON is made for this user: only the application can lack Message Content."""
        is_bot = user_id == self.application.bot.id
        return Viewer(user_id, reads_content=not is_bot or self.application.message_content)

    def mentioned_users(self, content: str) -> list[int]:
        """The known users that a text mentions, in order, once each."""
        found = (int(digits) for digits in re.findall(r"<@!?(\d+)>", content))
        return list(dict.fromkeys(user_id for user_id in found if user_id in self.users))
