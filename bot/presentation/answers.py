"""Every outcome as a sentence for people: what happened, what to change, what it cost."""

import re
from collections.abc import Sequence
from datetime import datetime

from bot.catalog.capability import Capability, Kind
from bot.catalog.menu import usual, usual_price
from bot.catalog.models import ModelDescription
from bot.catalog.pricing import Price, dollars
from bot.catalog.request import VideoRequest
from bot.errors import (
    AlreadyFetchingError,
    AlreadySpentError,
    BotError,
    ConsentError,
    ConsentReason,
    DatabaseBusyError,
    DuplicateRequestError,
    ImageRejectedError,
    InvalidRequestError,
    JobNotFoundError,
    MemberBlockedError,
    NotTheMakerError,
    NotYourJobError,
    NotYourOfferError,
    NotYourQuestionError,
    OfferExpiredError,
    OthersFetchingError,
    PolicyChangedError,
    PriceRoseError,
    QuestionClosedError,
    StorageError,
    TooLateToCancelError,
    UnreadableRowError,
    VideoComingError,
    VideoNotPostedError,
    VideoNotThereError,
    VideoRejectedError,
    VideoTakenDownError,
    VideoWillNotComeError,
    WordNotAllowedError,
)
from bot.guilds.settings import CardPlace
from bot.jobs.job import (
    Cancellation,
    Failure,
    FailureKind,
    Job,
)
from bot.money.limits import LimitReachedError
from bot.ordering.quotes import Quote
from bot.presentation import money
from bot.presentation.escaping import plain, quoted, unlinked
from bot.providers.availability import Availability, PauseReason, ProviderPausedError
from bot.providers.contract import ImprovementFault, ImproverPrice

NOTHING_CHARGED = "Nothing was charged."
NO_PICTURE_THERE = "That message has no picture. Choose one that does."
MAX_FILE_NAME = 80
MAX_TROUBLE = 600  # with a picture, which it names
VIDEO_COMING = "This video is still rendering. Try again in a minute or two."
VIDEO_NOT_THERE = "I no longer have that video, and neither does the video service."
VIDEO_TAKEN_DOWN = (
    "The message with this video was deleted, so I can only show it to you."
    " Leave out `to_all`, or ask a moderator to show it to everyone."
)
VIDEO_REMOVED = "Video removed."
TRY_AGAIN = "Try again in a minute."
ONLY_OPERATOR = "Only the people who run this bot can fix that."
FORM_LOST = f"This form has expired. Use `/storyboard` again. {NOTHING_CHARGED}"
DRAFT_GONE = "I no longer have what this form was filled in with. Use the command again."
NOT_ALLOWED = "You can't use this command here."
WRONG_OPTION = "One of those options can't be used here. Choose one from the list."
COMMAND_CHANGED = "This command was updated. Reload Discord and try again."
OLD_BUTTON = "This is from an older version of me and no longer works. Use the command again."

