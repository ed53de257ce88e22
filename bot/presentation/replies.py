"""Every outcome as a sentence for people: what happened, what to change, what it cost."""

import re
from collections.abc import Sequence
from datetime import datetime

from bot.domain.availability import Availability, PauseReason
from bot.domain.capabilities import Kind
from bot.domain.catalogue import ModelDescription
from bot.domain.guilds import GuildSettings
from bot.domain.jobs import Cancellation, Failure, FailureKind, Job
from bot.domain.pricing import Price, dollars
from bot.domain.quotes import Left, Quote
from bot.errors import (
    BotError,
    DatabaseBusyError,
    DuplicateRequestError,
    FilmComingError,
    FilmNotThereError,
    FilmTakenDownError,
    FilmWillNotComeError,
    ImageRejectedError,
    InvalidRequestError,
    JobNotFoundError,
    LimitReachedError,
    NotYourJobError,
    NotYourOfferError,
    OfferExpiredError,
    PolicyChangedError,
    PriceRoseError,
    ProviderPausedError,
    StorageError,
    TooLateToCancelError,
)
from bot.presentation import money
from bot.presentation.sanitising import plain

NOTHING_CHARGED = "Nothing was charged."
NO_PICTURE_THERE = "There is no picture in that message: choose one with a picture."
FILE_NAME_MOST = 80
TROUBLE_MOST = 600  # with a picture, which it names
FILM_COMING = "This film is still in the making: try again in a minute or two."
FILM_NOT_THERE = "That film is not there: I keep none, and the video service has none to give."
FILM_TAKEN_DOWN = (
    "The message with this film was deleted, so I show it to its member alone:"
    " leave `to_all` out, or ask a moderator to show it to all."
)
FILM_DELETED = "The film's message is deleted."
TRY_AGAIN = "Try again in a minute."
FORM_LOST = (
    f"I no longer know what you chose with this form: use `/storyboard` again. {NOTHING_CHARGED}"
)
NOT_ALLOWED = "You may not use this command here."

_SAID: dict[type[BotError], str] = {
    FilmComingError: FILM_COMING,
    FilmNotThereError: FILM_NOT_THERE,
    FilmTakenDownError: FILM_TAKEN_DOWN,
    FilmWillNotComeError: FILM_NOT_THERE,
    JobNotFoundError: "I know of no such film any more.",
    NotYourOfferError: "Only the member who was shown this price may agree to it.",
    OfferExpiredError: f"That price held for ten minutes. Ask again. {NOTHING_CHARGED}",
    PolicyChangedError: "Somebody changed the rules meanwhile. Look at them, and ask again.",
    PriceRoseError: f"The price has risen since. Ask again to see it. {NOTHING_CHARGED}",
    NotYourJobError: "Only the member who asked for this film, or a moderator, may do that.",
    TooLateToCancelError: "This film has ended already; there is nothing left to cancel.",
    DatabaseBusyError: f"I cannot write anything down just now. {TRY_AGAIN}",
    StorageError: f"I cannot keep anything just now. {TRY_AGAIN}",
}
_SAID_OF_CHANGES: dict[type[BotError], str] = {
    NotYourOfferError: "Only the member who was shown this change may make it.",
    OfferExpiredError: "This change waited for ten minutes, or was made already. Ask for it again.",
}
_KINDS = {
    frozenset({Kind.TEXT, Kind.IMAGE}): "words or picture",
    frozenset({Kind.TEXT}): "words",
    frozenset({Kind.IMAGE}): "picture",
}


def sentence(error: BotError, *, is_wish: bool = True) -> str:
    """What a member is told about an error that is theirs to mend, or to know of.

    Only of a wish for a film it is said that nothing was charged.
    """
    said = _SAID if is_wish else _SAID | _SAID_OF_CHANGES
    match error:
        case InvalidRequestError(reasons=reasons):
            return _reasons(reasons) if is_wish else "\n".join(reasons)
        case ImageRejectedError():
            return f"{plain(str(error), most=TROUBLE_MOST)} {NOTHING_CHARGED}"
        case LimitReachedError(refusals=refusals):
            return money.refused(refusals)
        case ProviderPausedError():
            return paused(error, can_do_otherwise=False)
        case DuplicateRequestError():
            return "This wish was accepted before; it is made once and charged once."
        case _:
            return said.get(type(error), "Something went wrong on my side.")


def _reasons(reasons: Sequence[str]) -> str:
    if len(reasons) == 1:
        return f"{reasons[0]} {NOTHING_CHARGED}"
    listed = "\n".join(f"- {reason}" for reason in reasons)
    return f"This cannot be made as it stands:\n{listed}\n{NOTHING_CHARGED}"


def no_picture(file_name: str | None) -> str:
    """For a message without a picture; its first file, if it has one, is named."""
    if file_name is None:
        return NO_PICTURE_THERE
    name = plain(file_name, most=FILE_NAME_MOST)
    return f"{name} is not a picture I can read: choose a message with a PNG, JPEG or WebP."


def given_back(trouble: str) -> str:
    """For shots of which no film is made; what was written comes along as a file."""
    return f"{trouble}\nWhat you wrote is in this file, so that you can send it again."


def unexpected(reference: str, known: str | None = None) -> str:
    """For what should not happen: the reference finds it in the operator's log."""
    what = known or "Something went wrong on my side."
    return f"{what} If it stays so, tell the operator this reference: `{reference}`."


