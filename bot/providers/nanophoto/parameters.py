"""A wish as the body of a Veo submission.

Source: NanoPhoto's page on Veo 3.1. Ids of shots are chosen by us and are unique for ever, because
answers to several submissions may come in one list.
"""

from typing import Any

from bot.domain.requests import Shot
from bot.errors import ProviderRejectedRequestError
from bot.ports import Order

DEFAULT_RESOLUTION = "720p"


def resolution_of(order: Order) -> str:
    return order.request.resolution or DEFAULT_RESOLUTION


def payload_of(order: Order) -> dict[str, Any]:
    """Raises ProviderRejectedRequestError where a picture has no address."""
    shots = [_shot(order, number, shot) for number, shot in enumerate(order.request.parts, 1)]
    return {"shots": shots, "resolution": resolution_of(order)}


def shot_id(tag: str, number: int) -> str:
    return f"{tag}-{number}"


def _shot(order: Order, number: int, shot: Shot) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": shot_id(order.tag, number),
        "prompt": shot.prompt,
        "generationType": _generation_type(shot),
        "aspectRatio": order.request.aspect_ratio or "16:9",
    }
    addresses = [picture.address for picture in order.pictures_of(shot.pictures)]
    if not all(addresses):
        msg = "a picture without an address"
        raise ProviderRejectedRequestError(msg)
    return body | {"imageUrls": addresses} if addresses else body


def _generation_type(shot: Shot) -> str:
    if shot.reference_images:
        return "REFERENCE_2_VIDEO"
    return "TEXT_2_VIDEO" if shot.image is None else "FIRST_AND_LAST_FRAMES_2_VIDEO"
