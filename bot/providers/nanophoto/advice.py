"""What to change about a wish that NanoPhoto refused for its form, in words for members.

Source: its page on Veo 3.1. The service's own words are for programmers and stay in the log.
"""

import re
from collections.abc import Mapping

_BY_CODE: Mapping[str, str] = {
    "SHOTS_REQUIRED": "This wish has no shots: describe at least one.",
    "PROMPT_REQUIRED": "A shot has no words: describe what is to be seen in each.",
    "INVALID_IMAGE_COUNT": (
        "The number of pictures does not suit the service: give one or two as first and last "
        "picture, or one to three as references."
    ),
    "IMAGE_URLS_REQUIRED": "The service could not use the pictures: send them again as files.",
    "IMAGE_REQUIRED": "The service needs a picture for this: add one.",
}
_BY_WORDS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?i)aspect"), "The service does not make this shape: choose 16:9 or 9:16."),
    (
        re.compile(r"(?i)single.?shot|resolution"),
        "The service does not make this resolution: choose 720p, or a single shot in 1080p or 4k.",
    ),
    (re.compile(r"(?i)shots?\b"), "The service does not make so many shots: use at most 21."),
    (re.compile(r"(?i)prompt"), "The service did not take the words: shorten or change them."),
    (re.compile(r"(?i)image"), "The service could not use the pictures: send other ones."),
)


def what_to_change(code: str, text: str) -> str | None:
    """A sentence for the member; None where nobody can say."""
    if code in _BY_CODE:
        return _BY_CODE[code]
    return next((advice for words, advice in _BY_WORDS if words.search(text)), None)
