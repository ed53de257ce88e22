"""How many requests NanoPhoto takes, and what a look is worth of them.

Source: NanoPhoto's pages on its API and on Veo 3.1: 100 requests an hour for a key, over the whole
API; no exemption for looks is named, so they count. Nobody says whether the hour is fixed or
slides, so any hour is held, and a little longer for what a request may spend on its way.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence

from bot.domain.budgets import Purpose, RequestRule

REQUESTS_MOST = 100  # an hour
HOUR_SECONDS = 3660.0
FOR_SUBMISSIONS = 12  # of them, that no look may take
CHEAPEST_SECONDS = 0.5
FIRST_LOOK_SECONDS = 0.05  # where the price begins
DEARER = 7.0  # by so many e-folds when the budget is used up


def rule_of(api_key: str) -> RequestRule:
    """The account's one rule; the account is named by a digest of its key."""
    account = hashlib.sha256(api_key.encode()).hexdigest()[:8]
    return RequestRule(f"nanophoto:{account}:hour", REQUESTS_MOST, HOUR_SECONDS, FOR_SUBMISSIONS)


def rules_of(api_key: str) -> Mapping[Purpose, Sequence[RequestRule]]:
    return dict.fromkeys(Purpose, (rule_of(api_key),))


def look_price_seconds(used: int) -> float:
    """The more of the hour's requests are used, the more waiting one must save."""
    price = FIRST_LOOK_SECONDS * math.exp(DEARER * used / REQUESTS_MOST)
    return max(price, CHEAPEST_SECONDS)
