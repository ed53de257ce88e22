"""Make more of an earlier video: find it, decide who may, and derive the request.

The button carries the job's id alone, so everything is looked up at the press. The presser pays
and is judged like any other request; the caller accepts the result.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.catalog import extension
from bot.catalog.capability import Capability
from bot.catalog.images import ImageStore
from bot.catalog.models import Catalog
from bot.catalog.pricing import Price
from bot.catalog.request import Origin, SourceImage, VideoRequest
from bot.errors import InvalidRequestError, JobNotFoundError, NotTheMakerError
from bot.guilds.settings import ButtonsFor, GuildStore
from bot.ids import JobId
from bot.jobs.job import Job
from bot.jobs.stores import JobStore
from bot.money.account import MemberMoney
from bot.ordering import derive
from bot.ordering.alternatives import Alternatives
from bot.ordering.ordering import Ordering
from bot.ordering.quotes import Quote, Quotes

MAX_BETTER = 4

NONE_BETTER = "No better model that you can use makes this video. Press Remix to change it."
PICTURES_GONE = (
    "I no longer have the picture that this video was made from."
    " Press Remix, which lets you add it again."
)


@dataclass(frozen=True, slots=True)
class Better:
    """The same video by better models, cheapest first; `price` is that of the present one."""

    price: Price
    quotes: tuple[Quote, ...]


class Sequels:
    """Derives requests from jobs; writes nothing."""

    def __init__(
        self,
        *,
        jobs: JobStore,
        guilds: GuildStore,
        images: ImageStore,
        catalog: Catalog,
        quotes: Quotes,
        ordering: Ordering,
        alternatives: Alternatives,
        member_money: MemberMoney,
        new_seed: Callable[[], int],
    ) -> None:
        self._jobs = jobs
        self._guilds = guilds
        self._images = images
        self._catalog = catalog
        self._quotes = quotes
        self._ordering = ordering
        self._alternatives = alternatives
        self._member_money = member_money
        self._new_seed = new_seed

    async def parent(self, job_id: JobId, presser: Origin) -> Job:
        """Return the job whose video this member may make more of, all of its shots included.

        Raises JobNotFoundError, also for another server's job, and NotTheMakerError where the
        server leaves that to the video's maker.
        """
        job = await self._jobs.get(job_id)
        if job.guild_id != presser.guild_id:
            raise JobNotFoundError
        if job.user_id != presser.user_id:
            settings = await self._guilds.get(presser.guild_id)
            if settings.buttons is ButtonsFor.MAKER:
                raise NotTheMakerError
        return replace(job, request=derive.whole(job.request))

    async def again(self, job_id: JobId, presser: Origin) -> VideoRequest:
        """Return the same request with a new seed.

        Raises what `parent` does, and InvalidRequestError for a retired model and lost pictures.
        """
        job = await self.parent(job_id, presser)
        capability = self.capability_of(job)
        self.ensure_pictures(job.request)
        return derive.again(job.request, capability, self._new_seed(), job.id)

    async def better(self, job_id: JobId, presser: Origin) -> Better:
        """Return the same request for better models, cheapest first.

        Raises as `again`, InvalidRequestError where there is none, and LimitReachedError.
        """
        job = await self.parent(job_id, presser)
        self.ensure_pictures(job.request)
        price = self._price(job)
        request = derive.to_better(job.request, job.id)
        found = await self._alternatives.find_better(
            request, presser, cost_micros=price.cost_micros, most=MAX_BETTER
        )
        if not found:
            await self._ensure_room(job.request, presser)
            raise InvalidRequestError([NONE_BETTER])
        found.sort(key=lambda quote: quote.price.cost_micros)
        await self._ensure_room(found[0].request, presser)
        return Better(price, tuple(found))

    async def ensure_loop(self, job: Job, presser: Origin) -> VideoRequest:
        """Check that the video may be looped, before its first frame is taken; return the request.

        Raises what `loop` raises, and LimitReachedError.
        """
        made = job.artifact
        width, height = (None, None) if made is None else (made.width, made.height)
        promised = SourceImage("first frame", "image/png", width or 1280, height or 720, 0)
        request = await self.loop(job, promised, presser)
        await self._ordering.ensure_possible(request, presser)
        return request

    async def loop(self, job: Job, first_frame: SourceImage, presser: Origin) -> VideoRequest:
        """Return the request for the same video that ends as it starts.

        Raises InvalidRequestError where no model that this member may use makes it.
        """
        allowed = await self._member_money.allowed_models(presser)
        return extension.loop(job.request, first_frame, job.id, list(self._catalog), allowed)

    def with_kept_pictures(self, request: VideoRequest) -> VideoRequest:
        """Return the request, without its pictures if they are no longer kept."""
        return request if self._has_pictures(request) else derive.without_pictures(request)

    async def _ensure_room(self, request: VideoRequest, presser: Origin) -> None:
        """Say which limit it is, rather than that there is no model. Raises LimitReachedError."""
        if self._catalog.find(request.model_id) is not None:
            await self._ordering.ensure_possible(request, presser)

    def ensure_pictures(self, request: VideoRequest) -> None:
        """Check that all pictures of a request are kept. Raises InvalidRequestError."""
        if not self._has_pictures(request):
            raise InvalidRequestError([PICTURES_GONE])

    def _has_pictures(self, request: VideoRequest) -> bool:
        return all(self._images.has(image) for image in request.pictures)

    def capability_of(self, job: Job) -> Capability:
        """Return the model that made a video. Raises InvalidRequestError if it is retired."""
        found = self._catalog.find(job.request.model_id)
        if found is None:
            model = f"The model `{job.request.model_id}` is no longer offered"
            raise InvalidRequestError([f"{model}. Press Remix to choose another one."])
        return found

    def _price(self, job: Job) -> Price:
        """Return what the same video costs now, or cost then."""
        try:
            return self._quotes.priced(job.request)[2]
        except InvalidRequestError:
            return Price(job.cost_micros, job.cost_is_estimate)
