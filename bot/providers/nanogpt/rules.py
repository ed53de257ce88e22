"""How many requests NanoGPT takes.

Source: its page on rate limits. Submissions and recoveries are counted there by IP address, so the
budget of those is shared by all accounts behind ours. A request may be on its way for a while
before it is counted, so each window is held for longer than it is there.
"""

import hashlib
from collections.abc import Mapping, Sequence

from bot.domain.budgets import Purpose, RequestRule

SUBMISSIONS_MOST = 50  # a minute
RECOVERIES_MOST = 20  # a minute
REQUESTS_MOST = 25  # a second
MINUTE_SECONDS = 75.0  # with what a request may spend on its way
SECOND_SHARE = 0.8  # of the requests a second: those may bunch on their way


def rules_of(api_key: str) -> Mapping[Purpose, Sequence[RequestRule]]:
    """The rules by purpose; an account is named by a digest of its key."""
    account = hashlib.sha256(api_key.encode()).hexdigest()[:8]
    second = RequestRule(f"nanogpt:{account}:second", int(REQUESTS_MOST * SECOND_SHARE), 1.0)
    submissions = RequestRule("nanogpt:submissions", SUBMISSIONS_MOST, MINUTE_SECONDS)
    recoveries = RequestRule("nanogpt:recoveries", RECOVERIES_MOST, MINUTE_SECONDS)
    return {
        Purpose.SUBMISSION: (submissions, second),
        Purpose.LOOK: (second,),
        Purpose.RECOVERY: (recoveries, second),
        Purpose.OTHER: (second,),
    }
