"""How many requests NanoPhoto takes, and what a look is worth of them.

Source: NanoPhoto's pages on its API and on Veo 3.1: 100 requests an hour for a key, over the whole
API; no exemption for looks is named, so they count. Nobody says whether the hour is fixed or
slides, so any hour is held, and a little longer for what a request may spend on its way.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from bot.domain.budgets import Purpose, RequestRule

REQUESTS_MOST = 100  # an hour
HOUR_SECONDS = 3660.0
FOR_SUBMISSIONS = 12  # of them, that no look may take
LATELY_SECONDS = 1200.0
REQUESTS_LATELY_SECONDS = 1500.0
IN_HAND_SECONDS = 160.0  # about as long as a film takes
HORIZONS_SECONDS = (300.0, 900.0, 1800.0, HOUR_SECONDS)  # that are looked ahead
LATELY_WEIGHT = 3.0  # of a film of the last twenty minutes, to one of the last hour
SECONDS_AND_LOOKS = 9.0  # so much over the looks at a film, squared and halved, is their price
TO_SPEND = 0.9  # of what is left; chance takes the rest
QUIET, BUSY = 5.0, 12.0  # films an hour; between them, one price gives way to the other
PRICES = ((0, 0.04), (40, 0.1), (60, 4.0), (80, 10.0), (88, 30.0), (100, 100.0))  # by requests used
BUSY_PRICES = ((0, 0.5), (50, 2.0), (62, 7.0), (88, 20.0), (100, 100.0))
BUSY_SHARE = 0.7  # in the second, of what the last minutes foretell
AHEAD_SHARE = 0.7  # and of what is looked ahead


@dataclass(frozen=True, slots=True)
class Load:
    """What the account did in the last hour: requests and, among them, films handed over."""

    used: int
    used_lately: int
    staying: tuple[int, ...]  # of those used, what will still count after each horizon
    films: int
    films_lately: int
    films_in_hand: int

    def films_an_hour(self) -> float:
        """How many are to be expected; lately counts more."""
        more = LATELY_WEIGHT * LATELY_SECONDS / HOUR_SECONDS
        return (0.3 + self.films + LATELY_WEIGHT * self.films_lately) / (1 + more)


def rule_of(api_key: str) -> RequestRule:
    """The account's one rule; the account is named by a digest of its key."""
    account = hashlib.sha256(api_key.encode()).hexdigest()[:8]
    return RequestRule(f"nanophoto:{account}:hour", REQUESTS_MOST, HOUR_SECONDS, FOR_SUBMISSIONS)


def films_of(rule: RequestRule) -> RequestRule:
    """Counts the films among the requests, and limits nothing."""
    return RequestRule(f"{rule.name}:films", 2 * REQUESTS_MOST, HOUR_SECONDS)


def rules_of(api_key: str) -> Mapping[Purpose, Sequence[RequestRule]]:
    """The rules by purpose."""
    rule = rule_of(api_key)
    return dict.fromkeys(Purpose, (rule,)) | {Purpose.SUBMISSION: (rule, films_of(rule))}


def within(rule: RequestRule, seconds: float) -> RequestRule:
    """The same budget, seen through its last minutes alone."""
    return replace(rule, per_seconds=seconds)


def look_price_seconds(load: Load) -> float:
    """What waiting one more look must save, by what the next hour will need.

    A quiet account spends what the films to come will leave over, and a busy one holds a level that
    rises before the end: running out costs every film minutes. `python -m bench.nanophoto_budget`
    measures what comes of it.
    """
    ahead, an_hour = _price_ahead(load), load.films_an_hour()
    quiet = max(ahead, _price_at(PRICES, load.used))
    lately = load.used_lately * HOUR_SECONDS / REQUESTS_LATELY_SECONDS
    level = max(load.used, (1 - BUSY_SHARE) * load.used + BUSY_SHARE * lately)
    busy = max(AHEAD_SHARE * ahead, _price_at(BUSY_PRICES, level))
    share = min(max((an_hour - QUIET) / (BUSY - QUIET), 0.0), 1.0)
    return min(math.pow(quiet, 1 - share) * math.pow(busy, share), PRICES[-1][1])


def _price_ahead(load: Load) -> float:
    """By the looks that are left for each film, over whatever time leaves the fewest."""
    fewest = min(
        _looks_for_each(load, seconds, staying)
        for seconds, staying in zip(HORIZONS_SECONDS, load.staying, strict=True)
    )
    return math.pow(SECONDS_AND_LOOKS / fewest, 2) / 2


def _looks_for_each(load: Load, seconds: float, staying: int) -> float:
    """Of each film in hand or to come within so many seconds; chance may bring more of them."""
    to_come = load.films_an_hour() * seconds / HOUR_SECONDS
    more = math.sqrt(to_come)
    left = REQUESTS_MOST - staying - to_come
    looks = min(left - FOR_SUBMISSIONS, left - 2 * more)
    films = max(0.7 * load.films_in_hand, 0.5) + to_come + more
    return max(TO_SPEND * looks, 0.01) / films


def _price_at(prices: Sequence[tuple[float, float]], used: float) -> float:
    """Between two of these, in proportion of the logarithms."""
    for (less, cheap), (more, dear) in pairwise(prices):
        if used <= more:
            return cheap * math.pow(dear / cheap, (used - less) / (more - less))
    return prices[-1][1]
