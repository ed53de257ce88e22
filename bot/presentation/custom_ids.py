"""The custom ids of buttons: a version, an action, a job. Whatever else is pressed is not ours.

They carry no price and no right: the row is looked up and the right checked at every press.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from bot.ids import JobId


class Action(StrEnum):
    """What a button does."""

    CANCEL = "cancel"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button of ours."""

    action: Action
    job_id: JobId


_FORM = re.compile(r"v1:(cancel|delete):([a-z2-7]{16})")


def spell(action: Action, job_id: JobId) -> str:
    return f"v1:{action}:{job_id}"


def parse(custom_id: str) -> Pressed | None:
    """None for anything that `spell` never wrote."""
    match = _FORM.fullmatch(custom_id)
    return None if match is None else Pressed(Action(match[1]), JobId(match[2]))
