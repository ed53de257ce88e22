"""Errors of the bot, in the glossary's words.

BotError
├─ UserFacingError                    safe to show; never retried
│  ├─ InvalidRequestError             the request is invalid; carries every reason
│  ├─ ImageRejectedError              an unusable picture
│  ├─ VideoRejectedError              an unusable video to continue
│  ├─ DuplicateRequestError           the same request was accepted before
│  ├─ JobNotFoundError
│  ├─ VideoNotThereError              a job's video is no longer kept, or never came
│  │  └─ VideoWillNotComeError        its service never made it
│  ├─ VideoTakenDownError             its message was deleted: only its member may see it
│  ├─ VideoNotPostedError             its message was deleted, or never came
│  ├─ AlreadyFetchingError            one video per member at a time
│  ├─ OthersFetchingError             and few in all
│  ├─ VideoComingError                it is still rendering
│  ├─ NotYourJobError
│  ├─ NotTheMakerError                this server leaves a video's buttons to its maker
│  ├─ MemberBlockedError              by a moderator of this server
│  ├─ WordNotAllowedError             in a prompt, by this server's moderators
│  ├─ NotYourOfferError
│  ├─ OfferExpiredError
│  ├─ ConsentError                    someone whose picture it is has not allowed it; why
│  ├─ NotYourQuestionError
│  ├─ QuestionClosedError             it was answered, or its time is over
│  ├─ PriceRoseError                  the price shown is no longer valid
│  ├─ LimitReachedError               of money.limits: which limits, their usage, until
│  ├─ PolicyChangedError              another admin has changed the server's rules
│  ├─ AlreadySpentError               its money is spent: cancelling needs confirmation
│  ├─ ProviderPausedError             of providers.availability: no requests; until, reason
│  └─ TooLateToCancelError
├─ ProviderError
│  ├─ TransientProviderError          the only branch after which a submission is repeated
│  │  ├─ ProviderUnavailableError
│  │  ├─ ProviderRateLimitedError     retry_at
│  │  └─ ProviderTimeoutError
│  ├─ PermanentProviderError
│  │  ├─ ContentRefusedError
│  │  ├─ ProviderRejectedRequestError
│  │  ├─ GenerationFailedError        accepted, then failed
│  │  ├─ ProviderCredentialsError     notify the operator
│  │  ├─ ProviderBalanceError         notify the operator
│  │  └─ ProviderJobUnknownError      the provider does not know this job
│  ├─ SubmissionUncertainError        sent, but unknown whether accepted
│  └─ ProviderProtocolError           an unreadable answer
├─ DeliveryError
│  ├─ DeliveryUnavailableError        Discord is unreachable; retry later
│  │  └─ MessageHeldError             this message alone cannot be changed for a while
│  ├─ MessageRefusedError             for its content, until that changes
│  ├─ ChannelGoneError                deleted, or accepts no messages
│  ├─ ChannelBlockedError             closed to the bot now; may reopen
│  │  └─ NotAllowedError              perhaps only its file is forbidden
│  ├─ NoThreadsError                 in channels of this kind
│  ├─ MessageGoneError
│  ├─ FileTooLargeError
│  └─ PicturesNotPostedError          a request's pictures are not in its channel yet
├─ ArtifactError
│  ├─ ArtifactUnavailableError        download failed for now; retry
│  └─ ArtifactUnusableError           downloaded, but not a video
├─ StorageError
│  ├─ DatabaseBusyError
│  ├─ LeaseLostError                  another process moved the job: stop touching it
│  ├─ UnreadableRowError              one damaged row
│  └─ SchemaVersionError
├─ ClientEndedError                   the connection to Discord; a new client is needed
└─ ConfigurationError                 names the variable

Errors carry data; `presentation.answers` writes the sentences.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from bot.ids import UserId


class BotError(Exception):
    """Base of all our errors."""


class UserFacingError(BotError):
    """An error caused by a member's request; safe to show."""


