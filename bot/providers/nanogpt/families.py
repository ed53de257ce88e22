"""One model of NanoGPT's list, synonyms of its parameters, and facts the list omits.

Sources: its page on video models, with the list's `supported_parameters` authoritative, and an
older flat shape that clients still meet; its guide to video generation (the seven families that it
names), its model list, and what clients have met where the list is silent.
"""

import math
import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

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
# Parameters of models that work on a video, a voice or a face, which a request here never has.
NEEDS_MORE = {
    "target_resolution", "billedDuration", "videoDuration", "audioDuration", "voice_id",
    "voiceId", "swapImage", "targetVideo", "script", "storyConfig",
}  # fmt: skip


def _option(value: Any) -> Any:
    return value if isinstance(value, dict) else {"value": value}


def _readable_options(value: Any) -> Any:
    """Drop options that cannot be sent: no value, or a table."""
    if not isinstance(value, list | tuple):
        return ()
    options = [_option(one) for one in value]
    return tuple(one for one in options if isinstance(one.get("value"), str | int | float | bool))


def _bound(value: Any) -> float | None:
    """Read a finite number, also from a string; None for anything else."""
    try:
        number = float(value) if not isinstance(value, bool) else math.nan
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _table(value: Any) -> Any:
    return value if isinstance(value, dict) else {}


def _text_or(empty: str) -> BeforeValidator:
    return BeforeValidator(lambda value: value if isinstance(value, str) else empty)


def _nothing_as(empty: Any) -> BeforeValidator:
    return BeforeValidator(lambda value: empty if value is None else value)


AUTOMATIC = {"", "auto", "adaptive", "automatic"}


class Shown(BaseModel):
    """A part of the list; other fields are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Option(Shown):
    """One option of a parameter; `value` is sent as is, in its own type."""

    value: str | int | float | bool


class Parameter(Shown):
    """One parameter as the list describes it."""

    type: Annotated[str, _text_or("string")] = "string"
    label: Annotated[str, _text_or("")] = ""
    description: Annotated[str, _text_or("")] = ""
    default: Any = None
    options: Annotated[tuple[Option, ...], BeforeValidator(_readable_options)] = ()
    min: Annotated[float | None, BeforeValidator(_bound)] = None
    max: Annotated[float | None, BeforeValidator(_bound)] = None
    show_when: Annotated[dict[str, Any], BeforeValidator(_table)] = Field({}, alias="showWhen")
    """Values of other parameters under which this one applies."""

    @property
    def words(self) -> str:
        """Return its label and description in lower case."""
        return f"{self.label} {self.description}".lower()

    @property
    def choices(self) -> tuple[str, ...]:
        """Return its options as texts, without the empty one (the service chooses)."""
        return tuple(text for option in self.options if (text := str(option.value)))

    @property
    def is_switch(self) -> bool:
        return self.type in {"switch", "boolean"} or {
            choice.lower() for choice in self.choices
        } == {"true", "false"}

    @property
    def automatic(self) -> str | None:
        """Return the option, as spelt, that leaves the choice to the service."""
        offered = [str(option.value) for option in self.options]
        return next((one for one in offered if one.lower() in AUTOMATIC), None)

    def usual(self) -> Any:
        """Return its default as spelt in its options, else the first option.

        None without either.

        A default may be of another type than the options: 5 beside "5".
        """
        if not self.options:
            return self.default
        same = (one.value for one in self.options if str(one.value) == str(self.default))
        return next(same, self.options[0].value)


def _from_flat(value: Any) -> Any:
    """Convert `{"durations": [5, 10], "resolutions": ["720p"]}` to parameters."""
    if not isinstance(value, dict) or "parameters" in value:
        return value
    names = {"durations": "duration", "resolutions": "resolution", "aspect_ratios": "aspect_ratio"}
    return {
        "parameters": {
            name: {"type": "select", "options": [str(choice) for choice in value[plural]]}
            for plural, name in names.items()
            if isinstance(value.get(plural), list)
        }
    }


class Parameters(Shown):
    """All of a model's parameters by the model's own names."""

    parameters: dict[str, Parameter] = {}


class Abilities(Shown):
    """A model's abilities by the list's own names."""

    video_generation: bool = False
    text_to_video: bool = False
    image_to_video: bool = False
    video_to_video: bool = False
    audio_input: bool = False
    audio_generation: bool = False


class Entry(Shown):
    """One model of the list."""

    id: str = Field(min_length=1, max_length=100)
    name: Annotated[str, _text_or("")] = ""
    description: Annotated[str, _text_or("")] = ""
    capabilities: Annotated[Abilities, _nothing_as(Abilities())] = Abilities()
    supported_parameters: Annotated[
        Parameters, BeforeValidator(_from_flat), _nothing_as(Parameters())
    ] = Parameters()
    pricing: Annotated[dict[str, Any], _nothing_as({})] = {}


# Free of charge. Every other switch is turned off explicitly: omitted, it is billed at the list's
# default.
HARMLESS_SWITCHES = {
    "camera_fixed", "camera_fix", "cameraFixed", "enhancePrompt", "enable_prompt_expansion",
    "prompt_optimizer", "enable_safety_checker", "keep_original_sound",
    "adjust_fps_for_interpolation",
}  # fmt: skip
PRO_RESOLUTIONS = frozenset({"1792x1024"})  # Sora makes these only in its expensive mode
MAX_PROMPT = {"minimax-hailuo-02": 2000, "lightricks-ltx-2-fast": 3000}  # not in the list
SHAPED_BY_THE_PICTURE = {"seedance-video", "seedance-lite-video"}  # "T2V only", says the guide
MAX_REFERENCES = 4  # if the list does not say
# Phrases for an aspect ratio that is refused or ignored beside a picture.
_WORDS_ONLY = (
    "t2v only", "(t2v)", "text-to-video only", "applies to text-to-video",
)  # fmt: skip
# Phrases for an aspect ratio that applies if sent, but is better left to the picture.
_PICTURE_DECIDES = (
    "inputs determine framing", "source image framing", "auto follows", "auto chooses",
    "when omitted", "for text-to-video", "used for text-only",
)  # fmt: skip
_OF_EDITS = re.compile(r"\b(?:edits?|editing|extend|extension)\b")
_OF_EDITS_ALONE = re.compile(r"(?:lora|edit|extend|extension|and|[/,& ])+resolution")
_NOTHING = {"", "none", "off", "false", "disabled", "no", "0"}
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
    """Return a model's current name; some were renamed in September 2026."""
    return _RENAMED.get(model_id, model_id.removeprefix(_OLD_PREFIX))


