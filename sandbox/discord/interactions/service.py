"""Interactions as the application mounts them: the parts put together, and the way to wait."""

from sandbox.discord.interactions.actions import Actions
from sandbox.discord.interactions.commands.registry import CommandRegistry
from sandbox.discord.interactions.responses.callbacks import Callbacks
from sandbox.discord.interactions.responses.followups import Followups
from sandbox.discord.interactions.responses.metadata import MetadataBuilder
from sandbox.discord.interactions.responses.records import Records
from sandbox.discord.interactions.responses.tokens import InteractionStore
from sandbox.discord.interactions.start import Starter
from sandbox.discord.local_discord import LocalDiscord
from sandbox.discord.state.models import Interaction, Json


class Interactions:
    """Commands, interactions and answers of one local Discord. Ends with `close`."""

    def __init__(self, discord: LocalDiscord) -> None:
        self.discord = discord
        self.store = InteractionStore(discord.world)
        self.registry = CommandRegistry(discord.world)
        self.records = Records(discord.world, self.store)
        self._starter = Starter(discord, self.store, self.records)
        metadata = MetadataBuilder(discord, self.store)
        self.actions = Actions(discord, self.registry, self.store, self._starter)
        self.callbacks = Callbacks(discord, self.store, metadata, self._starter.settle)
        self.followups = Followups(discord, self.store, metadata, self.records)

    async def settled(self, interaction: Interaction) -> Json:
        """The interaction's record, once it is acknowledged or has failed."""
        await self._starter.wait(interaction)
        return self.records.describe(interaction)

    def close(self) -> None:
        self._starter.close()
