"""Interactions by id and token, and how long a token answers.

The three seconds to the first answer are real time; a token's fifteen minutes go by the sandbox's
clock.
"""

import base64
import secrets
from datetime import timedelta

from sandbox.discord import errors
from sandbox.discord.state.models import Interaction
from sandbox.discord.state.world import World

TOKEN_LIFETIME = timedelta(minutes=15)


def new_token(interaction_id: int) -> str:
    secret = secrets.token_urlsafe(48)
    return base64.urlsafe_b64encode(f"interaction:{interaction_id}:{secret}".encode()).decode()


class InteractionStore:
    """Every interaction of this run."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._by_id: dict[int, Interaction] = {}
        self._by_token: dict[str, Interaction] = {}

    def add(self, interaction: Interaction) -> None:
        self._by_id[interaction.id] = interaction
        self._by_token[interaction.token] = interaction

    def find(self, interaction_id: int) -> Interaction | None:
        return self._by_id.get(interaction_id)

    def get_for_callback(self, interaction_id: int, token: str) -> Interaction:
        """The interaction to acknowledge. Raises 10062 if it is unknown or over, 40060 if done."""
        interaction = self._by_id.get(interaction_id)
        if interaction is None or interaction.token != token or self.is_over(interaction):
            raise errors.unknown_interaction()
        if interaction.callback_type is not None:
            raise errors.already_acknowledged()
        if interaction.failure is not None:
            raise errors.unknown_interaction()
        return interaction

    def get_for_webhook(self, application_id: int, token: str) -> Interaction:
        """The acknowledged interaction of a token. Raises 10015 or 50027 as Discord does."""
        if application_id != self._world.application.id:
            raise errors.unknown_webhook()
        interaction = self._by_token.get(token)
        if interaction is None or self.is_over(interaction):
            raise errors.invalid_webhook_token()
        if interaction.callback_type is None:
            raise errors.unknown_webhook()
        return interaction

    def is_over(self, interaction: Interaction) -> bool:
        return self._world.clock.now() - interaction.created_at > TOKEN_LIFETIME
