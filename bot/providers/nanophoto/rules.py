"""How many requests NanoPhoto takes, and what a look is worth of them.

Source: NanoPhoto's pages on its API and on Veo 3.1: 100 requests an hour for a key, over the whole
API; no exemption for looks is named, so they count. Nobody says whether the hour is fixed or
slides, so any hour is held, and a little longer for what a request may spend on its way.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from bot.domain.budgets import Purpose, RequestRule

REQUESTS_MOST = 100  # an hour
HOUR_SECONDS = 3660.0
FOR_SUBMISSIONS = 12  # of them, that no look may take
LATELY_SECONDS = 1500.0
LATELY_SHARE = 0.7  # of what the price goes by; the rest is the whole hour
PRICES = ((0, 0.5), (50, 2.0), (62, 7.0), (88, 20.0), (100, 100.0))  # requests used, seconds


def rule_of(api_key: str) -> RequestRule:
    """The account's one rule; the account is named by a digest of its key."""
    account = hashlib.sha256(api_key.encode()).hexdigest()[:8]
    return RequestRule(f"nanophoto:{account}:hour", REQUESTS_MOST, HOUR_SECONDS, FOR_SUBMISSIONS)


def rules_of(api_key: str) -> Mapping[Purpose, Sequence[RequestRule]]:
    return dict.fromkeys(Purpose, (rule_of(api_key),))


def lately(rule: RequestRule) -> RequestRule:
    """The same budget, seen through its last minutes alone."""
    return replace(rule, per_seconds=LATELY_SECONDS)


def look_price_seconds(used: int, used_lately: int) -> float:
    """The more of the hour's requests are used, the more waiting one must save.

    A burst is noticed by the last 25 minutes before it has used up the hour. Cheap up to where
    four films an hour lead, nearly level where twenty do, and steep before the end: running out
    costs every film minutes. `python -m bench.nanophoto_budget` measures what comes of it.
    """
    going_on = used_lately * HOUR_SECONDS / LATELY_SECONDS
    busy = max(used, (1 - LATELY_SHARE) * used + LATELY_SHARE * going_on)
    for (less, cheap), (more, dear) in pairwise(PRICES):
        if busy <= more:
            return cheap * math.pow(dear / cheap, (busy - less) / (more - less))
    return PRICES[-1][1]
