"""What can go wrong, in the domain's words.

BotError
├─ UserFacingError                    safe to show; never retried
│  ├─ InvalidRequestError             the wish cannot be made as it stands; carries every reason
│  ├─ ImageRejectedError              a picture that cannot be used
│  ├─ DuplicateRequestError           the same wish was accepted before
│  ├─ JobNotFoundError
│  ├─ FilmNotThereError               a job's film is not kept any more, or never came
│  ├─ FilmTakenDownError              its message was deleted: it is for its member alone
│  ├─ FilmComingError                 it is still in the making
│  ├─ NotYourJobError
│  ├─ NotYourOfferError
│  ├─ OfferExpiredError
│  ├─ PriceRoseError                  the price that was shown no longer holds
│  ├─ LimitReachedError               a limit of the server or of the member; which, how far, until
│  ├─ PolicyChangedError              somebody else changed the server's rules meanwhile
│  ├─ ProviderPausedError             the service takes nothing at the moment; until, why
│  └─ TooLateToCancelError
├─ ProviderError
│  ├─ TransientProviderError          the only branch that is retried
│  │  ├─ ProviderUnavailableError
│  │  ├─ ProviderRateLimitedError     retry_at
│  │  └─ ProviderTimeoutError
│  ├─ PermanentProviderError
│  │  ├─ ContentRefusedError
│  │  ├─ ProviderRejectedRequestError
│  │  ├─ GenerationFailedError        took it, and could not make it
│  │  ├─ ProviderCredentialsError     tell the operator
│  │  ├─ ProviderBalanceError         tell the operator
│  │  └─ ProviderJobUnknownError      the provider does not know this job
│  ├─ SubmissionUncertainError        asked, and do not know whether it was accepted
│  └─ ProviderProtocolError           an answer that cannot be read
├─ DeliveryError
│  ├─ DeliveryUnavailableError        Discord is away; try again later
│  ├─ ChannelGoneError                deleted, or the bot may no longer post there
│  │  └─ NotAllowedError              perhaps only its file is not allowed
│  ├─ MessageGoneError
│  ├─ FileTooLargeError
│  └─ PicturesNotPostedError          a wish's pictures do not stand in its channel yet
├─ ArtifactError
│  ├─ ArtifactUnavailableError        could not be fetched now; try again
│  └─ ArtifactUnusableError           fetched, and it is no film
├─ StorageError
│  ├─ DatabaseBusyError
│  ├─ LeaseLostError                  somebody else moved the job: stop touching it
│  └─ SchemaVersionError
├─ ClientEndedError                   the connection to Discord; a new client is needed
└─ ConfigurationError                 names the variable

Errors carry data; `presentation.replies` makes the sentences.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class BotError(Exception):
    """The base of every error of ours."""


class UserFacingError(BotError):
    """Something a member did or wants that cannot be; safe to show."""


class InvalidRequestError(UserFacingError):
    """The wish cannot be made as it stands; every reason at once, each with what to change."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = tuple(reasons)


class ImageRejectedError(UserFacingError):
    """A picture cannot be used; the message says what to send instead."""


class DuplicateRequestError(UserFacingError):
    """The same wish was accepted before; nothing was charged a second time."""

    def __init__(self, job_id: str) -> None:
        super().__init__(f"already accepted as job {job_id}")
        self.job_id = job_id


class JobNotFoundError(UserFacingError):
    """There is no such job."""


class FilmNotThereError(UserFacingError):
    """Nobody has this job's film: neither we nor its service."""


class FilmWillNotComeError(FilmNotThereError):
    """Its service says that it never made this film."""


class FilmTakenDownError(UserFacingError):
    """The message with this film was deleted; not all shall see it again."""


class FilmComingError(UserFacingError):
    """This job's film is still in the making."""


class NotYourJobError(UserFacingError):
    """Only the member who asked for it, or a moderator, may do this."""


class TooLateToCancelError(UserFacingError):
    """The job has ended already."""


class NotYourOfferError(UserFacingError):
    """Only the member who was shown a price may confirm it."""


class OfferExpiredError(UserFacingError):
    """The price that was shown held for a while, and no longer does."""


class PriceRoseError(UserFacingError):
    """The film costs more than was shown; nothing was charged."""


class LimitKind(StrEnum):
    """Which limit a wish would pass."""

    PAUSED = "paused"
    MODEL = "model"
    CHANNEL = "channel"
    FILM_COST = "film_cost"
    OPEN_JOBS = "open_jobs"
    RATE = "rate"
    ALLOWANCE = "allowance"
    POOL = "pool"


