"""Buttons that outlive any restart: routed by custom id, never by discord.py's view store."""

from collections.abc import Iterable

import discord

from bot.ids import EditId, JobId, OfferId
from bot.presentation import custom_ids
from bot.presentation.custom_ids import Action

LABEL_MOST = 80  # Discord's

Button = tuple[str, Action, JobId | OfferId | EditId]


def button(label: str, action: Action, subject: JobId | OfferId | EditId) -> discord.ui.View:
    return row_of([(label, action, subject)])


def row_of(buttons: Iterable[Button]) -> discord.ui.View:
    """At most five. The view is stopped at once: the library neither keeps nor answers it."""
    view = discord.ui.View(timeout=None)
    for label, action, subject in buttons:
        name = label if len(label) <= LABEL_MOST else f"{label[: LABEL_MOST - 1]}…"
        view.add_item(discord.ui.Button(label=name, custom_id=custom_ids.spell(action, subject)))
    view.stop()
    return view
