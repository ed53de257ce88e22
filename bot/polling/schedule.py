"""Plan the next poll of videos while they render.

A poll has a price: the seconds of waiting that it must save. The schedule with the lowest total of
polls and waiting is found backwards (the checking schedules of Barlow, Hunter & Proschan, 1963):
the remaining cost after a poll at any instant is known for all later instants before it is computed
for an earlier one. Several videos that share one poll are planned together: their waits add up, and
polls go on until the last is found.

`render_times.py` holds the distribution; `estimator.py` learns it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bot.polling.render_times import Distribution

SHORTEST_GAP_SECONDS = 1.0
LONGEST_GAP_SECONDS = 60.0  # while little is known and polls are cheap
LONGEST_KNOWN_GAP_SECONDS = 150.0
STEP_SECONDS = 0.25
STEP_SHARE = 0.02  # of the time from now: the far future is planned roughly
HORIZON_SECONDS = 7200.0
CHEAP_POLL_SECONDS = 1.0  # up to this price, no gap is longer than the video's age
FREE_POLL_SECONDS = 0.2  # up to this price, no gap is longer than 1 s and this share of it
AGE_SHARE = 0.25
KNOWN_AFTER = 5.0  # videos of a kind, until only the learned times count


@dataclass(frozen=True, slots=True)
class Rendering:
    """A video that was not ready at its last poll, at this age.

    One that waited in its service's queue is younger than its submission.
    """

    render_times: Distribution
    age_seconds: float
    waited_seconds: float = 0.0

    def shares_finished(self, after_seconds: Sequence[float]) -> list[float]:
        """Return the probabilities of being ready after so many more seconds."""
        age, finished_by = self.age_seconds, self.render_times.finished_by
        before = finished_by(age)
        left = 1.0 - before
        if left < 1e-6:  # beyond any render time seen: a constant rate
            return [1.0 - math.exp(-seconds / max(age, 1.0)) for seconds in after_seconds]
        return [(finished_by(age + seconds) - before) / left for seconds in after_seconds]


def _instants() -> tuple[float, ...]:
    found = [0.0, SHORTEST_GAP_SECONDS]
    while found[-1] < HORIZON_SECONDS:
        found.append(found[-1] + max(STEP_SECONDS, STEP_SHARE * found[-1]))
    return tuple(found)


INSTANTS = _instants()  # seconds from now: now, and each candidate for a poll


def cheapest_gap_seconds(videos: Sequence[Rendering], price_seconds: float) -> float:
    """Return the seconds from now to the first poll of the cheapest schedule."""
    ready, ended = _foreseen(videos)
    return INSTANTS[_first_of_cheapest(ready, ended, price_seconds)]


def _foreseen(videos: Sequence[Rendering]) -> tuple[list[float], list[float]]:
    """Return, per instant, the expected number ready and the chance of all."""
    ready, ended = [0.0] * len(INSTANTS), [1.0] * len(INSTANTS)
    for video in videos:
        shares = video.shares_finished(INSTANTS)
        ready = list(map(float.__add__, ready, shares))
        ended = list(map(float.__mul__, ended, shares))
    return ready, ended


def _first_of_cheapest(ready: Sequence[float], ended: Sequence[float], price: float) -> int:
    """Find the first poll by going backwards through the instants.

    From i to a poll at k, the waiting is U[k] - U[i] - ready[i] (t[k] - t[i]), where U is the total
    waiting if there were no polls; then comes the cheapest rest after k. Over a schedule the U add
    up to the same, so they are left out. For each k that is a straight line over ready[i], the
    steeper the later, and ready[i] falls as i goes back: the lines that may be lowest form a hull,
    along which the lowest moves one way. So n instants take about n steps.
    """
    heights, ends, at = [0.0], [len(INSTANTS) - 1], 0  # of the hull; the lowest line on it
    for i in range(len(INSTANTS) - 2, -1, -1):
        now, here = INSTANTS[i], ready[i]
        at = min(at, len(ends) - 1)
        while at + 1 < len(ends) and _is_lower(heights, ends, at, here):
            at += 1
        rest = heights[at] - (INSTANTS[ends[at]] - now) * here
        height = rest + price * (1.0 - ended[i])
        while len(ends) > 1 and _is_hidden(heights, ends, height, now):
            heights.pop()
            ends.pop()
        if i:
            heights.append(height)
            ends.append(i)
    return ends[at]


def _is_lower(heights: Sequence[float], ends: Sequence[int], at: int, here: float) -> bool:
    """Return whether the hull's next line is lower than this one at `here`."""
    apart = INSTANTS[ends[at]] - INSTANTS[ends[at + 1]]
    return heights[at + 1] + apart * here <= heights[at]


def _is_hidden(
    heights: Sequence[float], ends: Sequence[int], height: float, instant: float
) -> bool:
    """Return whether a new line makes the hull's last line lowest nowhere."""
    before, last = INSTANTS[ends[-2]], INSTANTS[ends[-1]]
    return (heights[-1] - height) * (before - last) >= (heights[-2] - heights[-1]) * (
        last - instant
    )


def longest_gap_seconds(videos: Sequence[Rendering], price_seconds: float) -> float:
    """Return the longest gap in seconds, which limits the cost of a wrong distribution.

    150 s if all videos are of known kinds. If little is known of one, a minute at prices up to 1 s
    and in proportion above it. Since it may be far quicker than estimated, also at most its age
    while polls are cheap (at 2, 4, 8 … seconds), and at most 1 s and a quarter of its age while they
    are all but free.
    """
    ages = [
        max(video.age_seconds, video.waited_seconds)
        for video in videos
        if video.render_times.seen < KNOWN_AFTER
    ]
    if videos and not ages:
        return LONGEST_KNOWN_GAP_SECONDS
    longest = LONGEST_GAP_SECONDS * max(price_seconds, 1.0)
    if ages and price_seconds <= FREE_POLL_SECONDS:
        return min(longest, 1.0 + AGE_SHARE * min(ages))
    if ages and price_seconds <= CHEAP_POLL_SECONDS:
        return min(longest, max(2.0, min(ages)))
    return min(longest, LONGEST_KNOWN_GAP_SECONDS)


def seconds_to_next_poll(videos: Sequence[Rendering], price_seconds: float) -> float:
    """Return the seconds until the next shared poll, from 1 to the longest gap."""
    longest = longest_gap_seconds(videos, price_seconds)
    if not videos:
        return longest
    return min(cheapest_gap_seconds(videos, price_seconds), longest)
