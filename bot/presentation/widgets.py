"""Buttons that outlive any restart, and the custom ids by which they are routed.

A custom id is a version, an action, and what it is about; any other is not ours. It carries no price
and no right: the row is looked up and the right checked at every press.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import discord

from bot.ids import EditId, JobId, OfferId, QuestionId

VERSION = "v1:"  # of every custom id of ours, also those of pages and forms
MAX_LABEL = 80  # Discord's


class Action(StrEnum):
    """What a button does."""

    CANCEL = "cancel"
    STOP = "stop"  # stop watching a job that is paid for already
    DELETE = "delete"  # remove a posted video; below it in messages of earlier versions
    AGAIN = "again"  # the same with a new seed
    REMIX = "remix"  # open the form with what was asked
    SHARE = "share"
    SHARE_IN = "sharein"  # the channel, chosen
    MORE = "more"  # the rarer actions
    BETTER = "better"
    EXTEND = "extend"  # continue the video
    LOOP = "loop"
    FIRST_FRAME = "firstframe"
    LAST_FRAME = "lastframe"
    REMAKE = "remake"  # make one shot of a storyboard again
    DETAILS = "details"
    PRESET = "preset"  # make a preset of it
    WITH_PRESET = "withpreset"  # open a form with the preset that was chosen
    INSTEAD = "instead"  # make a failed video with another model
    WORDS = "words"  # change the words of a refused one
    CONFIRM = "confirm"  # an offer
    IMPROVE = "improve"  # its prompt, or show what became of that
    OWN_PROMPT = "ownprompt"  # back to the offer with the member's own
    APPLY = "apply"  # a change of a server's rules or money
    ALLOW = "allow"  # the use of one's picture
    DECLINE = "decline"


# One of them stands under every posted video, whatever version posted it.
_UNDER_VIDEOS = frozenset({Action.MORE, Action.DELETE})


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button or select of ours; `subject` is the id of a job, offer, change or question."""

    action: Action
    subject: str


_FORM = re.compile(rf"{VERSION}({'|'.join(Action)}):([a-z2-7]{{16}})")


Subject = JobId | OfferId | EditId | QuestionId


def spell(action: Action, subject: Subject) -> str:
    """Write a custom id."""
    return f"{VERSION}{action}:{subject}"


def parse(custom_id: str) -> Pressed | None:
    """Read a custom id; None for anything that `spell` never wrote."""
    match = _FORM.fullmatch(custom_id)
    return None if match is None else Pressed(Action(match[1]), match[2])


def custom_ids(message: discord.Message) -> set[str]:
    """Custom ids of a message's buttons and selects."""
    return {
        item.custom_id
        for row in message.components
        if isinstance(row, discord.ActionRow)
        for item in row.children
        if item.custom_id is not None
    }


def job_in(custom_ids: Iterable[str]) -> JobId | None:
    """Job whose video a message holds, by the buttons under it."""
    pressed = [parse(custom_id) for custom_id in custom_ids]
    return next(
        (JobId(one.subject) for one in pressed if one and one.action in _UNDER_VIDEOS), None
    )


Button = tuple[str, Action, Subject]


def button(label: str, action: Action, subject: Subject) -> discord.ui.View:
    """Make a single button."""
    return row_of([(label, action, subject)])


def raw_row_of(buttons: Iterable[tuple[str, str]]) -> discord.ui.View:
    """Make buttons, in rows of five, from labels and custom ids."""
    view = discord.ui.View(timeout=None)
    for label, custom_id in buttons:
        view.add_item(discord.ui.Button(label=cut_label(label), custom_id=custom_id))
    view.stop()
    return view


def cut_label(label: str) -> str:
    """Cut a label to what Discord takes."""
    return label if len(label) <= MAX_LABEL else f"{label[: MAX_LABEL - 1]}…"


def row_of(buttons: Iterable[Button]) -> discord.ui.View:
    """Make buttons, in rows of five.

    The view is stopped at once, so that the library neither keeps nor answers it.
    """
    return raw_row_of((label, spell(action, subject)) for label, action, subject in buttons)
