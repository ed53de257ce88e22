"""From a form to a request: every reason against it at once, in the form's own words."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import discord

from bot.catalog.capability import Audio, Capability
from bot.catalog.choice import carried_over
from bot.catalog.menu import arranged
from bot.catalog.request import Shot, SourceImage, VideoRequest
from bot.errors import InvalidRequestError
from bot.ids import ModelId, UserId
from bot.ordering.derive import without_lengths
from bot.presentation.answers import in_form
from bot.services import Services
from cogs._shared import asking
from cogs._shared.forms.filled import NO_CHOICE, OTHER_MODEL, Filled
from cogs._shared.pictures import Uploads

_NAMED = re.compile(r"\s*model\s*:\s*(\S.*)", re.IGNORECASE)
NAME_MISSING = (
    "You chose another model, but the prompt doesn't name one. End it with a line such as"
    " `model: Kling 3.0`, or choose a model from the list."
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request whose pictures are still to be fetched from `uploads`.

    `note` says why its model isn't the one that was expected.
    """

    request: VideoRequest
    uploads: Uploads
    note: str = ""


def filled_from(request: VideoRequest, capability: Capability | None) -> Filled:
    """Fill a form in with a request that was made; its shots with a line for each."""
    is_choice = capability is None or capability.audio is Audio.OPTIONAL
    return Filled(
        prompt="\n".join(shot.prompt for shot in request.shots) or request.prompt,
        model=request.model_id,
        length=request.duration_seconds,
        shapes=() if request.aspect_ratio is None else (request.aspect_ratio,),
        sound=bool(request.audio) and is_choice,
    )


def _with_prompt(request: VideoRequest, prompt: str) -> VideoRequest:
    """Change the words; of a storyboard those of each shot, a line for each."""
    lines = [line.strip() for line in prompt.splitlines() if line.strip()]
    if not request.shots or not lines:
        return replace(request, prompt=prompt)
    last = len(request.shots) - 1
    is_kept = len(lines) == len(request.shots)
    shots = (
        _reworded(request.shots[min(at, last)], one, is_kept=is_kept)
        for at, one in enumerate(lines)
    )
    return replace(request, prompt=" / ".join(lines), shots=tuple(shots))


def _reworded(shot: Shot, prompt: str, *, is_kept: bool) -> Shot:
    """Change a shot's words; an earlier shot is reused only in its place and unchanged."""
    is_kept = is_kept and prompt == shot.prompt.strip()
    return replace(shot, prompt=prompt, reuses=shot.reuses if is_kept else None)


def _named(filled: Filled) -> tuple[str, str | None]:
    """The prompt and the model's name. Raises InvalidRequestError where it is missing."""
    if filled.model != OTHER_MODEL:
        return filled.prompt, None if filled.model == NO_CHOICE else filled.model
    prompt, _, last = filled.prompt.rstrip().rpartition("\n")
    match = _NAMED.fullmatch(last)
    if match is None:
        raise InvalidRequestError([NAME_MISSING])
    return prompt.rstrip(), match[1]


async def wanted(
    services: Services,
    interaction: discord.Interaction,
    filled: Filled,
    *,
    base: VideoRequest | None = None,
    pictures: Sequence[SourceImage] = (),
) -> Wanted:
    """Make a request of a form.

    `base` is the request that the form changes: what no field asks for is kept where the model
    supports it, and so are its pictures unless others come with the form. `pictures` stand for
    those of a message. Raises InvalidRequestError with every reason, and ImageRejectedError.
    """
    reasons: list[str] = []
    if len(filled.shapes) > 1:
        reasons.append(f"Choose one shape: {' or '.join(filled.shapes)}.")
    if base is not None and base.shots and filled.files:
        reasons.append("A storyboard keeps its pictures. Leave the pictures out.")
    uploads = Uploads(UserId(interaction.user.id))
    given = [*pictures, *uploads.promise_all(filled.files)]
    sketch = base or VideoRequest("", ModelId(""))
    if filled.length != sketch.duration_seconds:
        sketch = replace(sketch, shots=without_lengths(sketch.shots))
    try:
        prompt, name = _named(filled)
    except InvalidRequestError as error:
        raise InvalidRequestError([*reasons, *error.reasons]) from error
    sketch = replace(
        _with_prompt(sketch, prompt),
        model_id=ModelId(""),
        duration_seconds=filled.length,
        aspect_ratio=next(iter(filled.shapes), None),
        audio=filled.sound or None,
        is_spoiler=sketch.is_spoiler or uploads.has_spoiler,
    )
    if given:
        sketch = arranged(sketch, given)
    request, note = await _with_model(services, interaction, name, sketch, reasons)
    return Wanted(request, uploads, note)


async def _with_model(
    services: Services,
    interaction: discord.Interaction,
    name: str | None,
    sketch: VideoRequest,
    reasons: list[str],
) -> tuple[VideoRequest, str]:
    """The request and the note. Raises InvalidRequestError with these reasons and all others."""
    try:
        chosen = await asking.model_for(services, interaction, name, sketch)
        request = _kept(services, replace(sketch, model_id=chosen.model_id))
        services.quotes.ensure_fits(request)
    except InvalidRequestError as error:
        raise InvalidRequestError([*reasons, *map(in_form, error.reasons)]) from error
    if reasons:
        raise InvalidRequestError(reasons)
    return request, chosen.note


def _kept(services: Services, request: VideoRequest) -> VideoRequest:
    """Drop what no field asks for and the model doesn't support."""
    capability = services.catalog.find(request.model_id)
    if capability is None:
        return request
    fitting = carried_over(request, capability)
    return replace(
        request,
        resolution=fitting.resolution,
        negative_prompt=fitting.negative_prompt,
        seed=fitting.seed,
    )
