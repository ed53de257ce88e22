"""When to look next at a film in the making.

No look before a film of this kind can be ready, then at a steady pace in proportion to how long
such films take: the simplest rule that stays close to the optimum.
"""

from datetime import datetime, timedelta

FIRST_LOOK_SHARE = 0.5  # of the expected time; few films are ready before
INTERVAL_SHARE = 0.08
SHORTEST_SECONDS = 1.0
LONGEST_SECONDS = 30.0
LATE_SHARE = 3.0  # later than this many expected times, look at the longest interval


def next_look_at(submitted_at: datetime, expected_seconds: float, now: datetime) -> datetime:
    """The instant of the next look, given that the film was not ready now."""
    age = (now - submitted_at).total_seconds()
    until_first = FIRST_LOOK_SHARE * expected_seconds - age
    if age > LATE_SHARE * expected_seconds:
        wait = LONGEST_SECONDS
    else:
        wait = max(INTERVAL_SHARE * expected_seconds, until_first)
    return now + timedelta(seconds=min(max(wait, SHORTEST_SECONDS), LONGEST_SECONDS))


def backoff_seconds(errors_in_row: int) -> float:
    """The wait after so many failed looks in a row: 2, 4, 8 … at most 60 seconds."""
    return min(float(1 << min(max(errors_in_row, 1), 6)), 60.0)
