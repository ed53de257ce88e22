"""What the services need from the outside, each with its promise. Adapters implement these."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from bot.domain.admission import Standing
from bot.domain.availability import Availability
from bot.domain.budgets import Purpose, RequestRule
from bot.domain.capabilities import Capability
from bot.domain.deliveries import Delivery, DeliveryKind
from bot.domain.edits import Actor, Edit, OpenedEvent, PastEdit, PendingEdit
from bot.domain.guilds import GuildSettings
from bot.domain.jobs import Artifact, Job
from bot.domain.ledger import Gift, Transaction
from bot.domain.limits import Rules
from bot.domain.notices import Notice
from bot.domain.offers import Offer, Place
from bot.domain.policy import Override, Policy, Subject
from bot.domain.pricing import Price
from bot.domain.queueing import Waiting
from bot.domain.requests import SourceImage, VideoRequest
from bot.domain.submissions import ProviderStatus, Receipt, Submission
from bot.domain.usage import Spending, UsageChart
from bot.errors import ProviderError
from bot.ids import (
    ChannelId,
    EditId,
    GuildId,
    IdempotencyKey,
    JobId,
    MessageId,
    OfferId,
    ProviderName,
    UserId,
)


class Clock(Protocol):
    """The time, and waiting for it to pass."""

    def now(self) -> datetime: ...

    async def sleep(self, seconds: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Change:
    """What one step did to one job; written together or not at all.

    `job` carries the version that was read. The submission and the deliveries are inserted, or
    replaced where they exist.
    """

    job: Job
    submission: Submission | None = None
    deliveries: tuple[Delivery, ...] = ()


class JobStore(Protocol):
    """Jobs, their submissions and their deliveries.

    Every method raises DatabaseBusyError when the database stays locked and StorageError for any
    other trouble of the database. Every method is one transaction.
    """

    async def accept(
        self, job: Job, deliveries: Sequence[Delivery], place: Place | None = None
    ) -> None:
        """Write a new job, the messages it owes and the money it reserves, or nothing at all.

        `place` says which roles the member has. Raises DuplicateRequestError if its idempotency key
        was used before, LimitReachedError if a limit of the server or of the member is met.
        """

    async def get(self, job_id: JobId) -> Job:
        """Raises JobNotFoundError."""

    async def find_by_key(self, key: IdempotencyKey) -> Job | None: ...

    async def find_submission(self, job_id: JobId) -> Submission | None:
        """The latest submission of a job."""

    async def list_active(self, *, user_id: UserId | None = None) -> list[Job]:
        """All that have not ended, oldest first."""

    async def list_waiting(self, provider: ProviderName) -> list[Waiting]:
        """Those that are accepted and not yet submitted, oldest first."""

    async def count_running(self, provider: ProviderName) -> dict[UserId, int]:
        """How many jobs of each member the provider has in hand."""

    async def claim_due(
        self, owner: str, now: datetime, lease_seconds: float, most: int
    ) -> list[Job]:
        """Take the lease of jobs at a provider whose next action is due, most overdue first.

        A job under somebody else's unexpired lease is passed over; one's own is renewed. Jobs in ACCEPTED are not
        claimed here: their turn is decided by the queue.
        """

    async def claim_in_progress(
        self,
        owner: str,
        provider: ProviderName,
        now: datetime,
        lease_seconds: float,
        most: int,
    ) -> list[Job]:
        """Take the lease of films in the making at this provider, due or not, soonest due first.

        Those under somebody else's unexpired lease are passed over.
        """

    async def claim(
        self,
        owner: str,
        job_ids: Sequence[JobId],
        now: datetime,
        lease_seconds: float,
        most: int,
    ) -> list[Job]:
        """Take the lease of the first `most` of these accepted jobs that can be had.

        Those that moved, are not due yet or are leased to somebody else are passed over.
        """

    async def next_due_at(self) -> datetime | None:
        """When the earliest of all active jobs is due; None when there is none."""

    async def save(self, changes: Sequence[Change]) -> list[JobId]:
        """Write what steps did, all in one transaction, and give up the leases.

        Each job is written only if its version is still the one that was read; it is then
        one higher. Returns the ids of those that somebody else had moved meanwhile: of them
        nothing is written.
        """

    async def list_owed(self, now: datetime, most: int) -> list[Delivery]:
        """Deliveries in OWED or POSTING that are due, oldest first."""

    async def list_posted_cards(self, *, changed_since: datetime) -> list[tuple[Delivery, Job]]:
        """Cards that stand in a channel whose job is active or changed since that instant."""

    async def find_delivery(self, job_id: JobId, kind: DeliveryKind) -> Delivery | None: ...

    async def save_delivery(self, delivery: Delivery) -> Delivery:
        """Write a delivery if its version is still the one that was read; answers with the new.

        Raises LeaseLostError if it is not.
        """

    async def observe_duration(
        self, provider: ProviderName, request: VideoRequest, seconds: float, at: datetime
    ) -> None:
        """Remember how long a film took, from submission to the look that found it."""

    async def list_durations(
        self, provider: ProviderName, request: VideoRequest, most: int
    ) -> list[float]:
        """How long such films took (same model, duration, resolution), latest first, seconds."""

    async def get_note(self, name: str) -> str | None:
        """A small durable word of the program itself, such as a hash it compares next time."""

    async def set_note(self, name: str, value: str) -> None: ...


class RequestBudgets(Protocol):
    """Requests to providers, counted durably and for all processes together."""

    async def take(self, rules: Sequence[RequestRule], purpose: Purpose) -> datetime | None:
        """Count a request against all of these rules, or none: then, when to ask again."""

    async def free_at(self, rules: Sequence[RequestRule], purpose: Purpose) -> datetime | None:
        """When `take` would succeed; None: now."""

    async def used(self, rule: RequestRule) -> int:
        """How many count against this rule now."""


class AvailabilityStore(Protocol):
    """How providers behaved lately, for all processes together."""

    async def get(self, provider: ProviderName) -> Availability: ...

    async def put(self, availability: Availability) -> None: ...


class OfferStore(Protocol):
    """Quotes that wait to be confirmed."""

    async def put(self, offer: Offer) -> None: ...

    async def get(self, offer_id: OfferId) -> Offer:
        """Raises OfferExpiredError where there is none."""

    async def forget_expired(self, before: datetime) -> None: ...


class GuildStore(Protocol):
    """What servers decided for themselves."""

    async def get(self, guild_id: GuildId) -> GuildSettings: ...

    async def put(self, settings: GuildSettings) -> None: ...

    async def list_log_channels(self) -> list[tuple[GuildId, ChannelId]]: ...


class NoticeStore(Protocol):
    """Words owed to log channels."""

    async def owe(self, notice: Notice) -> None: ...

    async def save(self, notice: Notice) -> None: ...

    async def list_owed(self, now: datetime, most: int) -> list[Notice]: ...


@dataclass(frozen=True, slots=True)
class OrderPicture:
    """A picture as a provider takes it: as bytes (JPEG or PNG), or from an address."""

    content: bytes | None = None
    media_type: str = "image/jpeg"
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A completed wish as it is handed to a provider; `pictures` by the key of their source."""

    request: VideoRequest
    tag: str
    pictures: Mapping[str, OrderPicture] = field(default_factory=dict)

    def pictures_of(self, images: Sequence[SourceImage]) -> list[OrderPicture]:
        return [self.pictures[image.key] for image in images]


