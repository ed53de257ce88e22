"""Who is next: fair between members, then first come first served.

Members whose role has priority go first, but of every three films in hand one is anybody else's, so that
nobody waits for ever.
"""

from collections import deque
from collections.abc import Mapping, Sequence
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
    order: list[Waiting] = []
    total, floor = in_hand.first + in_hand.others, in_hand.others
    while first and others:
        total += 1
        is_floor = TURNS * (floor + 1) <= total
        floor += is_floor
        order.append(others.popleft() if is_floor else first.popleft())
    return (*order, *first, *others)


def _fair(waiting: Sequence[Waiting], running: Mapping[UserId, int]) -> list[Waiting]:
    rounds: dict[UserId, int] = dict(running)
    ranked: list[tuple[int, datetime, JobId, Waiting]] = []
    for entry in sorted(waiting, key=lambda entry: (entry.accepted_at, entry.job_id)):
        rounds[entry.user_id] = rounds.get(entry.user_id, 0) + 1
        ranked.append((rounds[entry.user_id], entry.accepted_at, entry.job_id, entry))
    return [row[-1] for row in sorted(ranked, key=lambda row: row[:3])]
