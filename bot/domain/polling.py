"""When to look next at films in the making.

A look is worth making when the waiting that it may save reaches its price: at the first instant at
which the expected time that finished films have lain unseen, since the last look and summed over
all films that one look shows, is as long as the price of the look in seconds. For a single film
with hazard h and price c that is a gap of sqrt(2c/h); the same rule holds for films looked at
together (the checking schedules of Barlow, Hunter & Proschan, 1963, and Keller, 1974).

How long films take is learnt: a lognormal distribution, from what films of the same kind took here
lately and from a prior that fades as they come in.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

HALF_LIFE = 50  # observations after which one counts half
PRIOR_WEIGHT = 1.5  # observations that the prior is worth
PRIOR_SPREAD = 0.45  # of the logarithm: 120 to 300 s for nine films in ten
NARROWEST_SPREAD = 0.08
SHORTEST_GAP_SECONDS = 1.0
LONGEST_GAP_SECONDS = 60.0  # a wrong distribution costs at most this
LONGEST_DEAR_GAP_SECONDS = 150.0  # or this, where a look is dear
STEP_SECONDS = 0.5
FREE_LOOK_SECONDS = 0.2  # at this price or below, a film far quicker than expected is found as well
AGE_SHARE = 0.25  # of a film's age, the longest gap then


@dataclass(frozen=True, slots=True)
class Distribution:
    """How long films of one kind take: the logarithm of seconds, by mean and spread."""

    log_mean: float
    log_spread: float

    def finished_by(self, seconds: float) -> float:
        """The share of films that are finished at this age."""
        if seconds <= 0:
            return 0.0
        distance = (math.log(seconds) - self.log_mean) / self.log_spread
        return 0.5 * math.erfc(-distance / math.sqrt(2))

    def quantile(self, share: float) -> float:
        """The age in seconds at which this share (0 to 1, exclusive) of films is finished."""
        low, high = 1e-3, 1e6
        for _ in range(60):
            middle = math.sqrt(low * high)
            low, high = (middle, high) if self.finished_by(middle) < share else (low, middle)
        return high


def learn(latest_first: Sequence[float], prior_seconds: float) -> Distribution:
    """From what such films took (seconds, latest first) and what they are said to take."""
    prior_mean = math.log(max(prior_seconds, 1.0))
    seen = [
        (0.5 ** (number / HALF_LIFE), math.log(max(seconds, 0.5)))
        for number, seconds in enumerate(latest_first)
    ]
    total = PRIOR_WEIGHT + sum(weight for weight, _ in seen)
    mean = (PRIOR_WEIGHT * prior_mean + sum(weight * log for weight, log in seen)) / total
    squares = sum(weight * (log - mean) ** 2 for weight, log in seen)
    variance = (PRIOR_WEIGHT * PRIOR_SPREAD**2 + squares) / total
    return Distribution(mean, max(math.sqrt(variance), NARROWEST_SPREAD))


@dataclass(frozen=True, slots=True)
class InTheMaking:
    """A film that was not ready at the last look, when it was so old."""

    takes: Distribution
    age_seconds: float

    def finished_within(self, seconds: float) -> float:
        """How likely it is ready so much later, given that it was not."""
        before = self.takes.finished_by(self.age_seconds)
        left = 1.0 - before
        if left < 1e-6:  # far beyond anything seen: as likely in the next stretch as in the last
            return 1.0 - math.exp(-seconds / max(self.age_seconds, 1.0))
        return (self.takes.finished_by(self.age_seconds + seconds) - before) / left


def longest_gap_seconds(price_seconds: float) -> float:
    """A minute at prices up to 1 s, and in proportion above it; at most 150 s.

    A look each minute at a film that cannot be ready yet is a waste that only cheap looks allow.
    """
    in_proportion = LONGEST_GAP_SECONDS * price_seconds
    return min(max(in_proportion, LONGEST_GAP_SECONDS), LONGEST_DEAR_GAP_SECONDS)


def seconds_to_next_look(
    films: Sequence[InTheMaking],
    price_seconds: float,
    *,
    longest_seconds: float = LONGEST_GAP_SECONDS,
) -> float:
    """How long to wait before one look at all of these, from 1 s to the longest."""
    unseen, gap = 0.0, 0.0
    longest = longest_seconds
    if price_seconds <= FREE_LOOK_SECONDS:
        youngest = min((film.age_seconds for film in films), default=0.0)
        longest = min(longest, 1.0 + AGE_SHARE * youngest)
    while gap < longest and unseen < price_seconds:
        middle = gap + STEP_SECONDS / 2
        unseen += STEP_SECONDS * sum(film.finished_within(middle) for film in films)
        gap += STEP_SECONDS
    return min(max(gap, SHORTEST_GAP_SECONDS), longest)


def next_look_at(
    submitted_at: datetime, takes: Distribution, price_seconds: float, now: datetime
) -> datetime:
    """The instant of the next look at one film that is not ready now."""
    film = InTheMaking(takes, max((now - submitted_at).total_seconds(), 0.0))
    longest = longest_gap_seconds(price_seconds)
    gap = seconds_to_next_look([film], price_seconds, longest_seconds=longest)
    return now + timedelta(seconds=gap)


def backoff_seconds(errors_in_row: int) -> float:
    """The wait after so many failures in a row: 2, 4, 8 … at most 60 seconds."""
    return min(float(1 << min(max(errors_in_row, 1), 6)), 60.0)