_SAID: dict[type[BotError], str] = {
    DuplicateRequestError: "I already accepted this request. You're only charged once.",
    VideoComingError: VIDEO_COMING,
    VideoNotThereError: VIDEO_NOT_THERE,
    AlreadyFetchingError: (
        f"I'm still fetching a video for you. Try again when that's done. {NOTHING_CHARGED}"
    ),
    OthersFetchingError: (
        f"I'm fetching videos for several other members. {TRY_AGAIN} {NOTHING_CHARGED}"
    ),
    VideoNotPostedError: "The message with this video is gone, so there's nothing to link to.",
    VideoTakenDownError: VIDEO_TAKEN_DOWN,
    VideoWillNotComeError: VIDEO_NOT_THERE,
    JobNotFoundError: "I can't find that video.",
    NotYourOfferError: "Only the member who was shown this price can confirm it.",
    OfferExpiredError: f"This price expired after ten minutes. Ask again for a new one. {NOTHING_CHARGED}",
    PolicyChangedError: "Someone else just changed the limits. Check them and try again.",
    NotYourQuestionError: "Only the member whose picture it is can answer that.",
    QuestionClosedError: "This question was answered already, or its time is over.",
    PriceRoseError: f"The price has gone up. Ask again to see the new one. {NOTHING_CHARGED}",
    MemberBlockedError: "The moderators of this server don't let you use me here.",
    NotYourJobError: "Only the member who requested this video, or a moderator, can do that.",
    NotTheMakerError: f"In this server, only the person who made a video can do that. {NOTHING_CHARGED}",
    TooLateToCancelError: "This request has already ended, so there's nothing left to cancel.",
    DatabaseBusyError: f"I can't save anything right now. {TRY_AGAIN}",
    UnreadableRowError: (
        "Some data that this needs is damaged. "
        "Ask the bot's operator to run `python -m bot audit`, which says what to do."
    ),
    StorageError: f"My database isn't working right now. {TRY_AGAIN}",
}
_CONSENT = {
    ConsentReason.NO_ONE: "{owner} doesn't let others make videos from their pictures.",
    ConsentReason.ASKED: (
        "I asked {owner} in this channel whether you may make a video from their picture. If they"
        " allow it within a day, I'll mention you, and you can ask for your video again."
    ),
    ConsentReason.WAITING: (
        "{owner} hasn't answered yet whether you may make a video from their picture. If they allow"
        " it, I'll mention you, and you can ask for your video again."
    ),
    ConsentReason.DECLINED: "{owner} doesn't want you to make a video from their picture.",
    ConsentReason.UNANSWERED: (
        "{owner} didn't answer whether you may make a video from their picture, which means no."
    ),
    ConsentReason.BUSY: (
        "{owner} wants to be asked first, and still has other questions to answer. Try again later."
    ),
}
_SAID_OF_CHANGES: dict[type[BotError], str] = {
    NotYourOfferError: "Only the admin who was shown this change can make it.",
    OfferExpiredError: "This change expired after ten minutes or was already made. Use the command again.",
}
_KINDS = {
    frozenset({Kind.TEXT, Kind.IMAGE}): "text or picture",
    frozenset({Kind.TEXT}): "text",
    frozenset({Kind.IMAGE}): "picture",
    frozenset({Kind.VIDEO}): "a video to continue",
}


def sentence(
    error: BotError,
    *,
    is_request: bool = True,
    is_admin: bool = False,
    is_public: bool = False,
    is_moderator: bool = False,
) -> str:
    """Text for a member about an error that they can fix, or should know of.

    Only a request for a video adds that nothing was charged. `is_admin`: the reader has the commands
    that change limits, `is_moderator` those of `/moderation`. `is_public`: others read it too, so
    it omits what the member has left, and a word that is not allowed.
    """
    said = _SAID if is_request else _SAID | _SAID_OF_CHANGES
    match error:
        case InvalidRequestError(reasons=reasons):
            return _reasons(reasons) if is_request else "\n".join(map(unlinked, reasons))
        case ImageRejectedError() | VideoRejectedError() | ConsentError():
            return f"{_trouble_of(error)} {NOTHING_CHARGED}"
        case LimitReachedError(refusals=refusals):
            return money.refused(refusals, is_admin=is_admin, is_public=is_public)
        case WordNotAllowedError(word=word):
            return _word(word, is_public=is_public, is_moderator=is_moderator)
        case ProviderPausedError() | AlreadySpentError():
            return _asked(error)
        case _:
            return said.get(type(error), "Something went wrong on my side.")


def _asked(error: ProviderPausedError | AlreadySpentError) -> str:
    if isinstance(error, AlreadySpentError):
        return stop_following(error)
    return paused(error, can_do_otherwise=False)


def _word(word: str, *, is_public: bool, is_moderator: bool) -> str:
    which = "a word in this prompt" if is_public else f"“{quoted(word, most=100)}” in prompts"
    said = f"This server's moderators don't allow {which}. Change it and try again."
    changing = " You can allow it with `/moderation words remove`." if is_moderator else ""
    return f"{said}{'' if is_public else changing} {NOTHING_CHARGED}"


