"""Lists and comparisons of models."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import discord

from bot.catalog.capability import Audio, Capability, Kind
from bot.catalog.models import ModelDescription, ModelFilter, Outcomes, Use
from bot.catalog.pricing import MICROS_PER_DOLLAR, dollars
from bot.ordering.choosing import Favorite
from bot.ordering.quotes import MAX_OUTCOMES
from bot.presentation import answers
from bot.presentation.escaping import plain, quoted, visible
from bot.presentation.widgets import VERSION

ON_A_PAGE = 10
MAX_WORDS = 40  # so that a button's id holds them
COLOUR = 0x5B8DEF

_FORM = re.compile(
    rf"{VERSION}models:(\d{{1,3}}):({'|'.join(Use)}|):(\d{{0,12}}):(.{{0,{MAX_WORDS}}})"
)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a filtered list, as a button carries it; counted from 0."""

    number: int
    wanted: ModelFilter

    def spell(self) -> str:
        wanted = self.wanted
        most = "" if wanted.most_micros is None else wanted.most_micros
        return f"{VERSION}models:{self.number}:{wanted.use or ''}:{most}:{wanted.words[:MAX_WORDS]}"


def parse_page(custom_id: str) -> Page | None:
    """Read a page from a custom id; None for anything that `Page.spell` never wrote."""
    match = _FORM.fullmatch(custom_id)
    if match is None:
        return None
    use = Use(match[2]) if match[2] else None
    most = int(match[3]) if match[3] else None
    return Page(int(match[1]), ModelFilter(use, most, match[4]))


def list_of(found: Sequence[ModelDescription], page: Page) -> discord.Embed:
    """Embed of a page of models, a line each; the last page if the list became shorter."""
    number = min(page.number, _last(found))
    lines = [_line(one) for one in found[shown_of(found, page)]]
    embed = discord.Embed(
        title=f"{len(found)} model{'' if len(found) == 1 else 's'}{_filter(page.wanted)}",
        description="\n".join(lines) or "No models match. Try fewer filters.",
        colour=COLOUR,
    )
    embed.set_footer(
        text=f"Page {number + 1} of {_last(found) + 1} · prices are for a video of the usual length"
        f" · times and successes are of the latest {MAX_OUTCOMES} videos here"
    )
    return embed


def shown_of(found: Sequence[ModelDescription], page: Page) -> slice:
    """Range of the models on this page."""
    first = min(page.number, _last(found)) * ON_A_PAGE
    return slice(first, first + ON_A_PAGE)


def page_buttons(found: Sequence[ModelDescription], page: Page) -> discord.ui.View | None:
    """Buttons to the pages beside this one; None if there is only one."""
    last = _last(found)
    if last == 0:
        return None
    shown = min(page.number, last)
    view = discord.ui.View(timeout=None)
    for label, number in (("◀ Cheaper", shown - 1), ("More expensive ▶", shown + 1)):
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
    """Embed of models side by side: abilities and prices."""
    embed = discord.Embed(title="Model comparison", colour=COLOUR)
    for one in chosen:
        embed.add_field(name=quoted(one.capability.name, most=100), value=_all(one), inline=True)
    return embed


