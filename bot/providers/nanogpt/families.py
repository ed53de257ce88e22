"""What NanoGPT's models call the same thing, and what its list does not say of some of them.

Sources: NanoGPT's guide to video generation (the seven families that it names), its model list,
and what clients have met where the list is silent.
"""

import re
from collections.abc import Mapping
from typing import Any

from bot.providers.nanogpt.entries import Parameter

AUDIO_NAMES = ("generateAudio", "generate_audio", "sound", "enable_audio")
DURATION_NAMES = ("duration", "seconds")
SHAPE_NAMES = ("aspect_ratio", "orientation", "size")
IMAGE_NAMES = ("imageDataUrl", "image_data_url", "image")
END_IMAGE_NAMES = ("last_image", "image_tail")
REFERENCE_NAMES = (
    "referenceImages",
    "reference_images",
    "reference_image_urls",
    "reference_image",
)
NEGATIVE_NAMES = ("negative_prompt", "negativePrompt")
PRO_NAMES = ("pro_mode", "pro")
VARIANT_NAMES = ("variant", "quality")
ORIENTATIONS = {"16:9": "landscape", "9:16": "portrait"}
NEEDS_MORE = {
    "target_resolution", "billedDuration", "videoDuration", "audioDuration", "voice_id",
    "voiceId", "swapImage", "targetVideo", "script", "storyConfig",
}  # fmt: skip
"""Parameters of models that work on a film, a voice or a face, which nobody here can give."""

HARMLESS_SWITCHES = {
    "camera_fixed", "camera_fix", "cameraFixed", "enhancePrompt", "enable_prompt_expansion",
    "prompt_optimizer", "enable_safety_checker", "keep_original_sound",
    "adjust_fps_for_interpolation",
}  # fmt: skip
"""Switches that cost nothing. Every other one is declined outright: left out, it is billed at the
list's default."""

PRO_RESOLUTIONS = frozenset({"1792x1024"})  # which Sora makes in its dear mode alone
PROMPT_MOST = {"minimax-hailuo-02": 2000, "lightricks-ltx-2-fast": 3000}  # not in the list
SHAPED_BY_THE_PICTURE = {"seedance-video", "seedance-lite-video"}  # "T2V only", says the guide
REFERENCES_MOST = 4  # where the list says nothing

_RENAMED = {
    "wan-wavespeed-25": "wan-25",
    "wan-wavespeed-26": "wan-26",
    "wan-wavespeed-26-flash": "wan-26-flash",
    "wan-wavespeed-22-plus": "wan-22-plus",
    "wan-wavespeed-22-animate": "wan-22-animate",
    "wan-wavespeed-s2v": "wan-s2v",
}
_OLD_PREFIX = "wavespeed-ai/"


def current_name(model_id: str) -> str:
    """What a model of an old name is called since September 2026."""
    return _RENAMED.get(model_id, model_id.removeprefix(_OLD_PREFIX))


def first_of(names: tuple[str, ...], given: Mapping[str, Parameter]) -> str | None:
    """The name that this model has for it, if any."""
    return next((name for name in names if name in given), None)


def spelt(parameter: Parameter, *, on: bool) -> Any:
    """A switch in the model's own spelling: true, or the text of a choice."""
    word = str(on).lower()
    return next((o.value for o in parameter.options if str(o.value).lower() == word), on)


def settled(given: Mapping[str, Parameter]) -> dict[str, Any]:
    """What is sent alike with every wish: the usual variant, and no to all that may cost more."""
    chosen: dict[str, Any] = {
        name: given[name].usual() for name in VARIANT_NAMES if name in given and given[name].options
    }
    for name, parameter in given.items():
        is_ours = name in AUDIO_NAMES or name in HARMLESS_SWITCHES
        if name in PRO_NAMES or (parameter.is_switch and not is_ours):
            chosen[name] = spelt(parameter, on=False)
    return chosen


def mode_of(given: Mapping[str, Parameter], kind: str | None = None) -> Any:
    """The mode for `text-to-video` and its like where it is offered, else the usual one."""
    parameter = given.get("mode")
    if parameter is None or not parameter.options:
        return None
    offered = {str(option.value): option.value for option in parameter.options}
    return offered.get(str(kind), parameter.usual())


def references_most(given: Mapping[str, Parameter]) -> int:
    """How many reference pictures a model takes; 0 for none."""
    name = first_of(REFERENCE_NAMES, given)
    if name is None:
        return 0
    if name == "reference_image":
        return 1
    said = re.search(r"up to ([0-9]{1,2})\b", given[name].words)
    return int(said[1]) if said else REFERENCES_MOST


def is_shaped_by_the_picture(model_id: str, given: Mapping[str, Parameter]) -> bool:
    """Whether a shape is refused or means nothing where a film begins with a picture."""
    words = given["aspect_ratio"].words if "aspect_ratio" in given else ""
    return (
        model_id in SHAPED_BY_THE_PICTURE
        or "t2v only" in words
        or "(t2v)" in words
        or "text-to-video only" in words
        or "applies to text-to-video" in words
    )
