"""Who is next: fair between members, then first come first served."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.ids import JobId, UserId


@dataclass(frozen=True, slots=True)
class Waiting:
    """A job that waits for its turn."""

    job_id: JobId
    user_id: UserId
    accepted_at: datetime


def in_order(waiting: Sequence[Waiting], running: Mapping[UserId, int]) -> tuple[Waiting, ...]:
    """All that wait, in the order in which they will be submitted.

    A member's n-th job, counting those that run already, comes after every other member's
    (n-1)-th; within a round the oldest is first.
    """
    rounds: dict[UserId, int] = dict(running)
    ranked: list[tuple[int, datetime, JobId, Waiting]] = []
    for entry in sorted(waiting, key=lambda entry: (entry.accepted_at, entry.job_id)):
        rounds[entry.user_id] = rounds.get(entry.user_id, 0) + 1
        ranked.append((rounds[entry.user_id], entry.accepted_at, entry.job_id, entry))
    return tuple(row[-1] for row in sorted(ranked, key=lambda row: row[:3]))
