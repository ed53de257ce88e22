"""What no schedule of looks can beat, for videos of a known distribution.

For every price c the cheapest schedule costs V(c), looks and waiting together; so any schedule, even
one that rolls dice, that makes m looks on average waits at least V(c) - c m, whatever c is (weak
duality). V is found backwards over a fine even grid of ages, each look against every other: another
way than the bot's, with which it shares no line.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

import numpy as np
from numpy.typing import NDArray

Ages = NDArray[np.float64]
LAST_SECONDS = 1500.0
STEP_SECONDS = 0.5
PRICES = tuple(0.02 * 1.25**number for number in range(40))  # 0.02 to 120 seconds


@dataclass(frozen=True, slots=True)
class Hill:
    """Lognormal: median in seconds, standard deviation of the logarithm, share of all videos."""

    median: float
    spread: float
    share: float = 1.0


@dataclass(frozen=True)
class Truth:
    """How long videos really take."""

    hills: tuple[Hill, ...]
    step: float = STEP_SECONDS
    ages: Ages = field(init=False)
    finished: Ages = field(init=False)
    unseen: Ages = field(init=False)  # the integral of `finished`

    def __post_init__(self) -> None:
        ages = np.arange(0.0, LAST_SECONDS + self.step, self.step)
        finished = np.sum([one.share * _finished(ages, one) for one in self.hills], axis=0)
        finished = finished / finished[-1]
        middle = (finished[1:] + finished[:-1]) / 2
        object.__setattr__(self, "ages", ages)
        object.__setattr__(self, "finished", finished)
        object.__setattr__(self, "unseen", np.concatenate(([0.0], np.cumsum(middle * self.step))))

    def draw(self, random: Random) -> float:
        """How long one video takes."""
        kernel = random.choices(self.hills, [one.share for one in self.hills])[0]
        return random.lognormvariate(math.log(kernel.median), kernel.spread)

    def cost_of(self, looks: Sequence[float]) -> tuple[float, float]:
        """Mean delay in seconds and mean number of looks of a schedule, exactly.

        `looks` are ages in ascending order; the last must lie beyond `LAST_SECONDS`.
        """
        at = np.minimum(np.array([0.0, *looks]), LAST_SECONDS)
        finished = np.interp(at, self.ages, self.finished)
        unseen = np.interp(at, self.ages, self.unseen)
        delay = float(np.sum(np.diff(unseen) - finished[:-1] * np.diff(at)))
        return delay, float(np.sum(1 - finished[:-1]))

    def cheapest(self, price: float) -> float:
        """V: mean delay and price of all looks of the cheapest schedule, in seconds."""
        rest = np.zeros_like(self.ages)
        for now in range(len(self.ages) - 2, -1, -1):
            later = slice(now + 1, None)
            waited = (
                self.unseen[later]
                - self.unseen[now]
                - self.finished[now] * (self.ages[later] - self.ages[now])
            )
            rest[now] = price * (1 - self.finished[now]) + np.min(waited + rest[later])
        return float(rest[0])


@dataclass(frozen=True)
class Bound:
    """The least mean delay by the mean number of looks."""

    cheapest: tuple[tuple[float, float], ...]  # price, V

    def delay(self, looks: float) -> float:
        return max(0.0, *(total - price * looks for price, total in self.cheapest))


def bound_of(truth: Truth, prices: Sequence[float] = PRICES) -> Bound:
    """Takes some seconds."""
    return Bound(tuple((price, truth.cheapest(price)) for price in prices))


def ages_of(next_gap: Callable[[float], float]) -> list[float]:
    """The looks at one video, from the gap after each age, until no video is left."""
    looks = [next_gap(0.0)]
    while looks[-1] < LAST_SECONDS:
        looks.append(looks[-1] + next_gap(looks[-1]))
    return looks


def _finished(ages: Ages, kernel: Hill) -> Ages:
    logs = np.log(np.maximum(ages, 1e-9) / kernel.median) / (kernel.spread * math.sqrt(2))
    return np.array([0.5 * math.erfc(-log) for log in logs])
