"""Whether NanoGPT accepts a submission, in the order in which it looks, and what it takes from it.

Only what the documents promise is checked; unknown fields are ignored.
"""

import base64
import binascii
import re
from typing import Any

from sandbox.providers.nanogpt.answers import Refusal
from sandbox.providers.nanogpt.catalogue import PROMPT_MOST, models

Json = dict[str, Any]

MOST_UPLOAD_BYTES = 4 * 1024 * 1024
BLOCKED_WORDS = ("blockedword", "forbiddenscene")  # refused at once; docs/sandbox.md names them
NSFW_WORDS = ("nsfwlater",)  # accepted, and failed afterwards
IMAGE_FIELDS = ("imageDataUrl", "image_data_url", "image", "imageUrl")
END_IMAGE_FIELDS = ("last_image", "image_tail")
_DATA_URL = re.compile(r"data:image/[\w.+-]+;base64,(.*)", re.DOTALL)


def ensure_acceptable(body: Json) -> Json:
    """The model of an acceptable submission. Raises Refusal."""
    model = models().get(str(body.get("model")))
    if model is None:
        raise Refusal(400, "Model not found", "model_not_found")
    has_image = any(body.get(name) for name in IMAGE_FIELDS)
    if not model["capabilities"]["text_to_video"] and not has_image:
        text = (
            f"{model['name']} requires an input image. Please select an image to generate a video."
        )
        raise Refusal(400, text)
    for name in (*IMAGE_FIELDS, *END_IMAGE_FIELDS):
        decoded_image(body, name)
    _ensure_prompt(body, str(body["model"]), needed=not has_image)
    return model


def _ensure_prompt(body: Json, model_id: str, *, needed: bool) -> None:
    prompt = body.get("prompt") or ""
    if not isinstance(prompt, str) or (needed and not prompt.strip()):
        raise Refusal(400, "Missing required parameter: prompt", "missing_required_parameter")
    most = PROMPT_MOST.get(model_id)
    if most is not None and len(prompt) > most:
        text = f"Your prompt is too long. Please shorten it to {most} characters or less."
        raise Refusal(400, text, "prompt_too_long")
    if any(word in prompt.lower() for word in BLOCKED_WORDS):
        text = "Your prompt was blocked due to safety concerns. Please modify your prompt."
        raise Refusal(400, text, "CONTENT_POLICY_VIOLATION")


def decoded_image(body: Json, *names: str) -> bytes | None:
    """The bytes of the first data URL among these fields. Raises Refusal for a bad or large one."""
    for name in names:
        value = body.get(name)
        match = _DATA_URL.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            continue
        try:
            content = base64.b64decode(match[1], validate=True)
        except binascii.Error:
            raise Refusal(400, f"Invalid {name}", "invalid_parameter_value") from None
        if len(content) > MOST_UPLOAD_BYTES:
            raise Refusal(413, "Uploads must be 4 MB or smaller.")
        return content
    return None


def address_of_image(body: Json) -> str | None:
    """Where the service is to fetch the picture itself."""
    value = body.get("imageUrl")
    return value if isinstance(value, str) and value.startswith("http") else None
