"""The order of a queue as a person would work it out, to hold the databases' against."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.ids import JobId, UserId
from bot.jobs.queue import NOTHING, InHand, Waiting, taking_turns


def in_order(
    waiting: Sequence[Waiting], running: Mapping[UserId, int], in_hand: InHand = NOTHING
) -> tuple[Waiting, ...]:
    """All that wait, in the order in which they will be submitted.

    A member's n-th job, counting those that run already, comes after every other member's
    (n-1)-th; within a round the oldest is first. Those with priority are a queue of their own.
    """
    return taking_turns(_fair(waiting, running), in_hand)


def _fair(waiting: Sequence[Waiting], running: Mapping[UserId, int]) -> list[Waiting]:
    rounds: dict[UserId, int] = dict(running)
    ranked: list[tuple[int, datetime, JobId, Waiting]] = []
    for entry in sorted(waiting, key=lambda entry: (entry.accepted_at, entry.job_id)):
        rounds[entry.user_id] = rounds.get(entry.user_id, 0) + 1
        ranked.append((rounds[entry.user_id], entry.accepted_at, entry.job_id, entry))
    return [row[-1] for row in sorted(ranked, key=lambda row: row[:3])]
