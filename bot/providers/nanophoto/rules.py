"""NanoPhoto's rate limit, the price of a poll, and the last hour's load.

Source: NanoPhoto's pages on its API and on Veo 3.1: 100 requests an hour for a key, over the whole
API; no exemption for polls is named, so they count. Whether the hour is fixed or sliding is not
documented, so the limit is kept in any hour, and a little longer for a request's transit time.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from bot.clock import Clock
from bot.instants import is_within
from bot.providers.pacing import Pace
from bot.providers.request_limits import Purpose, RequestRule

MAX_REQUESTS = 100  # an hour
HOUR_SECONDS = 3660.0
FOR_SUBMISSIONS = 12  # of them, not available to polls
LATELY_SECONDS = 1200.0
REQUESTS_LATELY_SECONDS = 1500.0
IN_HAND_SECONDS = 160.0  # about a video's render time
HORIZONS_SECONDS = (300.0, 900.0, 1800.0, HOUR_SECONDS)  # of the forecast
LATELY_WEIGHT = 3.0  # of a video of the last twenty minutes, relative to one of the last hour
SECONDS_AND_POLLS = 9.0  # divided by the polls per video, squared and halved, it is their price
TO_SPEND = 0.9  # of what is left; the rest covers chance
QUIET, BUSY = 5.0, 12.0  # videos an hour; in between, one price blends into the other
PRICES = ((0, 0.04), (40, 0.1), (60, 4.0), (80, 10.0), (88, 30.0), (100, 100.0))  # by requests used
BUSY_PRICES = ((0, 0.5), (50, 2.0), (62, 7.0), (88, 20.0), (100, 100.0))
BUSY_SHARE = 0.7  # weight of the recent rate in the busy level
AHEAD_SHARE = 0.7  # weight of the price ahead while busy
MIX_AGAIN_AFTER = timedelta(hours=6)
SPOILT_TOLERATED = 1  # consecutive


@dataclass(frozen=True, slots=True)
class Load:
    """The account's last hour: requests and, among them, submitted videos."""

    used: int
    used_lately: int
    staying: tuple[int, ...]  # of those used, how many still count after each horizon
    videos: int
    videos_lately: int
    videos_in_hand: int

    def videos_an_hour(self) -> float:
        """Return the expected rate of videos; recent ones weigh more."""
        more = LATELY_WEIGHT * LATELY_SECONDS / HOUR_SECONDS
        return (0.3 + self.videos + LATELY_WEIGHT * self.videos_lately) / (1 + more)


def rule_of(api_key: str) -> RequestRule:
    """Return the account's one rule; a digest of its key names the account."""
    account = hashlib.sha256(api_key.encode()).hexdigest()[:8]
    return RequestRule(f"nanophoto:{account}:hour", MAX_REQUESTS, HOUR_SECONDS, FOR_SUBMISSIONS)


def videos_of(rule: RequestRule) -> RequestRule:
    """Return a rule that counts the videos among the requests and limits nothing."""
    return RequestRule(f"{rule.name}:videos", 2 * MAX_REQUESTS, HOUR_SECONDS)


def rules_of(api_key: str) -> Mapping[Purpose, Sequence[RequestRule]]:
    """Return the rules by purpose."""
    rule = rule_of(api_key)
    return dict.fromkeys(Purpose, (rule,)) | {Purpose.SUBMISSION: (rule, videos_of(rule))}


def within(rule: RequestRule, seconds: float) -> RequestRule:
    """Return the same budget over only its last minutes."""
    return replace(rule, per_seconds=seconds)


def poll_price_seconds(load: Load) -> float:
    """Return a poll's price in seconds of waiting, by the coming hour's needs.

    A quiet account spends what future videos will leave over, and a busy one keeps to a level that
    rises before the end: running out costs every video minutes. `python -m bench.nanophoto_budget`
    measures the effect.
    """
    ahead, an_hour = _price_ahead(load), load.videos_an_hour()
    quiet = max(ahead, _price_at(PRICES, load.used))
    lately = load.used_lately * HOUR_SECONDS / REQUESTS_LATELY_SECONDS
    level = max(load.used, (1 - BUSY_SHARE) * load.used + BUSY_SHARE * lately)
    busy = max(AHEAD_SHARE * ahead, _price_at(BUSY_PRICES, level))
    share = min(max((an_hour - QUIET) / (BUSY - QUIET), 0.0), 1.0)
    return min(math.pow(quiet, 1 - share) * math.pow(busy, share), PRICES[-1][1])


def _price_ahead(load: Load) -> float:
    """Price by the polls left per video over the tightest horizon."""
    fewest = min(
        _polls_for_each(load, seconds, staying)
        for seconds, staying in zip(HORIZONS_SECONDS, load.staying, strict=True)
    )
    return math.pow(SECONDS_AND_POLLS / fewest, 2) / 2


def _polls_for_each(load: Load, seconds: float, staying: int) -> float:
    """Return the polls left per video rendering or expected within this time.

    Chance may bring more videos.
    """
    to_come = load.videos_an_hour() * seconds / HOUR_SECONDS
    more = math.sqrt(to_come)
    left = MAX_REQUESTS - staying - to_come
    polls = min(left - FOR_SUBMISSIONS, left - 2 * more)
    videos = max(0.7 * load.videos_in_hand, 0.5) + to_come + more
    return max(TO_SPEND * polls, 0.01) / videos


def _price_at(prices: Sequence[tuple[float, float]], used: float) -> float:
    """Interpolate between two prices on a logarithmic scale."""
    for (less, cheap), (more, expensive) in pairwise(prices):
        if used <= more:
            return cheap * math.pow(expensive / cheap, (used - less) / (more - less))
    return prices[-1][1]


class Mixture:
    """The trial of mixing submissions in one request, which is undocumented.

    If the service explicitly refuses, mixing stops for a while. An unreadable answer, or one that
    omits tasks, may be a hiccup: only the second in a row counts as a refusal.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._refused_at: datetime | None = None
        self._spoilt = 0

    @property
    def is_tried(self) -> bool:
        at = self._refused_at
        return at is None or not is_within(at, MIX_AGAIN_AFTER, self._clock.now())

    def worked(self) -> None:
        self._spoilt = 0

    def refused(self) -> None:
        self._spoilt = 0
        self._refused_at = self._clock.now()

    def spoilt(self) -> None:
        self._spoilt += 1
        if self._spoilt > SPOILT_TOLERATED:
            self.refused()


async def load_of(rule: RequestRule, pace: Pace) -> Load:
    """Count by window; requests younger than the hour's remainder outlast a horizon."""
    videos = videos_of(rule)
    staying = [
        await pace.used(within(rule, rule.per_seconds - seconds))
        for seconds in HORIZONS_SECONDS
        if seconds < rule.per_seconds
    ]
    missing = len(HORIZONS_SECONDS) - len(staying)
    return Load(
        used=await pace.used(rule),
        used_lately=await pace.used(within(rule, REQUESTS_LATELY_SECONDS)),
        staying=(*staying, *[0] * missing),
        videos=await pace.used(videos),
        videos_lately=await pace.used(within(videos, LATELY_SECONDS)),
        videos_in_hand=await pace.used(within(videos, IN_HAND_SECONDS)),
    )