def _trouble_of(error: ImageRejectedError | VideoRejectedError | ConsentError) -> str:
    """What is wrong with a picture or a video."""
    if isinstance(error, ConsentError):
        return _CONSENT[error.reason].format(owner=f"<@{error.owner_id}>")
    return plain(str(error), most=MAX_TROUBLE)


def _reasons(reasons: Sequence[str]) -> str:
    reasons = [unlinked(reason) for reason in reasons]  # a model's name is its service's
    if len(reasons) == 1:
        return f"{reasons[0]} {NOTHING_CHARGED}"
    listed = "\n".join(f"- {reason}" for reason in reasons)
    return f"This request needs some changes:\n{listed}\n{NOTHING_CHARGED}"


def noted(note: str, text: str) -> str:
    """Put a note about the model, if there is one, before an answer."""
    return f"{unlinked(note)}\n{text}" if note else text


def no_picture(file_name: str | None) -> str:
    """Text about a message without a picture; names its first file, if any."""
    if file_name is None:
        return NO_PICTURE_THERE
    name = plain(file_name, most=MAX_FILE_NAME)
    return f"{name} isn't a picture I can read. Choose a message with a PNG, JPEG or WebP."


def given_back(trouble: str) -> str:
    """Text about a refused storyboard; what the member wrote is attached as a file."""
    return f"{trouble}\nYour text is in the attached file, so you can send it again."


def unexpected(reference: str, known: str | None = None) -> str:
    """Text about an internal error; the operator's log has the reference."""
    what = known or "Something went wrong on my side."
    return f"{what} If it keeps happening, give the bot's operator this reference: `{reference}`."


_FOLLOW = {
    CardPlace.CHANNEL: "Follow its card in the channel.",
    CardPlace.THREAD: "Follow its card in this channel's thread **Video requests**.",
    CardPlace.OFF: "I'll mention you in this channel when it's ready.",
}


def accepted(
    job: Job, quote: Quote, left_micros: int | None, *, card: CardPlace = CardPlace.CHANNEL
) -> str:
    """Private answer to an accepted request; short if its card says the rest."""
    price = cost(Price(job.cost_micros, job.cost_is_estimate))
    time = f" {_time(quote)}" if card is CardPlace.OFF else ""
    return f"🎬 Accepted for {price}.{_left(left_micros)}{time} {_FOLLOW[card]}"


def to_confirm(quote: Quote, left_micros: int | None, expires_at: datetime) -> str:
    """Quote to confirm; `left_micros` is None in public."""
    request, name = quote.request, quoted(quote.capability.name, most=100)
    parts = [
        length_of(request),
        request.resolution,
        "with sound" if request.audio else None,
    ]
    video = ", ".join(part for part in parts if part)
    return (
        f"This video costs **{cost(quote.price)}** ({name}{': ' if video else ''}{video})."
        f"{_left(left_micros)} {_time(quote)}\n"
        f"You won't be charged unless you press the button. It expires at {money.clock_of(expires_at)}."
    )


IMPROVING = "✨ Improving your prompt. This takes up to a minute."
MAX_IMPROVED = 1300  # characters, escaped; the quote stands below
_NOT_IMPROVED = {
    ImprovementFault.EMPTY: "NanoGPT's answer had no prompt in it.",
    ImprovementFault.CUT_OFF: "NanoGPT's answer was cut off.",
    ImprovementFault.TOO_LONG: "NanoGPT's answer was too long for a prompt.",
    ImprovementFault.REFUSED: "NanoGPT refused to improve this prompt for its content.",
    ImprovementFault.UNCHANGED: "NanoGPT found nothing to improve.",
    ImprovementFault.UNFIT: "NanoGPT's prompt doesn't suit this model.",
    ImprovementFault.NOT_ALLOWED: "NanoGPT's prompt has a word that this server doesn't allow.",
    ImprovementFault.OPERATOR: f"NanoGPT doesn't improve prompts right now. {ONLY_OPERATOR}",
    ImprovementFault.BUSY: f"NanoGPT is busy right now. {TRY_AGAIN}",
    ImprovementFault.UNAVAILABLE: "NanoGPT isn't responding properly.",
    ImprovementFault.LOST: "NanoGPT's answer was lost.",
}


