"""Learn render times from a few past videos, and forget old ones.

Combines several models: one lane, two lanes, and kernels of four widths over each video seen. Each
is weighted by how well it would have predicted every video from all others, so that a simple
history gets a simple model and two lanes get two. All of that is done with a long memory and with a
short one, weighted by how well each would have predicted the latest videos from earlier ones, since
a service may have changed. The service's own estimate is the prior: it fades as videos finish, but
never to zero, since a video may take any time.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import zip_longest

from bot.polling.components import (
    WIDTHS,
    Video,
    component_of,
    evidence_for,
    evidence_for_components,
    in_two,
    over_components,
    spread_out,
)
from bot.polling.render_times import (
    CELLS,
    Distribution,
    cell_of,
    kernel,
    log_of,
    mixed,
    of_parts,
)

MAX_HISTORY = 100  # videos; older ones weigh almost nothing
HALF_LIFE = 40  # in videos: the age at which one counts half
SHORT_HALF_LIFE = 5  # for a service that has changed
CHANGED_WITHIN = 40  # videos that choose between the two
LONG_MEMORY_ODDS = 60.0  # to one for the short, before any video
PRIOR_WEIGHT = 0.5  # in videos: the weight of the service's estimate
PRIOR_SPREAD = 0.45  # of the logarithm: 120 to 300 s for nine videos in ten
ALIKE_SPREAD = 0.3  # for other durations or sizes, beyond the spread of the model's own videos
ANYTHING = 0.1  # the chance that the service's estimate means nothing
ONE_LANE_ODDS = 20.0  # to one for each kernel width, before any video
TWO_LANES_ODDS = 30.0
FEWEST_ODDS = 0.05  # below these a memory is not worth computing
COMPARED = 40  # earlier videos from which the comparison predicts the next
SURPRISE = 0.05  # limits the influence of one odd video


def learn(
    latest_first: Sequence[float], said_seconds: float, alike: Sequence[float] = ()
) -> Distribution:
    """Learn a distribution from past and expected render times, in seconds.

    `latest_first` are past render times of this kind; `said_seconds` is the service's estimate.
    `alike` are render times of the same model at another duration or resolution, which improve the
    estimate.
    """
    return _learnt(tuple(latest_first[:MAX_HISTORY]), said_seconds, tuple(alike[:MAX_HISTORY]))


@lru_cache(maxsize=16)
def _learnt(
    latest_first: tuple[float, ...], said_seconds: float, alike: tuple[float, ...]
) -> Distribution:
    prior = _prior(said_seconds, alike)
    if not latest_first:
        return prior
    logs = [log_of(seconds) for seconds in latest_first]
    evidence = [_conditioned(logs, half_life) for half_life in (HALF_LIFE, SHORT_HALF_LIFE)]
    long, short = _odds(evidence, [LONG_MEMORY_ODDS])
    if short < FEWEST_ODDS:
        return _with_memory(logs, HALF_LIFE, prior)
    by_memory = [
        (long, _with_memory(logs, HALF_LIFE, prior)),
        (short, _with_memory(logs, SHORT_HALF_LIFE, prior)),
    ]
    return mixed(by_memory, sum(odds * one.seen for odds, one in by_memory))


def _remembered(logs: Sequence[float], half_life: float) -> list[Video]:
    return [(log, 0.5 ** (number / half_life)) for number, log in enumerate(logs)]


def _conditioned(logs: Sequence[float], half_life: float) -> float:
    """Return the log evidence for a memory: how well it predicts each latest video."""
    found = 0.0
    for number, log in enumerate(logs[: min(CHANGED_WITHIN, len(logs) - 1)], 1):
        middle, spread = component_of(
            _remembered(logs[number : number + COMPARED], half_life)
        ).kernel()
        height = math.exp(-0.5 * ((log - middle) / spread) ** 2) / spread
        found += math.log(height + SURPRISE)
    return found


def _with_memory(logs: Sequence[float], half_life: float, prior: Distribution) -> Distribution:
    videos = _remembered(logs, half_life)
    seen = sum(weight for _, weight in videos)
    weighed = [(seen * odds, guess) for odds, guess in _guesses(videos, prior)]
    return mixed([(PRIOR_WEIGHT, prior), *weighed], seen)


def _prior(said_seconds: float, alike: Sequence[float]) -> Distribution:
    """Mix the service's estimate, or similar videos' times, with a small chance of anything."""
    middle, spread = log_of(said_seconds), PRIOR_SPREAD
    if alike:
        lane = component_of(
            [(log_of(seconds), 1.0) for seconds in alike] + [(middle, PRIOR_WEIGHT)]
        )
        middle, apart = lane.kernel()
        spread = math.hypot(apart, ALIKE_SPREAD)
    return mixed([(1 - ANYTHING, kernel(middle, spread)), (ANYTHING, of_parts([1.0] * CELLS))])


def _guesses(videos: Sequence[Video], prior: Distribution) -> list[tuple[float, Distribution]]:
    """Return distributions with their odds, which add up to 1."""
    cells = [cell_of(log) for log, _ in videos]
    weights = [weight for _, weight in videos]
    chances = [PRIOR_WEIGHT * prior.density(cell) for cell in cells]
    chance_of = {log: chance for (log, _), chance in zip(videos, chances, strict=True)}
    components = [one for one in ([list(videos)], in_two(videos)) if one]
    evidence = [evidence_for_components(one, chance_of, PRIOR_WEIGHT) for one in components]
    evidence += [evidence_for(width, cells, weights, chances, PRIOR_WEIGHT) for width in WIDTHS]
    odds = _odds(evidence, [ONE_LANE_ODDS, TWO_LANES_ODDS][: len(components)])
    smooth = [(share, over_components(one)) for share, one in zip(odds, components, strict=False)]
    by_width = dict(zip(WIDTHS, odds[len(components) :], strict=True))
    return [*smooth, (sum(by_width.values()), spread_out(cells, weights, by_width))]


def _odds(evidence: Sequence[float], before: Sequence[float]) -> list[float]:
    """Return the posterior odds; prior odds not in `before` are 1."""
    best = max(evidence)
    found = [math.exp(one - best) for one in evidence]
    found = [one * odds for one, odds in zip_longest(found, before, fillvalue=1.0)]
    return [one / sum(found) for one in found]
