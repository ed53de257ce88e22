"""How long films take, learnt from those that came: few are enough, and old ones are forgotten.

Several guesses are made at once: one lane, two lanes, and a small hill over each film that was
seen, of four widths. Each is believed by how well it would have foretold every
film from all others, so that a plain history is taken for plain and two lanes for two. All of that is
done with a long memory and with a short one, which are believed by how well each would have
foretold the latest films from those before them: a service may have changed. What the service says
of its films is a guess as well, and fades as films come in, but never wholly: a film may be
anything.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import zip_longest

from bot.domain.distributions import CELLS, Distribution, cell_of, hill, log_of, mixed, of_parts
from bot.domain.hills import WIDTHS, evidence_for, spread_out
from bot.domain.lanes import Film, evidence_for_lanes, in_two, lane_of, over_lanes

HISTORY_MOST = 100  # films; of those before, little is left
HALF_LIFE = 40  # films after which one counts half
SHORT_HALF_LIFE = 5  # where a service has changed
CHANGED_WITHIN = 40  # films, which decide between the two
LONG_MEMORY_ODDS = 60.0  # to one for the short, before anything was seen
PRIOR_WEIGHT = 0.5  # films that the service's words are worth
PRIOR_SPREAD = 0.45  # of the logarithm: 120 to 300 s for nine films in ten
ALIKE_SPREAD = 0.3  # more than that of films of the same model but another length or size
ANYTHING = 0.1  # the chance that the service's words say nothing
ONE_LANE_ODDS = 20.0  # to one for each of the small hills, before anything was seen
TWO_LANES_ODDS = 30.0
FEWEST_ODDS = 0.05  # below these a memory is not worth its work
COMPARED = 40  # films, by which one is foretold for this comparison
SURPRISE = 0.05  # one film, however odd, must not decide


def learn(
    latest_first: Sequence[float], said_seconds: float, alike: Sequence[float] = ()
) -> Distribution:
    """From what such films took (seconds, latest first) and what they are said to take.

    `alike` are films of the same model, but of another length or resolution; they make the
    service's words better.
    """
    return _learnt(tuple(latest_first[:HISTORY_MOST]), said_seconds, tuple(alike[:HISTORY_MOST]))


@lru_cache(maxsize=16)
def _learnt(
    latest_first: tuple[float, ...], said_seconds: float, alike: tuple[float, ...]
) -> Distribution:
    prior = _prior(said_seconds, alike)
    if not latest_first:
        return prior
    logs = [log_of(seconds) for seconds in latest_first]
    evidence = [_foretelling(logs, half_life) for half_life in (HALF_LIFE, SHORT_HALF_LIFE)]
    long, short = _odds(evidence, [LONG_MEMORY_ODDS])
    if short < FEWEST_ODDS:
        return _with_memory(logs, HALF_LIFE, prior)
    by_memory = [
        (long, _with_memory(logs, HALF_LIFE, prior)),
        (short, _with_memory(logs, SHORT_HALF_LIFE, prior)),
    ]
    return mixed(by_memory, sum(odds * one.seen for odds, one in by_memory))


def _remembered(logs: Sequence[float], half_life: float) -> list[Film]:
    return [(log, 0.5 ** (number / half_life)) for number, log in enumerate(logs)]


def _foretelling(logs: Sequence[float], half_life: float) -> float:
    """How well each of the latest films was foretold by those before it: a logarithm."""
    found = 0.0
    for number, log in enumerate(logs[: min(CHANGED_WITHIN, len(logs) - 1)], 1):
        middle, spread = lane_of(_remembered(logs[number : number + COMPARED], half_life)).hill()
        height = math.exp(-0.5 * ((log - middle) / spread) ** 2) / spread
        found += math.log(height + SURPRISE)
    return found


def _with_memory(logs: Sequence[float], half_life: float, prior: Distribution) -> Distribution:
    films = _remembered(logs, half_life)
    seen = sum(weight for _, weight in films)
    weighed = [(seen * odds, guess) for odds, guess in _guesses(films, prior)]
    return mixed([(PRIOR_WEIGHT, prior), *weighed], seen)


def _prior(said_seconds: float, alike: Sequence[float]) -> Distribution:
    """What is said, or what films that are somewhat alike took; and, with small odds, anything."""
    middle, spread = log_of(said_seconds), PRIOR_SPREAD
    if alike:
        lane = lane_of([(log_of(seconds), 1.0) for seconds in alike] + [(middle, PRIOR_WEIGHT)])
        middle, apart = lane.hill()
        spread = math.hypot(apart, ALIKE_SPREAD)
    return mixed([(1 - ANYTHING, hill(middle, spread)), (ANYTHING, of_parts([1.0] * CELLS))])


def _guesses(films: Sequence[Film], prior: Distribution) -> list[tuple[float, Distribution]]:
    """Distributions, each with its odds; the odds add up to 1."""
    cells = [cell_of(log) for log, _ in films]
    weights = [weight for _, weight in films]
    chances = [PRIOR_WEIGHT * prior.density(cell) for cell in cells]
    chance_of = {log: chance for (log, _), chance in zip(films, chances, strict=True)}
    lanes = [one for one in ([list(films)], in_two(films)) if one]
    evidence = [evidence_for_lanes(one, chance_of, PRIOR_WEIGHT) for one in lanes]
    evidence += [evidence_for(width, cells, weights, chances, PRIOR_WEIGHT) for width in WIDTHS]
    odds = _odds(evidence, [ONE_LANE_ODDS, TWO_LANES_ODDS][: len(lanes)])
    smooth = [(share, over_lanes(one)) for share, one in zip(odds, lanes, strict=False)]
    by_width = dict(zip(WIDTHS, odds[len(lanes) :], strict=True))
    return [*smooth, (sum(by_width.values()), spread_out(cells, weights, by_width))]


def _odds(evidence: Sequence[float], before: Sequence[float]) -> list[float]:
    """After the evidence; before it, one to each that is not in `before`."""
    best = max(evidence)
    found = [math.exp(one - best) for one in evidence]
    found = [one * odds for one, odds in zip_longest(found, before, fillvalue=1.0)]
    return [one / sum(found) for one in found]
