"""NanoGPT's models that continue a video: what they accept as one.

Source: "an ordinary submit with an extend model", its source given as `videoUrl`, `videoDataUrl` or
an attachment of the account's library, at most 120 s long. There is no library here, so that an
attachment is never found. "Extra media fields often cause a validation error": here they always do.
"""

import re
from typing import Any, Literal

from sandbox.providers.nanogpt.accepting import (
    AUDIO_FIELDS,
    END_IMAGE_FIELDS,
    IMAGE_FIELDS,
    decoded,
)
from sandbox.providers.nanogpt.prices import REFERENCE_NAMES
from sandbox.providers.nanogpt.refusals import Refusal
from sandbox.providers.pictures import fetched
from sandbox.videos.rendering import Renderer, RenderingError
from sandbox.videos.sources import GivenVideo, measured

Json = dict[str, Any]

MOST_SOURCE_SECONDS = 120.0
_EXTENDS = re.compile(r"[-/]extend(?:$|-)")
_OTHER_MEDIA = (
    *IMAGE_FIELDS, *END_IMAGE_FIELDS, *AUDIO_FIELDS, *REFERENCE_NAMES,
    "referenceVideos", "reference_videos",
)  # fmt: skip


def is_extension(model: Json) -> bool:
    """Whether it continues a video and does nothing else."""
    able = model["capabilities"]
    is_of_videos = able["video_to_video"] and not able["image_to_video"]
    return bool(is_of_videos and _EXTENDS.search(model["id"].replace("video-extend", "extend")))


def ensure_nothing_else(body: Json, model: Json) -> None:
    """Raises Refusal for media that the model has no parameter for."""
    given = model["supported_parameters"]["parameters"]
    for name in _OTHER_MEDIA:
        if body.get(name) and name not in given:
            text = f"Invalid request parameter: {name}. You have not been charged for this request."
            raise Refusal(422, text, "validation_error", param=name)


async def source_of(
    body: Json, model: Json, renderer: Renderer, counts: Literal["file", "text"]
) -> GivenVideo:
    """The video to continue. Raises Refusal."""
    name = _name_of(body, model)
    try:
        content = decoded(body, name, counts=counts)
        if content is None:
            content = await fetched(_address(body[name], name))
        source = await measured(content, renderer)
    except RenderingError:
        raise _invalid(name, "The source video could not be read.") from None
    least = model["pricing"].get("raw", {}).get("minInputDuration", 0)
    if not least <= source.seconds <= MOST_SOURCE_SECONDS:
        said = f"The source video must be {least} to {MOST_SOURCE_SECONDS:.0f} seconds long."
        raise _invalid(name, said)
    return source


def _name_of(body: Json, model: Json) -> str:
    """The field that the source stands in; `video` is only some models'."""
    own: tuple[str, ...] = ()
    if "video" in model["supported_parameters"]["parameters"]:
        own = ("video",)
    for name in ("videoUrl", "videoDataUrl", *own):
        if body.get(name):
            return name
    if body.get("videoAttachmentId"):
        raise Refusal(404, "Attachment not found", "not_found", param="videoAttachmentId")
    text = f"{model['name']} requires an input video. Please select a video to generate a video."
    raise Refusal(400, text)


def _address(value: object, name: str) -> str:
    if not isinstance(value, str) or not value.startswith(("https://", "http://")):
        raise _invalid(name, f"Invalid {name}")
    return value


def _invalid(name: str, text: str) -> Refusal:
    return Refusal(400, text, "invalid_parameter_value", param=name)
