"""When to look next at a film in the making.

Two paces, and the quicker one counts: a steady one in proportion to how long such films take, and
one in proportion to the film's age, so that a film that is ready far earlier than expected is not
kept waiting. Both are cheap where looking costs nothing.
"""

from datetime import datetime, timedelta

STEADY_SHARE = 0.08  # of the expected time
AGE_SHARE = 0.25  # of the time passed
SHORTEST_SECONDS = 1.0
LONGEST_SECONDS = 30.0
LATE_FACTOR = 3.0  # later than this many expected times, only the film's age counts


def next_look_at(submitted_at: datetime, expected_seconds: float, now: datetime) -> datetime:
    """The instant of the next look, given that the film was not ready now."""
    age = max((now - submitted_at).total_seconds(), 0.0)
    by_age = 1.0 + AGE_SHARE * age
    wait = min(STEADY_SHARE * expected_seconds, by_age)
    if age > LATE_FACTOR * expected_seconds:
        wait = by_age
    return now + timedelta(seconds=min(max(wait, SHORTEST_SECONDS), LONGEST_SECONDS))


def backoff_seconds(errors_in_row: int) -> float:
    """The wait after so many failures in a row: 2, 4, 8 … at most 60 seconds."""
    return min(float(1 << min(max(errors_in_row, 1), 6)), 60.0)
