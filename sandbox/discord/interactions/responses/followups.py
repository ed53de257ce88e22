"""What a bot does with an interaction's token after its first answer: more messages, edits, deletes."""

from collections.abc import Mapping

from sandbox.discord import errors
from sandbox.discord.interactions.callback_types import Callback
from sandbox.discord.interactions.responses.metadata import EPHEMERAL, MetadataBuilder
from sandbox.discord.interactions.responses.records import LOADING, Records
from sandbox.discord.interactions.responses.tokens import InteractionStore
from sandbox.discord.local_discord import LocalDiscord
from sandbox.discord.rules import forms
from sandbox.discord.rules.uploads import Upload
from sandbox.discord.state.models import Interaction, Json, Message

Files = Mapping[int, Upload]
ORIGINAL = "@original"
_MOST_FOLLOWUPS = 5  # through a user's installation alone, where the application is no member


class Followups:
    """Acts with the token of an acknowledged interaction."""

    def __init__(
        self,
        discord: LocalDiscord,
        store: InteractionStore,
        metadata: MetadataBuilder,
        records: Records,
    ) -> None:
        self._discord = discord
        self._store = store
        self._metadata = metadata
        self._records = records

    def create(self, application_id: int, token: str, form: Json, files: Files) -> Message:
        """Post another message; the first one after a deferral takes the thinking one's place."""
        interaction = self._store.get_for_webhook(application_id, token)
        thinking = self._records.answer(interaction)
        if thinking is not None and thinking.flags & LOADING:
            return self._edit(interaction, thinking, form, files)
        wanted = bool((forms.whole_number(form.get("flags")) or 0) & EPHEMERAL)
        ephemeral = wanted or self._metadata.only_for_its_user(interaction)
        if self._metadata.is_only_users(interaction) and interaction.followups >= _MOST_FOLLOWUPS:
            raise errors.too_many_followups()
        world = self._discord.world
        message = self._discord.messages.create(
            world.channel(interaction.channel_id),
            world.application.bot,
            form,
            files,
            metadata=self._metadata.followup(interaction, ephemeral=ephemeral),
        )
        interaction.followups += 1
        return message

    def get(self, application_id: int, token: str, name: str) -> Message:
        return self._find(self._store.get_for_webhook(application_id, token), name)

    def edit(self, application_id: int, token: str, name: str, form: Json, files: Files) -> Message:
        interaction = self._store.get_for_webhook(application_id, token)
        return self._edit(interaction, self._find(interaction, name), form, files)

    def delete(self, application_id: int, token: str, name: str) -> None:
        interaction = self._store.get_for_webhook(application_id, token)
        message = self._find(interaction, name)
        bot_id = self._discord.world.application.bot.id
        self._discord.messages.delete(message, bot_id, through_interaction=True)
        self._records.publish(interaction)

    def _edit(
        self, interaction: Interaction, message: Message, form: Json, files: Files
    ) -> Message:
        bot_id = self._discord.world.application.bot.id
        edited = self._discord.messages.edit(
            message,
            bot_id,
            form,
            files,
            through_interaction=True,
            upload_limit=self._metadata.upload_limit(interaction),
        )
        if edited.id == interaction.message_id:
            interaction.response_message_id = edited.id  # a deferred update has come
        self._records.publish(interaction)
        return edited

    def _find(self, interaction: Interaction, name: str) -> Message:
        """`@original`, or the id of a message that this interaction has made."""
        world = self._discord.world
        message_id = (
            self._original_id(interaction)
            if name == ORIGINAL
            else forms.required_snowflake("message_id", name)
        )
        message = world.find_message(interaction.channel_id, message_id or 0)
        if message is None or not _belongs(message, interaction):
            raise errors.unknown_message()
        return message

    def _original_id(self, interaction: Interaction) -> int | None:
        if interaction.callback_type in {Callback.DEFERRED_UPDATE, Callback.UPDATE}:
            return interaction.message_id
        return interaction.response_message_id


def _belongs(message: Message, interaction: Interaction) -> bool:
    if message.id in {interaction.message_id, interaction.response_message_id}:
        return True
    return message.interaction is not None and message.interaction["id"] == str(interaction.id)
