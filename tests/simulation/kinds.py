"""The kinds of trouble that a day may have besides the ordinary weather.

Each day draws some of them, so that most days have several and every pair comes up.
"""

from enum import StrEnum
from random import Random

HAS_IT = 0.25  # of all days, for each kind


class Kind(StrEnum):
    """One kind of trouble."""

    SUSPENDED = "suspended"  # SIGSTOP for seconds to minutes, then SIGCONT or SIGKILL
    DRIFT = "drift"  # up to a minute between the clocks of two machines
    WRONG_CLOCK = "wrong-clock"  # an hour or 400 days off for a while, by one process alone
    SLOW_UPLOAD = "slow-upload"  # longer than a posting lease, and than Discord knows a nonce
    REFUSED_CONTENT = "refused-content"  # by 400, 403 or 422, in every service's own words
    UNKNOWN_STATE = "unknown-state"  # a final state by a word that no one knows
    WITHOUT_ADDRESS = "without-address"  # completed, and the address comes later or never
    ODD_ADDRESS = "odd-address"  # http for https, a data URL, nested in lists
    EXPIRING_ADDRESS = "expiring-address"  # before it is fetched; a look gives a new one
    DAILY_LIMIT = "daily-limit"  # a service takes nothing for hours, and says until when
    NO_PERMISSION = "no-permission"  # to post in a channel, or to see it, for some seconds
    REFUSED_MESSAGE = "refused-message"  # by Discord, for the words of a member that it quotes
    STORYBOARDS = "storyboards"  # whose shots are jobs of their own
    SEQUELS = "sequels"  # videos made from others: again, extended, remixed, a shot re-made


DRAWN: frozenset[Kind] = frozenset(Kind)


def drawn(random: Random, kinds: frozenset[Kind]) -> frozenset[Kind]:
    """Those that this day has; asked for some alone, each day has all of them."""
    if kinds != DRAWN:
        return kinds
    return frozenset(kind for kind in Kind if random.random() < HAS_IT)
