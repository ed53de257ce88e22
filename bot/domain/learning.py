"""How long films take, learnt from those that came: few are enough, and old ones are forgotten.

Several guesses are made at once: a single hill of the width that was seen, and a small hill over
each film that was seen, of four widths. Each is believed by how well it would have foretold every
film from all others, so that a plain history is taken for plain and two lanes for two. What the
service says of its films is a guess as well, and fades as films come in, but never wholly: a film
may be anything.
"""

import math
from collections.abc import Sequence
from functools import lru_cache

from bot.domain.distributions import CELLS, Distribution, cell_of, hill, log_of, mixed, of_parts
from bot.domain.hills import WIDTHS, evidence_for, spread_out

HISTORY_MOST = 100  # films; of those before, little is left
HALF_LIFE = 40  # films after which one counts half
PRIOR_WEIGHT = 1.0  # films that the service's words are worth
PRIOR_SPREAD = 0.45  # of the logarithm: 120 to 300 s for nine films in ten
ALIKE_SPREAD = 0.3  # more than that of films of the same model but another length or size
ANYTHING = 0.1  # the chance that the service's words say nothing
NARROWEST_SPREAD = 0.05
ONE_HILL_ODDS = 8.0  # to one for each other guess, before anything was seen


def learn(
    latest_first: Sequence[float], said_seconds: float, alike: Sequence[float] = ()
) -> Distribution:
    """From what such films took (seconds, latest first) and what they are said to take.

    `alike` are films of the same model, but of another length or resolution; they make the
    service's words better.
    """
    return _learnt(tuple(latest_first[:HISTORY_MOST]), said_seconds, tuple(alike[:HISTORY_MOST]))


@lru_cache(maxsize=256)
def _learnt(
    latest_first: tuple[float, ...], said_seconds: float, alike: tuple[float, ...]
) -> Distribution:
    middle, spread = _expected(said_seconds, alike)
    anything = of_parts([1.0] * CELLS)
    prior = mixed([(1 - ANYTHING, hill(middle, spread)), (ANYTHING, anything)])
    if not latest_first:
        return prior
    logs = [log_of(seconds) for seconds in latest_first]
    weights = [0.5 ** (number / HALF_LIFE) for number in range(len(logs))]
    seen = sum(weights)
    guesses = _guesses(logs, weights, prior, (middle, spread))
    return mixed([(PRIOR_WEIGHT, prior), *((seen * odds, one) for odds, one in guesses)], seen)


def _expected(said_seconds: float, alike: Sequence[float]) -> tuple[float, float]:
    """Middle and spread of the logarithm."""
    said = log_of(said_seconds)
    if not alike:
        return said, PRIOR_SPREAD
    logs = [log_of(seconds) for seconds in alike]
    total = sum(logs)
    squares = sum(log * log for log in logs)
    return _one_hill(total, squares, float(len(logs)), (said, PRIOR_SPREAD), ALIKE_SPREAD)


def _one_hill(
    total: float,
    squares: float,
    weight: float,
    expected: tuple[float, float],
    wider: float = NARROWEST_SPREAD,
) -> tuple[float, float]:
    """Middle and spread from weighted sums, with what is expected as one film more."""
    middle, spread = expected
    count = weight + PRIOR_WEIGHT
    mean = (total + PRIOR_WEIGHT * middle) / count
    second = squares + PRIOR_WEIGHT * (middle * middle + spread * spread)
    variance = max(second / count - mean * mean, 0.0)
    return mean, math.hypot(math.sqrt(variance * (1 + 1 / count)), wider)


def _guesses(
    logs: Sequence[float],
    weights: Sequence[float],
    prior: Distribution,
    expected: tuple[float, float],
) -> list[tuple[float, Distribution]]:
    """Distributions, each with its odds; the odds add up to 1."""
    cells = [cell_of(log) for log in logs]
    surprise = [prior.density(cell) * PRIOR_WEIGHT for cell in cells]
    evidence = [_evidence_for_one(logs, weights, surprise, expected)]
    evidence += [evidence_for(width, cells, weights, surprise) for width in WIDTHS]
    best = max(evidence)
    odds = [math.exp(one - best) for one in evidence]
    odds[0] *= ONE_HILL_ODDS
    odds = [one / sum(odds) for one in odds]
    total = sum(map(float.__mul__, weights, logs))
    squares = sum(weight * log * log for weight, log in zip(weights, logs, strict=True))
    single = hill(*_one_hill(total, squares, sum(weights), expected))
    many = spread_out(cells, weights, dict(zip(WIDTHS, odds[1:], strict=True)))
    return [(odds[0], single), (1 - odds[0], many)]


def _evidence_for_one(
    logs: Sequence[float],
    weights: Sequence[float],
    surprise: Sequence[float],
    expected: tuple[float, float],
) -> float:
    """How well one hill over all other films foretells each: a logarithm."""
    total = sum(map(float.__mul__, weights, logs))
    squares = sum(weight * log * log for weight, log in zip(weights, logs, strict=True))
    count, found = sum(weights), 0.0
    for log, weight, chance in zip(logs, weights, surprise, strict=True):
        rest = count - weight
        middle, spread = _one_hill(
            total - weight * log, squares - weight * log * log, rest, expected
        )
        height = math.exp(-0.5 * ((log - middle) / spread) ** 2) / (spread * math.sqrt(math.tau))
        found += weight * math.log((chance + rest * height) / (PRIOR_WEIGHT + rest))
    return found
