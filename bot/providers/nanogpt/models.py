"""NanoGPT's model list as capabilities, and each model's own spelling of its parameters.

Source: NanoGPT's page on video models. A model whose price comes in a shape that is not known here
gets no price line, and is then refused rather than guessed.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from bot.domain.capabilities import PROMPT_MAX_CHARACTERS, Audio, Capability, Kind
from bot.domain.pricing import PriceList
from bot.ids import ModelId, ProviderName
from bot.providers.nanogpt.entries import Entry, Parameter
from bot.providers.nanogpt.families import (
    AUDIO_NAMES,
    END_IMAGE_NAMES,
    NEEDS_MORE,
    NEGATIVE_NAMES,
    ORIENTATIONS,
    PRO_RESOLUTIONS,
    PROMPT_MOST,
    SHAPE_NAMES,
    VARIANT_NAMES,
    current_name,
    first_of,
    mode_of,
    references_most,
    settled,
)
from bot.providers.nanogpt.lengths import (
    default_duration,
    durations_of,
    frames_by_seconds,
    usual_frames,
)
from bot.providers.nanogpt.prices import Terms, price_list

NAME = ProviderName("nanogpt")

_EXPECTED_SECONDS = {"720p": 90, "1080p": 150, "4k": 300}


@dataclass(frozen=True, slots=True)
class Model:
    """A capability with the vendor's own parameters beside it."""

    capability: Capability
    parameters: Mapping[str, Parameter]


def read_models(body: Any, known: Mapping[str, Any] | None = None) -> Iterator[Model]:
    """Every model that makes films from words or a picture; what cannot be read is left out.

    What an entry does not say at all is taken from the `known` one of that name. A price that is
    known so is an estimate. A model that is listed under its old name and its new is one.
    """
    listed = [raw for raw in _listed(body) if isinstance(raw, dict)]
    ids = {str(raw.get("id")) for raw in listed}
    for raw in listed:
        name = str(raw.get("id"))
        if current_name(name) != name and current_name(name) in ids:
            continue
        spare = (known or {}).get(current_name(name), {})
        try:
            entry = Entry.model_validate(_filled(raw, spare))
        except (ValidationError, RecursionError):
            continue
        kinds = _kinds(entry)
        if kinds:
            model = Model(_capability(entry, kinds), entry.supported_parameters.parameters)
            yield as_estimate(model) if raw.get("pricing") is None else model


def entries_by_name(body: Any) -> dict[str, Any]:
    """A list's raw entries, for `read_models` to fill another list's gaps with."""
    return {str(raw.get("id")): raw for raw in _listed(body) if isinstance(raw, dict)}


def as_estimate(model: Model) -> Model:
    """The same at a price that may have changed since it was written down."""
    prices = replace(model.capability.prices, is_estimate=True)
    return replace(model, capability=replace(model.capability, prices=prices))


def _listed(body: Any) -> Iterable[Any]:
    listed = body.get("data") if isinstance(body, dict) else None
    return listed if isinstance(listed, list) else ()


def _filled(raw: Mapping[str, Any], spare: Mapping[str, Any]) -> dict[str, Any]:
    names = ("name", "capabilities", "supported_parameters", "pricing")
    missing = {name: spare[name] for name in names if raw.get(name) is None and name in spare}
    return {**raw, **missing}


def _kinds(entry: Entry) -> frozenset[Kind]:
    """What films can be made from; nothing where a film or a voice must be given as well."""
    able, kinds = entry.capabilities, set()
    if able.video_generation and able.text_to_video:
        kinds.add(Kind.TEXT)
    if able.video_generation and able.image_to_video:
        kinds.add(Kind.IMAGE)
    needs_film = able.video_to_video and len(kinds) < len(Kind)  # an edit, or motion from a film
    needs_voice = able.audio_input and not able.text_to_video
    needs_more = NEEDS_MORE & set(entry.supported_parameters.parameters)
    return frozenset() if needs_film or needs_voice or needs_more else frozenset(kinds)


def _capability(entry: Entry, kinds: frozenset[Kind]) -> Capability:
    given = entry.supported_parameters.parameters
    durations = durations_of(given, entry.pricing)
    resolution, shape = _resolution(given), _shape(given)
    resolutions, ratios = _choices(resolution), _ratios(given)
    default_resolution = _default(resolution, resolutions)
    has_audio = first_of(AUDIO_NAMES, given) is not None
    return Capability(
        provider=NAME,
        model_id=ModelId(entry.id),
        name=entry.name or entry.id,
        kinds=kinds,
        prices=_prices(entry, durations, has_audio=has_audio),
        durations_seconds=durations,
        default_duration_seconds=default_duration(given, durations),
        resolutions=resolutions,
        default_resolution=default_resolution,
        aspect_ratios=ratios,
        default_aspect_ratio=_default(shape, ratios),
        # the control decides: the list's own word on sound contradicts it for some models
        audio=Audio.OPTIONAL if has_audio else Audio.NEVER,
        end_image=first_of(END_IMAGE_NAMES, given) is not None,
        reference_images_max=references_most(given),
        negative_prompt=first_of(NEGATIVE_NAMES, given) is not None,
        seed="seed" in given,
        prompt_max_characters=PROMPT_MOST.get(entry.id, PROMPT_MAX_CHARACTERS),
        expected_seconds=_EXPECTED_SECONDS.get(default_resolution or "", 90),
    )


def _prices(entry: Entry, durations: tuple[int, ...], *, has_audio: bool) -> PriceList:
    given = entry.supported_parameters.parameters
    usual = usual_frames(given)
    frames: dict[int | None, int] = dict(frames_by_seconds(given).items())
    if usual is not None and not frames:
        frames = {None: usual}
    terms = Terms(
        has_audio=has_audio,
        durations=durations,
        frames=frames,
        variants=_variants(given),
        pro_resolutions=PRO_RESOLUTIONS & set(_choices(_resolution(given))),
    )
    return price_list(entry.pricing, terms)


def _variants(given: Mapping[str, Parameter]) -> frozenset[str]:
    """Those that are always asked for; `standard` unless the model calls its usual one otherwise."""
    chosen = settled(given)
    ours = {str(chosen[name]) for name in VARIANT_NAMES if name in chosen} | {str(mode_of(given))}
    offered = {word for name in (*VARIANT_NAMES, "mode") if name in given
               for word in given[name].choices}  # fmt: skip
    return frozenset(ours | ({"standard"} - offered))


def _resolution(given: Mapping[str, Parameter]) -> Parameter | None:
    """`size` is one where it is no shape and nothing else is."""
    is_size = "size" in given and not any(":" in choice for choice in given["size"].choices)
    return given.get("resolution") or (given["size"] if is_size else None)


def _shape(given: Mapping[str, Parameter]) -> Parameter | None:
    name = first_of(SHAPE_NAMES, given)
    return None if name is None else given[name]


def _ratios(given: Mapping[str, Parameter]) -> tuple[str, ...]:
    name = first_of(SHAPE_NAMES, given)
    if name == "orientation":
        return tuple(ORIENTATIONS)
    choices = _choices(_shape(given))
    return choices if name == "aspect_ratio" or any(":" in one for one in choices) else ()


def _choices(parameter: Parameter | None) -> tuple[str, ...]:
    return () if parameter is None else parameter.choices


def _default(parameter: Parameter | None, choices: tuple[str, ...]) -> str | None:
    named = None if parameter is None else str(parameter.default)
    return named if named in choices else next(iter(choices), None)
