"""The port `AvailabilityStore`."""

from collections.abc import Sequence

from bot.ids import ProviderName
from bot.providers.availability import Availability, PauseReason
from bot.storage import rows
from bot.storage.engines.batching import Batching
from bot.storage.engines.transaction import Engine


class SqlAvailabilityStore:
    """Recent availability of providers, in SQLite or PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known = Batching(self._get_all)

    async def get(self, provider: ProviderName) -> Availability:
        return await self._known.ask(provider) or Availability(provider)

    async def _get_all(self, providers: Sequence[ProviderName]) -> dict[ProviderName, Availability]:
        found = {
            provider: await self._engine.read_one("get_availability", provider=provider)
            for provider in providers
        }
        read = self._engine.readable(filter(None, found.values()), _availability_from)
        known = {one.provider: one for one in read}
        for provider in [one for one, row in found.items() if row and one not in known]:
            await self._engine.write("forget_availability", provider=provider)  # learned again soon
        return known

    async def replace(self, known: Availability, after: Availability) -> bool:
        until, reason = after.paused_until, after.reason
        async with self._engine.transaction() as tx:
            row = await tx.one(
                "replace_availability",
                provider=after.provider,
                failures_in_row=after.failures_in_row,
                pauses_in_row=after.pauses_in_row,
                paused_until=None if until is None else rows.milliseconds(until),
                reason=None if reason is None else reason.value,
                **_known(known),
            )
        return row is not None


def _availability_from(row: rows.Row) -> Availability:
    until, reason = row["paused_until"], row["reason"]
    with rows.reading(f"the pause of {row['provider']}"):
        return Availability(
            ProviderName(row["provider"]),
            row["failures_in_row"],
            row["pauses_in_row"],
            None if until is None else rows.instant(until),
            None if reason is None else PauseReason(reason),
        )


def _known(known: Availability) -> rows.Parameters:
    until, reason = known.paused_until, known.reason
    return {
        "known_failures_in_row": known.failures_in_row,
        "known_pauses_in_row": known.pauses_in_row,
        "known_paused_until": -1 if until is None else rows.milliseconds(until),
        "known_reason": "" if reason is None else reason.value,
    }
