"""Pass a member's request to the services, and the answer back to the member."""

from dataclasses import dataclass, replace

import discord

from bot.catalog.request import Origin, VideoRequest
from bot.guilds.settings import CardPlace
from bot.ids import IdempotencyKey, JobId, MessageId, ModelId
from bot.ordering.choosing import Chosen, ensure_suits
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


@dataclass(frozen=True, slots=True)
class Said:
    """An answer to a member, with its buttons.

    `job_id` is that of an accepted request.
    """

    text: str
    view: discord.ui.View | None = None
    job_id: JobId | None = None


async def ask(
    services: Services,
    request: VideoRequest,
    place: Origin,
    key: IdempotencyKey,
    *,
    is_public: bool = False,
) -> Said:
    """Ask for a video; return the answer's text and buttons. Raises UserFacingError.

    Also ProviderPausedError, if no other model can make it. `is_public`: others read the answer
    too, so it does not say what the member has left.
    """
    try:
        result = await services.ordering.ask(request, place, key)
        return said(result, is_public=is_public) if is_public else await offered(services, result)
    except ProviderPausedError as error:
        return await instead_of(services, request, place, key, error)


async def model_for(
    services: Services, interaction: discord.Interaction, named: str | None, sketch: VideoRequest
) -> Chosen:
    """Return the model that a member named, or choose one that can make the video.

    `sketch` is the request without a model; pass the note to `noted`. Raises InvalidRequestError.
    """
    adults = options.is_age_restricted(interaction.channel)
    return await services.choosing.pick(named, sketch, place_of(interaction), adults=adults)


def noted(note: str, answer: Said) -> Said:
    """Begin the answer with the note on why another model was chosen."""
    return replace(answer, text=answers.noted(note, answer.text))


def ensure_suits_channel(
    services: Services, interaction: discord.Interaction, model_id: ModelId
) -> None:
    """Keep models for adults in age-restricted channels. Raises InvalidRequestError."""
    found = services.catalog.find(model_id)
    if found is not None:
        ensure_suits(found, adults=options.is_age_restricted(interaction.channel))


async def ask_with_pictures(
    services: Services,
    request: VideoRequest,
    sources: list[Source],
    place: Origin,
    key: IdempotencyKey,
) -> Said:
    """Fetch the pictures, then `ask`. Raises as `ask`."""
    async with services.intake.taking(request, sources, place) as complete:
        return await ask(services, complete, place, key)


def said(asked: OrderResult, *, is_public: bool = False) -> Said:
    """Return the answer to an accepted request, or the offer to confirm."""
    left = None if is_public else asked.left_micros
    if asked.job is not None:
        text = answers.accepted(asked.job, asked.quote, left, card=asked.card)
        has_card = asked.card is not CardPlace.OFF
        view = None if has_card else button("Cancel", Action.CANCEL, asked.job.id)
        return Said(text, view, asked.job.id)
    if asked.offer is None:
        msg = "a request that came to nothing"
        raise AssertionError(msg)
    text = answers.to_confirm(asked.quote, left, asked.offer.expires_at)
    return Said(text, row_of([confirm_button(asked.quote, asked.offer)]))


async def offered(services: Services, result: OrderResult) -> Said:
    """As `said`, to its member alone, who may improve the prompt of an offer."""
    answer = said(result)
    if result.offer is None:
        return answer
    choice = await services.improving.choice(result.offer)
    if choice.is_made:
        label = "Show the improved prompt"
    elif choice.price is not None:
        label = answers.improve_label(choice.price)
    else:
        return answer
    improve = (label, Action.IMPROVE, result.offer.id)
    return replace(answer, view=row_of([confirm_button(result.quote, result.offer), improve]))


def confirm_button(quote: Quote, offer: Offer) -> Button:
    return f"Make it for {answers.cost(quote.price)}", Action.CONFIRM, offer.id


async def instead_of(
    services: Services,
    request: VideoRequest,
    place: Origin,
    key: IdempotencyKey,
    error: ProviderPausedError,
) -> Said:
    """Explain the pause, and offer other models, cheapest first. Raises `error` without any."""
    found = await services.alternatives.find(
        request, place, most=MAX_ALTERNATIVES, not_at=error.provider
    )
    found.sort(key=lambda quote: quote.price.cost_micros)
    offers = [(quote, await services.ordering.offer(quote, place, key)) for quote in found]
    if not offers:
        raise error
    return Said(answers.paused(error, can_do_otherwise=True), row_of(map(_as_button, offers)))


def _as_button(row: tuple[Quote, Offer]) -> Button:
    quote, offer = row
    return f"{quote.capability.name} · {answers.cost(quote.price)}", Action.CONFIRM, offer.id


async def show(services: Services, interaction: discord.Interaction, answer: Said) -> None:
    """Show the answer to this member alone; it then follows the job."""
    await edit(interaction, answer.text, answer.view)
    await follow(services, interaction, answer)


async def follow(
    services: Services,
    interaction: discord.Interaction,
    answer: Said,
    message_id: MessageId | None = None,
) -> None:
    """Keep an answer up to date, or delete it once it was read and the card is there."""
    if answer.job_id is None:
        return
    await services.following.follow(
        answer.job_id,
        interaction.application_id,
        interaction.token,
        answer.text,
        asked_at=interaction.created_at,
        message_id=message_id,
    )
