"""Who is next: fair between members, then first come first served.

Members whose role has priority go first, but of every three films in hand one is anybody else's, so
that nobody waits for ever.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.ids import JobId, UserId

TURNS = 3  # of which one is anybody's


@dataclass(frozen=True, slots=True)
class Waiting:
    """A job that waits for its turn."""

    job_id: JobId
    user_id: UserId
    accepted_at: datetime
    has_priority: bool = False


@dataclass(frozen=True, slots=True)
class InHand:
    """The films that a provider makes for us now, by whether their members had priority."""

    first: int = 0
    others: int = 0


NOTHING = InHand()


@dataclass(frozen=True, slots=True)
class Turn:
    """Where a waiting job stands among those that have priority, or among those that have none."""

    job_id: JobId
    has_priority: bool
    number: int  # from 1


@dataclass(frozen=True, slots=True)
class Line:
    """Some of those that wait at a provider, and how many wait in all."""

    turns: tuple[Turn, ...] = ()
    first: int = 0
    others: int = 0


def in_order(
    waiting: Sequence[Waiting], running: Mapping[UserId, int], in_hand: InHand = NOTHING
) -> tuple[Waiting, ...]:
    """All that wait, in the order in which they will be submitted.

    A member's n-th job, counting those that run already, comes after every other member's
    (n-1)-th; within a round the oldest is first. Those with priority are a queue of their own.
    """
    return taking_turns(_fair(waiting, running), in_hand)


def taking_turns(fair: Sequence[Waiting], in_hand: InHand = NOTHING) -> tuple[Waiting, ...]:
    """Those with priority first, but of every three films in hand one is anybody else's.

    What is in hand counts, because places mostly become free one at a time.
    """
    first = deque(entry for entry in fair if entry.has_priority)
    others = deque(entry for entry in fair if not entry.has_priority)
    queues = {True: first, False: others}
    return tuple(queues[one].popleft() for one in _whose_turn(len(first), len(others), in_hand))


def positions(line: Line, in_hand: InHand = NOTHING) -> dict[JobId, int]:
    """Where these jobs stand in the order of `in_order`, from 1."""
    reached: dict[bool, list[int]] = {True: [], False: []}
    for position, is_first in enumerate(_whose_turn(line.first, line.others, in_hand), start=1):
        reached[is_first].append(position)
    return {turn.job_id: reached[turn.has_priority][turn.number - 1] for turn in line.turns}


def _whose_turn(first: int, others: int, in_hand: InHand) -> Iterator[bool]:
    """For each of so many, whether it is one with priority that goes."""
    total, floor = in_hand.first + in_hand.others, in_hand.others
    while first and others:
        total += 1
        is_floor = TURNS * (floor + 1) <= total
        floor, others, first = floor + is_floor, others - is_floor, first - (not is_floor)
        yield not is_floor
    yield from [True] * first
    yield from [False] * others


def _fair(waiting: Sequence[Waiting], running: Mapping[UserId, int]) -> list[Waiting]:
    rounds: dict[UserId, int] = dict(running)
    ranked: list[tuple[int, datetime, JobId, Waiting]] = []
    for entry in sorted(waiting, key=lambda entry: (entry.accepted_at, entry.job_id)):
        rounds[entry.user_id] = rounds.get(entry.user_id, 0) + 1
        ranked.append((rounds[entry.user_id], entry.accepted_at, entry.job_id, entry))
    return [row[-1] for row in sorted(ranked, key=lambda row: row[:3])]
