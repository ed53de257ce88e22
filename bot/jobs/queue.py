"""The queue order: fair between members, then first come, first served.

Members whose role has priority go first, but one of every three videos in progress belongs to a
member without priority, so that every job's turn comes.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.ids import JobId, UserId

TURNS = 3  # one of them for members without priority


@dataclass(frozen=True, slots=True)
class Waiting:
    """A queued job."""

    job_id: JobId
    user_id: UserId
    accepted_at: datetime
    has_priority: bool = False


@dataclass(frozen=True, slots=True)
class InHand:
    """The number of videos at a provider, with and without priority."""

    first: int = 0
    others: int = 0


NOTHING = InHand()


@dataclass(frozen=True, slots=True)
class Turn:
    """A waiting job's position among those with, or those without, priority."""

    job_id: JobId
    has_priority: bool
    number: int  # from 1


@dataclass(frozen=True, slots=True)
class Line:
    """Some of a provider's waiting jobs, and how many wait in all."""

    turns: tuple[Turn, ...] = ()
    first: int = 0
    others: int = 0


def taking_turns(fair: Sequence[Waiting], in_hand: InHand = NOTHING) -> tuple[Waiting, ...]:
    """Order jobs: priority first, but every third place without priority.

    Videos in progress count too, because slots mostly become free one at a time.
    """
    first = deque(entry for entry in fair if entry.has_priority)
    others = deque(entry for entry in fair if not entry.has_priority)
    queues = {True: first, False: others}
    return tuple(queues[one].popleft() for one in _whose_turn(len(first), len(others), in_hand))


def positions(line: Line, in_hand: InHand = NOTHING) -> dict[JobId, int]:
    """Return these jobs' positions, from 1, in the submission order of all."""
    reached: dict[bool, list[int]] = {True: [], False: []}
    for position, is_first in enumerate(_whose_turn(line.first, line.others, in_hand), start=1):
        reached[is_first].append(position)
    return {turn.job_id: reached[turn.has_priority][turn.number - 1] for turn in line.turns}


def _whose_turn(first: int, others: int, in_hand: InHand) -> Iterator[bool]:
    """Yield, for each turn, whether a job with priority takes it."""
    total, floor = in_hand.first + in_hand.others, in_hand.others
    while first and others:
        total += 1
        is_floor = TURNS * (floor + 1) <= total
        floor, others, first = floor + is_floor, others - is_floor, first - (not is_floor)
        yield not is_floor
    yield from [True] * first
    yield from [False] * others
