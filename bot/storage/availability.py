"""The port `AvailabilityStore`."""

from collections.abc import Sequence

from bot.domain.availability import Availability, PauseReason
from bot.ids import ProviderName
from bot.storage import rows
from bot.storage.databases import Engine
from bot.storage.tables import Tables
from bot.storage.together import Together


class SqlAvailabilityStore(Tables):
    """How providers behaved lately, in SQLite or PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._known = Together(self._get_all)

    async def get(self, provider: ProviderName) -> Availability:
        return await self._known.ask(provider) or Availability(provider)

    async def _get_all(self, providers: Sequence[ProviderName]) -> dict[ProviderName, Availability]:
        found = {
            provider: await self._read_one("get_availability", provider=provider)
            for provider in providers
        }
        return {
            provider: self._from(provider, row)
            for provider, row in found.items()
            if row is not None
        }

    def _from(self, provider: ProviderName, row: rows.Row) -> Availability:
        until, reason = row["paused_until"], row["reason"]
        return Availability(
            provider,
            row["failures_in_row"],
            row["pauses_in_row"],
            None if until is None else rows.instant(until),
            None if reason is None else PauseReason(reason),
        )

    async def replace(self, known: Availability, after: Availability) -> bool:
        until, reason = after.paused_until, after.reason
        async with self._engine.transaction() as connection:
            row = await self._one(
                connection,
                "replace_availability",
                provider=after.provider,
                failures_in_row=after.failures_in_row,
                pauses_in_row=after.pauses_in_row,
                paused_until=None if until is None else rows.milliseconds(until),
                reason=None if reason is None else reason.value,
                **_known(known),
            )
        return row is not None


def _known(known: Availability) -> rows.Parameters:
    until, reason = known.paused_until, known.reason
    return {
        "known_failures_in_row": known.failures_in_row,
        "known_pauses_in_row": known.pauses_in_row,
        "known_paused_until": -1 if until is None else rows.milliseconds(until),
        "known_reason": "" if reason is None else reason.value,
    }