def _last(found: Sequence[ModelDescription]) -> int:
    """Number of the last page."""
    return max(0, (len(found) - 1) // ON_A_PAGE)


def _line(one: ModelDescription) -> str:
    capability = one.capability
    facts = [
        f"**{quoted(capability.name, most=60)}**",
        _clip(one),
        answers.about_seconds(one.expected_seconds),
        _success(one.outcomes),
        _abilities(capability),
    ]
    shown = " · ".join(fact for fact in facts if fact)
    return f"{shown}\n-# `{_as_typed(capability.model_id)}`"


def _clip(one: ModelDescription) -> str:
    """Price of the usual video, such as `$0.10 for 5 s, $0.02/s`."""
    cost, seconds = answers.usual_cost(one), one.usual_seconds
    if one.price is None or not seconds:
        return cost
    second = one.per_second_micros
    rate = "" if second is None else f", {_exactly(math.ceil(second / 100) * 100)}/s"
    return f"{cost} for {seconds} s{rate}"


def _success(outcomes: Outcomes | None) -> str:
    """Count of the latest videos that succeeded; empty without any."""
    if outcomes is None or outcomes.ended == 0:
        return ""
    return f"{outcomes.succeeded} of {outcomes.ended} succeeded"


def _as_typed(model_id: str) -> str:
    """A model's id within backticks, where an escaped one could not be copied."""
    return "".join(visible(model_id).replace("`", "").split())[:80]


def _abilities(capability: Capability) -> str:
    able = [
        ("text", Kind.TEXT in capability.kinds),
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
        ("Price", _clip(one)),
        ("Time", answers.about_seconds(one.expected_seconds)),
        ("Success", _success(one.outcomes)),
        ("Supports", _abilities(capability)),
        ("Duration", _seconds(capability.durations_seconds)),
        ("Resolution", quoted(", ".join(capability.resolutions), most=200)),
        ("Aspect ratio", quoted(", ".join(capability.aspect_ratios), most=200)),
        ("Prices", _prices(capability)),
    ]
    return "\n".join(f"**{name}:** {value}" for name, value in lines if value)[:1024]


def _seconds(durations: Sequence[int]) -> str:
    if len(durations) > 4:
        return f"{min(durations)} to {max(durations)} s"
    return f"{', '.join(map(str, durations))} s" if durations else ""


def _prices(capability: Capability) -> str:
    """Prices by resolution and sound, if there are several."""
    lines = [
        f"{line.resolution or ''} {'with sound ' if line.audio else ''}"
        f"{dollars(line.micros)}{' per second' if line.per_second else ''}".strip()
        for line in capability.prices.lines[:6]
    ]
    return "; ".join(dict.fromkeys(lines)) if len(lines) > 1 else ""


NO_FAVORITE = (
    "You have no favorite, so I choose this server's default, or the cheapest model that can do what"
    " you ask. Set one with `/models favorite`."
)


def favorite(known: Favorite | None) -> str:
    """Text about a member's favorite, and why it isn't used."""
    if known is None:
        return NO_FAVORITE
    name = quoted(known.model_id if known.capability is None else known.capability.name, most=100)
    change = "Choose another one with `/models favorite`."
    if known.capability is None:
        return f"Your favorite is {name}, which isn't offered any more. {change}"
    if not known.is_allowed:
        return f"Your favorite is {name}, which you can't use here. {change}"
    renamed = known.model_id != known.capability.model_id
    was = f", which was called `{_as_typed(known.model_id)}`" if renamed else ""
    return f"Your favorite is {name}{was}."


def new_favorite(capability: Capability) -> str:
    """Answer to setting a favorite."""
    name = quoted(capability.name, most=100)
    return (
        f"{name} is your favorite now: I use it when you name no model and it can do what you ask."
        " `/models favorite remove:True` removes it."
    )


_USES = {Use.WORDS: "text", Use.TWO_PICTURES: "two pictures", Use.SHOTS: "several shots"}


def _exactly(micros: int) -> str:
    """An amount with all its decimals, such as `$0.50` or `$0.0001`."""
    whole, fraction = divmod(micros, MICROS_PER_DOLLAR)
    return f"${whole:,}.{f'{fraction:06d}'.rstrip('0').ljust(2, '0')}"


def _filter(wanted: ModelFilter) -> str:
    parts = [
        f"from {_USES.get(wanted.use, wanted.use)}" if wanted.use else None,
        f"up to {_exactly(wanted.most_micros)}" if wanted.most_micros is not None else None,
        f"“{plain(wanted.words, most=60)}”" if wanted.words else None,
    ]
    said = ", ".join(part for part in parts if part)
    return f" ({said})" if said else ""
