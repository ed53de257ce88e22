"""Spell a request for one model, with every billable switch explicit.

An omitted switch is billed at the list's default, often the expensive one; a superfluous field is
often refused.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any

from bot.catalog.request import VideoRequest
from bot.providers.contract import Order, OrderPicture, OrderVideo
from bot.providers.nanogpt.families import (
    AUDIO_NAMES,
    DURATION_NAMES,
    END_IMAGE_NAMES,
    IMAGE_NAMES,
    NEGATIVE_NAMES,
    ORIENTATIONS,
    PRO_NAMES,
    PRO_RESOLUTIONS,
    REFERENCE_NAMES,
    Parameter,
    audio_name,
    first_of,
    is_shaped_by_the_picture,
    mode_of,
    settled,
    spelt,
)
from bot.providers.nanogpt.lengths import (
    frames_by_seconds,
    seconds_of,
    usual_frames,
    usual_rate,
)

MAX_BODY_BYTES = 4_000_000  # "4 MB"; whether per file or per request is not documented
WORDS_BYTES = 100_000  # 4,000 characters in their longest spelling, twice, and all the rest
PICTURES_MAX_BYTES = (MAX_BODY_BYTES - WORDS_BYTES) * 3 // 4  # base64 adds a third


def payload_of(order: Order, given: Mapping[str, Parameter]) -> dict[str, Any]:
    """Build the body of a submission; `given` are the parameters of the model's entry."""
    request = order.request
    return {
        "model": request.model_id,
        "prompt": request.prompt,
        "conversationUUID": order.tag,  # the only tag of ours that `recover` returns
        **settled(given),
        **_mode(request, given),
        **_length(request, given),
        **_size(request, given),
        **_sound(request, given),
        **_extras(request, given),
        **_pictures(order, given),
        **_source(order),
    }


def _sound(request: VideoRequest, given: Mapping[str, Parameter]) -> dict[str, Any]:
    if audio_name(given) is None:
        return {}
    return {
        name: spelt(given[name], on=bool(request.audio)) for name in AUDIO_NAMES if name in given
    }


def _mode(request: VideoRequest, given: Mapping[str, Parameter]) -> dict[str, Any]:
    pictures = "image-to-video" if request.image else "text-to-video"
    mode = mode_of(given, "reference-to-video" if request.reference_images else pictures)
    return {} if mode is None else {"mode": mode}


def _length(request: VideoRequest, given: Mapping[str, Parameter]) -> dict[str, Any]:
    name = first_of(DURATION_NAMES, given)
    if name is None:
        return _frames(request, given)
    if request.duration_seconds is None:
        return {}
    for option in given[name].options:
        if seconds_of(option.value) == request.duration_seconds:
            return {name: option.value}  # exactly as the list spells it: 5, "5" or "5s"
    numeric = given[name].type == "number"
    return {name: request.duration_seconds if numeric else str(request.duration_seconds)}


def _frames(request: VideoRequest, given: Mapping[str, Parameter]) -> dict[str, Any]:
    """Return the frame count for models that use one; more frames may cost more."""
    usual = usual_frames(given)
    count = frames_by_seconds(given).get(request.duration_seconds or 0, usual)
    if count is None:
        return {}
    rate = usual_rate(given)
    return {"num_frames": count} | ({} if rate is None else {"frames_per_second": rate})


def _size(request: VideoRequest, given: Mapping[str, Parameter]) -> dict[str, Any]:
    size: dict[str, Any] = {}
    if request.resolution is not None:
        name = first_of(("resolution", "size"), given)
        size |= {} if name is None else {name: request.resolution}
        if request.resolution in PRO_RESOLUTIONS:
            size |= {pro: spelt(given[pro], on=True) for pro in PRO_NAMES if pro in given}
    keeps_shape = request.image is not None and is_shaped_by_the_picture(request.model_id, given)
    return size if keeps_shape else size | _shape(request, given)


def _shape(request: VideoRequest, given: Mapping[str, Parameter]) -> dict[str, Any]:
    if "aspect_ratio" in given:
        automatic = None if request.image is None else given["aspect_ratio"].automatic
        chosen = automatic if request.aspect_ratio is None else request.aspect_ratio
        return {} if chosen is None else {"aspect_ratio": chosen}
    if "orientation" in given:
        return {"orientation": ORIENTATIONS.get(request.aspect_ratio or "", "landscape")}
    if "size" in given and request.aspect_ratio in given["size"].choices:
        return {"size": request.aspect_ratio}
    return {}


def _extras(request: VideoRequest, given: Mapping[str, Parameter]) -> dict[str, Any]:
    extras: dict[str, Any] = {}
    negative = first_of(NEGATIVE_NAMES, given)
    if request.negative_prompt and negative is not None:
        extras[negative] = request.negative_prompt
    if request.seed is not None and "seed" in given:
        extras["seed"] = request.seed
    return extras


def _pictures(order: Order, given: Mapping[str, Parameter]) -> dict[str, Any]:
    request, sent = order.request, {}
    if request.image is not None:
        picture = order.pictures[request.image.key]
        inside = first_of(IMAGE_NAMES, given) or IMAGE_NAMES[0]
        sent["imageUrl" if picture.content is None else inside] = _spelt(picture)
    if request.end_image is not None:
        name = first_of(END_IMAGE_NAMES, given) or END_IMAGE_NAMES[0]
        sent[name] = _spelt(order.pictures[request.end_image.key])
    if request.reference_images:
        references = [_spelt(one) for one in order.pictures_of(request.reference_images)]
        sent |= _references(references, given)
    return sent


def _source(order: Order) -> dict[str, Any]:
    if order.source is None:
        return {}
    inside = "videoDataUrl" if order.source.content is not None else "videoUrl"
    return {inside: _spelt(order.source)}


def _references(pictures: list[str], given: Mapping[str, Parameter]) -> dict[str, Any]:
    """Return references in the entry's format: list, one picture, or list in a string."""
    name = first_of(REFERENCE_NAMES, given) or REFERENCE_NAMES[0]
    if name == "reference_image":
        return {name: pictures[0]}
    words = given[name].words if name in given else ""
    is_text = name == "reference_images" or "json" in words
    return {name: json.dumps(pictures) if is_text else pictures}


def _spelt(picture: OrderPicture | OrderVideo) -> str:
    """Return a file's data URL, or its address without bytes."""
    if picture.content is None:
        return picture.address or ""
    encoded = base64.b64encode(picture.content).decode()
    return f"data:{picture.media_type};base64,{encoded}"
