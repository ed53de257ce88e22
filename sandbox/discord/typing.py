"""The typing indicator."""

from sandbox.discord import permissions
from sandbox.discord.models import Channel, Json
from sandbox.discord.payloads import member_json
from sandbox.discord.world import World


def tell_typing(world: World, channel: Channel, user_id: int) -> None:
    """Publish TYPING_START for whoever could write here."""
    needed = permissions.SEND_MESSAGES_IN_THREADS if channel.thread else permissions.SEND_MESSAGES
    world.require(channel, user_id, needed)
    data: Json = {
        "channel_id": str(channel.id),
        "user_id": str(user_id),
        "timestamp": int(world.clock.now().timestamp()),
    }
    if (member := world.find_member(channel.guild_id, user_id)) is not None:
        data |= {"guild_id": str(channel.guild_id), "member": member_json(member)}
    world.bus.tell("TYPING_START", data, guild_id=channel.guild_id or None, channel_id=channel.id)
