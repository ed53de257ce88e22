"""Threads."""

from sandbox.discord.messages import Messages
from sandbox.discord.models import Channel, Json, Message
from sandbox.discord.world import World


class Threads:
    """Starts, joins, leaves and archives threads for a user."""

    def __init__(self, world: World, messages: Messages) -> None:
        self._world = world
        self._messages = messages

    def create(
        self, channel: Channel, user_id: int, form: Json, message: Message | None = None
    ) -> Channel:
        raise NotImplementedError