class InvalidRequestError(UserFacingError):
    """The request is invalid; carries every reason at once, each with what to change."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = tuple(reasons)


class ImageRejectedError(UserFacingError):
    """A picture cannot be used; the message says what to send instead."""


class VideoRejectedError(UserFacingError):
    """A video to continue cannot be used; the message says what to send instead."""


class DuplicateRequestError(UserFacingError):
    """The same request was accepted before; nothing was charged a second time."""

    def __init__(self, job_id: str) -> None:
        super().__init__(f"already accepted as job {job_id}")
        self.job_id = job_id


class JobNotFoundError(UserFacingError):
    """There is no such job."""


class VideoNotThereError(UserFacingError):
    """The job's video is gone, here and at its service."""


class VideoWillNotComeError(VideoNotThereError):
    """Its service reports that it never made this video."""


class VideoTakenDownError(UserFacingError):
    """The message with this video was deleted; only its member may see it again."""


class AlreadyFetchingError(UserFacingError):
    """A video is being fetched for this member."""


class OthersFetchingError(UserFacingError):
    """Videos are being fetched for as many other members as may at once."""


class VideoNotPostedError(UserFacingError):
    """No message with this video stands in its channel."""


class VideoComingError(UserFacingError):
    """This job's video is still rendering."""


class NotYourJobError(UserFacingError):
    """Only the requester, or a moderator, may do this."""


class NotTheMakerError(UserFacingError):
    """In this server, only the maker of a video may make more of it."""


class MemberBlockedError(UserFacingError):
    """A moderator of this server has blocked this member."""


class WordNotAllowedError(UserFacingError):
    """A prompt has a word that this server's moderators do not allow; never said in public."""

    def __init__(self, word: str) -> None:
        super().__init__("a word is not allowed")
        self.word = word


class AlreadySpentError(UserFacingError):
    """Cancelling saves nothing any more, so the member must confirm it.

    `is_certain` is False until it is known whether the service took the job.
    """

    def __init__(self, cost_micros: int, *, is_estimate: bool, is_certain: bool) -> None:
        super().__init__(f"{cost_micros} are spent")
        self.cost_micros = cost_micros
        self.is_estimate = is_estimate
        self.is_certain = is_certain


class TooLateToCancelError(UserFacingError):
    """The job has already ended."""


class NotYourOfferError(UserFacingError):
    """Only the member who was shown a price may confirm it."""


class OfferExpiredError(UserFacingError):
    """The price shown was valid for a while and has expired."""


class ConsentReason(StrEnum):
    """Why someone's picture can't be used."""

    NO_ONE = "no one"
    ASKED = "asked"  # they are asked from now on
    WAITING = "waiting"  # they were asked before
    DECLINED = "declined"
    UNANSWERED = "unanswered"  # until the question expired
    BUSY = "busy"  # they have enough questions to answer


class ConsentError(UserFacingError):
    """Someone whose picture it is has not allowed this."""

    def __init__(self, owner_id: UserId, reason: ConsentReason) -> None:
        super().__init__(f"{reason} by {owner_id}")
        self.owner_id = owner_id
        self.reason = reason


class NotYourQuestionError(UserFacingError):
    """The question about a picture is another member's to answer."""


class QuestionClosedError(UserFacingError):
    """The question about a picture was answered, or its time is over."""


class PriceRoseError(UserFacingError):
    """The video costs more than was shown; nothing was charged."""


class PolicyChangedError(UserFacingError):
    """The rules changed since this change was made from them."""


