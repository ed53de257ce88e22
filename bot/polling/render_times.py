"""The distribution of render times: the share finished by each age.

A distribution is a table over ages 2 % apart, so that it can take any shape: a service with a fast
and a slow lane has two peaks. `estimator.py` learns one.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

FIRST_SECONDS = 0.25
LAST_SECONDS = 14_400.0  # four hours; longer than anyone waits for a video
STEP = 0.02  # of the logarithm
CELLS = math.ceil(math.log(LAST_SECONDS / FIRST_SECONDS) / STEP)
LOG_FIRST = math.log(FIRST_SECONDS)
LOG_EDGES = tuple(LOG_FIRST + STEP * number for number in range(CELLS + 1))

PROGRESS_SPREAD = 0.35  # of the logarithm, of the prediction from a percentage
PROGRESS_IS_NOISE = 0.25  # the chance that a service's percentage means nothing
FEWEST_LEFT = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Distribution:
    """A table of render times, learned from `seen` videos.

    `shares` are the shares finished at each edge of the grid. Compared by identity, so that the
    plan for one is found quickly in a cache.
    """

    shares: tuple[float, ...]
    seen: float = 0.0

    def finished_by(self, seconds: float) -> float:
        """Return the share of videos finished at this age."""
        if seconds <= FIRST_SECONDS:
            return 0.0
        place = (math.log(seconds) - LOG_FIRST) / STEP
        cell = int(place)
        if cell >= CELLS:
            return 1.0
        before = self.shares[cell]
        return before + (place - cell) * (self.shares[cell + 1] - before)

    def density(self, cell: int) -> float:
        """Return the probability density of the logarithm of seconds in this grid cell."""
        return (self.shares[cell + 1] - self.shares[cell]) / STEP

    def conditioned(self, age_seconds: float, percent: int) -> "Distribution":
        """Condition on the progress in per cent that the service reports at this age.

        The video continues at its speed so far, give or take a third, or the percentage means
        nothing.
        """
        if not (0 < percent < 100 and age_seconds > 0):
            return self
        log_told = math.log(age_seconds * 100 / percent)
        details = [
            math.exp(-0.5 * ((edge + STEP / 2 - log_told) / PROGRESS_SPREAD) ** 2)
            for edge in LOG_EDGES[:-1]
        ]
        likely = _parts(self.shares)
        agreeing = [one * other for one, other in zip(likely, details, strict=True)]
        total = sum(agreeing[cell_of(log_of(age_seconds)) :])
        if total < FEWEST_LEFT:
            return self
        scale = (1 - PROGRESS_IS_NOISE) / total
        parts = [
            PROGRESS_IS_NOISE * one + scale * other
            for one, other in zip(likely, agreeing, strict=True)
        ]
        return of_parts(parts, self.seen)


def kernel(middle: float, spread: float) -> Distribution:
    """Return a lognormal distribution; mean and spread are of the logarithm of seconds."""
    scale = 1 / (spread * math.sqrt(2))
    shares = [0.5 * math.erfc((middle - edge) * scale) for edge in LOG_EDGES]
    return Distribution((0.0, *shares[1:-1], 1.0))


def log_of(seconds: float) -> float:
    """Return the logarithm of an age, limited to the grid."""
    return math.log(min(max(seconds, FIRST_SECONDS), LAST_SECONDS))


def cell_of(log_age: float) -> int:
    """Return the grid cell of an age."""
    return min(max(int((log_age - LOG_FIRST) / STEP), 0), CELLS - 1)


def of_parts(parts: Sequence[float], seen: float = 0.0) -> Distribution:
    """Build a distribution from the mass in each grid cell, normalizing it."""
    total = sum(parts)
    shares, so_far = [0.0], 0.0
    for part in parts:
        so_far += part
        shares.append(min(so_far / total, 1.0))
    shares[-1] = 1.0
    return Distribution(tuple(shares), seen)


def mixed(weighed: Iterable[tuple[float, Distribution]], seen: float = 0.0) -> Distribution:
    """Mix distributions with odds in proportion to the weights."""
    some = list(weighed)
    total = sum(weight for weight, _ in some)
    columns = zip(*(one.shares for _, one in some), strict=True)
    weights = [weight / total for weight, _ in some]
    shares = [min(sum(map(float.__mul__, weights, column)), 1.0) for column in columns]
    return Distribution(tuple(shares), seen)


def _parts(shares: Sequence[float]) -> list[float]:
    return [after - before for before, after in pairwise(shares)]
