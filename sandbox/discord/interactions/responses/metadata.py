"""What a message that answers an interaction carries: interaction metadata, type, upload limit."""

from sandbox.discord import payloads
from sandbox.discord.interactions.callback_types import Kind
from sandbox.discord.interactions.responses.tokens import InteractionStore
from sandbox.discord.local_discord import LocalDiscord
from sandbox.discord.rules import permissions
from sandbox.discord.services.messages import ResponseMetadata
from sandbox.discord.state.models import Interaction, Json, Message

EPHEMERAL = 1 << 6
_SLASH_RESPONSE, _CONTEXT_MENU_RESPONSE, _REPLY = 20, 23, 19
_NESTED = {1, 2}  # option types: a subcommand, and a group of them


class MetadataBuilder:
    """Makes the `ResponseMetadata` of first answers and followups."""

    def __init__(self, discord: LocalDiscord, store: InteractionStore) -> None:
        self._attachments = discord.attachments
        self._world = discord.world
        self._store = store

    def upload_limit(self, interaction: Interaction) -> int:
        """The interaction's `attachment_size_limit`: the better of boosts and the person's Nitro."""
        nitro = self._world.user(interaction.user_id).nitro
        return self._attachments.limit_for(interaction.guild_id, nitro)

    def is_only_users(self, interaction: Interaction) -> bool:
        """Whether the application is here only because the user has added it to the account."""
        return "0" not in interaction.owners

    def only_for_its_user(self, interaction: Interaction) -> bool:
        """Whether every answer is ephemeral: without USE_EXTERNAL_APPS, for such a user."""
        if not self.is_only_users(interaction):
            return False
        channel = self._world.channel(interaction.channel_id)
        granted = permissions.granted_in(self._world, channel, interaction.user_id)
        return bool(interaction.guild_id) and not granted & permissions.USE_EXTERNAL_APPS

    def first(
        self, interaction: Interaction, *, ephemeral: bool, thinking: bool = False
    ) -> ResponseMetadata:
        message = self._component_message(interaction)
        return ResponseMetadata(
            interaction=self.metadata(interaction),
            application_id=interaction.application_id,
            type=_REPLY if message else self._response_type(interaction),
            ephemeral_to=interaction.user_id if ephemeral else None,
            thinking=thinking,
            upload_limit=self.upload_limit(interaction),
            reply_to=message,
        )

    def followup(self, interaction: Interaction, *, ephemeral: bool) -> ResponseMetadata:
        """A followup is shown as a reply to the first answer, if there is one."""
        original_id = interaction.response_message_id or interaction.message_id
        original = self._find(interaction, original_id)
        metadata = self.metadata(interaction)
        if original is not None:
            metadata["original_response_message_id"] = str(original.id)
        return ResponseMetadata(
            interaction=metadata,
            application_id=interaction.application_id,
            type=_REPLY if original else self._response_type(interaction),
            ephemeral_to=interaction.user_id if ephemeral else None,
            reply_to=original,
            upload_limit=self.upload_limit(interaction),
        )

    def metadata(self, interaction: Interaction) -> Json:
        data: Json = {
            "id": str(interaction.id),
            "type": interaction.type,
            "user": payloads.user_json(self._world.user(interaction.user_id)),
            "authorizing_integration_owners": interaction.owners,
        }
        match interaction.type:
            case Kind.COMMAND:
                return data | self._of_command(interaction)
            case Kind.COMPONENT:
                return data | {"interacted_message_id": str(interaction.message_id)}
            case _:
                opener = self._store.find(interaction.parent_id or 0)
                triggering = self.metadata(opener) if opener else {}
                return data | {"triggering_interaction_metadata": triggering}

    def _of_command(self, interaction: Interaction) -> Json:
        raw = interaction.raw_data
        data: Json = {"name": _name_of(interaction), "command_type": raw["type"]}
        target = raw.get("target_id")
        resolved = raw.get("resolved") or {}
        if target in (resolved.get("users") or {}):
            data["target_user"] = resolved["users"][target]
        elif target is not None:
            data["target_message_id"] = target
        return data

    def _component_message(self, interaction: Interaction) -> Message | None:
        return self._find(interaction, interaction.message_id)

    def _find(self, interaction: Interaction, message_id: int | None) -> Message | None:
        return self._world.find_message(interaction.channel_id, message_id) if message_id else None

    def _response_type(self, interaction: Interaction) -> int:
        opener = self._store.find(interaction.parent_id) if interaction.parent_id else None
        raw = (opener or interaction).raw_data
        return _CONTEXT_MENU_RESPONSE if "target_id" in raw else _SLASH_RESPONSE


def _name_of(interaction: Interaction) -> str:
    """With the names of its group and subcommand, as Discord shows it."""
    names, options = [interaction.command_name or ""], interaction.raw_data.get("options") or []
    while options and options[0].get("type") in _NESTED:
        names.append(options[0]["name"])
        options = options[0].get("options") or []
    return " ".join(names)
