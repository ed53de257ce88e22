"""Films that came by one lane of a service, or by two: a hill over each lane."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.distributions import Distribution, hill, mixed

Film = tuple[float, float]  # logarithm of its seconds, and how much it counts

WIDEST = 0.35  # spread of a lane of which one film is known
FILMS_UNKNOWN = 0.8  # so many such films are added to every lane
FEWEST = 1.5  # films, by weight, that a lane of its own needs


@dataclass(frozen=True, slots=True)
class Lane:
    """What is to be known of its films: the sums of weights, logarithms and squares of these."""

    weight: float
    total: float
    squares: float

    def without(self, log: float, weight: float) -> "Lane":
        squares = self.squares - weight * log * log
        return Lane(self.weight - weight, self.total - weight * log, squares)

    def hill(self) -> tuple[float, float]:
        """Middle and spread of the logarithm of the next film; the spread is rather too wide."""
        middle = self.total / self.weight
        apart = max(self.squares - self.total * middle, 0.0)
        count = self.weight + FILMS_UNKNOWN
        variance = (apart + FILMS_UNKNOWN * WIDEST**2) / count
        return middle, math.sqrt(variance * (1 + 1 / count))


def lane_of(films: Sequence[Film]) -> Lane:
    """All of these in one lane."""
    return Lane(
        sum(weight for _, weight in films),
        sum(weight * log for log, weight in films),
        sum(weight * log * log for log, weight in films),
    )


def in_two(films: Sequence[Film]) -> list[list[Film]]:
    """The quick and the slow ones, parted where two hills fit best; none where no two fit."""
    ordered = sorted(films)
    fast, slow = Lane(0.0, 0.0, 0.0), lane_of(ordered)
    found: list[tuple[float, int]] = []
    for number, (log, weight) in enumerate(ordered[:-1], 1):
        fast, slow = fast.without(log, -weight), slow.without(log, weight)
        if min(fast.weight, slow.weight) >= FEWEST:
            found.append((_fit(fast) + _fit(slow), number))
    if not found:
        return []
    _, number = max(found)
    return [ordered[:number], ordered[number:]]


def evidence_for_lanes(
    lanes: Sequence[Sequence[Film]], chance_of: dict[float, float], unknown: float
) -> float:
    """How well hills over the lanes foretell each film from all others: a logarithm.

    `chance_of` a film is what it has without any film, by its logarithm, weighed by `unknown`.
    """
    sums = [lane_of(films) for films in lanes]
    total, found = sum(lane.weight for lane in sums) + unknown, 0.0
    for films, lane in zip(lanes, sums, strict=True):
        for log, weight in films:
            rest = lane.without(log, weight)
            height = rest.weight * _height(log, *rest.hill()) if rest.weight > 1e-9 else 0.0
            found += weight * math.log((chance_of[log] + height) / (total - weight))
    return found


def over_lanes(lanes: Sequence[Sequence[Film]]) -> Distribution:
    """A hill over each lane, as large as the lane is busy."""
    sums = [lane_of(films) for films in lanes]
    return mixed([(lane.weight, hill(*lane.hill())) for lane in sums])


def _fit(lane: Lane) -> float:
    return lane.weight * math.log(lane.weight / lane.hill()[1])


def _height(log: float, middle: float, spread: float) -> float:
    return math.exp(-0.5 * ((log - middle) / spread) ** 2) / (spread * math.sqrt(math.tau))
