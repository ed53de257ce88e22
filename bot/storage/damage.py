"""Unreadable rows, as a disk may leave them, found so that the operator can act."""

from collections.abc import Callable

from bot.errors import UnreadableRowError
from bot.storage import policies, rows
from bot.storage.engines.transaction import Engine
from bot.storage.guilds import preset_from
from bot.storage.rows import Row

MAX_NAMED = 100

_READERS: dict[str, Callable[[Row], object]] = {
    "examine_jobs": rows.job_from,
    "examine_submissions": rows.submission_from,
    "examine_deliveries": rows.delivery_from,
    "examine_policies": lambda row: policies.policy_from(row, row["guild_id"]),
    "examine_overrides": policies.override_from,
    "examine_presets": preset_from,
}


class Damage:
    """Reads row by row and changes nothing."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def list(self, *, everything: bool) -> list[str]:
        """Describe each damaged row and its repair; ended jobs only with `everything`."""
        found: list[str] = []
        for query, read in _READERS.items():
            async with self._engine.reading() as tx:
                async for row in tx.each(query, everything=int(everything)):
                    try:
                        read(row)
                    except UnreadableRowError as error:
                        found.append(str(error))
                    if len(found) >= MAX_NAMED:
                        return found
        return found