class ProviderError(BotError):
    """A video service failed. `detail` is cut and redacted, for logs only."""

    def __init__(self, detail: str = "", *, status: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.status = status


class TransientProviderError(ProviderError):
    """A retry may succeed."""


class ProviderUnavailableError(TransientProviderError):
    """Unreachable, or reports that it is down."""


class ProviderRateLimitedError(TransientProviderError):
    """Too many requests; none allowed before `retry_at`."""

    def __init__(
        self, detail: str = "", *, status: int | None = None, retry_at: datetime | None = None
    ) -> None:
        super().__init__(detail, status=status)
        self.retry_at = retry_at


class ProviderTimeoutError(TransientProviderError):
    """Timed out on a request that is safe to repeat."""


class PermanentProviderError(ProviderError):
    """Repeating it unchanged will fail again."""


class ContentRefusedError(PermanentProviderError):
    """The content was refused; `friendly` is the service's text for the member, if any.

    `advice` says in our words what was refused, and what to change.
    """

    def __init__(
        self,
        detail: str = "",
        *,
        status: int | None = None,
        friendly: str | None = None,
        advice: str | None = None,
    ) -> None:
        super().__init__(detail, status=status)
        self.friendly = friendly
        self.advice = advice


class ProviderRejectedRequestError(PermanentProviderError):
    """The form was rejected; nothing was charged. `friendly` says what to change, if known."""

    def __init__(
        self, detail: str = "", *, status: int | None = None, friendly: str | None = None
    ) -> None:
        super().__init__(detail, status=status)
        self.friendly = friendly


class GenerationFailedError(PermanentProviderError):
    """The service took the job and failed; it gives back its charge."""


class ProviderCredentialsError(PermanentProviderError):
    """The key is missing, wrong or lacks this permission."""


class ProviderBalanceError(PermanentProviderError):
    """The account at the provider is empty."""


class ProviderJobUnknownError(PermanentProviderError):
    """The provider does not know this job, or says it is not ours."""


class SubmissionUncertainError(ProviderError):
    """The answer to a submission was lost: look it up, never resubmit blindly."""


class ProviderProtocolError(ProviderError):
    """An unreadable answer."""


class DeliveryError(BotError):
    """A message could not be posted or changed on Discord."""


class DeliveryUnavailableError(DeliveryError):
    """Discord is away or slow; the same post, with the same nonce, may be tried again.

    Not before `retry_after_seconds`, if Discord set it.
    """

    def __init__(self, detail: str = "", *, retry_after_seconds: float = 0.0) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class MessageHeldError(DeliveryUnavailableError):
    """This message alone cannot be changed for a while."""


class MessageRefusedError(DeliveryError):
    """Discord refuses the message's content, and will until it changes."""


class ChannelGoneError(DeliveryError):
    """The channel is deleted, or accepts no messages at all."""


class ChannelBlockedError(DeliveryError):
    """The bot may not post there now; a permission or an open thread may come back."""


class NotAllowedError(ChannelBlockedError):
    """A permission is missing; a message without a file may be allowed."""


class NoThreadsError(DeliveryError):
    """Channels of this kind have no threads."""


class MessageGoneError(DeliveryError):
    """The message to change no longer exists."""


class FileTooLargeError(DeliveryError):
    """Discord refused the file for its size."""


class PicturesNotPostedError(DeliveryError):
    """The card with a request's pictures is not posted; `forever` if it never will be."""

    def __init__(self, detail: str = "", *, forever: bool = False) -> None:
        super().__init__(detail)
        self.forever = forever


class ArtifactError(BotError):
    """The provider's video cannot be used."""


class ArtifactUnavailableError(ArtifactError):
    """The download failed for now; a retry may succeed."""


class ArtifactUnusableError(ArtifactError):
    """Downloaded, but not a playable video."""


class StorageError(BotError):
    """The database failed."""


class DatabaseBusyError(StorageError):
    """Locked for longer than we wait, or unreachable for now: retry later."""


class LeaseLostError(StorageError):
    """Another process moved the job: stop touching it."""


class UnreadableRowError(StorageError):
    """One row is damaged, as a disk may leave it; all others are sound."""


class SchemaVersionError(StorageError):
    """The database is newer than this code."""


class ClientEndedError(BotError):
    """The Discord client ended although we did not close it; only a new one helps."""


class ConfigurationError(BotError):
    """Invalid settings; names the variables, never their values."""
