"""Bringing a wish to the services, and their answer to the member who made it."""

import discord

from bot.client import Services
from bot.domain.jobs import Job
from bot.domain.offers import Offer, Place
from bot.domain.quotes import Quote
from bot.domain.requests import VideoRequest
from bot.errors import ProviderPausedError
from bot.ids import IdempotencyKey, ProviderName
from bot.presentation import replies
from bot.presentation.buttons import Button, row_of
from bot.presentation.custom_ids import Action
from bot.services.offering import Asked
from cogs._private.answers import edit

MOST_ALTERNATIVES = 3

Said = tuple[str, discord.ui.View | None]


async def ask(services: Services, request: VideoRequest, place: Place, key: IdempotencyKey) -> Said:
    """What to say, with what buttons. Raises what the member can mend."""
    try:
        return said(await services.offering.ask(request, place, key))
    except ProviderPausedError as error:
        return await instead_of(services, request, place, key, error)


def said(asked: Asked) -> Said:
    if asked.job is not None:
        return replies.accepted(asked.job, asked.quote, asked.left), None
    if asked.offer is None:
        msg = "a wish that came to nothing"
        raise AssertionError(msg)
    text = replies.to_confirm(asked.quote, asked.left, asked.offer.expires_at)
    label = f"Make it for {replies.cost(asked.quote.price)}"
    return text, row_of([(label, Action.CONFIRM, asked.offer.id)])


async def instead_of(
    services: Services,
    request: VideoRequest,
    place: Place,
    key: IdempotencyKey,
    error: ProviderPausedError,
) -> Said:
    """Why it cannot be made there now, and who can make it, each as a button with its price."""
    not_at = ProviderName(error.provider)
    found = await services.substituting.find(request, most=MOST_ALTERNATIVES, not_at=not_at)
    offers = [(quote, await services.offering.offer(quote, place, key)) for quote in found]
    text = replies.paused(error, can_do_otherwise=bool(offers))
    return text, row_of(map(_as_button, offers)) if offers else None


def _as_button(row: tuple[Quote, Offer]) -> Button:
    quote, offer = row
    return f"{quote.capability.name} · {replies.cost(quote.price)}", Action.CONFIRM, offer.id


async def show(interaction: discord.Interaction, answer: Said) -> None:
    """In the answer that only this member sees."""
    text, view = answer
    await edit(interaction, text, view)


def key_of_instead(job: Job) -> IdempotencyKey:
    """A failed film is made once by another model, however often the button is pressed."""
    return IdempotencyKey(f"instead:{job.id}")
