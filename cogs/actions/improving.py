"""Improve my prompt: a button on a private quote, and the way back to the member's own prompt."""

import logging

import discord
from discord.ext import commands

from bot.client import Client
from bot.errors import UserFacingError
from bot.ids import OfferId
from bot.money.ledger import Improvement, ImprovementState
from bot.ordering.offers import Offer
from bot.ordering.ordering import OrderResult
from bot.presentation import answers
from bot.presentation.widgets import Action, Button, row_of
from cogs._shared import asking
from cogs._shared.answers import edit, guarded
from cogs._shared.interactions import place_of, pressed_in

_log = logging.getLogger(__name__)


class Improvements(commands.Cog):
    """Keeps the offer with the member's own prompt at hand, whatever becomes of the better one."""

    def __init__(self, client: Client) -> None:
        self._services = client.services
        self._acts = {Action.IMPROVE: self._improve, Action.OWN_PROMPT: self._go_back}

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        pressed = pressed_in(interaction)
        if pressed is None or pressed.action not in self._acts:
            return
        act, offer_id = self._acts[pressed.action], OfferId(pressed.subject)
        await guarded(interaction, lambda: act(interaction, offer_id))

    async def _improve(self, interaction: discord.Interaction, offer_id: OfferId) -> None:
        """In the place of the quote, whose button stays while the service writes."""
        await interaction.response.defer()
        ordering = self._services.ordering
        offer = await ordering.find_offer(offer_id, place_of(interaction))
        own = await ordering.offer_again(offer)
        await self._show_waiting(interaction, offer, own)
        try:
            improvement = await self._services.improving.improve(offer)
        except UserFacingError as error:
            is_admin = interaction.permissions.manage_guild
            answer = await asking.offered(self._services, own)
            text = answers.still_improvable(error, answer.text, is_admin=is_admin)
            await edit(interaction, text, answer.view)
            return
        if improvement.state is ImprovementState.ASKING:  # by an earlier press, which says the rest
            return
        if not await _is_waiting(interaction):
            _log.info("improvement_unshown", extra={"state": improvement.state.value})
            return
        await self._show(interaction, offer, improvement)

    async def _go_back(self, interaction: discord.Interaction, offer_id: OfferId) -> None:
        await interaction.response.defer()
        ordering = self._services.ordering
        offer = await ordering.find_offer(offer_id, place_of(interaction))
        answer = await asking.offered(self._services, await ordering.offer_again(offer))
        await edit(interaction, answer.text, answer.view)

    async def _show_waiting(
        self, interaction: discord.Interaction, offer: Offer, own: OrderResult
    ) -> None:
        """With a way to hear what became of it, should this process die."""
        answer = asking.said(own)
        buttons: list[Button] = [("Check again", Action.IMPROVE, offer.id)]
        if own.offer is not None:
            buttons.insert(0, asking.confirm_button(own.quote, own.offer))
        await edit(interaction, answers.improving(answer.text), row_of(buttons))

    async def _show(
        self, interaction: discord.Interaction, offer: Offer, improvement: Improvement
    ) -> None:
        """The better prompt with its own offer, or a fresh offer of the member's own.

        A fresh one can be improved again: an offer's prompt is asked for once.
        """
        ordering = self._services.ordering
        if improvement.improved_id is None:
            fresh = await ordering.offer_again(offer, is_new=True)
            answer = await asking.offered(self._services, fresh)
            text = answers.not_improved(improvement.fault, answer.text)
            await edit(interaction, text, answer.view)
            return
        better = await ordering.find_offer(improvement.improved_id, offer.place)
        most = improvement.reserved_micros
        use_own: Button = ("Use mine", Action.OWN_PROMPT, offer.id)
        try:
            result = await ordering.offer_again(better)
        except UserFacingError as error:  # the prompt is paid for, and so shown all the same
            text = answers.improved(better.request.prompt, most, answers.sentence(error))
            await edit(interaction, text, row_of([use_own]))
            return
        buttons: list[Button] = [use_own]
        if result.offer is not None:
            buttons.insert(0, asking.confirm_button(result.quote, result.offer))
        text = answers.improved(better.request.prompt, most, asking.said(result).text)
        await edit(interaction, text, row_of(buttons))


async def _is_waiting(interaction: discord.Interaction) -> bool:
    """Whether the quote still waits: its member may have made the video in the meantime."""
    try:
        message = await interaction.original_response()
    except Exception as error:  # noqa: BLE001 - whatever broke; an answer too many harms no one
        _log.warning("quote_unread", extra={"error": type(error).__name__})
        return True
    return message.content.startswith(answers.IMPROVING)


async def setup(client: Client) -> None:
    await client.add_cog(Improvements(client))
