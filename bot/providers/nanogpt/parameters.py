"""A wish in a model's own spelling, with every billable switch explicit and nothing else.

An omitted switch is billed at the list's default, which is often the dear one; a superfluous field
is often refused.
"""

import base64
from collections.abc import Mapping
from typing import Any

from bot.domain.requests import VideoRequest
from bot.ports import Order, OrderPicture
from bot.providers.nanogpt.models import (
    AUDIO_NAMES,
    DURATION_NAMES,
    END_IMAGE_NAMES,
    ORIENTATIONS,
    Parameter,
    seconds_of,
)


def payload_of(order: Order, given: Mapping[str, Parameter]) -> dict[str, Any]:
    """The body of a submission; `given` are the parameters that the model's entry lists."""
    request = order.request
    payload: dict[str, Any] = {
        "model": request.model_id,
        "prompt": request.prompt,
        "conversationUUID": order.tag,  # the only tag of ours that `recover` gives back
        **_duration(request, given),
        **_shape(request, given),
        **_audio(request, given),
        **_extras(request, given),
    }
    if request.image is not None:
        payload |= _first_picture(order.pictures[request.image.key])
    if request.end_image is not None:
        name = next((name for name in END_IMAGE_NAMES if name in given), END_IMAGE_NAMES[0])
        payload[name] = _spelt(order.pictures[request.end_image.key])
    return payload


def _first_picture(picture: OrderPicture) -> dict[str, str]:
    name = "imageUrl" if picture.content is None else "imageDataUrl"
    return {name: _spelt(picture)}


def _spelt(picture: OrderPicture) -> str:
    """As a data URL, or its address where there are no bytes."""
    if picture.content is None:
        return picture.address or ""
    return _data_url(picture.content, picture.media_type)


def _duration(request: VideoRequest, given: Mapping[str, Parameter]) -> dict[str, Any]:
    name = next((name for name in DURATION_NAMES if name in given), None)
    if name is None or request.duration_seconds is None:
        return {}
    for option in given[name].options:
        if seconds_of(option.value) == request.duration_seconds:
            return {name: option.value}  # exactly as the list spells it: 5, "5" or "5s"
    numeric = given[name].type == "number"
    return {name: request.duration_seconds if numeric else str(request.duration_seconds)}


def _shape(request: VideoRequest, given: Mapping[str, Parameter]) -> dict[str, Any]:
    shape: dict[str, Any] = {}
    if "resolution" in given and request.resolution is not None:
        shape["resolution"] = request.resolution
    if "aspect_ratio" in given and request.aspect_ratio is not None:
        shape["aspect_ratio"] = request.aspect_ratio
    elif "orientation" in given:
        shape["orientation"] = ORIENTATIONS.get(request.aspect_ratio or "", "landscape")
    return shape


def _audio(request: VideoRequest, given: Mapping[str, Parameter]) -> dict[str, Any]:
    return {name: bool(request.audio) for name in AUDIO_NAMES if name in given}


def _extras(request: VideoRequest, given: Mapping[str, Parameter]) -> dict[str, Any]:
    extras: dict[str, Any] = {}
    if request.negative_prompt and "negative_prompt" in given:
        extras["negative_prompt"] = request.negative_prompt
    if request.seed is not None and "seed" in given:
        extras["seed"] = request.seed
    if "pro_mode" in given:
        extras["pro_mode"] = False  # doubles the price
    if "num_frames" in given and given["num_frames"].default is not None:
        extras["num_frames"] = _number(given["num_frames"].default)
    return extras


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def _data_url(content: bytes, media_type: str) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"
