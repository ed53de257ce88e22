"""Texts about presets: saved, deleted, and the list."""

from collections.abc import Mapping, Sequence

import discord

from bot.catalog.presets import Preset
from bot.presentation.escaping import plain

MAX_TEMPLATE = 60  # characters that a list shows
MAX_TEXT = 3_900  # of 4,096 that Discord takes in an embed
NO_PRESETS = "There are no presets yet. Save one with `/preset save`."


def saved(preset: Preset) -> str:
    """Answer to saving a preset."""
    who = "Everyone here can" if preset.owner.is_server else "You can"
    return f"Saved “{_name(preset)}”. {who} use it with `/preset use`."


def deleted(preset: Preset) -> str:
    """Answer to deleting a preset."""
    whose = "the server's preset" if preset.owner.is_server else "your preset"
    return f"Deleted {whose} “{_name(preset)}”."


def choice(preset: Preset) -> str:
    """Label of a preset in autocomplete."""
    return f"{preset.name} · this server's" if preset.owner.is_server else preset.name


def list_of(presets: Sequence[Preset], names: Mapping[str, str]) -> discord.Embed:
    """Embed of presets, as many as fit; `names` maps models to names."""
    lines: list[str] = []
    for index, preset in enumerate(presets):
        line = _line(preset, names)
        if sum(map(len, lines)) + len(lines) + len(line) > MAX_TEXT:
            lines.append(f"… and {len(presets) - index} more: type `/preset use` to find them.")
            break
        lines.append(line)
    return discord.Embed(title="Presets", description="\n".join(lines) or NO_PRESETS)


def _line(preset: Preset, names: Mapping[str, str]) -> str:
    request = preset.request
    model = names.get(request.model_id, f"{request.model_id}, no longer available")
    parts = [
        plain(model, most=MAX_TEMPLATE) if request.model_id else None,
        f"{request.duration_seconds} s" if request.duration_seconds else None,
        request.aspect_ratio,
        request.resolution,
        "with sound" if request.audio else None,
        "for everyone here" if preset.owner.is_server else None,
    ]
    details = " · ".join([f"**{_name(preset)}**", *(part for part in parts if part)])
    template = plain(request.prompt, most=MAX_TEMPLATE)
    return f"{details}\n> {template}"


def _name(preset: Preset) -> str:
    return plain(preset.name, most=100)
