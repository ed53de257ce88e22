"""Advise the member what to change when NanoGPT rejects a request for its form.

Source: NanoGPT's page on error handling and refusals that clients have met, which come with a code,
with only a text, or with neither. Its texts are written for programmers; the advice is ours.
"""

import re
from collections.abc import Sequence

MODEL_GONE = "The video service no longer offers this model. Choose another one."
_CHOICE = (
    "The video service doesn't support this with this model. Choose another duration, resolution"
    " or aspect ratio, or another model."
)
_WORDS_ONLY = "This model only works from text. Leave out the picture, or choose another model."
_PICTURE = "This model only animates pictures. Add a picture, or choose another model."
_VIDEO = "This model needs input that this bot can't give it. Choose another model."
_TOO_LARGE = "The pictures are too large for the video service. Use smaller ones, or fewer."
_SHORTER = "The prompt is too long for this model. Shorten it"

_TOO_SMALL = "The picture is too small for this model. Use a larger one, or choose another model."
_SHAPE = (
    "This model doesn't support this aspect ratio. Crop the picture closer to a square, or choose"
    " another aspect ratio or model."
)
_UNREAD = "The video service couldn't read the picture. Send it again as PNG or JPEG."
_SIDE = r"(?:image|picture|photo|frame|width|height|sides?|dimensions?|pixels?|px)"

_BY_WORD = {
    "model_not_found": MODEL_GONE,
    "model_not_allowed": MODEL_GONE,
    "model_not_available": MODEL_GONE,
    "image_input_not_supported": _WORDS_ONLY,
    "unsupported_input_modality": _WORDS_ONLY,
    "invalid_parameter_value": _CHOICE,
    "validation_error": _CHOICE,
    "prompt_too_long": f"{_SHORTER}.",
    "context_length_exceeded": f"{_SHORTER}.",
}
_BY_TEXT = (
    (re.compile(r"model not (found|available|allowed)"), MODEL_GONE),
    (re.compile(r"requires? an (input )?image"), _PICTURE),
    (re.compile(r"requires? an? (input )?(video|audio)"), _VIDEO),
    (re.compile(r"prompt (?:is )?too long|prompt (?:length )?(?:must|exceeds)"), f"{_SHORTER}."),
    (
        re.compile(
            r"(?:image|picture|photo)[^.]*aspect|aspect[ _-]?ratio[^.]*(?:between|must|within"
            r"|range|exceed|less|greater|limit|should|too)"
        ),
        _SHAPE,
    ),
    (
        re.compile(
            rf"\b{_SIDE}\b[^.]*(?:at least|minimum|too small|smaller than|less than|greater than"
            rf"|larger than \d|no less|not less|>=? ?\d|below)|image_too_small"
        ),
        _TOO_SMALL,
    ),
    (
        re.compile(
            rf"\b{_SIDE}\b[^.]*(?:at most|maximum|too (?:large|big)|exceeds?|no more|<=? ?\d)"
            r"|image_too_large|file_too_large"
        ),
        _TOO_LARGE,
    ),
    (
        re.compile(
            r"(?:unsupported|invalid|unknown|corrupt\w*)[^.]{0,20}(?:image|picture|photo)"
            r"|(?:image|picture|photo)[^.]{0,40}(?:decod|load|download|fetch|open|corrupt|format)"
            r"|(?:decod|load|download|fetch|open)\w*[^.]{0,20}(?:image|picture|photo)"
        ),
        _UNREAD,
    ),
)
_MOST = re.compile(r"([0-9]{2,6}) characters")


def what_to_change(status: int, words: Sequence[str], text: str) -> str | None:
    """Return one sentence for the member, or None if there is no advice."""
    lower = text.lower()
    by_text = next((advice for pattern, advice in _BY_TEXT if pattern.search(lower)), None)
    by_word = next((_BY_WORD[word] for word in words if word in _BY_WORD), None)
    advice = by_text or by_word or (_TOO_LARGE if status == 413 else None)
    most = _MOST.search(lower)
    if advice == f"{_SHORTER}." and most:
        return f"{_SHORTER} to {most[1]} characters."
    return advice
