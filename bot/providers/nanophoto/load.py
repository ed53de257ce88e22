"""What an account did in its last hour, read from the budget that all processes share."""

from bot.domain.budgets import RequestRule
from bot.providers.nanophoto.rules import (
    HORIZONS_SECONDS,
    IN_HAND_SECONDS,
    LATELY_SECONDS,
    REQUESTS_LATELY_SECONDS,
    Load,
    films_of,
    within,
)
from bot.providers.pacing import Pace


async def load_of(rule: RequestRule, pace: Pace) -> Load:
    """Counts by window; what is younger than the rest of the hour stays over a horizon."""
    films = films_of(rule)
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
        films=await pace.used(films),
        films_lately=await pace.used(within(films, LATELY_SECONDS)),
        films_in_hand=await pace.used(within(films, IN_HAND_SECONDS)),
    )
