"""The bot's first answer to an interaction: one of Discord's callback types, exactly once."""

from collections.abc import Callable, Mapping

from sandbox.discord import errors
from sandbox.discord.errors import FormErrors
from sandbox.discord.interactions.callback_types import Callback, Kind
from sandbox.discord.interactions.commands.option_validation import check_choices
from sandbox.discord.interactions.forms import modals
from sandbox.discord.interactions.responses.metadata import EPHEMERAL, MetadataBuilder
from sandbox.discord.interactions.responses.tokens import InteractionStore
from sandbox.discord.local_discord import LocalDiscord
from sandbox.discord.rules import forms
from sandbox.discord.rules.uploads import Upload
from sandbox.discord.state.models import Interaction, Json, Message

Files = Mapping[int, Upload]
Answer = Callable[[Interaction, Json, Files], None]

_COMMAND_LIKE = frozenset({Kind.COMMAND, Kind.COMPONENT, Kind.MODAL_SUBMIT})
_ON_A_MESSAGE = frozenset({Kind.COMPONENT, Kind.MODAL_SUBMIT})
_ALLOWED = {
    Callback.MESSAGE: _COMMAND_LIKE,
    Callback.DEFERRED_MESSAGE: _COMMAND_LIKE,
    Callback.DEFERRED_UPDATE: _ON_A_MESSAGE,
    Callback.UPDATE: _ON_A_MESSAGE,
    Callback.CHOICES: frozenset({Kind.AUTOCOMPLETE}),
    Callback.MODAL: frozenset({Kind.COMMAND, Kind.COMPONENT}),
}


class Callbacks:
    """Acknowledges interactions."""

    def __init__(
        self,
        discord: LocalDiscord,
        store: InteractionStore,
        metadata: MetadataBuilder,
        settle: Callable[[Interaction], None],
    ) -> None:
        self._discord = discord
        self._store = store
        self._metadata = metadata
        self._settle = settle
        self._answers: dict[int, Answer] = {
            Callback.MESSAGE: self._message,
            Callback.DEFERRED_MESSAGE: self._defer,
            Callback.DEFERRED_UPDATE: self._defer_update,
            Callback.UPDATE: self._update,
            Callback.CHOICES: self._choices,
            Callback.MODAL: self._modal,
        }

    def answer(self, interaction_id: int, token: str, form: Json, files: Files) -> Interaction:
        """Acknowledge the interaction; a refused answer leaves it open for another try."""
        interaction = self._store.get_for_callback(interaction_id, token)
        kind = forms.whole_number(form.get("type"))
        if kind is None or kind not in self._answers:
            raise errors.invalid_form("type", "BASE_TYPE_CHOICES", "Value is not a callback type.")
        self._check_allowed(interaction, Callback(kind))
        data = form.get("data")
        if data is not None and not isinstance(data, dict):
            raise errors.invalid_form("data", "DICT_TYPE_CONVERT", "Only dictionaries may be used")
        self._answers[kind](interaction, data or {}, files)
        interaction.callback_type = kind
        interaction.acknowledged_at = self._discord.world.clock.now()
        self._settle(interaction)
        return interaction

    def _check_allowed(self, interaction: Interaction, kind: Callback) -> None:
        allowed = interaction.type in _ALLOWED[kind]
        if kind in {Callback.UPDATE, Callback.DEFERRED_UPDATE} and interaction.message_id is None:
            allowed = False
        if not allowed:
            message = f"Interaction of type {interaction.type} cannot be answered with type {kind}."
            raise errors.invalid_form("type", "INTERACTION_CALLBACK_TYPE_INVALID", message)

    def _message(self, interaction: Interaction, data: Json, files: Files) -> None:
        self._post(interaction, data, files, thinking=False)

    def _defer(self, interaction: Interaction, data: Json, _files: Files) -> None:
        """Only whether it is ephemeral is taken from a deferral."""
        flags = {"flags": _flags(data) & EPHEMERAL}
        interaction.deferred_ephemeral = bool(flags["flags"])
        self._post(interaction, flags, {}, thinking=True)

    def _post(self, interaction: Interaction, data: Json, files: Files, *, thinking: bool) -> None:
        world = self._discord.world
        wanted = bool(_flags(data) & EPHEMERAL)
        ephemeral = wanted or self._metadata.only_for_its_user(interaction)
        metadata = self._metadata.first(interaction, ephemeral=ephemeral, thinking=thinking)
        channel = world.channel(interaction.channel_id)
        message = self._discord.messages.create(
            channel, world.application.bot, data, files, metadata=metadata
        )
        interaction.response_message_id = message.id

    def _defer_update(self, interaction: Interaction, _data: Json, _files: Files) -> None:
        """Nothing changes for the person until the message is edited."""

    def _update(self, interaction: Interaction, data: Json, files: Files) -> None:
        message = self._message_of(interaction)
        bot_id = self._discord.world.application.bot.id
        self._discord.messages.edit(
            message,
            bot_id,
            data,
            files,
            through_interaction=True,
            upload_limit=self._metadata.upload_limit(interaction),
        )
        interaction.response_message_id = message.id

    def _message_of(self, interaction: Interaction) -> Message:
        world = self._discord.world
        message = world.find_message(interaction.channel_id, interaction.message_id or 0)
        if message is None:
            raise errors.unknown_message()
        return message

    def _choices(self, interaction: Interaction, data: Json, _files: Files) -> None:
        interaction.choices = check_choices(interaction.raw_data, data.get("choices"))

    def _modal(self, interaction: Interaction, data: Json, _files: Files) -> None:
        faults = FormErrors()
        modal = modals.check_modal(data, faults)
        faults.raise_if_any()
        modals.number_components(modal)
        interaction.modal = modal


def _flags(data: Json) -> int:
    return forms.whole_number(data.get("flags")) or 0