def accepted(job: Job, quote: Quote, left: Left | None) -> str:
    """The private answer to a wish that was accepted."""
    price = cost(Price(job.cost_micros, job.cost_is_estimate))
    return (
        f"🎬 Accepted, for {price}.{_left(left)} {_time(quote)}"
        " The film's card follows in the channel; you can cancel there."
    )


def to_confirm(quote: Quote, left: Left | None, expires_at: datetime) -> str:
    """A price that must be agreed to first."""
    request, name = quote.request, plain(quote.capability.name, most=100)
    parts = [
        f"{len(request.parts)} shots" if len(request.parts) > 1 else None,
        f"{request.duration_seconds} s" if request.duration_seconds else None,
        request.resolution,
        "with sound" if request.audio else None,
    ]
    film = ", ".join(part for part in parts if part)
    return (
        f"This film costs **{cost(quote.price)}** ({name}{': ' if film else ''}{film})."
        f"{_left(left)} {_time(quote)}\n"
        f"Nothing is spent until you press the button; it works until {money.clock_of(expires_at)}."
    )


def paused(error: ProviderPausedError, *, can_do_otherwise: bool) -> str:
    """Why a service takes nothing now, and when it is asked again."""
    why = {
        PauseReason.CREDENTIALS: "does not accept this bot's key; the operator has been told",
        PauseReason.BALANCE: "says that this bot's account is empty; the operator has been told",
        PauseReason.FAILURES: "does not answer as it should",
    }[PauseReason(error.reason)]
    ways = "These can make your film now:" if can_do_otherwise else "Try again then."
    service = service_name(error.provider)
    return f"{service} {why}. I try again {_when(error.until)}. {NOTHING_CHARGED} {ways}"


def provider_notice(availability: Availability) -> str:
    """For a server's log channel."""
    service = service_name(availability.provider)
    if availability.reason is None or availability.paused_until is None:
        return f"✅ {service} is back: films are handed to it again."
    what = {
        PauseReason.CREDENTIALS: "refuses this bot's key. Check it in the settings.",
        PauseReason.BALANCE: "says that the account is empty. Top it up.",
        PauseReason.FAILURES: "does not answer as it should.",
    }[availability.reason]
    until = _when(availability.paused_until)
    return f"⚠️ {service} {what} Waiting films stay in the queue; I try again {until}."


def settings(settings: GuildSettings) -> str:
    """What a server decided."""
    above = dollars(settings.confirm_above_micros)
    channel = f"<#{settings.log_channel_id}>" if settings.log_channel_id else "nowhere"
    return (
        f"Films that cost more than **{above}** are made after their member agreed to the price.\n"
        f"Trouble of the video services is told to: {channel}"
    )


def service_name(provider: str) -> str:
    return {"nanogpt": "NanoGPT", "nanophoto": "NanoPhoto"}.get(provider, provider)


def _left(left: Left | None) -> str:
    if left is None:
        return ""
    if left.is_own:
        return f" You then have {money.floor_dollars(left.micros)} left."
    return f" The bot's account then holds {dollars(left.micros)}."


def _time(quote: Quote) -> str:
    usual = f"Such a film takes {about_seconds(quote.expected_seconds)}"
    if quote.spread_seconds is None:
        return f"{usual}."
    quick, slow = (about_seconds(seconds) for seconds in quote.spread_seconds)
    return f"{usual} ({quick} to {slow})."


def _when(instant: datetime) -> str:
    return f"<t:{int(instant.timestamp())}:R>"


def cancelled(outcome: Cancellation) -> str:
    if outcome is Cancellation.CALLED_OFF:
        return f"Called off. {NOTHING_CHARGED}"
    return (
        "I stop watching this film. The video service had begun and cannot be stopped,"
        " so what it charges stays charged."
    )


def model_choice(description: ModelDescription) -> str:
    """A model in autocomplete: name, kind, price, expected time."""
    capability = description.capability
    kind = _KINDS.get(capability.kinds, "film")
    return f"{capability.name} · {kind} · {cost(description.price)} · {about_seconds(description.expected_seconds)}"


def cost(price: Price | None) -> str:
    if price is None:
        return "price unknown"
    return f"{'about ' if price.is_estimate else ''}{dollars(price.cost_micros)}"


def about_seconds(seconds: int) -> str:
    """A duration as people say it."""
    if seconds < 60:
        return f"~{max(seconds, 1)} s"
    return f"~{round(seconds / 60)} min"


def without_film(job: Job) -> str:
    """Why a job ended without its film."""
    if job.failure is None:
        return "The service never finished it. You were charged nothing."
    return failed(job.failure, was_submitted=job.submitted_at is not None)


_ADVISES = re.compile(r"\b(again|change|modify)\b", re.IGNORECASE)


def failed(failure: Failure, *, was_submitted: bool) -> str:
    """Why there is no film, and what became of the money."""
    kind = failure.kind
    if kind is FailureKind.UNCERTAIN:
        money = "You were charged nothing; the operator may have been."
    elif kind is FailureKind.OPERATOR:
        money = f"{NOTHING_CHARGED} The operator has been told."
    elif was_submitted or kind is FailureKind.PROVIDER:
        money = "You were charged nothing."
    else:
        money = NOTHING_CHARGED
    needs_advice = kind is FailureKind.REFUSED and not _ADVISES.search(failure.text)
    advice = " Change the prompt or the picture and ask again." if needs_advice else ""
    return f"{failure.text}{advice} {money}"
