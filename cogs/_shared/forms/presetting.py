"""The form "Make a preset of this", and forms that a preset fills in.

The first is for any video that was made here; its custom id holds the job's id, and the cog `preset`
hears of every one that is sent. Those that a preset fills in hold its mark, and the id of the video
that it is used on, if any: what no field asks for is the preset's, and the pictures are the video's.
"""

from dataclasses import dataclass, replace
from typing import Any

import discord

from bot.catalog.presets import MARK_LENGTH, MAX_NAME, PLACEHOLDER, Preset
from bot.catalog.request import VideoRequest
from bot.errors import InvalidRequestError
from bot.ids import JobId
from bot.jobs.job import Job
from bot.presentation import details
from bot.services import Services
from cogs._shared.forms.fields import LONGEST_TEXT
from cogs._shared.forms.filled import NO_CHOICE, Filled, FormId, written
from cogs._shared.forms.requesting import filled_from

KIND = "preset"
TEMPLATE, TEMPLATE_WITH_PICTURES = "template", "templpics"  # forms that a preset fills in
NAME, WORDS, SERVER = "name", "template", "server"


class PresetForm(discord.ui.Modal):
    """The form as shown, with the video's prompt; model and options come from the job."""

    def __init__(self, job: Job) -> None:
        form = FormId(KIND, job.id)
        super().__init__(title="Make a preset of this", custom_id=str(form), timeout=60)
        name = discord.ui.TextInput[Any](
            custom_id=NAME, placeholder="Claymation", max_length=MAX_NAME
        )
        template = discord.ui.TextInput[Any](
            custom_id=WORDS,
            style=discord.TextStyle.paragraph,
            default=template_of(job.request.prompt),
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


def template_of(prompt: str) -> str:
    """Return a template made of a prompt, which can be saved as it is."""
    template = prompt if PLACEHOLDER in prompt else f"{PLACEHOLDER}, {prompt}"
    return template[:LONGEST_TEXT]


async def open_preset_form(interaction: discord.Interaction, job: Job) -> None:
    """Open the form as the first answer to a press; the caller has found the job and may show it."""
    await interaction.response.send_modal(PresetForm(job))


@dataclass(frozen=True, slots=True)
class Named:
    """The values of the form; `server`: for everyone in this server."""

    name: str
    template: str
    server: bool


def named_in(interaction: discord.Interaction) -> Named:
    """Read the form; what is missing counts as empty, and is refused as that."""
    given = written(interaction)
    name, template = str(given.get(NAME) or ""), str(given.get(WORDS) or "")
    return Named(name, template, server=given.get(SERVER) is True)


def form_with(preset: Preset, job_id: JobId | None = None, *, has_pictures: bool = False) -> FormId:
    """Return the id of a form that a preset fills in, perhaps for a video."""
    kind = TEMPLATE_WITH_PICTURES if has_pictures else TEMPLATE
    return FormId(kind, f"{preset.mark}{job_id or ''}")


def subject_of(form: FormId) -> tuple[str, JobId | None]:
    """Return the preset's mark, and the video that it is used on."""
    mark, job_id = form.subject[:MARK_LENGTH], form.subject[MARK_LENGTH:]
    return mark, JobId(job_id) if job_id else None


def filled_with(services: Services, request: VideoRequest) -> Filled:
    """Return a form's values from a preset. Raises InvalidRequestError for too long a prompt."""
    if len(request.prompt) > LONGEST_TEXT:
        raise InvalidRequestError([details.TOO_LONG_FOR_FORM])
    filled = filled_from(request, services.catalog.find(request.model_id))
    return replace(filled, model=request.model_id or NO_CHOICE)
