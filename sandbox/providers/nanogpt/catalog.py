"""NanoGPT's models as its list shows them, and what a submission says of each one's parameters.

A parameter that a request leaves out has the list's default, as the real service bills it. The
file's `unlisted` models are accepted without being listed, `renamed` are names of the past, and
`billed` is what the list does not tell.
"""

import json
from functools import cache
from importlib import resources
from typing import Any

Json = dict[str, Any]

AUDIO_NAMES = ("generateAudio", "generate_audio", "sound", "enable_audio")
DURATION_NAMES = ("duration", "seconds")
PRO_NAMES = ("pro_mode", "pro")
PROMPT_MOST = {"minimax-hailuo-02": 2000, "lightricks-ltx-2-fast": 3000}
SOURCE_NAMES = ("billedDuration", "videoDuration", "audioDuration")  # of what is worked on
USUAL_SECONDS = 5.0
_ON = (True, "true", "1", 1)


@cache
def _file() -> Json:
    text = (resources.files(__package__) / "catalog.json").read_text("utf-8")
    read: Json = json.loads(text)
    return read


@cache
def models() -> dict[str, Json]:
    """Every listed model by its id, in the list's own shape."""
    return {model["id"]: model for model in _file()["data"]}


def found(model_id: object, *, old_slugs: bool = False) -> Json | None:
    """The model of this name; of one of the past only if `old_slugs` still resolve."""
    name = _file()["renamed"].get(model_id, model_id) if old_slugs else model_id
    unlisted = {model["id"]: model for model in _file()["unlisted"]}
    return models().get(str(name)) or unlisted.get(str(name))


def billed(model: Json) -> Json:
    """By what a video is billed: the list's prices, or what it hides behind a `minimum`."""
    pricing: Json = _file()["billed"].get(model["id"], model["pricing"])
    return pricing


def setting(model: Json, body: Json, *names: str) -> Any:
    """What a request says of a parameter, else the list's default, else None."""
    parameters = model["supported_parameters"]["parameters"]
    for name in names:
        if name in parameters:
            return body.get(name, parameters[name].get("default"))
    return None


def is_on(model: Json, body: Json, *names: str) -> bool:
    """A switch, however it is spelt: true, "true" or 1."""
    return setting(model, body, *names) in _ON


def has_sound(model: Json, body: Json) -> bool:
    return is_on(model, body, *AUDIO_NAMES)


def has_sound_switch(model: Json) -> bool:
    return any(name in model["supported_parameters"]["parameters"] for name in AUDIO_NAMES)


def is_odd_duration(model: Json, body: Json) -> bool:
    """Whether a length is asked for that the model does not have."""
    parameter, asked = _duration(model), setting(model, body, *DURATION_NAMES)
    if parameter is None:
        return False
    seconds, options = _seconds(asked), parameter.get("options")
    if options:
        return seconds not in {_seconds(option["value"]) for option in options}
    least, most = parameter.get("min", 1), parameter.get("max", 60)
    return seconds is None or not least <= seconds <= most


def seconds_of(model: Json, body: Json) -> float:
    """How long the video will be; one of an odd length silently gets the usual one instead."""
    parameter = _duration(model)
    if parameter is None:
        source = _seconds(setting(model, body, *SOURCE_NAMES))
        fixed: float | None = source or model["pricing"].get("fixed_duration_seconds")
        return fixed or _seconds_of_frames(model, body)
    asked = setting(model, body, *DURATION_NAMES)
    chosen = parameter.get("default") if is_odd_duration(model, body) else asked
    return _seconds(chosen) or USUAL_SECONDS


def frames_of(model: Json, body: Json) -> float | None:
    return _seconds(setting(model, body, "num_frames"))


def _duration(model: Json) -> Json | None:
    parameters = model["supported_parameters"]["parameters"]
    return next((parameters[name] for name in DURATION_NAMES if name in parameters), None)


def _seconds(value: object) -> float | None:
    """A number however it is spelt: 5, "5" or "5s"."""
    try:
        number = float(str(value).removesuffix("s"))
    except ValueError:
        return None
    return number if 0 < number < 10_000 else None


def _seconds_of_frames(model: Json, body: Json) -> float:
    frames = frames_of(model, body)
    rate = _seconds(setting(model, body, "frames_per_second")) or 24.0
    return USUAL_SECONDS if frames is None else min(max(frames / rate, 1.0), 30.0)
