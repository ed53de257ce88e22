"""Re-make a shot: a form with the shots of a storyboard, of which one is made again."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import discord
from discord.ext import commands

from bot.client import Client
from bot.errors import UserFacingError
from bot.ids import IdempotencyKey, JobId
from bot.ordering import derive
from bot.ordering.remaking import RemakableShot
from bot.presentation import details
from bot.presentation.widgets import Action
from cogs._shared import asking
from cogs._shared.answers import (
    answer,
    give_back,
    guarded,
    note_unexpected,
    refuse_and_give_back,
)
from cogs._shared.forms.fields import LONGEST_ENTRY, LONGEST_TEXT, MAX_ENTRIES
from cogs._shared.forms.filled import PROMPT, FormId, chosen_in, form_sent, written
from cogs._shared.interactions import (
    ensure_may_post,
    is_thread,
    place_of,
    pressed_in,
    stands_for,
)

WITHIN_SECONDS = 2.0  # Discord waits for three
TITLE = "Re-make a shot"
KIND = "remake"
SHOT = "shot"
FILE = "shot.txt"


class ShotForm(discord.ui.Modal):
    """It is only shown: the cog hears of every one that is sent, also after a restart."""

    def __init__(self, job_id: JobId, shots: Sequence[RemakableShot]) -> None:
        super().__init__(title=TITLE, custom_id=str(FormId(KIND, job_id)), timeout=60)
        missing = next((shot for shot in shots if shot.is_missing), shots[0])
        entries = [_entry(shot, is_chosen=shot is missing) for shot in shots[:MAX_ENTRIES]]
        is_chain = any(shot.leads_on for shot in shots)
        what = details.NEXT_STAYS if is_chain else details.OTHERS_STAY
        select = discord.ui.Select[Any](custom_id=SHOT, options=entries)
        words = discord.ui.TextInput[Any](
            custom_id=PROMPT,
            style=discord.TextStyle.paragraph,
            required=False,
            max_length=LONGEST_TEXT,
        )
        self.add_item(discord.ui.Label(text="Shot", component=select, description=what))
        self.add_item(
            discord.ui.Label(text="New words", component=words, description=details.OLD_WORDS)
        )


def _entry(shot: RemakableShot, *, is_chosen: bool) -> discord.SelectOption:
    label, description = details.shot_to_remake(shot)
    return discord.SelectOption(
        label=label[:LONGEST_ENTRY],
        value=str(shot.number),
        description=description[:LONGEST_ENTRY] or None,
        default=is_chosen,
    )


class Shots(commands.Cog):
    """Opens the form, and turns what was sent into a request."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._services = client.services

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """A press, or a form that was sent, perhaps opened by an earlier process."""
        pressed = pressed_in(interaction)
        if pressed is not None and pressed.action is Action.REMAKE:
            job_id = JobId(pressed.subject)
            await guarded(interaction, lambda: self._open(interaction, job_id))
        form = form_sent(interaction, KIND)
        if form is not None:
            await guarded(interaction, lambda: self._make(interaction, form))

    async def _open(self, interaction: discord.Interaction, job_id: JobId) -> None:
        ensure_may_post(interaction.app_permissions, thread=is_thread(interaction.channel))
        try:
            async with asyncio.timeout(WITHIN_SECONDS):
                found = await self._services.remaking.list_shots(job_id, place_of(interaction))
        except TimeoutError:
            await answer(interaction, details.FORM_SLOW)
        else:
            await interaction.response.send_modal(ShotForm(job_id, found))

    async def _make(self, interaction: discord.Interaction, form: FormId) -> None:
        """What was written comes back with every refusal."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        text = str(written(interaction).get(PROMPT) or "")
        try:
            said = await self._ask(interaction, JobId(form.subject), text)
        except UserFacingError as error:
            await refuse_and_give_back(interaction, error, text, name=FILE)
        except Exception as error:  # noqa: BLE001 - told with a reference, and with the text
            await give_back(interaction, note_unexpected(error), text, name=FILE)
        else:
            await asking.show(self._services, interaction, said)

    async def _ask(self, interaction: discord.Interaction, job_id: JobId, text: str) -> asking.Said:
        """Raises what `asking.ask` does."""
        place, chosen = place_of(interaction), chosen_in(interaction, SHOT)
        ensure_may_post(interaction.app_permissions, thread=is_thread(interaction.channel))
        number = int(chosen) if chosen.isascii() and chosen.isdecimal() else 0
        request = await self._services.remaking.remake(job_id, number, text, place)
        stands = stands_for(self._client, interaction.guild_id)
        await self._services.footage.ensure_stands(job_id, stands)
        asking.ensure_suits_channel(self._services, interaction, request.model_id)
        key = IdempotencyKey(f"interaction:{interaction.id}")
        said = await asking.ask(self._services, request, place, key)
        leads_on = derive.leads_on(request, number)
        text = details.remaking(number, said.text, leads_on=leads_on)
        return replace(said, text=text)


async def setup(client: Client) -> None:
    await client.add_cog(Shots(client))
