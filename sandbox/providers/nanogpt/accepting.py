"""Whether NanoGPT accepts a submission, in the order of its checks, and what it takes from it.

Pictures first, then the model's needs, then the prompt, as was measured on its picture models. Only
what the documents promise is checked; unknown fields are ignored.
"""

import base64
import binascii
import re
from typing import Any, Literal

from sandbox.providers.nanogpt.catalog import PROMPT_MOST
from sandbox.providers.nanogpt.refusals import Refusal

Json = dict[str, Any]

MOST_UPLOAD_BYTES = 4 * 1024 * 1024
BLOCKED_WORDS = ("blockedword", "forbiddenscene")  # refused at once; docs/sandbox.md names them
NSFW_WORDS = ("nsfwlater",)  # accepted, and failed afterwards
IMAGE_FIELDS = ("imageDataUrl", "image_data_url", "image", "imageUrl", "imageAttachmentId")
END_IMAGE_FIELDS = ("last_image", "image_tail")
VIDEO_FIELDS = ("videoUrl", "videoDataUrl", "videoAttachmentId", "video")
AUDIO_FIELDS = ("audioUrl", "audioDataUrl", "audio")
_DATA_URL = re.compile(r"data:[\w.+-]+/[\w.+-]+;base64,(.*)", re.DOTALL)


def ensure_acceptable(body: Json, model: Json, counts: Literal["file", "text"]) -> None:
    """Raises Refusal. `counts` says which of an upload may have 4 MB."""
    for name in (*IMAGE_FIELDS, *END_IMAGE_FIELDS, "videoDataUrl", "audioDataUrl"):
        decoded(body, name, counts=counts)
    able = model["capabilities"]
    has_image = _has(body, IMAGE_FIELDS)
    if model["category"] == "Avatars" and not _has(body, AUDIO_FIELDS) and able["audio_input"]:
        raise _missing(model, "audio")
    if able["video_to_video"] and not able["image_to_video"] and not _has(body, VIDEO_FIELDS):
        raise _missing(model, "video")
    if able["image_to_video"] and not able["text_to_video"] and not has_image:
        raise _missing(model, "image")
    needs_prompt = not has_image and able["text_to_video"]
    _ensure_prompt(body, model["id"], needed=needs_prompt)


def _has(body: Json, names: tuple[str, ...]) -> bool:
    return any(body.get(name) for name in names)


def _missing(model: Json, what: str) -> Refusal:
    article = "a" if what == "video" else "an"
    purpose = f"Please select {article} {what} to generate a video."
    return Refusal(400, f"{model['name']} requires an input {what}. {purpose}")


def _ensure_prompt(body: Json, model_id: str, *, needed: bool) -> None:
    prompt = body.get("prompt") or ""
    if not isinstance(prompt, str) or (needed and not prompt.strip()):
        text = "Missing required parameter: prompt"
        raise Refusal(400, text, "missing_required_parameter", param="prompt")
    most = PROMPT_MOST.get(model_id)
    if most is not None and len(prompt) > most:
        raise _too_long(model_id, most)
    if any(word in prompt.lower() for word in BLOCKED_WORDS):
        text = "Your prompt was blocked due to safety concerns. Please modify your prompt."
        raise Refusal(400, text, "CONTENT_POLICY_VIOLATION", envelope=2)


def _too_long(model_id: str, most: int) -> Refusal:
    """Two models, two wordings; one of them comes without a code."""
    if model_id == "lightricks-ltx-2-fast":
        text = f"Prompt is too long. Please keep it under {most} characters."
        return Refusal(400, text, envelope=4)
    text = f"Your prompt is too long. Please shorten it to {most} characters or less."
    return Refusal(400, text, "prompt_too_long")


def decoded(body: Json, *names: str, counts: Literal["file", "text"] = "file") -> bytes | None:
    """The bytes of the first data URL among these fields. Raises Refusal for a bad or large one."""
    for name in names:
        value = body.get(name)
        match = _DATA_URL.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            continue
        try:
            content = base64.b64decode(match[1], validate=True)
        except binascii.Error:
            text = f"Invalid {name}"
            raise Refusal(400, text, "invalid_parameter_value", param=name) from None
        if len(content if counts == "file" else match[1]) > MOST_UPLOAD_BYTES:
            raise Refusal(413, "Uploads must be 4 MB or smaller.")
        return content
    return None


def address_of_image(body: Json) -> str | None:
    """Where the service is to fetch the picture itself."""
    value = body.get("imageUrl")
    return value if isinstance(value, str) and value.startswith("http") else None
