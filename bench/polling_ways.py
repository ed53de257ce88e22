"""The bot's plan of looks and the usual ways of polling, each judged by the provable bound."""

import math
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random

from bench.polling_bounds import Bound, Hill, Truth, ages_of
from bot.polling.estimator import learn
from bot.polling.render_times import Distribution, kernel, mixed
from bot.polling.schedule import KNOWN_AFTER, Rendering, seconds_to_next_poll

PRICES = (0.1, 0.3, 1.0, 3.0, 8.0)
SAID_SECONDS = 150.0  # what the service says of its videos
SEEDS = 24

TRUTHS = {
    "narrow: 120 s, spread 0.2": Truth((Hill(120, 0.2),)),
    "wide: 120 s, spread 0.4": Truth((Hill(120, 0.4),)),
    "two components: 70 s and 240 s": Truth((Hill(70, 0.15, 0.7), Hill(240, 0.2, 0.3))),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one way of polling: mean delay in seconds, mean number of looks, share of the bound."""

    delay: float
    looks: float
    efficiency: float


def known(truth: Truth) -> Distribution:
    """As the bot would know it after very many videos."""
    hills = [(one.share, kernel(math.log(one.median), one.spread)) for one in truth.hills]
    return mixed(hills, seen=2 * KNOWN_AFTER)


def learnt(truth: Truth, videos: int, seed: int, before: Truth | None = None) -> Distribution:
    """From so many videos; with `before`, after fifty others of that kind."""
    random = Random(seed)  # noqa: S311 - chance for a simulation, not a secret
    seen = [before.draw(random) for _ in range(50)] if before else []
    seen += [truth.draw(random) for _ in range(videos)]
    return learn(seen[::-1], SAID_SECONDS)


def plan_of(render_times: Distribution, price: float) -> list[float]:
    """The ages at which the bot looks at a video that is never ready."""
    return ages_of(lambda age: seconds_to_next_poll([Rendering(render_times, age)], price))


def backing_off(factor: float, most: float) -> list[float]:
    """1 s, then by this factor more each time, to at most so many seconds."""
    gaps = iter(_growing(factor, most))
    return ages_of(lambda _age: next(gaps))


def _growing(factor: float, most: float) -> Iterator[float]:
    gap = 1.0
    while True:
        yield gap
        gap = min(gap * factor, most)


WAYS: dict[str, Callable[[], list[float]]] = {
    "every 5 s": lambda: ages_of(lambda _age: 5.0),
    "every 10 s": lambda: ages_of(lambda _age: 10.0),
    "1 s, then 1.5 times, at most 20 s": partial(backing_off, 1.5, 20.0),
    "1 s, then 2 times, at most 60 s": partial(backing_off, 2.0, 60.0),
}


def judged(truth: Truth, bound: Bound, plans: Sequence[Sequence[float]]) -> Outcome:
    """One of these plans at random; exact sums, no chance but in what was learnt."""
    costs = [truth.cost_of(plan) for plan in plans]
    delay = statistics.fmean(delay for delay, _ in costs)
    looks = statistics.fmean(looks for _, looks in costs)
    return Outcome(delay, looks, bound.delay(looks) / delay)


def ours(
    truth: Truth, bound: Bound, price: float, videos: int | None, before: Truth | None = None
) -> Outcome:
    """The bot's plan: with the truth known (None), or learnt from so many videos."""
    if videos is None:
        return judged(truth, bound, [plan_of(known(truth), price)])
    render_times = [learnt(truth, videos, seed, before) for seed in range(SEEDS)]
    return judged(truth, bound, [plan_of(one, price) for one in render_times])
