"""Reading how a member stands in a server; under the lock of a transaction it stays so."""

from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from bot.domain import windows
from bot.domain.admission import Event, Standing
from bot.domain.ledger import Account, AccountKind, account_id
from bot.domain.limits import Rules, effective
from bot.domain.offers import Place
from bot.domain.policy import Policy, SubjectKind
from bot.domain.windows import Window
from bot.ids import ChannelId, GuildId, UserId
from bot.storage import policies, rows
from bot.storage.tables import Tables

_INSTANTS: TypeAdapter[list[int]] = TypeAdapter(list[int])


class Standings(Tables):
    """Every method takes the connection of a transaction or of a reading."""

    async def standing(
        self, connection: Any, policy: Policy, place: Place, now: datetime
    ) -> Standing:
        rules = await self.rules_of(connection, policy, place)
        guild_id, user_id = place.guild_id, place.user_id
        owner = {"guild_id": guild_id, "user_id": user_id}
        grants = await self._all(connection, "list_grants", **owner, now=rows.milliseconds(now))
        open_jobs = await self._one(connection, "count_open_jobs", **owner)
        return Standing(
            policy=policy,
            rules=rules,
            at=now,
            allowance=await self._account(connection, _allowance(policy, rules, user_id, now)),
            grants=tuple(policies.account_from(row) for row in grants),
            pool=await self._account(connection, pool_account(policy, now)),
            event=await self._event(connection, place, now),
            rates=await self._rates(connection, guild_id, user_id),
            open_jobs=int(open_jobs["open_jobs"]) if open_jobs else 0,
        )

    async def rules_of(self, connection: Any, policy: Policy, place: Place) -> Rules:
        """Those that hold for this member, with the roles that they have now."""
        guild_id = policy.guild_id
        found = await self._all(connection, "list_role_overrides", guild_id=guild_id)
        overrides = [policies.override_from(row) for row in found]
        roles = [one.rules for one in overrides if one.subject.id in place.role_ids]
        own = await self._one(
            connection,
            "get_override",
            guild_id=guild_id,
            subject_kind=SubjectKind.MEMBER.value,
            subject_id=place.user_id,
        )
        return effective(policy.rules, roles, policies.override_from(own).rules if own else None)

    async def _account(self, connection: Any, fresh: Account) -> Account:
        row = await self._one(connection, "get_account", id=fresh.id)
        return fresh if row is None else policies.account_from(row)

    async def _event(self, connection: Any, place: Place, now: datetime) -> Event | None:
        """That of the channel, or of the channel that a thread hangs on."""
        for channel_id in (place.channel_id, place.parent_id):
            if channel_id is None:
                continue
            event = await self._event_of(connection, place.guild_id, channel_id, now)
            if event is not None:
                return event
        return None

    async def _event_of(
        self, connection: Any, guild_id: GuildId, channel_id: ChannelId, now: datetime
    ) -> Event | None:
        row = await self._one(
            connection, "find_open_event", guild_id=guild_id, channel_id=channel_id
        )
        if row is None or (row["ends_at"] is not None and row["ends_at"] <= rows.milliseconds(now)):
            return None
        return policies.event_from(row)

    async def _rates(
        self, connection: Any, guild_id: GuildId, user_id: UserId
    ) -> dict[int, list[datetime]]:
        found = await self._all(connection, "list_rate_windows", guild_id=guild_id, user_id=user_id)
        return {
            row["period_seconds"]: [
                rows.instant(stored) for stored in _INSTANTS.validate_json(row["instants"])
            ]
            for row in found
        }


def instants_json(instants: list[datetime]) -> str:
    return _INSTANTS.dump_json([rows.milliseconds(instant) for instant in instants]).decode()


def pool_account(policy: Policy, now: datetime) -> Account:
    """The month's, as it is before its first film."""
    month = windows.label(Window.MONTH, now, policy.zone)
    _, ends_at = windows.bounds(Window.MONTH, now, policy.zone)
    kind = AccountKind.POOL
    return Account(account_id(policy.guild_id, kind, month), policy.guild_id, kind, None, ends_at)


def _allowance(policy: Policy, rules: Rules, user_id: UserId, now: datetime) -> Account:
    """The window's, as it is before its first film; the month's where nothing limits it."""
    given = None if rules.exempt else rules.allowance
    window = given.window if given else Window.MONTH
    name = windows.label(window, now, policy.zone) if given else _unlimited(policy, now)
    _, ends_at = windows.bounds(window, now, policy.zone)
    kind = AccountKind.ALLOWANCE
    account = account_id(policy.guild_id, kind, user_id, name)
    return Account(account, policy.guild_id, kind, user_id, ends_at)


def _unlimited(policy: Policy, now: datetime) -> str:
    return f"unlimited-{windows.label(Window.MONTH, now, policy.zone)}"
