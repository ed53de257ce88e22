"""The port `AvailabilityStore`."""

from bot.domain.availability import Availability, PauseReason
from bot.ids import ProviderName
from bot.storage import rows
from bot.storage.tables import Tables


class SqlAvailabilityStore(Tables):
    """How providers behaved lately, in SQLite or PostgreSQL."""

    async def get(self, provider: ProviderName) -> Availability:
        row = await self._read_one("get_availability", provider=provider)
        if row is None:
            return Availability(provider)
        until, reason = row["paused_until"], row["reason"]
        return Availability(
            provider,
            row["failures_in_row"],
            row["pauses_in_row"],
            None if until is None else rows.instant(until),
            None if reason is None else PauseReason(reason),
        )

    async def put(self, availability: Availability) -> None:
        until, reason = availability.paused_until, availability.reason
        await self._write(
            "put_availability",
            provider=availability.provider,
            failures_in_row=availability.failures_in_row,
            pauses_in_row=availability.pauses_in_row,
            paused_until=None if until is None else rows.milliseconds(until),
            reason=None if reason is None else reason.value,
        )
