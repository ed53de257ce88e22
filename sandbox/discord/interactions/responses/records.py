"""How an interaction stands, as the person who started it sees it."""

from sandbox.discord import payloads
from sandbox.discord.interactions.callback_types import Callback
from sandbox.discord.interactions.responses.tokens import InteractionStore
from sandbox.discord.state.events import Viewer
from sandbox.discord.state.models import Interaction, Json, Message
from sandbox.discord.state.world import World

LOADING = 1 << 7
DID_NOT_RESPOND = "The application did not respond"

_STATES = {
    Callback.MESSAGE: "answered",
    Callback.UPDATE: "answered",
    Callback.CHOICES: "choices",
    Callback.MODAL: "modal",
}


class Records:
    """Makes interaction records and tells the person when one changes."""

    def __init__(self, world: World, store: InteractionStore) -> None:
        self._world = world
        self._store = store

    def describe(self, interaction: Interaction) -> Json:
        message = self.answer(interaction)
        state = self._state(interaction, message)
        seconds = None
        if interaction.acknowledged_at is not None:
            seconds = (interaction.acknowledged_at - interaction.created_at).total_seconds()
        viewer = Viewer(interaction.user_id)
        return {
            "id": str(interaction.id),
            "type": interaction.type,
            "state": state,
            "message": payloads.message_json(self._world, message, viewer) if message else None,
            "modal": interaction.modal,
            "choices": interaction.choices,
            "failure": interaction.failure or (DID_NOT_RESPOND if state == "failed" else None),
            "acknowledged_after_seconds": seconds,
        }

    def publish(self, interaction: Interaction) -> None:
        record = self.describe(interaction)
        self._world.bus.publish_data("INTERACTION_RECORD", record, only_user=interaction.user_id)

    def answer(self, interaction: Interaction) -> Message | None:
        """The message that answers the interaction, or that its component sits on after an update."""
        message_id = interaction.response_message_id
        if message_id is None:
            return None
        return self._world.find_message(interaction.channel_id, message_id)

    def _state(self, interaction: Interaction, message: Message | None) -> str:
        if interaction.failure is not None:
            return "failed"
        if interaction.callback_type is None:
            return "pending"
        if interaction.callback_type == Callback.DEFERRED_MESSAGE:
            return self._deferred_state(interaction, message)
        if interaction.callback_type == Callback.DEFERRED_UPDATE:
            return "deferred" if interaction.response_message_id is None else "answered"
        return _STATES[Callback(interaction.callback_type)]

    def _deferred_state(self, interaction: Interaction, message: Message | None) -> str:
        if message is None or not message.flags & LOADING:
            return "answered"
        return "failed" if self._store.is_over(interaction) else "deferred"
