"""The custom ids of buttons: a version, an action, what it is about. Any other is not ours.

They carry no price and no right: the row is looked up and the right checked at every press.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from bot.ids import EditId, JobId, OfferId


class Action(StrEnum):
    """What a button does."""

    CANCEL = "cancel"
    DELETE = "delete"
    INSTEAD = "instead"  # make a failed film with another model
    CONFIRM = "confirm"  # an offer
    APPLY = "apply"  # a change of a server's rules or money


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button of ours; `subject` is the id of a job, an offer or a change."""

    action: Action
    subject: str


_FORM = re.compile(rf"v1:({'|'.join(Action)}):([a-z2-7]{{16}})")


def spell(action: Action, subject: JobId | OfferId | EditId) -> str:
    return f"v1:{action}:{subject}"


def parse(custom_id: str) -> Pressed | None:
    """None for anything that `spell` never wrote."""
    match = _FORM.fullmatch(custom_id)
    return None if match is None else Pressed(Action(match[1]), match[2])
