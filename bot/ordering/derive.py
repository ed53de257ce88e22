"""Derive a request from the request of an earlier video: again, changed, or with a better model.

Pure. Nothing is priced or checked here: what comes of it is asked for like any other request.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.catalog.capability import Capability, Kind
from bot.catalog.choice import rank_among
from bot.catalog.pricing import Price
from bot.catalog.request import Derivation, Parent, Shot, SourceImage, VideoRequest
from bot.errors import InvalidRequestError
from bot.ids import JobId

SEED_BELOW = 2**31  # what every service takes
NO_SHOTS = "There are no shots. Write what happens, one shot per line."
Priced = tuple[VideoRequest, Capability, Price]


def parent_of(derivation: Derivation, request: VideoRequest, job_id: JobId | None) -> Parent:
    """Say where a request came from; a video made from an extension is one, too."""
    earlier = request.parent
    return Parent(derivation, job_id, 0 if earlier is None else earlier.extended)


def again(
    request: VideoRequest, capability: Capability, seed: int, job_id: JobId | None
) -> VideoRequest:
    """Return the same request; with the new seed where the model has seeds."""
    parent = parent_of(Derivation.AGAIN, request, job_id)
    return replace(request, seed=seed if capability.seed else None, parent=parent)


def whole(request: VideoRequest) -> VideoRequest:
    """Return a storyboard with all its shots to be made, none used from an earlier one."""
    if all(shot.reuses is None for shot in request.shots):
        return request
    return replace(request, shots=tuple(replace(shot, reuses=None) for shot in request.shots))


def remade(
    request: VideoRequest,
    made: Sequence[JobId],
    number: int,
    prompt: str,
    *,
    seed: int | None,
    job_id: JobId | None,
) -> VideoRequest:
    """Return the same storyboard with one shot made again, with new words if there are any.

    `made` are the jobs of its shots, in order; `number` counts from 1.
    """
    words = " ".join(prompt.split())
    shots = tuple(
        replace(shot, prompt=words or shot.prompt, reuses=None)
        if at == number
        else replace(shot, reuses=one)
        for at, (shot, one) in enumerate(zip(request.shots, made, strict=True), start=1)
    )
    return replace(
        request,
        prompt=" / ".join(shot.prompt for shot in shots),
        shots=shots,
        seed=seed,
        parent=parent_of(Derivation.REMAKE, request, job_id),
    )


def leads_on(request: VideoRequest, number: int) -> bool:
    """Return whether the shot after this one starts from its last frame; `number` counts from 1."""
    later = request.shots[number : number + 1]
    return request.continuous and any(shot.image is None for shot in later)


def to_better(request: VideoRequest, job_id: JobId | None) -> VideoRequest:
    """Return the same request and seed, to be carried over to a better model."""
    return replace(request, parent=parent_of(Derivation.BETTER, request, job_id))


def better(
    request: VideoRequest,
    capability: Capability | None,
    cost_micros: int,
    others: Iterable[Priced],
    preferred: Sequence[str] = (),
) -> list[Priced]:
    """Return what makes the same video better, best guess first: a larger model of the family.

    A model is taken to be better if it costs more. After the family, of which `capability` is one,
    come models that make exactly this length, then well-known ones, then the cheapest.
    """
    family = None if capability is None else _family(capability.name)

    def rank(one: Priced) -> tuple[bool, bool, int, int]:
        made, model, price = one
        return (
            _family(model.name) != family,
            made.duration_seconds != request.duration_seconds,
            rank_among(model.model_id, preferred),
            price.cost_micros,
        )

    return sorted((one for one in others if one[2].cost_micros > cost_micros), key=rank)


def _family(name: str) -> str:
    """Return the first word of a model's name: "Kling 3.0 Pro" is one of Kling's."""
    word = re.search(r"[a-z]+", name.casefold())
    return name if word is None else word[0]


def text_of(request: VideoRequest) -> str:
    """Return the prompt as a form shows it: a storyboard has one shot per line."""
    if not request.shots:
        return request.prompt
    return "\n".join(" ".join(shot.prompt.split()) for shot in request.shots)


def remixed(original: VideoRequest, changed: VideoRequest, job_id: JobId | None) -> VideoRequest:
    """Return what a form made of the original: its prompt is shot by shot for a storyboard.

    A shot keeps its pictures unless others came with the form, and its length unless another one
    was chosen. Raises InvalidRequestError where no
    shot is left.
    """
    changed = replace(changed, parent=parent_of(Derivation.REMIX, original, job_id))
    if not original.shots:
        return replace(changed, prompt=changed.prompt.strip())
    prompts = [line.strip() for line in changed.prompt.splitlines() if line.strip()]
    if not prompts:
        raise InvalidRequestError([NO_SHOTS])
    if _ends(changed) != _ends(original):
        references = tuple(image for image in _ends(changed) if image is not None)
        shots = [Shot(prompt, reference_images=references) for prompt in prompts]
    else:
        references = original.reference_images
        another = Shot("", reference_images=references)
        kept = original.shots
        if changed.duration_seconds != original.duration_seconds:
            kept = without_lengths(kept)
        earlier = (*kept, *[another] * len(prompts))
        shots = [replace(shot, prompt=one) for shot, one in zip(earlier, prompts, strict=False)]
    return replace(
        changed,
        prompt=" / ".join(prompts),
        image=None,
        end_image=None,
        reference_images=references,
        shots=tuple(shots),
    )


def without_lengths(shots: Iterable[Shot]) -> tuple[Shot, ...]:
    """Return shots without lengths of their own, for a length that was chosen for all of them."""
    return tuple(replace(shot, duration_seconds=None) for shot in shots)


def _ends(request: VideoRequest) -> tuple[SourceImage | None, ...]:
    return (request.image, request.end_image, *request.reference_images)


def without_pictures(request: VideoRequest) -> VideoRequest:
    """Return the request without any picture, for pictures that are no longer kept."""
    return _with_most(request, starts=False, ends=False, references=0)


def with_usable_pictures(request: VideoRequest, capability: Capability) -> VideoRequest:
    """Return the request with those of its pictures that another model can take."""
    starts = Kind.IMAGE in capability.kinds
    return _with_most(
        request,
        starts=starts,
        ends=starts and capability.end_image,
        references=capability.reference_images_max,
    )


def _with_most(request: VideoRequest, *, starts: bool, ends: bool, references: int) -> VideoRequest:
    shots = tuple(
        replace(
            shot,
            image=shot.image if starts else None,
            end_image=shot.end_image if ends else None,
            reference_images=shot.reference_images[:references],
        )
        for shot in request.shots
    )
    return replace(
        request,
        image=request.image if starts else None,
        end_image=request.end_image if ends else None,
        reference_images=request.reference_images[:references],
        shots=shots,
    )
