"""Buttons that outlive any restart: routed by custom id, never by discord.py's view store."""

import discord

from bot.ids import JobId
from bot.presentation import custom_ids
from bot.presentation.custom_ids import Action


def button(label: str, action: Action, job_id: JobId) -> discord.ui.View:
    """One button. The view is stopped at once, so that the library neither keeps nor answers it."""
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label=label, custom_id=custom_ids.spell(action, job_id)))
    view.stop()
    return view
