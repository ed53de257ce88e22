"""The `resolved` object of an interaction: users, roles, channels, attachments by id."""

from sandbox.discord import errors, payloads
from sandbox.discord.errors import refused
from sandbox.discord.rules import permissions
from sandbox.discord.state.events import Viewer
from sandbox.discord.state.models import (
    Attachment,
    Channel,
    Json,
    Message,
)
from sandbox.discord.state.world import World


class Resolved:
    """Collects things by kind and id while a person's input is read.

    The `add_…` methods take what the person chose and raise a refusal for what does not exist for them.
    """

    def __init__(self, world: World, channel: Channel, user_id: int) -> None:
        self._world = world
        self._channel = channel
        self._user_id = user_id
        self.data: Json = {}

    def _put(self, kind: str, item_id: int, data: Json) -> None:
        self.data.setdefault(kind, {})[str(item_id)] = data

    def add_user(self, user_id: int) -> None:
        """A user, with the membership if it is one of the guild's."""
        self._put("users", user_id, payloads.user_json(self._world.user(user_id)))
        member = self._world.find_member(self._channel.guild_id, user_id)
        if member is not None:
            data = payloads.partial_member_json(member)
            del data["mute"], data["deaf"]
            bits = permissions.granted_in(self._world, self._channel, user_id)
            self._put("members", user_id, data | {"permissions": str(bits)})

    def add_role(self, role_id: int) -> None:
        guild = self._world.guilds.get(self._channel.guild_id)
        if guild is None or role_id not in guild.roles:
            raise errors.unknown_role()
        self._put("roles", role_id, payloads.role_json(guild.roles[role_id]))

    def add_mentionable(self, item_id: int) -> None:
        if item_id in self._world.users:
            self.add_user(item_id)
        else:
            self.add_role(item_id)

    def add_channel(self, channel_id: int, types: list[int] | None = None) -> None:
        """A channel that the person sees, of one of the types if any are named."""
        channel = self._world.channel(channel_id)
        bits = permissions.granted_in(self._world, channel, self._user_id)
        if channel.guild_id != self._channel.guild_id or not bits & permissions.VIEW_CHANNEL:
            raise errors.unknown_channel()
        if types and channel.type not in types:
            raise refused(f"Channel {channel_id} is not of a type that may be chosen here.")
        data = payloads.channel_json(self._world, channel)
        self._put("channels", channel_id, data | {"permissions": str(bits)})

    def add_attachment(self, attachment: Attachment) -> None:
        data = payloads.attachment_json(self._world, attachment, self._channel.id)
        self._put("attachments", attachment.id, data)

    def add_message(self, message: Message) -> None:
        """The target of a message command, which the application may read in any case."""
        viewer = Viewer(self._world.application.bot.id)
        data = payloads.message_json(self._world, message, viewer, revealed=True)
        self._put("messages", message.id, data)
