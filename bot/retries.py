"""Retries: the wait before the next try, and the longest time for one process's post."""

from datetime import timedelta

POSTING_LEASE = timedelta(minutes=2)  # then the posting process counts as dead
LONGEST_WAIT = POSTING_LEASE + timedelta(minutes=1)  # longer means that the clock was set back


def backoff_seconds(errors_in_row: int, longest_seconds: float = 60.0) -> float:
    """Seconds to wait after this many failures in a row: 2, 4, 8 … at most `longest_seconds`."""
    return min(float(1 << min(max(errors_in_row, 1), 20)), longest_seconds)


def backoff(tries: int, longest: timedelta) -> timedelta:
    """Wait after this many tries, growing like `backoff_seconds`, at most `longest`."""
    return timedelta(seconds=backoff_seconds(tries, longest.total_seconds()))
