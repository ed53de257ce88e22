"""Interactions as the application mounts them: the parts put together, and the way to wait."""

from sandbox.discord.interactions.callbacks import Callbacks
from sandbox.discord.interactions.followups import Followups
from sandbox.discord.interactions.opening import Opening
from sandbox.discord.interactions.origins import Origins
from sandbox.discord.interactions.records import Records
from sandbox.discord.interactions.registry import CommandRegistry
from sandbox.discord.interactions.tokens import InteractionStore
from sandbox.discord.interactions.using import Using
from sandbox.discord.local import LocalDiscord
from sandbox.discord.models import Interaction, Json


class Interactions:
    """Commands, interactions and answers of one local Discord. Ends with `close`."""

    def __init__(self, discord: LocalDiscord) -> None:
        self.discord = discord
        self.store = InteractionStore(discord.world)
        self.registry = CommandRegistry(discord.world)
        self.records = Records(discord.world, self.store)
        self._opening = Opening(discord, self.store, self.records)
        origins = Origins(discord, self.store)
        self.using = Using(discord, self.registry, self.store, self._opening)
        self.callbacks = Callbacks(discord, self.store, origins, self._opening)
        self.followups = Followups(discord, self.store, origins, self.records)

    async def settled(self, interaction: Interaction) -> Json:
        """The interaction's record, once it is acknowledged or has failed."""
        await self._opening.wait(interaction)
        return self.records.describe(interaction)

    def close(self) -> None:
        self._opening.close()
