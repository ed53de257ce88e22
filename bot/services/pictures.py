"""A wish's pictures as its provider takes them: as bytes within its limit, or from an address."""

from bot.domain.deliveries import DeliveryKind, DeliveryState
from bot.domain.jobs import Job
from bot.errors import ChannelGoneError, DeliveryError, MessageGoneError, PicturesNotPostedError
from bot.ports import Courier, JobStore, OrderPicture, Provider
from bot.services.steps import Means


async def pictures_for(job: Job, provider: Provider, means: Means) -> dict[str, OrderPicture]:
    """By the key of the source. Raises ImageRejectedError, PicturesNotPostedError."""
    images = job.request.pictures
    if not images:
        return {}
    if provider.pictures_max_bytes is None:
        found = await means.addresses.find(job)
        return {key: OrderPicture(address=address) for key, address in found.items()}
    share = provider.pictures_max_bytes // len(images)
    prepared = {}
    for image in images:
        content, media_type = await means.images.prepare(image, max_bytes=share)
        prepared[image.key] = OrderPicture(content, media_type)
    return prepared


class CardPictures:
    """The port `PictureAddresses`: the job's card carries its pictures, and is read afresh.

    Discord's addresses hold for about a day, so that what was read at an earlier try may be stale.
    """

    def __init__(self, store: JobStore, courier: Courier) -> None:
        self._store = store
        self._courier = courier

    async def find(self, job: Job) -> dict[str, str]:
        """Raises PicturesNotPostedError."""
        card = await self._store.find_delivery(job.id, DeliveryKind.CARD)
        if card is None or card.state is DeliveryState.UNDELIVERABLE:
            raise PicturesNotPostedError(for_ever=True)
        if card.state is not DeliveryState.POSTED:
            raise PicturesNotPostedError
        try:
            addresses = await self._courier.picture_addresses(card)
        except (ChannelGoneError, MessageGoneError) as error:
            raise PicturesNotPostedError(for_ever=True) from error
        except DeliveryError as error:
            raise PicturesNotPostedError from error
        keys = [image.key for image in job.request.pictures]
        if len(addresses) < len(keys):
            raise PicturesNotPostedError(for_ever=True)
        return dict(zip(keys, addresses, strict=False))
