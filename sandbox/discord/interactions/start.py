"""An interaction begins: it is given id and token, told to the bot, and waited for.

If nothing acknowledges it within three seconds of real time it has failed, and stays so.
"""

import asyncio

from sandbox.discord.events import Event, Viewer
from sandbox.discord.interactions.callback_types import Kind
from sandbox.discord.interactions.event_payloads import interaction_json
from sandbox.discord.interactions.records import DID_NOT_RESPOND, Records
from sandbox.discord.interactions.tokens import InteractionStore, new_token
from sandbox.discord.local import LocalDiscord
from sandbox.discord.models import Channel, Interaction, Json, Message

ACKNOWLEDGE_WITHIN_SECONDS = 3.0


class Opening:
    """Starts interactions and knows which still wait for their first answer."""

    def __init__(self, discord: LocalDiscord, store: InteractionStore, records: Records) -> None:
        self._discord = discord
        self._store = store
        self._records = records
        self._settled: dict[int, asyncio.Event] = {}
        self._timers: dict[int, asyncio.TimerHandle] = {}

    def open(
        self,
        kind: Kind,
        channel: Channel,
        user_id: int,
        data: Json,
        *,
        command_name: str | None = None,
        message: Message | None = None,
        parent: Interaction | None = None,
    ) -> Interaction:
        """Create the interaction and dispatch INTERACTION_CREATE to the bot."""
        world = self._discord.world
        interaction_id = world.ids.new()
        interaction = Interaction(
            id=interaction_id,
            token=new_token(interaction_id),
            type=kind,
            application_id=world.application.id,
            guild_id=channel.guild_id,
            channel_id=channel.id,
            user_id=user_id,
            raw_data=data,
            created_at=world.clock.now(),
            command_name=command_name,
            message_id=message.id if message else None,
            parent_id=parent.id if parent else None,
        )
        self._store.add(interaction)
        self._expect_answer(interaction)
        self._tell_bot(interaction, message)
        return interaction

    def settle(self, interaction: Interaction) -> None:
        """Note that the interaction was acknowledged or has failed; wakes whoever waits for it."""
        if (timer := self._timers.pop(interaction.id, None)) is not None:
            timer.cancel()
        if (settled := self._settled.pop(interaction.id, None)) is not None:
            settled.set()
        self._records.tell(interaction)

    async def wait(self, interaction: Interaction) -> None:
        """Return once the interaction is settled."""
        if (settled := self._settled.get(interaction.id)) is not None:
            await settled.wait()

    def close(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _expect_answer(self, interaction: Interaction) -> None:
        loop = asyncio.get_running_loop()
        timer = loop.call_later(ACKNOWLEDGE_WITHIN_SECONDS, self._give_up, interaction)
        self._timers[interaction.id] = timer
        self._settled[interaction.id] = asyncio.Event()

    def _give_up(self, interaction: Interaction) -> None:
        interaction.failure = DID_NOT_RESPOND
        self.settle(interaction)

    def _tell_bot(self, interaction: Interaction, message: Message | None) -> None:
        data = interaction_json(self._discord, interaction, message)
        self._records.tell(interaction)

        def render(_viewer: Viewer) -> Json:
            return data

        bot_id = self._discord.world.application.bot.id
        event = Event("INTERACTION_CREATE", render, interaction.guild_id or None, None, bot_id)
        self._discord.world.bus.publish(event)