@dataclass(frozen=True, slots=True)
class Watched:
    """A submission that a provider has in hand."""

    handle: str
    request: VideoRequest


class Provider(Protocol):
    """One video service. Vendor words, errors and numbers stop behind this."""

    @property
    def name(self) -> ProviderName: ...

    @property
    def pictures_max_bytes(self) -> int | None:
        """How large the pictures of an order may be together; None: it takes addresses only."""

    @property
    def looks_together(self) -> bool:
        """Whether one request can look at several submissions."""

    @property
    def can_recover(self) -> bool:
        """Whether `recover` can find a submission whose answer was lost."""

    async def submit(self, order: Order) -> Receipt:
        """Hand over a wish; it costs money from here on.

        Raises TransientProviderError and PermanentProviderError when it was certainly not
        accepted, SubmissionUncertainError when nobody can know.
        """

    async def look(self, handle: str, request: VideoRequest, /) -> ProviderStatus:
        """How it stands. May be repeated. Raises ProviderError, never uncertain."""

    async def look_together(
        self, watched: Sequence[Watched]
    ) -> Sequence[ProviderStatus | ProviderError]:
        """How each of them stands, in their order. Raises ProviderError when nobody can say."""

    async def look_price_seconds(self) -> float:
        """What a look costs now: so much waiting of a member is worth one request."""

    async def may_submit_at(self) -> datetime | None:
        """When the budget of requests allows the next submission; None: now."""

    async def balance_micros(self) -> int | None:
        """What the account holds; None where the service does not say. Raises ProviderError."""

    async def recover(self, tag: str, request: VideoRequest, /) -> Receipt | None:
        """The submission that carries this tag, if the provider has it. May be repeated."""

    async def list_capabilities(self) -> tuple[Capability, ...]:
        """What its models can do now; from a bundled table while the service is away."""

    async def fetch(self, address: str, target: Path) -> None:
        """Stream an artifact to a file. Raises ArtifactUnavailableError, ArtifactUnusableError."""


class ImageStore(Protocol):
    """Pictures that members gave, checked and kept on our disk."""

    async def keep(self, content: bytes, *, name: str) -> SourceImage:
        """Check, turn upright, strip of metadata and keep. Raises ImageRejectedError."""

    async def fetch(self, address: str, *, name: str) -> SourceImage:
        """Download through the guard, then `keep`. Raises ImageRejectedError."""

    async def prepare(self, image: SourceImage, *, max_bytes: int) -> tuple[bytes, str]:
        """The picture as bytes and media type, scaled to fit. Raises ImageRejectedError."""

    def path(self, image: SourceImage) -> Path: ...


