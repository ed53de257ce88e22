"""A request's images and its source video as its provider takes them.

Bytes within the provider's limit, or addresses.
"""

from bot.catalog.images import ImageStore
from bot.catalog.request import VideoRequest
from bot.jobs.job import Job
from bot.providers.contract import OrderPicture, OrderVideo, Provider
from bot.worker.step import StepContext

LEAST_SIDE = 300  # pixels; services refuse smaller ones with "Image width must be at least 300px"


async def pictures_for(
    job: Job, provider: Provider, context: StepContext
) -> dict[str, OrderPicture]:
    """Map each source's key to its image.

    Raises ImageRejectedError and PicturesNotPostedError.
    """
    images = job.request.pictures
    if not images:
        return {}
    if provider.pictures_max_bytes is None:
        found = await context.addresses.find(job)
        return {key: OrderPicture(address=address) for key, address in found.items()}
    return await prepared(job.request, provider.pictures_max_bytes, context.images)


async def source_for(job: Job, provider: Provider, context: StepContext) -> OrderVideo | None:
    """Return the video to continue, or None if the request sends none.

    As it is if that fits, else by the address of its message, else re-encoded: the end of a
    re-encoded video looks worse, and so does all that follows. Raises VideoRejectedError.
    """
    source, most_bytes = job.request.source_video, provider.pictures_max_bytes
    if source is None or not job.request.sends_video:
        return None
    if most_bytes is None or source.size_bytes > most_bytes:
        address = await context.addresses.find_video(job)
        if address is not None:
            return OrderVideo(address=address)
    return OrderVideo(await context.sources.prepare(source, max_bytes=most_bytes or 0))


async def prepared(
    request: VideoRequest, most_bytes: int | None, store: ImageStore
) -> dict[str, OrderPicture]:
    """Load the images, enlarge small ones and fit all into one limit in bytes.

    Raises ImageRejectedError.
    """
    images = request.pictures
    share = (most_bytes or 0) // max(len(images), 1)
    found = {}
    for image in images:
        content, media_type = await store.prepare(image, max_bytes=share, min_side=LEAST_SIDE)
        found[image.key] = OrderPicture(content, media_type)
    return found
