"""Making, changing and removing roles, and giving them to members; nobody reaches above their own."""

from sandbox.discord import errors, forms, permissions
from sandbox.discord.events import Event
from sandbox.discord.models import Guild, Json, Role
from sandbox.discord.payloads import role_json
from sandbox.discord.world import World


class Roles:
    """Changes to a guild's roles."""

    def __init__(self, world: World) -> None:
        self._world = world

    def create(self, guild: Guild, form: Json, actor_id: int | None = None) -> Role:
        if actor_id is not None:
            self._world.require_in_guild(guild, actor_id, permissions.MANAGE_ROLES)
        role = Role(
            id=self._world.ids.new(),
            name="new role",
            permissions=guild.roles[guild.id].permissions,
            position=1,
        )
        self._change(role, form)
        guild.roles[role.id] = role
        self._tell("GUILD_ROLE_CREATE", guild, role)
        return role

    def update(self, guild: Guild, role_id: int, form: Json, actor_id: int | None = None) -> Role:
        role = self.get(guild, role_id)
        self.check_reach(guild, role, actor_id)
        self._change(role, form)
        self._tell("GUILD_ROLE_UPDATE", guild, role)
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
        self._world.bus.tell("GUILD_ROLE_DELETE", data, guild_id=guild.id)

    def get(self, guild: Guild, role_id: int) -> Role:
        if (role := guild.roles.get(role_id)) is None:
            raise errors.unknown_role()
        return role

    def check_reach(self, guild: Guild, role: Role, actor_id: int | None) -> None:
        """Raise 50013 unless the actor may manage roles and stands above this one."""
        if actor_id is None:
            return
        actor = self._world.require_in_guild(guild, actor_id, permissions.MANAGE_ROLES)
        if permissions.highest_position(guild, actor) <= role.position:
            raise errors.missing_permissions()

    def _change(self, role: Role, form: Json) -> None:
        faults = errors.FormErrors()
        name = forms.text(faults, "name", form.get("name"), least=1, most=100)
        color = forms.integer(faults, "color", form.get("color"), least=0, most=0xFFFFFF)
        faults.raise_if_any()
        role.name = name or role.name
        role.color = role.color if color is None else color
        bits = forms.snowflake(form.get("permissions"))
        role.permissions = role.permissions if bits is None else bits
        role.hoist = bool(form.get("hoist", role.hoist))
        role.mentionable = bool(form.get("mentionable", role.mentionable))

    def _tell(self, name: str, guild: Guild, role: Role) -> None:
        self._world.bus.publish(
            Event(
                name,
                lambda _viewer: {"guild_id": str(guild.id), "role": role_json(role)},
                guild_id=guild.id,
            )
        )
