"""Bringing a request to the services, and their answer to the member who made it."""

import discord

from bot.catalog.request import Origin, VideoRequest
from bot.errors import InvalidRequestError
from bot.guilds.settings import CardPlace
from bot.ids import IdempotencyKey, ModelId
from bot.ordering.choosing import Chosen
from bot.ordering.intake import Source
from bot.ordering.offers import Offer
from bot.ordering.ordering import OrderResult
from bot.ordering.quotes import Quote
from bot.presentation import answers
from bot.presentation.widgets import Action, Button, button, row_of
from bot.providers.availability import ProviderPausedError
from bot.services import Services
from cogs._shared import options
from cogs._shared.answers import edit
from cogs._shared.interactions import place_of

MAX_ALTERNATIVES = 3

Said = tuple[str, discord.ui.View | None]


async def ask(
    services: Services,
    request: VideoRequest,
    place: Origin,
    key: IdempotencyKey,
    *,
    is_public: bool = False,
) -> Said:
    """What to say, with what buttons. Raises what the member can fix.

    Also ProviderPausedError, where no other model can make it.

    `is_public`: the answer is read by others too, who are not told what the member has left.
    """
    try:
        return said(await services.ordering.ask(request, place, key), is_public=is_public)
    except ProviderPausedError as error:
        return await instead_of(services, request, place, key, error)


async def model_for(
    services: Services, interaction: discord.Interaction, named: str | None, sketch: VideoRequest
) -> Chosen:
    """The model that a member named, or the one that can make what is asked for.

    `sketch` is the request without a model; `noted` says the note. Raises InvalidRequestError.
    """
    adults = options.is_age_restricted(interaction.channel)
    return await services.choosing.pick(named, sketch, place_of(interaction), adults=adults)


def noted(note: str, answer: Said) -> Said:
    """The answer, and first why the model isn't the one that was expected."""
    text, view = answer
    return answers.noted(note, text), view


def ensure_suits_channel(
    services: Services, interaction: discord.Interaction, model_id: ModelId
) -> None:
    """Keep models for adults in age-restricted channels. Raises InvalidRequestError."""
    found = services.catalog.find(model_id)
    if found is None or not found.is_explicit or options.is_age_restricted(interaction.channel):
        return
    where = "Use it in an age-restricted channel, or choose another model"
    raise InvalidRequestError([f"{found.name} makes videos for adults. {where}."])


async def ask_with_pictures(
    services: Services,
    request: VideoRequest,
    sources: list[Source],
    place: Origin,
    key: IdempotencyKey,
) -> Said:
    """The same for pictures that are still to be fetched. Raises what the member can fix."""
    async with services.intake.taking(request, sources, place) as complete:
        return await ask(services, complete, place, key)


def said(asked: OrderResult, *, is_public: bool = False) -> Said:
    left = None if is_public else asked.left_micros
    if asked.job is not None:
        text = answers.accepted(asked.job, asked.quote, left, card=asked.card)
        has_card = asked.card is not CardPlace.OFF
        return text, None if has_card else button("Cancel", Action.CANCEL, asked.job.id)
    if asked.offer is None:
        msg = "a request that came to nothing"
        raise AssertionError(msg)
    text = answers.to_confirm(asked.quote, left, asked.offer.expires_at)
    label = f"Make it for {answers.cost(asked.quote.price)}"
    return text, row_of([(label, Action.CONFIRM, asked.offer.id)])


async def instead_of(
    services: Services,
    request: VideoRequest,
    place: Origin,
    key: IdempotencyKey,
    error: ProviderPausedError,
) -> Said:
    """Why it cannot be made there now, and who can make it, each as a button with its price."""
    found = await services.alternatives.find(
        request, place, most=MAX_ALTERNATIVES, not_at=error.provider
    )
    offers = [(quote, await services.ordering.offer(quote, place, key)) for quote in found]
    if not offers:
        raise error
    return answers.paused(error, can_do_otherwise=True), row_of(map(_as_button, offers))


def _as_button(row: tuple[Quote, Offer]) -> Button:
    quote, offer = row
    return f"{quote.capability.name} · {answers.cost(quote.price)}", Action.CONFIRM, offer.id


async def show(interaction: discord.Interaction, answer: Said) -> None:
    """In the answer that only this member sees."""
    text, view = answer
    await edit(interaction, text, view)
