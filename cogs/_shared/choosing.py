"""The question which of a message's pictures is meant: a button for each, and one for all.

The custom ids name the message, the member and the picture, so that they outlive any restart; the
pictures are looked up, and every right and price checked, when one is pressed.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import discord

from bot.catalog.pricing import Price
from bot.ids import UserId
from bot.presentation import answers
from bot.presentation.escaping import visible
from bot.presentation.widgets import VERSION, cut_label
from cogs._shared.pictures import MAX_PICTURES, Picture

ALL = "all"
_FORM = re.compile(rf"{VERSION}animate:([0-9]{{1,20}}):([0-9]{{1,20}}):([a-z][0-9a-f]{{1,20}}|all)")


@dataclass(frozen=True, slots=True)
class Choice:
    """The choice on a button; `which` is a picture's key, or all."""

    message_id: int
    user_id: int
    which: str

    def pick(self, found: Sequence[Picture]) -> list[Picture]:
        """Return the chosen pictures that the message still shows."""
        return [one for one in found[:MAX_PICTURES] if self.which in {ALL, one.key}]


def parse(custom_id: str) -> Choice | None:
    """Read a custom id; None for anything that is no such button."""
    match = _FORM.fullmatch(custom_id)
    return None if match is None else Choice(int(match[1]), int(match[2]), match[3])


def named(found: Sequence[Picture]) -> list[tuple[str, str]]:
    """Return the key and the numbered name of each picture."""
    return [
        (one.key, f"{number} · {'spoiler' if one.is_spoiler else visible(one.name)}")
        for number, one in enumerate(found, start=1)
    ]


def question(
    found: Sequence[Picture], message_id: int, user_id: UserId, price: Price | None
) -> tuple[str, discord.ui.View]:
    """Return the question and its buttons; `price` is that of one video, if known."""
    offered, view = found[:MAX_PICTURES], discord.ui.View(timeout=None)
    for key, name in named(offered):
        view.add_item(_button(cut_label(name), message_id, user_id, key))
    count = f"All {len(offered)}"
    label, each = count, ""
    if price is not None:
        total = Price(price.cost_micros * len(offered), price.is_estimate)
        label, each = f"{count} for {answers.cost(total)}", f" Each costs {answers.cost(price)}."
    view.add_item(_button(label, message_id, user_id, ALL))
    view.stop()
    shown = f"{len(found)} pictures"
    if len(found) > len(offered):
        shown += f" (here are the first {len(offered)})"
    return f"This message has {shown}. Which one should I animate?{each}", view


def _button(
    label: str, message_id: int, user_id: UserId, which: str
) -> discord.ui.Button[discord.ui.View]:
    custom_id = f"{VERSION}animate:{message_id}:{user_id}:{which}"
    style = discord.ButtonStyle.primary if which == ALL else discord.ButtonStyle.secondary
    return discord.ui.Button(label=label, custom_id=custom_id, style=style)
