"""NanoGPT's model list as capabilities, with each model's own parameter names.

Source: NanoGPT's page on video models. A model whose price has an unknown shape gets no price line,
and is then refused rather than guessed.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from bot.catalog.capability import (
    PROMPT_MAX_CHARACTERS,
    Audio,
    Capability,
    Kind,
)
from bot.catalog.pricing import Input, PriceList
from bot.ids import ModelId, ProviderName
from bot.providers.nanogpt.extending import (
    extension_prices,
    is_explicit,
    is_extension,
    source_rules,
)
from bot.providers.nanogpt.families import (
    END_IMAGE_NAMES,
    MAX_PROMPT,
    NEEDS_MORE,
    NEGATIVE_NAMES,
    ORIENTATIONS,
    PRO_RESOLUTIONS,
    SHAPE_NAMES,
    VARIANT_NAMES,
    Entry,
    Parameter,
    audio_name,
    current_name,
    first_of,
    leaves_shape_to_the_picture,
    mode_of,
    other_names,
    references_most,
    resolution_of,
    settled,
    settled_by_default,
    shown,
)
from bot.providers.nanogpt.lengths import (
    default_duration,
    durations_of,
    frames_by_seconds,
    usual_frames,
)
from bot.providers.nanogpt.prices import Terms, price_list

NAME = ProviderName("nanogpt")

REFERENCES = "reference-to-video"
_EXPECTED_SECONDS = {"720p": 90, "1080p": 150, "4k": 300}
_SOUND = re.compile(
    r"\b(?:native|synchroni[sz]ed|built-in)\b[^.]{0,30}\b(?:audio|sound)\b"
    r"|\b(?:generates?|includes?|produces?|makes?) (?:\w+ ){0,3}(?:audio|sound)\b(?! input)",
    re.IGNORECASE,
)
_SILENT = re.compile(r"\b(?:without|no) (?:\w+ )?(?:audio|sound)\b|\bsilent\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Model:
    """A capability with the vendor's parameters."""

    capability: Capability
    parameters: Mapping[str, Parameter]


def read_models(body: Any, known: Mapping[str, Any] | None = None) -> Iterator[Model]:
    """Read models that make videos from a prompt or picture or continue one; skip unreadable ones.

    Fields missing from an entry are taken from the `known` entry of the same name; a price from
    there is an estimate. A model listed under its old and its new name is one model.
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
            given = shown(entry.supported_parameters.parameters)
            capability = _capability(entry, kinds, given)
            if capability.only_continues:
                capability = replace(capability, end_image=False, source=source_rules(entry, ids))
            model = Model(capability, given)
            yield as_estimate(model) if raw.get("pricing") is None else model


def entries_by_name(body: Any) -> dict[str, Any]:
    """Index a list's raw entries, so that `read_models` can fill another list's gaps."""
    return {str(raw.get("id")): raw for raw in _listed(body) if isinstance(raw, dict)}


def as_estimate(model: Model) -> Model:
    """Mark the price as an estimate: it may have changed since it was recorded."""
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
    """Return the kinds of request; empty if a voice, or a video to change, is required too."""
    if is_extension(entry):
        return frozenset({Kind.VIDEO})
    able, kinds = entry.capabilities, set()
    if able.video_generation and able.text_to_video:
        kinds.add(Kind.TEXT)
    if able.video_generation and able.image_to_video:
        kinds.add(Kind.IMAGE)
    takes_any = (
        REFERENCES in entry.id.lower() and able.image_to_video
    )  # of pictures, videos, voices
    needs_video = able.video_to_video and len(kinds) < 2  # an edit, or motion from a video
    needs_voice = able.audio_input and not able.text_to_video
    if takes_any:
        needs_video = needs_voice = False
    needs_more = NEEDS_MORE & set(entry.supported_parameters.parameters)
    return frozenset() if needs_video or needs_voice or needs_more else frozenset(kinds)


def _capability(entry: Entry, kinds: frozenset[Kind], given: Mapping[str, Parameter]) -> Capability:
    durations = durations_of(given, entry.pricing)
    resolution, shape = resolution_of(given), _shape(given)
    resolutions, ratios = _choices(resolution), _ratios(given)
    default_resolution = _default(resolution, resolutions)
    audio = _audio(entry, given)
    return Capability(
        provider=NAME,
        model_id=ModelId(entry.id),
        name=entry.name or entry.id,
        kinds=kinds,
        prices=_prices(entry, given, durations, audio),
        durations_seconds=durations,
        default_duration_seconds=default_duration(given, durations),
        resolutions=resolutions,
        default_resolution=default_resolution,
        aspect_ratios=ratios,
        default_aspect_ratio=_default(shape, ratios),
        picture_decides_shape=leaves_shape_to_the_picture(entry.id, given, entry.description),
        audio=audio,
        end_image=first_of(END_IMAGE_NAMES, given) is not None,
        reference_images_max=references_most(given),
        negative_prompt=first_of(NEGATIVE_NAMES, given) is not None,
        seed="seed" in given,
        is_explicit=is_explicit(entry.id),
        other_ids=frozenset(map(ModelId, other_names(entry.id))),
        prompt_max_characters=MAX_PROMPT.get(entry.id, PROMPT_MAX_CHARACTERS),
        expected_seconds=_EXPECTED_SECONDS.get(default_resolution or "", 90),
    )


def _audio(entry: Entry, given: Mapping[str, Parameter]) -> Audio:
    """Return the sound setting; a switch overrides the list's unreliable flag.

    Without a switch a model that makes sound always makes it.
    """
    if audio_name(given) is not None:
        return Audio.OPTIONAL
    is_said = bool(_SOUND.search(entry.description)) and not _SILENT.search(entry.description)
    return Audio.ALWAYS if entry.capabilities.audio_generation or is_said else Audio.NEVER


def _prices(
    entry: Entry, given: Mapping[str, Parameter], durations: tuple[int, ...], audio: Audio
) -> PriceList:
    usual = usual_frames(given)
    frames: dict[int | None, int] = dict(frames_by_seconds(given).items())
    if usual is not None and not frames:
        frames = {None: usual}
    terms = Terms(
        has_audio=audio is Audio.OPTIONAL,
        always_audio=audio is Audio.ALWAYS,
        durations=durations,
        resolutions=_choices(resolution_of(given)),
        frames=frames,
        variants=_variants(given),
        pro_resolutions=PRO_RESOLUTIONS & set(_choices(resolution_of(given))),
        settled=settled_by_default(given),
    )
    if is_extension(entry):
        return extension_prices(entry.pricing, terms)
    listed = price_list(entry.pricing, terms)
    return replace(listed, unpriced=listed.unpriced | {Input.VIDEO})


def _variants(given: Mapping[str, Parameter]) -> frozenset[str]:
    """Return the variants always requested: `standard`, or the model's own usual one."""
    chosen = settled(given)
    ours = {str(chosen[name]) for name in VARIANT_NAMES if name in chosen} | {str(mode_of(given))}
    offered = {word for name in (*VARIANT_NAMES, "mode") if name in given
               for word in given[name].choices}  # fmt: skip
    return frozenset(ours | ({"standard"} - offered))


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
