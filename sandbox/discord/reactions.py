"""Reactions."""

from sandbox.discord.models import Channel, Message
from sandbox.discord.world import World


class Reactions:
    """Adds and removes reactions for a user. `emoji` is what the path holds: `🎬` or `name:id`."""

    def __init__(self, world: World) -> None:
        self._world = world

    def add(self, channel: Channel, message: Message, user_id: int, emoji: str) -> None:
        raise NotImplementedError

    def remove(
        self, channel: Channel, message: Message, user_id: int, emoji: str, *, actor_id: int
    ) -> None:
        raise NotImplementedError
