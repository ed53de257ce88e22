"""NanoGPT's model list as capabilities, and each model's own spelling of its parameters.

Source: NanoGPT's page on video models; the list's `supported_parameters` is the truth. A model
whose price comes in a shape that is not known here gets no price line, and is then refused rather
than guessed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.domain.capabilities import PROMPT_MAX_CHARACTERS, Audio, Capability, Kind
from bot.ids import ModelId, ProviderName
from bot.providers.nanogpt.prices import price_list

NAME = ProviderName("nanogpt")
AUDIO_NAMES = ("generateAudio", "generate_audio", "sound", "enable_audio")
DURATION_NAMES = ("duration", "seconds")
END_IMAGE_NAMES = ("last_image", "image_tail")
ORIENTATIONS = {"16:9": "landscape", "9:16": "portrait"}
MOST_DURATIONS = 60

_PROMPT_MOST = {"minimax-hailuo-02": 2000, "lightricks-ltx-2-fast": 3000}  # not in the list
_EXPECTED_SECONDS = {"720p": 90, "1080p": 150, "4k": 300}


class Option(BaseModel):
    """One choice of a parameter."""

    value: str | int | float | bool


class Parameter(BaseModel):
    """One parameter as the list describes it."""

    model_config = ConfigDict(extra="ignore")
    type: str = "string"
    default: Any = None
    options: list[Option] = []
    min: float | None = None
    max: float | None = None


class Parameters(BaseModel):
    """All of a model's parameters by the model's own names."""

    parameters: dict[str, Parameter] = {}


class Abilities(BaseModel):
    """What a model can do, by the list's own words."""

    video_generation: bool = False
    text_to_video: bool = False
    image_to_video: bool = False
    audio_input: bool = False  # an avatar that speaks what it is given


class Entry(BaseModel):
    """One model of the list."""

    model_config = ConfigDict(extra="ignore")
    id: str = Field(min_length=1, max_length=100)
    name: str = ""
    capabilities: Abilities = Abilities()
    supported_parameters: Parameters = Parameters()
    pricing: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Model:
    """A capability with the vendor's own parameters beside it."""

    capability: Capability
    parameters: Mapping[str, Parameter]


def read_models(body: Any) -> Iterator[Model]:
    """Every model that makes films from words or a picture; what cannot be read is left out."""
    listed = body.get("data") if isinstance(body, dict) else None
    for raw in listed if isinstance(listed, list) else []:
        try:
            entry = Entry.model_validate(raw)
        except (ValidationError, RecursionError):
            continue
        kinds = _kinds(entry)
        if kinds:
            yield Model(_capability(entry, kinds), entry.supported_parameters.parameters)


def _kinds(entry: Entry) -> frozenset[Kind]:
    able = entry.capabilities
    kinds = set()
    if able.video_generation and able.text_to_video:
        kinds.add(Kind.TEXT)
    if able.video_generation and able.image_to_video:
        kinds.add(Kind.IMAGE)
    needs_more = {"target_resolution", "voice_id", "audioDuration"} & set(
        entry.supported_parameters.parameters
    )
    return frozenset() if needs_more or able.audio_input else frozenset(kinds)


def _capability(entry: Entry, kinds: frozenset[Kind]) -> Capability:
    given = entry.supported_parameters.parameters
    duration = next((given[name] for name in DURATION_NAMES if name in given), None)
    durations = _durations(duration)
    resolution, aspect = given.get("resolution"), given.get("aspect_ratio")
    ratios = _choices(aspect) or (tuple(ORIENTATIONS) if "orientation" in given else ())
    default_resolution = _default(resolution, _choices(resolution))
    return Capability(
        provider=NAME,
        model_id=ModelId(entry.id),
        name=entry.name or entry.id,
        kinds=kinds,
        prices=price_list(entry.pricing, has_audio=_has_audio(given)),
        durations_seconds=durations,
        default_duration_seconds=_default_duration(duration, durations),
        resolutions=_choices(resolution),
        default_resolution=default_resolution,
        aspect_ratios=ratios,
        default_aspect_ratio=_default(aspect, ratios),
        audio=Audio.OPTIONAL if _has_audio(given) else Audio.NEVER,
        end_image=any(name in given for name in END_IMAGE_NAMES),
        negative_prompt="negative_prompt" in given,
        seed="seed" in given,
        prompt_max_characters=_PROMPT_MOST.get(entry.id, PROMPT_MAX_CHARACTERS),
        expected_seconds=_EXPECTED_SECONDS.get(default_resolution or "", 90),
    )


def _has_audio(given: Mapping[str, Parameter]) -> bool:
    """The control decides: the list's own word on sound contradicts it for some models."""
    return any(name in given for name in AUDIO_NAMES)


def _choices(parameter: Parameter | None) -> tuple[str, ...]:
    return () if parameter is None else tuple(str(option.value) for option in parameter.options)


def _durations(parameter: Parameter | None) -> tuple[int, ...]:
    if parameter is None:
        return ()
    if parameter.options and parameter.type == "select":
        found = (seconds_of(option.value) for option in parameter.options)
        return tuple(seconds for seconds in found if seconds is not None)
    least, most = parameter.min, parameter.max
    if least is not None and most is not None and 0 <= least <= most < least + MOST_DURATIONS:
        return tuple(range(int(least), int(most) + 1))
    return ()


def seconds_of(value: object) -> int | None:
    """A duration as the list spells it: 5, "5" or "5s"."""
    text = str(value).removesuffix("s").removesuffix(".0")
    return int(text) if text.isdecimal() and len(text) < 5 else None


def _default_duration(parameter: Parameter | None, durations: tuple[int, ...]) -> int | None:
    named = None if parameter is None else seconds_of(parameter.default)
    if named in durations:
        return named
    return durations[0] if durations else None


def _default(parameter: Parameter | None, choices: tuple[str, ...]) -> str | None:
    named = None if parameter is None else str(parameter.default)
    if named in choices:
        return named
    return choices[0] if choices else None
