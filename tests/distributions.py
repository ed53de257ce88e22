"""What tests ask of a distribution and the bot does not."""

import math
from itertools import pairwise

from bot.polling.render_times import (
    LAST_SECONDS,
    LOG_EDGES,
    STEP,
    Distribution,
)


def quantile(render_times: Distribution, share: float) -> float:
    """The age in seconds at which this share (0 to 1, exclusive) of videos is finished."""
    for cell, (before, after) in enumerate(pairwise(render_times.shares)):
        if after >= share:
            part = (share - before) / (after - before) if after > before else 0.0
            return math.exp(LOG_EDGES[cell] + STEP * part)
    return LAST_SECONDS