@dataclass(frozen=True, slots=True)
class Refusal:
    """How far a limit is used, in its own unit: millionths of a dollar, films or wishes.

    `asked` is the film's cost for limits of money and the period in seconds for rate limits.
    `frees_at` is None where only somebody's change helps.
    """

    kind: LimitKind
    used: int = 0
    most: int = 0
    asked: int = 0
    frees_at: datetime | None = None


class LimitReachedError(UserFacingError):
    """Limits of the server or of the member, all that were met; nothing was charged."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        super().__init__(", ".join(refusal.kind for refusal in refusals))
        self.refusals = tuple(refusals)


class PolicyChangedError(UserFacingError):
    """The rules are no longer those that the change was made from."""


class ProviderPausedError(UserFacingError):
    """Nothing is handed over to this service before `until`, for this `reason` (a PauseReason)."""

    def __init__(self, provider: str, reason: str, until: datetime) -> None:
        super().__init__(f"{provider} is paused: {reason}")
        self.provider = provider
        self.reason = reason
        self.until = until


class ProviderError(BotError):
    """A video service failed us. `detail` is cut and redacted, for logs only."""

    def __init__(self, detail: str = "", *, status: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.status = status


class TransientProviderError(ProviderError):
    """May well work later."""


class ProviderUnavailableError(TransientProviderError):
    """Could not be reached, or answered that it is down."""


class ProviderRateLimitedError(TransientProviderError):
    """Asked too often; nothing before `retry_at`."""

    def __init__(
        self, detail: str = "", *, status: int | None = None, retry_at: datetime | None = None
    ) -> None:
        super().__init__(detail, status=status)
        self.retry_at = retry_at


class ProviderTimeoutError(TransientProviderError):
    """Took too long over something that may be asked again."""


class PermanentProviderError(ProviderError):
    """Will fail again if repeated as it is."""


class ContentRefusedError(PermanentProviderError):
    """Refused for its content; `friendly` is the service's text for the member, if any."""

    def __init__(
        self, detail: str = "", *, status: int | None = None, friendly: str | None = None
    ) -> None:
        super().__init__(detail, status=status)
        self.friendly = friendly


class ProviderRejectedRequestError(PermanentProviderError):
    """Refused for its form; nothing was charged. `friendly` says what to change, where we know."""

    def __init__(
        self, detail: str = "", *, status: int | None = None, friendly: str | None = None
    ) -> None:
        super().__init__(detail, status=status)
        self.friendly = friendly


class GenerationFailedError(PermanentProviderError):
    """The service took it and could not make it; it gives back what it charged."""


class ProviderCredentialsError(PermanentProviderError):
    """The key is missing, wrong or not allowed to do this."""


class ProviderBalanceError(PermanentProviderError):
    """The account at the provider is empty."""


class ProviderJobUnknownError(PermanentProviderError):
    """The provider does not know this job, or says it is not ours."""


class SubmissionUncertainError(ProviderError):
    """The answer to a submission was lost: look it up, never send it again blindly."""


class ProviderProtocolError(ProviderError):
    """An answer that cannot be read."""


class DeliveryError(BotError):
    """A message could not be brought to Discord."""


class DeliveryUnavailableError(DeliveryError):
    """Discord is away or slow; the same post, with the same nonce, may be tried again."""


class ChannelGoneError(DeliveryError):
    """The channel is deleted, or the bot may no longer see it or post in it."""


class NotAllowedError(ChannelGoneError):
    """The bot lacks a permission; what has a file may be allowed without it."""


class MessageGoneError(DeliveryError):
    """The message that should be changed no longer exists."""


class FileTooLargeError(DeliveryError):
    """Discord refused the file for its size."""


class PicturesNotPostedError(DeliveryError):
    """The card with a wish's pictures is not posted yet; `for_ever` where it never will be."""

    def __init__(self, detail: str = "", *, for_ever: bool = False) -> None:
        super().__init__(detail)
        self.for_ever = for_ever


class ArtifactError(BotError):
    """The film that the provider made cannot be used."""


class ArtifactUnavailableError(ArtifactError):
    """Could not be fetched now; asking again may help."""


class ArtifactUnusableError(ArtifactError):
    """Was fetched, and is not a film that plays."""


class StorageError(BotError):
    """The database failed us."""


class DatabaseBusyError(StorageError):
    """Locked for longer than we wait, or away for now: to be tried again."""


class LeaseLostError(StorageError):
    """Somebody else moved the job meanwhile: stop touching it."""


class SchemaVersionError(StorageError):
    """The database is newer than this code."""


class ClientEndedError(BotError):
    """The client of Discord ended though nobody closed it; only a new one helps."""


class ConfigurationError(BotError):
    """The settings cannot be used; names the variables, never their values."""
