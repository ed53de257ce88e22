"""What a member can change where NanoGPT refuses a wish for its form.

Source: NanoGPT's page on error handling and the refusals that clients have met, which come with a
code, with a text alone, or with neither. Theirs is written for programmers; the words are ours.
"""

import re
from collections.abc import Sequence

MODEL_GONE = "The video service does not offer this model any more: choose another one."
_CHOICE = (
    "The video service does not take this with this model: choose another duration, resolution"
    " or shape, or another model."
)
_WORDS_ONLY = "This model works from words only: leave the picture out, or choose another model."
_PICTURE = "This model only animates pictures: add a picture, or choose another model."
_FILM = "This model works on what this bot cannot give it: choose another model."
_TOO_LARGE = "The pictures are too large for the video service: use smaller ones, or fewer."
_SHORTER = "The prompt is too long for this model: shorten it"

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
    (re.compile(r"requires? an? (input )?(video|audio)"), _FILM),
    (re.compile(r"prompt is too long"), f"{_SHORTER}."),
)
_MOST = re.compile(r"([0-9]{2,6}) characters")


def what_to_change(status: int, words: Sequence[str], text: str) -> str | None:
    """One sentence for the member; None where nobody can say."""
    lower = text.lower()
    by_text = next((advice for pattern, advice in _BY_TEXT if pattern.search(lower)), None)
    by_word = next((_BY_WORD[word] for word in words if word in _BY_WORD), None)
    advice = by_text or by_word or (_TOO_LARGE if status == 413 else None)
    most = _MOST.search(lower)
    if advice == f"{_SHORTER}." and most:
        return f"{_SHORTER} to {most[1]} characters."
    return advice
