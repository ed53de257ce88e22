"""The guild itself (its name and boosts) and its roles, with the few rules that they share.

Here and in `channels` and `members`, `actor_id` is who makes the change and needs the
permission; None is the sandbox itself. Forms are Discord's own. Every change is published.
"""

from sandbox.discord import errors
from sandbox.discord.payloads import guild_event_json, role_json
from sandbox.discord.rules import forms, permissions
from sandbox.discord.state.events import Event
from sandbox.discord.state.models import Guild, Json, Role
from sandbox.discord.state.world import World

MOST_TIER = 3


class Guilds:
    """Changes to guilds."""

    def __init__(self, world: World) -> None:
        self._world = world

    def update(self, guild: Guild, form: Json, actor_id: int | None = None) -> Guild:
        """`name`; `premium_tier` only by the sandbox's hand, because members buy it."""
        if actor_id is not None:
            permissions.require_in_guild(guild, actor_id, permissions.MANAGE_GUILD)
        faults = errors.FormErrors()
        name = forms.text(faults, "name", form.get("name"), least=2, most=100)
        tier = forms.integer(
            faults, "premium_tier", form.get("premium_tier"), least=0, most=MOST_TIER
        )
        faults.raise_if_any()
        guild.name = name or guild.name
        if tier is not None and actor_id is None:
            guild.premium_tier = tier
        self._world.bus.publish(
            Event("GUILD_UPDATE", lambda _viewer: guild_event_json(guild), guild_id=guild.id)
        )
        return guild


class Roles:
    """Changes to a guild's roles."""

    def __init__(self, world: World) -> None:
        self._world = world

    def create(self, guild: Guild, form: Json, actor_id: int | None = None) -> Role:
        if actor_id is not None:
            permissions.require_in_guild(guild, actor_id, permissions.MANAGE_ROLES)
        role = Role(
            id=self._world.ids.new(),
            name="new role",
            permissions=guild.roles[guild.id].permissions,
            position=1,
        )
        self._change(role, form)
        guild.roles[role.id] = role
        self._publish("GUILD_ROLE_CREATE", guild, role)
        return role

    def update(self, guild: Guild, role_id: int, form: Json, actor_id: int | None = None) -> Role:
        role = self.get(guild, role_id)
        self.check_reach(guild, role, actor_id)
        self._change(role, form)
        self._publish("GUILD_ROLE_UPDATE", guild, role)
        return role

    def delete(self, guild: Guild, role_id: int, actor_id: int | None = None) -> None:
        role = self.get(guild, role_id)
        self.check_reach(guild, role, actor_id)
        if role_id == guild.id or role.managed_by_bot is not None:
            raise errors.invalid_role()
        del guild.roles[role_id]
        for member in guild.members.values():
            member.role_ids.discard(role_id)
        for channel in guild.channels.values():
            channel.overwrites.pop(role_id, None)
        data = {"guild_id": str(guild.id), "role_id": str(role_id)}
        self._world.bus.publish_data("GUILD_ROLE_DELETE", data, guild_id=guild.id)

    def get(self, guild: Guild, role_id: int) -> Role:
        if (role := guild.roles.get(role_id)) is None:
            raise errors.unknown_role()
        return role

    def check_reach(self, guild: Guild, role: Role, actor_id: int | None) -> None:
        """Raise 50013 unless the actor may manage roles and stands above this one."""
        if actor_id is None:
            return
        actor = permissions.require_in_guild(guild, actor_id, permissions.MANAGE_ROLES)
        if permissions.highest_position(guild, actor) <= role.position:
            raise errors.missing_permissions()

    def _change(self, role: Role, form: Json) -> None:
        faults = errors.FormErrors()
        name = forms.text(faults, "name", form.get("name"), least=1, most=100)
        color = forms.integer(faults, "color", form.get("color"), least=0, most=0xFFFFFF)
        hoist = forms.boolean(faults, "hoist", form.get("hoist"), default=role.hoist)
        mentionable = forms.boolean(
            faults, "mentionable", form.get("mentionable"), default=role.mentionable
        )
        faults.raise_if_any()
        role.name = name or role.name
        role.color = role.color if color is None else color
        bits = forms.snowflake(form.get("permissions"))
        role.permissions = role.permissions if bits is None else bits
        role.hoist, role.mentionable = hoist, mentionable

    def _publish(self, name: str, guild: Guild, role: Role) -> None:
        self._world.bus.publish(
            Event(
                name,
                lambda _viewer: {"guild_id": str(guild.id), "role": role_json(role)},
                guild_id=guild.id,
            )
        )
