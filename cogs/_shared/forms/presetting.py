"""The form "Make a preset of this": for any video that was made here, opened from a button.

Its custom id holds the job's id; the cog `preset` hears of every one that is sent.
"""

from dataclasses import dataclass
from typing import Any

import discord

from bot.catalog.presets import MAX_NAME, PLACEHOLDER
from bot.jobs.job import Job
from cogs._shared.forms.fields import LONGEST_TEXT
from cogs._shared.forms.filled import FormId, written

KIND = "preset"
NAME, TEMPLATE, SERVER = "name", "template", "server"


class PresetForm(discord.ui.Modal):
    """It is only shown, filled in with the video's prompt; model and options come from the job."""

    def __init__(self, job: Job) -> None:
        form = FormId(KIND, job.id)
        super().__init__(title="Make a preset of this", custom_id=str(form), timeout=60)
        name = discord.ui.TextInput[Any](
            custom_id=NAME, placeholder="Claymation", max_length=MAX_NAME
        )
        template = discord.ui.TextInput[Any](
            custom_id=TEMPLATE,
            style=discord.TextStyle.paragraph,
            default=job.request.prompt[:LONGEST_TEXT] or None,
            max_length=LONGEST_TEXT,
        )
        description = f"Put {PLACEHOLDER} where the words of each video go."
        server = discord.ui.Checkbox[Any](custom_id=SERVER)
        for_all = "Needs the Manage Server permission."
        self.add_item(discord.ui.Label(text="Name", component=name))
        self.add_item(
            discord.ui.Label(text="Template", component=template, description=description)
        )
        self.add_item(
            discord.ui.Label(text="For everyone here", component=server, description=for_all)
        )


async def open_preset_form(interaction: discord.Interaction, job: Job) -> None:
    """Open the form as the first answer to a press; the caller has found the job and may show it."""
    await interaction.response.send_modal(PresetForm(job))


@dataclass(frozen=True, slots=True)
class Named:
    """What was written into the form; `server`: for everyone in this server."""

    name: str
    template: str
    server: bool


def named_in(interaction: discord.Interaction) -> Named:
    """Read the form; what is missing counts as empty, and is refused as that."""
    given = written(interaction)
    name, template = str(given.get(NAME) or ""), str(given.get(TEMPLATE) or "")
    return Named(name, template, server=given.get(SERVER) is True)