def improving(offered: str) -> str:
    """While a prompt is improved; the video may be made with the member's own all the same."""
    return f"{IMPROVING} You can also go on with your own prompt.\n{offered}"


def improved(prompt: str, most_micros: int, offered: str) -> str:
    """An offer with the prompt that was paid for, all of which it shows."""
    return f"✨ **Improved prompt**, for up to {dollars(most_micros)}\n> {quoted(prompt, most=MAX_IMPROVED)}\n{offered}"


def not_improved(fault: ImprovementFault | None, offered: str) -> str:
    """Why there is no better prompt; the offer with the member's own is still there."""
    why = _NOT_IMPROVED[fault or ImprovementFault.LOST]
    return f"{why} You weren't charged for it, and your prompt is unchanged.\n{offered}"


def still_improvable(error: BotError, offered: str, *, is_admin: bool) -> str:
    """Why a prompt is not improved now, above the offer."""
    return f"{sentence(error, is_admin=is_admin)}\n{offered}"


def improve_label(price: ImproverPrice) -> str:
    """What stands on the button; the price is the most it can be."""
    return f"Improve my prompt · up to {dollars(price.micros)}"


def length_of(request: VideoRequest) -> str | None:
    """Length of the video; None if its model decides."""
    shots, total = len(request.parts), request.total_seconds
    if any(shot.duration_seconds for shot in request.shots) and total is not None:
        return f"{shots} shots, {total} s in all"
    if not request.duration_seconds:
        return f"{shots} shots" if shots > 1 else None
    times = f"{shots} shots of " if shots > 1 else ""
    return f"{times}{request.duration_seconds} s"


def paused(error: ProviderPausedError, *, can_do_otherwise: bool) -> str:
    """Text about a paused service: why, and when it is tried again."""
    why = {
        PauseReason.CREDENTIALS: f"rejects this bot's API key. {ONLY_OPERATOR}",
        PauseReason.BALANCE: f"says this bot's account is empty. {ONLY_OPERATOR}",
        PauseReason.FAILURES: "isn't responding properly.",
    }[error.reason]
    ways = "These models can make your video now:" if can_do_otherwise else "Try again then."
    return (
        f"{error.label} {why} I'll try again {money.when_of(error.until)}. {NOTHING_CHARGED} {ways}"
    )


def provider_notice(availability: Availability, service: str) -> str:
    """Provider alert for a log channel; `service` is the provider's name in texts."""
    if availability.reason is None or availability.paused_until is None:
        return f"✅ {service} is back: I'm submitting videos again."
    what = {
        PauseReason.CREDENTIALS: "rejects this bot's API key. Check it in the settings.",
        PauseReason.BALANCE: "says this bot's account is empty. Top it up.",
        PauseReason.FAILURES: "isn't responding properly.",
    }[availability.reason]
    until = money.clock_of(availability.paused_until)  # the message stays, so nothing relative
    return f"⚠️ {service} {what} Videos stay queued; I'll try again at {until}."


def _left(micros: int | None) -> str:
    return "" if micros is None else f" You'll have {money.floor_dollars(micros)} left."


def _time(quote: Quote) -> str:
    usual = f"Videos like this take {about_seconds(quote.expected_seconds)}"
    if quote.spread_seconds is None:
        return f"{usual}."
    quick, slow = (about_seconds(seconds) for seconds in quote.spread_seconds)
    return f"{usual} ({quick} to {slow})."


def stop_following(error: AlreadySpentError) -> str:
    """Question before cancelling a job whose price may be spent."""
    price = cost(Price(error.cost_micros, error.is_estimate))
    if error.is_certain:
        return f"The video service has already started, so you'll pay {price} either way. Cancel anyway?"
    return (
        f"The video service may have started already; then you'll pay {price} either way."
        " Cancel anyway?"
    )


def cancelled(outcome: Cancellation) -> str:
    """Text about a cancelled job, and whether it is still paid for."""
    if outcome is Cancellation.CANCELLED:
        return f"Cancelled. {NOTHING_CHARGED}"
    return (
        "Cancelled. The video service had already started and can't be stopped,"
        " so you still pay what it charges."
    )


