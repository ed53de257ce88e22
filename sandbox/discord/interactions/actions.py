"""A person's actions: commands, context menus, components, modals, autocomplete.

Each method checks the input as Discord's own client does, raises its refusal, and otherwise starts an
interaction.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.discord import errors
from sandbox.discord.errors import refused
from sandbox.discord.interactions.callback_types import Kind
from sandbox.discord.interactions.commands import limits
from sandbox.discord.interactions.commands.availability import find_command, owners_of
from sandbox.discord.interactions.commands.option_values import ValueReader
from sandbox.discord.interactions.commands.options import (
    offered_options,
    option_tree,
    read_options,
    read_partial_options,
)
from sandbox.discord.interactions.commands.registry import CommandRegistry
from sandbox.discord.interactions.forms.modal_fields import FieldReader
from sandbox.discord.interactions.forms.selects import BUTTON, check_values, find_component
from sandbox.discord.interactions.resolved import Resolved
from sandbox.discord.interactions.responses.tokens import InteractionStore
from sandbox.discord.interactions.start import Starter
from sandbox.discord.local_discord import LocalDiscord
from sandbox.discord.rules import permissions
from sandbox.discord.rules.uploads import Upload
from sandbox.discord.services.messages import NO_FILES
from sandbox.discord.state.models import (
    Attachment,
    Channel,
    Command,
    Interaction,
    Json,
)

Files = Mapping[int, Upload]


class Actions:
    """Acts for a person."""

    def __init__(
        self,
        discord: LocalDiscord,
        registry: CommandRegistry,
        store: InteractionStore,
        starter: Starter,
    ) -> None:
        self._discord = discord
        self._registry = registry
        self._store = store
        self._starter = starter

    def command(
        self, user_id: int, channel: Channel, path: str, given: Json, files: Files = NO_FILES
    ) -> Interaction:
        """Run a slash command; `path` is its name with subcommands, `given` values by option."""
        command, words = self._slash_command(user_id, channel, path)
        offered = offered_options(command.raw, words)
        resolved = Resolved(self._discord.world, channel, user_id)
        reader = ValueReader(resolved, self._accept(user_id, channel, files))
        entries = read_options(offered, given, reader)
        data = _command_data(command) | _options(option_tree(command.raw, words, entries))
        return self._open_command(Kind.COMMAND, channel, user_id, data, resolved, command=command)

    def autocomplete(
        self, user_id: int, channel: Channel, path: str, given: Json, focused: str
    ) -> Interaction:
        """Type into an option that has autocompletion."""
        command, words = self._slash_command(user_id, channel, path)
        offered = offered_options(command.raw, words)
        resolved = Resolved(self._discord.world, channel, user_id)
        entries = read_partial_options(offered, given, focused, ValueReader(resolved, {}))
        data = _command_data(command) | _options(option_tree(command.raw, words, entries))
        return self._open_command(
            Kind.AUTOCOMPLETE, channel, user_id, data, resolved, command=command
        )

    def context_menu(
        self, user_id: int, channel: Channel, name: str, target_id: int
    ) -> Interaction:
        """Choose a command from the menu of a message or, if it is none, of a user."""
        message = self._discord.world.find_message(channel.id, target_id)
        kind = limits.MESSAGE if message is not None else limits.USER
        command = self._find(user_id, channel, kind, name)
        resolved = Resolved(self._discord.world, channel, user_id)
        if kind == limits.MESSAGE:
            resolved.add_message(self._discord.messages.get(channel, target_id, user_id))
        else:
            resolved.add_user(target_id)
        data = _command_data(command) | {"target_id": str(target_id)}
        return self._open_command(Kind.COMMAND, channel, user_id, data, resolved, command=command)

    def component(
        self, user_id: int, channel: Channel, message_id: int, custom_id: str, values: list[Any]
    ) -> Interaction:
        """Press a button, or choose in a select."""
        message = self._discord.messages.get(channel, message_id, user_id)
        component = find_component(message.components, custom_id)
        if message.author.id != self._discord.world.application.bot.id:
            raise refused("The message is not the application's.")
        data: Json = {"custom_id": custom_id, "component_type": component["type"]}
        data["id"] = component.get("id", 0)
        if component["type"] != BUTTON:
            resolved = Resolved(self._discord.world, channel, user_id)
            data["values"] = check_values(component, values, resolved)
            data |= _resolved(resolved)
        return self._starter.start(Kind.COMPONENT, channel, user_id, data, message=message)

    def modal(
        self, user_id: int, opener: Interaction, values: Json, files: Files = NO_FILES
    ) -> Interaction:
        """Submit the modal that the interaction was answered with."""
        world = self._discord.world
        if opener.user_id != user_id or opener.modal is None:
            raise errors.unknown_interaction()
        channel = world.channel(opener.channel_id)
        permissions.require(world, channel, user_id, permissions.VIEW_CHANNEL)
        resolved = Resolved(world, channel, user_id)
        reader = FieldReader(resolved, self._accept(user_id, channel, files))
        data: Json = {
            "custom_id": opener.modal["custom_id"],
            "components": reader.read(opener.modal, values),
        }
        message = world.find_message(channel.id, opener.message_id) if opener.message_id else None
        return self._starter.start(
            Kind.MODAL_SUBMIT,
            channel,
            user_id,
            data | _resolved(resolved),
            command_name=opener.command_name,
            message=message,
            parent=opener,
        )

    def _slash_command(
        self, user_id: int, channel: Channel, path: str
    ) -> tuple[Command, list[str]]:
        words = path.removeprefix("/").split()
        if not words:
            raise errors.unknown_command()
        return self._find(user_id, channel, limits.CHAT_INPUT, words[0]), words

    def _find(self, user_id: int, channel: Channel, kind: int, name: str) -> Command:
        world = self._discord.world
        return find_command(world, self._registry, channel, user_id, kind=kind, name=name)

    def _accept(self, user_id: int, channel: Channel, files: Files) -> dict[int, Attachment]:
        """Uploads of a command or modal, which vanish after a while."""
        user = self._discord.world.user(user_id)
        limit = self._discord.attachments.limit_for(channel.guild_id, user.nitro)
        return self._discord.attachments.accept(files, limit=limit, ephemeral=True)

    def _open_command(
        self,
        kind: Kind,
        channel: Channel,
        user_id: int,
        data: Json,
        resolved: Resolved,
        *,
        command: Command,
    ) -> Interaction:
        whole = data | _resolved(resolved)
        owners = owners_of(self._discord.world, command, channel, user_id)
        return self._starter.start(
            kind, channel, user_id, whole, command_name=data["name"], owners=owners
        )


def _command_data(command: Command) -> Json:
    data: Json = {
        "id": str(command.id),
        "name": command.raw["name"],
        "type": command.raw["type"],
    }
    if command.guild_id is not None:
        data["guild_id"] = str(command.guild_id)
    return data


def _options(entries: list[Json]) -> Json:
    return {"options": entries} if entries else {}


def _resolved(resolved: Resolved) -> Json:
    return {"resolved": resolved.data} if resolved.data else {}