class FilmStore(Protocol):
    """Films that providers made, on our disk."""

    def path(self, job_id: JobId) -> Path:
        """Where this job's film lies, or is to be fetched to."""

    def part_path(self, job_id: JobId, number: int) -> Path:
        """Where one shot of several is to be fetched to; `number` counts from 0."""

    async def join(self, job_id: JobId, parts: int) -> None:
        """Make one film of the shots, in order, and forget them. Raises ArtifactUnusableError."""

    async def inspect(self, job_id: JobId) -> Artifact:
        """Check that what was fetched is a film and measure it. Raises ArtifactUnusableError."""

    async def fit(self, artifact: Artifact, *, max_bytes: int) -> "FittedFilm":
        """A version of the film that is at most so large. Raises FileTooLargeError if none is."""


@dataclass(frozen=True, slots=True)
class FittedFilm:
    """A film as it will be posted; `note` says in words what was done to it, if anything."""

    path: Path
    size_bytes: int
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Instead:
    """Another model that can make the same film, and what that costs."""

    model_name: str
    price: Price


@dataclass(frozen=True, slots=True)
class CardView:
    """All that a job card shows."""

    job: Job
    model_name: str
    now: datetime
    position: int | None = None  # in the queue, from 1
    film_url: str | None = None  # the message with the film
    instead: Instead | None = None  # for a film that could not be made


class Courier(Protocol):
    """Brings messages to Discord.

    Every method raises DeliveryUnavailableError when it may be tried again with the same nonce,
    ChannelGoneError when the channel is gone or closed to us, MessageGoneError when the message
    to change is gone, FileTooLargeError when Discord refuses the file for its size.
    """

    def digest(self, view: CardView) -> str:
        """Equal for two views that look the same."""

    async def post_card(
        self, delivery: Delivery, view: CardView, images: Sequence[Path]
    ) -> MessageId:
        """Post the card with the wish's pictures; the same delivery posted again soon gives the same message."""

    async def edit_card(self, delivery: Delivery, view: CardView) -> None: ...

    async def picture_addresses(self, delivery: Delivery) -> tuple[str, ...]:
        """Where the pictures of a posted card can be fetched from now on, for about a day."""

    async def post_film(self, delivery: Delivery, job: Job, film: FittedFilm) -> MessageId:
        """Post the film with its member's mention; safe to repeat as `post_card` is."""

    async def post_link(self, delivery: Delivery, job: Job, address: str) -> MessageId:
        """Post a film that is too large for the channel as a link."""

    async def find_posted(self, delivery: Delivery) -> MessageId | None:
        """Look through the channel's recent history for this delivery's message."""

    async def post_notice(self, notice: Notice) -> None:
        """Post a word to a log channel; safe to repeat as `post_card` is."""

    def upload_limit_bytes(self, guild_id: GuildId) -> int:
        """How large a file may be here, from the server's boost tier."""

    def message_url(
        self, guild_id: GuildId, channel_id: ChannelId, message_id: MessageId
    ) -> str: ...


class Treasury(Protocol):
    """Servers' rules and money. Every method is one transaction; changes are in force at once."""

    async def policy(self, guild_id: GuildId) -> Policy: ...

    async def overrides(self, guild_id: GuildId) -> list[Override]: ...

    async def override(self, guild_id: GuildId, subject: Subject) -> Rules:
        """The rules of a role or a member; empty ones where there are none."""

    async def standing(self, place: Place, now: datetime) -> Standing:
        """How a member stands in a server now."""

    async def apply(self, by: Actor, edit: Edit) -> None:
        """Make a change and note it in the audit log.

        Raises PolicyChangedError if the rules moved meanwhile, InvalidRequestError for what
        cannot be done (no such film or event, an event that is open already, less to take back).
        """

    async def give(self, gift: Gift) -> None:
        """From a member's own money to another's.

        Raises InvalidRequestError where gifts are not allowed or there is not enough,
        DuplicateRequestError for a key that was used before.
        """

    async def events(self, guild_id: GuildId, now: datetime) -> list[OpenedEvent]: ...

    async def transactions(
        self, guild_id: GuildId, user_id: UserId, most: int
    ) -> list[Transaction]:
        """A member's movements of money, latest first; what the bot funds is left out."""

    async def spending(
        self, guild_id: GuildId, since: datetime, before: datetime
    ) -> list[Spending]:
        """Films that were paid for, or given back, oldest first."""

    async def history(self, guild_id: GuildId, most: int) -> list[PastEdit]:
        """Who changed what, latest first."""

    async def keep(self, pending: PendingEdit) -> None:
        """Keep a change until it is confirmed; forgets those that expired."""

    async def find_pending(self, edit_id: EditId) -> PendingEdit | None: ...

    async def take_pending(self, edit_id: EditId) -> bool:
        """Whether it was still there; it is not any more."""

    async def audit(self) -> list[str]:
        """Everything in the books that does not add up; nothing, if all is well."""


class Charts(Protocol):
    """Pictures of figures."""

    async def usage(self, chart: UsageChart) -> bytes:
        """A PNG of about 1200 by 675 pixels; drawn off the event loop."""