def too_late(jobs: Sequence[Job]) -> str:
    """Text about a 🎬 removed after the service had started."""
    total = Price(sum(job.cost_micros for job in jobs), any(job.cost_is_estimate for job in jobs))
    what, card = ("it", "its card") if len(jobs) == 1 else ("them", "their cards")
    return (
        "Too late to cancel by removing 🎬: the video service has already started, so you'll pay"
        f" {cost(total)} either way. If you no longer want {what}, press Cancel on {card}."
    )


def model_choice(description: ModelDescription) -> str:
    """Label of a model in autocomplete: name, kind, price, expected time."""
    capability = description.capability
    kind = _KINDS.get(capability.kinds, "video")
    return f"{capability.name} · {kind} · {usual_cost(description)} · {about_seconds(description.expected_seconds)}"


def model_note(capability: Capability) -> str:
    """Line below a model's name in a form: its inputs and its price."""
    cheapest, seconds = usual_price(capability), usual(capability).duration_seconds
    for_length = f" for {seconds} s" if seconds else ""
    listed = (
        f"{cost(cheapest)}{for_length}" if cheapest is not None else "price shown before you pay"
    )
    return f"From {_KINDS.get(capability.kinds, 'text').replace(' or ', ' or a ')} · {listed}"


_FIELDS = (  # what a command's options are in a form, longest phrases first
    (" with `image`", ""),
    ("Add `image`, too", "Add the first one, too"),
    ("Leave out `image` or the references", "Leave one or the other out"),
    ("Leave out `end_image`", "Upload one picture"),
    ("Leave out `image`", "Leave out the picture"),
    ("Leave out `audio`", "Leave the sound out"),
    ("`duration`", "the length"),
    ("`aspect_ratio`", "the shape"),
    ("`resolution`", "the resolution"),
    ("`negative_prompt`", "a negative prompt"),
    ("`seed`", "a seed"),
    ("under `model`", "of models"),
)


def in_form(reason: str) -> str:
    """Replace a command's options in a reason by the names of a form's fields."""
    for option, field in _FIELDS:
        reason = reason.replace(option, field)
    return reason


def usual_cost(description: ModelDescription) -> str:
    """Price of the model's usual video."""
    if description.price is None and description.is_quoted:
        return "price on request"
    return cost(description.price)


def cost(price: Price | None) -> str:
    """A price, marked if it is an estimate."""
    if price is None:
        return "price unknown"
    return f"{'about ' if price.is_estimate else ''}{dollars(price.cost_micros)}"


def about_seconds(seconds: int) -> str:
    """A rounded duration, such as `~2 min`."""
    if seconds < 60:
        return f"~{max(seconds, 1)} s"
    return f"~{round(seconds / 60)} min"


def without_video(job: Job) -> str:
    """Why a job ended without a video."""
    if job.failure is None:
        return "The video service never finished it. You weren't charged."
    return failed(job.failure, was_submitted=job.submitted_at is not None)


MAX_REASON = 450  # characters of a service's words
_ADVISES = re.compile(r"\b(again|change|modify|reword|another)\b", re.IGNORECASE)


def failed(failure: Failure, *, was_submitted: bool) -> str:
    """Why there is no video, what to change, and what was charged."""
    kind = failure.kind
    if kind is FailureKind.UNCERTAIN:
        money = "You weren't charged; the operator may have been."
    elif kind is FailureKind.OPERATOR:
        money = f"{NOTHING_CHARGED} {ONLY_OPERATOR}"
    elif was_submitted or kind is FailureKind.PROVIDER:
        money = "You weren't charged."
    else:
        money = NOTHING_CHARGED
    needs_advice = kind is FailureKind.REFUSED and not _ADVISES.search(failure.text)
    text = quoted(failure.text, most=MAX_REASON)
    advice = "Change the prompt or the picture and try again." if needs_advice else ""
    return " ".join(part for part in (text, advice, money) if part)
