"""Every outcome as a sentence for people: what happened, what to change, what it cost."""

from bot.domain.capabilities import Kind
from bot.domain.catalogue import ModelDescription
from bot.domain.jobs import Cancellation, Failure, FailureKind, Job
from bot.domain.pricing import Price, dollars
from bot.errors import (
    BotError,
    DatabaseBusyError,
    DuplicateRequestError,
    ImageRejectedError,
    InvalidRequestError,
    JobNotFoundError,
    NotYourJobError,
    TooLateToCancelError,
)

NOTHING_CHARGED = "Nothing was charged."
NO_PICTURE_THERE = "There is no picture in that message: choose one with a picture."
PICTURE_ACCEPTED = "🎬 On it: the film's card follows in the channel."
FILM_DELETED = "The film's message is deleted."
NOT_ALLOWED = "You may not use this command here."

_SAID = {
    JobNotFoundError: "I know of no such film any more.",
    NotYourJobError: "Only the member who asked for this film, or a moderator, may do that.",
    TooLateToCancelError: "This film has ended already; there is nothing left to cancel.",
    DatabaseBusyError: "I am very busy just now. Try again in a minute.",
}
_KINDS = {
    frozenset({Kind.TEXT, Kind.IMAGE}): "words or picture",
    frozenset({Kind.TEXT}): "words",
    frozenset({Kind.IMAGE}): "picture",
}


def sentence(error: BotError) -> str:
    """What a member is told about an error that is theirs to mend, or to know of."""
    match error:
        case InvalidRequestError(reasons=[reason]):
            return f"{reason} {NOTHING_CHARGED}"
        case InvalidRequestError(reasons=reasons):
            listed = "\n".join(f"- {reason}" for reason in reasons)
            return f"This cannot be made as it stands:\n{listed}\n{NOTHING_CHARGED}"
        case ImageRejectedError():
            return f"{error} {NOTHING_CHARGED}"
        case DuplicateRequestError():
            return "This wish was accepted before; it is made once and charged once."
        case _:
            return _SAID.get(type(error), "Something went wrong on my side.")


def unexpected(reference: str, known: str | None = None) -> str:
    """For what should not happen: the reference finds it in the operator's log."""
    what = known or "Something went wrong on my side."
    return f"{what} If it stays so, tell the operator this reference: `{reference}`."


def accepted(job: Job) -> str:
    """The private answer to a wish that was accepted."""
    about = "about " if job.cost_is_estimate else ""
    return (
        f"🎬 Accepted, for {about}{dollars(job.cost_micros)}."
        " The film's card follows in the channel; you can cancel there."
    )


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


def failed(failure: Failure) -> str:
    """Why there is no film, and what became of the money."""
    money = {
        FailureKind.UNCERTAIN: "You were charged nothing; the operator may have been.",
        FailureKind.PROVIDER: "The service gives back what it charged.",
        FailureKind.OPERATOR: f"{NOTHING_CHARGED} The operator has been told.",
    }
    advice = {FailureKind.REFUSED: " Change the prompt or the picture and ask again."}
    told = advice.get(failure.kind, "")
    return f"{failure.text}{told} {money.get(failure.kind, NOTHING_CHARGED)}"
