"""When to look next at films in the making.

A look costs its price, in seconds of waiting that it must save. The schedule that costs the least,
looks and waiting together, is found backwards (the checking schedules of Barlow, Hunter & Proschan,
1963): what is still to come after a look at some instant is known for all later instants before it
is asked for the one before. Several films that one look shows are planned for as one: they wait as
long as all of them together lie unseen, and looks go on until the last is found.

How long films take stands in `distributions.py`; how that is learnt, in `learning.py`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.distributions import Distribution

SHORTEST_GAP_SECONDS = 1.0
LONGEST_GAP_SECONDS = 60.0  # while little is known and looks are cheap
LONGEST_KNOWN_GAP_SECONDS = 150.0
STEP_SECONDS = 0.25
STEP_SHARE = 0.02  # of the time from now: what is far away is planned for roughly
HORIZON_SECONDS = 7200.0
CHEAP_LOOK_SECONDS = 1.0  # at this price or below, nobody waits long for a film that was quick
FREE_LOOK_SECONDS = 0.2  # nor at this price for one that was not quite as quick
AGE_SHARE = 0.25  # of a film's age, the longest gap then
KNOWN_AFTER = 5.0  # films of a kind, until all of it goes by what was learnt


@dataclass(frozen=True, slots=True)
class InTheMaking:
    """A film that was not ready at the last look, when it was so old.

    One that waited at its service is younger than the seconds since it was handed over.
    """

    takes: Distribution
    age_seconds: float
    waited_seconds: float = 0.0

    def finished_within(self, seconds: float) -> float:
        """How likely it is ready so much later, given that it was not."""
        return self.shares_finished((seconds,))[0]

    def shares_finished(self, after_seconds: Sequence[float]) -> list[float]:
        """The same for many instants."""
        age, finished_by = self.age_seconds, self.takes.finished_by
        before = finished_by(age)
        left = 1.0 - before
        if left < 1e-6:  # far beyond anything seen: as likely in the next stretch as in the last
            return [1.0 - math.exp(-seconds / max(age, 1.0)) for seconds in after_seconds]
        return [(finished_by(age + seconds) - before) / left for seconds in after_seconds]


def _instants() -> tuple[float, ...]:
    found = [0.0, SHORTEST_GAP_SECONDS]
    while found[-1] < HORIZON_SECONDS:
        found.append(found[-1] + max(STEP_SECONDS, STEP_SHARE * found[-1]))
    return tuple(found)


INSTANTS = _instants()  # from now, in seconds: now, and when a look is thought of


def cheapest_gap_seconds(films: Sequence[InTheMaking], price_seconds: float) -> float:
    """From now to the first look of the cheapest schedule, in seconds."""
    ready, ended = _foreseen(films)
    return INSTANTS[_first_of_cheapest(ready, ended, price_seconds)]


def _foreseen(films: Sequence[InTheMaking]) -> tuple[list[float], list[float]]:
    """At each instant: how many films are ready, and how likely all of them are."""
    ready, ended = [0.0] * len(INSTANTS), [1.0] * len(INSTANTS)
    for film in films:
        shares = film.shares_finished(INSTANTS)
        ready = list(map(float.__add__, ready, shares))
        ended = list(map(float.__mul__, ended, shares))
    return ready, ended


def _unseen(ready: Sequence[float]) -> list[float]:
    """At each instant: how long films have lain unseen since now, if nobody looked; summed."""
    found = [0.0]
    for number in range(1, len(INSTANTS)):
        passed = INSTANTS[number] - INSTANTS[number - 1]
        found.append(found[-1] + passed * (ready[number] + ready[number - 1]) / 2)
    return found


def _first_of_cheapest(ready: Sequence[float], ended: Sequence[float], price: float) -> int:
    """Backwards over the instants: the look after each that makes the rest cheapest.

    From i to a look at k, unseen[k] - unseen[i] - ready[i] (t[k] - t[i]) is waited; then comes what
    is cheapest after k. For each k that is a straight line over ready[i], the steeper the later,
    and ready[i] falls as i goes back: the lines that may be lowest form a hull, along which the
    lowest moves one way. So n instants take about n steps.
    """
    unseen = _unseen(ready)
    heights, ends, at = [unseen[-1]], [len(INSTANTS) - 1], 0  # of the hull; the lowest line on it
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
    """Whether the next line of the hull is lower than this, over `here`."""
    apart = INSTANTS[ends[at]] - INSTANTS[ends[at + 1]]
    return heights[at + 1] + apart * here <= heights[at]


def _is_hidden(
    heights: Sequence[float], ends: Sequence[int], height: float, instant: float
) -> bool:
    """Whether the last line of the hull is nowhere the lowest beside a new one."""
    before, last = INSTANTS[ends[-2]], INSTANTS[ends[-1]]
    return (heights[-1] - height) * (before - last) >= (heights[-2] - heights[-1]) * (
        last - instant
    )


def longest_gap_seconds(films: Sequence[InTheMaking], price_seconds: float) -> float:
    """What a wrong distribution costs at most: 150 s where all films are of kinds that are known.

    Where little is known of one, a minute at prices up to 1 s and in proportion above it, and, as
    it may be far quicker than it is said to be, no longer than it has been there while looks are
    cheap: at 2, 4, 8 … seconds.
    """
    ages = [
        max(film.age_seconds, film.waited_seconds)
        for film in films
        if film.takes.seen < KNOWN_AFTER
    ]
    if films and not ages:
        return LONGEST_KNOWN_GAP_SECONDS
    longest = LONGEST_GAP_SECONDS * max(price_seconds, 1.0)
    if ages and price_seconds <= FREE_LOOK_SECONDS:
        return min(longest, 1.0 + AGE_SHARE * min(ages))
    if ages and price_seconds <= CHEAP_LOOK_SECONDS:
        return min(longest, max(2.0, min(ages)))
    return min(longest, LONGEST_KNOWN_GAP_SECONDS)


def seconds_to_next_look(films: Sequence[InTheMaking], price_seconds: float) -> float:
    """How long to wait before one look at all of these, from 1 s to the longest."""
    longest = longest_gap_seconds(films, price_seconds)
    if not films:
        return longest
    return min(cheapest_gap_seconds(films, price_seconds), longest)


def next_look_at(films: Sequence[InTheMaking], price_seconds: float, now: datetime) -> datetime:
    """The instant of the next look at films that are not ready now."""
    return now + timedelta(seconds=seconds_to_next_look(films, price_seconds))


def backoff_seconds(errors_in_row: int) -> float:
    """The wait after so many failures in a row: 2, 4, 8 … at most 60 seconds."""
    return min(float(1 << min(max(errors_in_row, 1), 6)), 60.0)