def other_names(model_id: str) -> frozenset[str]:
    """Return the names under which the list had this model at another time, or may have it again."""
    current = current_name(model_id)
    renamed = {old for old, new in _RENAMED.items() if new == current}
    return frozenset({current, f"{_OLD_PREFIX}{current}", *renamed} - {model_id})


def first_of(names: tuple[str, ...], given: Mapping[str, Parameter]) -> str | None:
    """Return the name that this model uses, if any."""
    return next((name for name in names if name in given), None)


def spelt(parameter: Parameter, *, on: bool) -> Any:
    """Return a switch's value in the model's spelling: boolean or option text."""
    word = str(on).lower()
    return next((o.value for o in parameter.options if str(o.value).lower() == word), on)


def settled(given: Mapping[str, Parameter]) -> dict[str, Any]:
    """Return the parameters of every request: usual variant, costly switches off."""
    chosen: dict[str, Any] = {
        name: given[name].usual() for name in VARIANT_NAMES if name in given and given[name].options
    }
    for name, parameter in given.items():
        is_ours = name in AUDIO_NAMES or name in HARMLESS_SWITCHES
        if name in PRO_NAMES or (parameter.is_switch and not is_ours):
            chosen[name] = spelt(parameter, on=False)
    return chosen


def mode_of(given: Mapping[str, Parameter], kind: str | None = None) -> Any:
    """Return the mode for this kind, such as `text-to-video`, else the usual mode."""
    parameter = given.get("mode")
    if parameter is None or not parameter.options:
        return None
    offered = {str(option.value): option.value for option in parameter.options}
    return offered.get(str(kind), parameter.usual())


def references_most(given: Mapping[str, Parameter]) -> int:
    """Return how many reference pictures a model takes; 0 for none."""
    name = first_of(REFERENCE_NAMES, given)
    if name is None:
        return 0
    if name == "reference_image":
        return 1
    said = re.search(r"up to ([0-9]{1,2})\b", given[name].words)
    return int(said[1]) if said else MAX_REFERENCES


def audio_name(given: Mapping[str, Parameter]) -> str | None:
    """Return the name of the sound switch, ignoring one for edits."""
    name = first_of(AUDIO_NAMES, given)
    return None if name is None or _OF_EDITS.search(given[name].label.lower()) else name


def resolution_of(given: Mapping[str, Parameter]) -> Parameter | None:
    """Return the resolution parameter, which may be `size` if that lists no ratios.

    One labelled for edits or LoRAs does not apply to a video from a prompt.
    """
    parameter = given.get("resolution")
    if parameter is not None:
        return None if _OF_EDITS_ALONE.fullmatch(parameter.label.lower()) else parameter
    is_size = "size" in given and not any(":" in choice for choice in given["size"].choices)
    return given["size"] if is_size else None


def is_shaped_by_the_picture(model_id: str, given: Mapping[str, Parameter]) -> bool:
    """Return whether an aspect ratio is refused or ignored beside a first picture."""
    words = given["aspect_ratio"].words if "aspect_ratio" in given else ""
    return model_id in SHAPED_BY_THE_PICTURE or any(one in words for one in _WORDS_ONLY)


def leaves_shape_to_the_picture(
    model_id: str, given: Mapping[str, Parameter], description: str = ""
) -> bool:
    """Return whether the first picture sets the aspect ratio unless one is chosen."""
    shape = given.get("aspect_ratio")
    if is_shaped_by_the_picture(model_id, given) or (shape and shape.automatic is not None):
        return True
    if shape is None:
        return False
    of_framing = [phrase for phrase in _PICTURE_DECIDES if "framing" in phrase]
    return any(phrase in shape.words for phrase in _PICTURE_DECIDES) or any(
        phrase in description.lower() for phrase in of_framing
    )


def shown(given: Mapping[str, Parameter]) -> dict[str, Parameter]:
    """Drop parameters that do not apply with the values we send for others (`showWhen`)."""
    sent = {name: one.usual() for name, one in given.items()} | settled(given)
    return {
        name: parameter
        for name, parameter in given.items()
        if all(
            other not in sent or other == "mode" or _holds(sent[other], wanted)
            for other, wanted in parameter.show_when.items()
        )
    }


def _holds(value: Any, wanted: Any) -> bool:
    choices = wanted if isinstance(wanted, list) else [wanted]
    return str(value).lower() in {str(choice).lower() for choice in choices}


def settled_by_default(given: Mapping[str, Parameter]) -> frozenset[str]:
    """Return the parameters whose default applies because we send nothing for them."""
    return frozenset(
        re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
        for name, parameter in given.items()
        if not parameter.is_switch
        and parameter.type != "number"
        and str(parameter.default or "").lower() not in _NOTHING
    )
