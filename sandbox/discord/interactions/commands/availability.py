"""Which commands a person may use in a channel."""

from sandbox.discord import errors
from sandbox.discord.errors import refused
from sandbox.discord.interactions.commands.registry import CommandRegistry
from sandbox.discord.rules import permissions
from sandbox.discord.state.models import Channel, Command, Json
from sandbox.discord.state.world import World

GUILD_CONTEXT, BOT_DIRECT_CONTEXT = 0, 1
GUILD_INSTALL, USER_INSTALL = 0, 1


def commands_for(
    world: World, registry: CommandRegistry, channel: Channel, user_id: int
) -> list[Command]:
    """The commands that the person is offered in the channel, of all types."""
    granted = permissions.granted_in(world, channel, user_id)
    if not granted & permissions.USE_APPLICATION_COMMANDS:
        return []
    return [
        command
        for command in registry.available_in(channel.guild_id)
        if _is_offered(world, command, channel, user_id, granted)
    ]


def find_command(
    world: World, registry: CommandRegistry, channel: Channel, user_id: int, *, kind: int, name: str
) -> Command:
    """The command by name or id. Raises what Discord says if there is none for this person."""
    permissions.require(world, channel, user_id, permissions.USE_APPLICATION_COMMANDS)
    every = registry.available_in(channel.guild_id)
    named = [item for item in every if item.raw["type"] == kind and name in _names(item)]
    if not named:
        raise errors.unknown_command()
    offered = commands_for(world, registry, channel, user_id)
    allowed = [item for item in named if item in offered]
    if not allowed:
        raise refused(f"{name}: you cannot use this command here.")
    return max(allowed, key=lambda item: item.guild_id is not None)


def owners_of(world: World, command: Command, channel: Channel, user_id: int) -> Json:
    """Through which installations the person has the command here, by kind, and whose they are.

    Empty where there is none. A guild's own commands come with the guild's installation.
    """
    kinds = command.raw["integration_types"] if command.guild_id is None else [GUILD_INSTALL]
    owners: Json = {}
    if GUILD_INSTALL in kinds and _is_bot_here(world, channel):
        owners[str(GUILD_INSTALL)] = str(channel.guild_id)
    if USER_INSTALL in kinds and user_id in world.application.user_installs:
        owners[str(USER_INSTALL)] = str(user_id)
    return owners


def _names(command: Command) -> set[str]:
    return {str(command.raw["name"]), str(command.id)}


def _is_bot_here(world: World, channel: Channel) -> bool:
    if channel.guild_id == 0:
        return True
    return world.find_member(channel.guild_id, world.application.bot.id) is not None


def _is_offered(
    world: World, command: Command, channel: Channel, user_id: int, granted: int
) -> bool:
    raw = command.raw
    if not owners_of(world, command, channel, user_id):
        return False
    if raw["nsfw"] and not _is_age_restricted(world, channel):
        return False
    if channel.guild_id == 0:
        contexts = raw["contexts"]
        return bool(raw["dm_permission"] if contexts is None else BOT_DIRECT_CONTEXT in contexts)
    if raw["contexts"] is not None and GUILD_CONTEXT not in raw["contexts"]:
        return False
    needed = raw["default_member_permissions"]
    if needed is None or granted & permissions.ADMINISTRATOR:
        return True
    return int(needed) != 0 and granted & int(needed) == int(needed)


def _is_age_restricted(world: World, channel: Channel) -> bool:
    """Threads are as their parents."""
    parent = world.find_channel(channel.parent_id) if channel.thread and channel.parent_id else None
    return (parent or channel).nsfw
