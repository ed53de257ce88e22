"""Whether NanoPhoto accepts a request, in the order of its checks, and what it takes from it.

Shots, prompts, types and pictures, then the resolution and the number of shots. Only what the
documents promise is checked; unknown fields are ignored.
"""

from typing import Any

from sandbox.providers.nanophoto.answers import Refusal
from sandbox.providers.nanophoto.shots import Order, ShotOrder

Json = dict[str, Any]

CREDITS = {"720p": 10, "1080p": 14, "4k": 30}  # for each shot of 8 seconds
SINGLE_SHOT = {"1080p", "4k"}
MOST_SHOTS = 21
ASPECT_RATIOS = ("16:9", "9:16")
IMAGES = {  # fewest and most pictures of each type
    "TEXT_2_VIDEO": (0, 0),
    "FIRST_AND_LAST_FRAMES_2_VIDEO": (1, 2),
    "REFERENCE_2_VIDEO": (1, 3),
}


def read_order(body: Json) -> Order:
    """What is asked for. Raises Refusal for the first thing that is wrong."""
    shots = _shots(body)
    for shot in shots:
        prompt = shot.get("prompt")
        if not isinstance(prompt, str) or not prompt.strip():
            raise Refusal("PROMPT_REQUIRED", "Prompt is required for every shot")
    orders = tuple(_order(shot) for shot in shots)
    resolution = resolution_of(body)
    if len(orders) > MOST_SHOTS:
        raise Refusal("INVALID_INPUT", f"Maximum {MOST_SHOTS} shots per request")
    if len(orders) > 1 and resolution in SINGLE_SHOT:
        text = f"{resolution} is only available for single-shot generation"
        raise Refusal("INVALID_INPUT", text)
    return Order(orders, resolution, CREDITS[resolution])


def resolution_of(body: Json) -> str:
    """The named resolution, 720p if none is. Raises Refusal."""
    resolution = body.get("resolution") or "720p"
    if not isinstance(resolution, str) or resolution not in CREDITS:
        raise Refusal("INVALID_INPUT", f"Resolution must be one of {', '.join(CREDITS)}")
    return resolution


def _shots(body: Json) -> list[Json]:
    shots = body.get("shots")
    if not isinstance(shots, list) or not shots:
        raise Refusal("SHOTS_REQUIRED", "Shots array is required")
    if not all(isinstance(shot, dict) for shot in shots):
        raise Refusal("INVALID_INPUT", "Every shot must be an object")
    ids = [shot.get("id") for shot in shots]
    if not all(isinstance(name, str) and name for name in ids):
        raise Refusal("INVALID_INPUT", "Every shot needs an id")
    if len(set(ids)) < len(ids):
        raise Refusal("INVALID_INPUT", "Shot ids must be unique")
    return shots


def _order(shot: Json) -> ShotOrder:
    kind, shape = shot.get("generationType"), shot.get("aspectRatio")
    if not isinstance(kind, str) or kind not in IMAGES:
        raise Refusal("INVALID_INPUT", f"generationType must be one of {', '.join(IMAGES)}")
    if not isinstance(shape, str) or shape not in ASPECT_RATIOS:
        raise Refusal("INVALID_INPUT", f"aspectRatio must be one of {', '.join(ASPECT_RATIOS)}")
    addresses = _addresses(shot, kind)
    fewest, most = IMAGES[kind]
    if not fewest <= len(addresses) <= most:
        text = f"{kind} takes {fewest} to {most} images, not {len(addresses)}"
        raise Refusal("INVALID_IMAGE_COUNT", text)
    return ShotOrder(shot["id"], shot["prompt"], kind, shape, addresses)


def _addresses(shot: Json, kind: str) -> tuple[str, ...]:
    """The pictures' public addresses. A list that is missing where one is needed is refused."""
    found = shot.get("imageUrls")
    if found is None and IMAGES[kind][0] == 0:
        return ()
    if not isinstance(found, list) or not all(_is_address(item) for item in found):
        raise Refusal("IMAGE_URLS_REQUIRED", "API calls require imageUrls (no base64)")
    return tuple(found)


def _is_address(value: object) -> bool:
    return isinstance(value, str) and value.lower().startswith(("https://", "http://"))
