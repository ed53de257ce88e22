"""Writes a request as a recipe, a short text that travels inside the video, and reads it back.

A recipe says how a video was made, never by whom or where: no names, no ids, no pictures. Whatever
is read comes from a stranger's file, so each field has bounds, and one that breaks them is left out.
Without a prompt and a model there is no recipe.
"""

import json
import re
from collections.abc import Callable
from typing import TypeVar

from bot.catalog.request import Derivation, Parent, Shot, VideoRequest
from bot.ids import ModelId

VERSION = 1
MAX_TEXT = 32_000  # characters of a recipe
MAX_PROMPT = 4_000
MAX_NAME = 100
MAX_SHOTS = 50
MAX_SECONDS = 3_600
MAX_SEED = 2**63 - 1
MAX_EXTENDED = 1_000

_Found = TypeVar("_Found")

# mentions of members, roles, channels, commands and emoji as Discord spells them, then bare ids
_MENTIONS = re.compile(r"<(?:@[!&]?|#|id:)[^<>\s]{0,40}>|</[^<>]{1,120}:\d+>")
_EMOJI = re.compile(r"<a?(:\w{2,32}:)\d+>")
# \b: a long word is read once, not again from each of its letters
_LINKS = re.compile(
    r"(?:https?://)?(?:\b\w+\.)?(?:discord(?:app)?\.(?:com|gg|net)|discord\.gg)/\S*", re.IGNORECASE
)
_IDS = re.compile(r"(?<!\d)\d{17,20}(?!\d)")
_SPACES = re.compile(r"[ \t]{2,}")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_NAMES = re.compile(r"[\w./:+ -]{1,100}")


def write_recipe(request: VideoRequest) -> str:
    """Return the recipe of a request, as JSON on one line; without what would make it too long."""
    parent = request.parent
    fields: dict[str, object] = {
        "showreel": VERSION,
        "prompt": without_people(request.prompt),
        "model": request.model_id,
        "negative": without_people(request.negative_prompt or ""),
        "seconds": request.duration_seconds,
        "shape": request.aspect_ratio,
        "resolution": request.resolution,
        "seed": request.seed,
        "sound": request.audio,
        "shots": [without_people(shot.prompt) for shot in request.shots],
        "derivation": parent and parent.derivation.value,
        "extended": parent and parent.extended,
    }
    told = {name: one for name, one in fields.items() if one is not None and one not in ("", [], 0)}
    if request.seed == 0:
        told["seed"] = 0
    if request.audio is False:
        told["sound"] = False
    for name in ("negative", "shots"):
        if len(json.dumps(told, ensure_ascii=False)) > MAX_TEXT:
            told.pop(name, None)
    return json.dumps(told, ensure_ascii=False)


def read_recipe(text: str) -> VideoRequest | None:
    """Return the request that a recipe describes, without pictures; None if it is no recipe."""
    if len(text) > MAX_TEXT or '"showreel"' not in text:
        return None
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or told.get("showreel") != VERSION:
        return None
    prompt, model = _words(told.get("prompt")), _name(told.get("model"))
    if prompt is None or model is None:
        return None
    return VideoRequest(
        prompt=prompt,
        model_id=ModelId(model),
        negative_prompt=_words(told.get("negative")),
        duration_seconds=_number(told.get("seconds"), 1, MAX_SECONDS),
        aspect_ratio=_name(told.get("shape")),
        resolution=_name(told.get("resolution")),
        seed=_number(told.get("seed"), 0, MAX_SEED),
        audio=told.get("sound") if isinstance(told.get("sound"), bool) else None,
        shots=_shots(told.get("shots")),
        parent=_parent(told),
    )


def without_people(text: str) -> str:
    """Return a prompt without mentions, ids and links to Discord; an emoji keeps its name."""
    for pattern, left in ((_EMOJI, r"\1"), (_MENTIONS, ""), (_LINKS, ""), (_IDS, "")):
        text = pattern.sub(left, text)
    return _SPACES.sub(" ", text).strip()


def _words(found: object) -> str | None:
    if not isinstance(found, str) or len(found) > MAX_PROMPT:
        return None
    return without_people(_CONTROLS.sub("", found)) or None


def _name(found: object) -> str | None:
    """A model's id or an option's value; never a text."""
    return found if isinstance(found, str) and _NAMES.fullmatch(found) else None


def _number(found: object, least: int, most: int) -> int | None:
    if not isinstance(found, int) or isinstance(found, bool):
        return None
    return found if least <= found <= most else None


def _shots(found: object) -> tuple[Shot, ...]:
    """All shots, or none if one of them cannot be read: a storyboard with a gap is another."""
    if not isinstance(found, list) or len(found) > MAX_SHOTS:
        return ()
    prompts = [_words(one) for one in found]
    return tuple(Shot(one) for one in prompts if one) if all(prompts) else ()


def _parent(told: dict[str, object]) -> Parent | None:
    derivation = _among(told.get("derivation"), Derivation)
    if derivation is None:
        return None
    return Parent(derivation, extended=_number(told.get("extended"), 0, MAX_EXTENDED) or 0)


def _among(found: object, kinds: Callable[[str], _Found]) -> _Found | None:
    if not isinstance(found, str):
        return None
    try:
        return kinds(found)
    except ValueError:
        return None
