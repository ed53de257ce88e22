"""Lists and comparisons of models."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import discord

from bot.domain.capabilities import Audio, Capability, Kind
from bot.domain.catalogue import ModelDescription
from bot.domain.filters import ModelFilter, Use
from bot.domain.pricing import dollars
from bot.presentation import replies
from bot.presentation.sanitising import plain, visible

ON_A_PAGE = 10
WORDS_MOST = 40  # so that a button's id holds them
COLOUR = 0x5B8DEF

_FORM = re.compile(rf"v1:models:(\d{{1,3}}):({'|'.join(Use)}|):(\d{{0,12}}):(.{{0,{WORDS_MOST}}})")


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a filtered list, as a button carries it; counted from 0."""

    number: int
    wanted: ModelFilter

    def spell(self) -> str:
        wanted = self.wanted
        most = "" if wanted.most_micros is None else wanted.most_micros
        return f"v1:models:{self.number}:{wanted.use or ''}:{most}:{wanted.words[:WORDS_MOST]}"


def parse_page(custom_id: str) -> Page | None:
    """None for anything that `Page.spell` never wrote."""
    match = _FORM.fullmatch(custom_id)
    if match is None:
        return None
    use = Use(match[2]) if match[2] else None
    most = int(match[3]) if match[3] else None
    return Page(int(match[1]), ModelFilter(use, most, match[4]))


def list_of(found: Sequence[ModelDescription], page: Page) -> discord.Embed:
    """One page of models, a line each; the last one where the list has become shorter."""
    number = min(page.number, _last(found))
    first = number * ON_A_PAGE
    lines = [_line(one) for one in found[first : first + ON_A_PAGE]]
    embed = discord.Embed(
        title=f"{len(found)} model{'' if len(found) == 1 else 's'}{_filter(page.wanted)}",
        description="\n".join(lines) or "No model is like that: ask for less.",
        colour=COLOUR,
    )
    embed.set_footer(
        text=f"Page {number + 1} of {_last(found) + 1} · prices are of a film of the usual length"
    )
    return embed


def page_buttons(found: Sequence[ModelDescription], page: Page) -> discord.ui.View | None:
    """Back and on; None where there is one page."""
    last = _last(found)
    if last == 0:
        return None
    shown = min(page.number, last)
    view = discord.ui.View(timeout=None)
    for label, number in (("◀ Cheaper", shown - 1), ("Dearer ▶", shown + 1)):
        view.add_item(
            discord.ui.Button(
                label=label,
                custom_id=Page(max(number, 0), page.wanted).spell()
                if 0 <= number <= last
                else label,
                disabled=not 0 <= number <= last,
            )
        )
    view.stop()
    return view


def comparison_of(chosen: Sequence[ModelDescription]) -> discord.Embed:
    """What each can do and what it costs, side by side."""
    embed = discord.Embed(title="Models compared", colour=COLOUR)
    for one in chosen:
        embed.add_field(name=plain(one.capability.name, most=100), value=_all(one), inline=True)
    return embed


def _last(found: Sequence[ModelDescription]) -> int:
    """The number of the last page."""
    return max(0, (len(found) - 1) // ON_A_PAGE)


def _line(one: ModelDescription) -> str:
    capability = one.capability
    return (
        f"**{plain(capability.name, most=60)}** · {replies.cost(one.price)}"
        f" · {replies.about_seconds(one.expected_seconds)} · {_abilities(capability)}"
        f"\n-# `{_as_typed(capability.model_id)}`"
    )


def _as_typed(model_id: str) -> str:
    """For a place where Discord formats nothing: escaped, it could not be copied."""
    return "".join(visible(model_id).replace("`", "").split())[:80]


def _abilities(capability: Capability) -> str:
    able = [
        ("words", Kind.TEXT in capability.kinds),
        ("picture", Kind.IMAGE in capability.kinds),
        ("first and last picture", capability.end_image),
        ("references", capability.reference_images_max > 0),
        (f"up to {capability.shots_max} shots", capability.shots_max > 1),
        ("sound", capability.audio is not Audio.NEVER),
    ]
    return ", ".join(name for name, can in able if can)


def _all(one: ModelDescription) -> str:
    capability = one.capability
    lines = [
        ("Price", replies.cost(one.price)),
        ("Time", replies.about_seconds(one.expected_seconds)),
        ("From", _abilities(capability)),
        ("Seconds", _seconds(capability.durations_seconds)),
        ("Resolution", ", ".join(capability.resolutions)),
        ("Shape", ", ".join(capability.aspect_ratios)),
        ("Prices", _prices(capability)),
    ]
    return "\n".join(f"**{name}:** {value}" for name, value in lines if value)[:1024]


def _seconds(durations: Sequence[int]) -> str:
    if len(durations) > 4:
        return f"{min(durations)} to {max(durations)}"
    return ", ".join(str(seconds) for seconds in durations)


def _prices(capability: Capability) -> str:
    """What a choice costs, where there is one."""
    lines = [
        f"{line.resolution or ''} {'with sound ' if line.audio else ''}"
        f"{dollars(line.micros)}{' a second' if line.per_second else ''}".strip()
        for line in capability.prices.lines[:6]
    ]
    return "; ".join(dict.fromkeys(lines)) if len(lines) > 1 else ""


def _filter(wanted: ModelFilter) -> str:
    parts = [
        f"from {wanted.use}" if wanted.use else None,
        f"up to {dollars(wanted.most_micros)}" if wanted.most_micros is not None else None,
        f"“{plain(wanted.words, most=60)}”" if wanted.words else None,
    ]
    said = ", ".join(part for part in parts if part)
    return f" ({said})" if said else ""
