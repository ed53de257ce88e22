"""Which of our buttons was pressed, whoever posted it and whenever."""

from collections.abc import Mapping
from typing import Any

import discord

from bot.presentation import custom_ids
from bot.presentation.custom_ids import Pressed


def pressed_in(interaction: discord.Interaction) -> Pressed | None:
    """None where it is another kind of interaction, or a button of somebody else's."""
    if interaction.type is not discord.InteractionType.component:
        return None
    data: Mapping[str, Any] = interaction.data or {}
    return custom_ids.parse(str(data.get("custom_id", "")))
