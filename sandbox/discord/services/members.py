"""Members: joining, roles, names, timeouts and leaving."""

from datetime import datetime
from typing import Any

from sandbox.discord import errors
from sandbox.discord.payloads import member_json, user_json
from sandbox.discord.rules import forms, permissions
from sandbox.discord.services import voice
from sandbox.discord.services.guilds import Roles
from sandbox.discord.state.events import Event
from sandbox.discord.state.models import (
    Guild,
    Json,
    Member,
    User,
)
from sandbox.discord.state.world import World


class Members:
    """Changes to a guild's members."""

    def __init__(self, world: World, roles: Roles) -> None:
        self._world = world
        self._roles = roles

    def add(
        self,
        guild: Guild,
        username: str,
        *,
        global_name: str | None = None,
        role_ids: set[int] | None = None,
        nitro: int = 0,
    ) -> Member:
        """Make a user who joins the guild."""
        faults = errors.FormErrors()
        name = forms.required_text(faults, "username", username, least=2, most=32)
        faults.raise_if_any()
        for role_id in role_ids or ():
            self._roles.get(guild, role_id)
        user = User(
            id=self._world.ids.new(),
            username=name.lower(),
            global_name=global_name,
            nitro=nitro,
        )
        user.avatar = f"{user.id:032x}"[-32:]
        member = Member(user, self._world.clock.now(), set(role_ids or ()))
        self._world.users[user.id] = user
        guild.members[user.id] = member
        self._publish("GUILD_MEMBER_ADD", guild, member)
        return member

    def update(self, guild: Guild, user_id: int, form: Json, actor_id: int | None = None) -> Member:
        """`roles`, `nick`, `communication_disabled_until`."""
        member = self._world.member(guild.id, user_id)
        if "roles" in form:
            self._set_roles(guild, member, forms.snowflakes(form["roles"]), actor_id)
        if "nick" in form:
            self._set_nick(guild, member, form["nick"], actor_id)
        if "communication_disabled_until" in form:
            self._check_above(guild, member, actor_id, permissions.MODERATE_MEMBERS)
            member.timed_out_until = _moment(form["communication_disabled_until"])
        self._publish("GUILD_MEMBER_UPDATE", guild, member)
        return member

    def give_role(self, guild: Guild, user_id: int, role_id: int, actor_id: int | None) -> None:
        member = self._world.member(guild.id, user_id)
        self._set_roles(guild, member, member.role_ids | {role_id}, actor_id)
        self._publish("GUILD_MEMBER_UPDATE", guild, member)

    def take_role(self, guild: Guild, user_id: int, role_id: int, actor_id: int | None) -> None:
        member = self._world.member(guild.id, user_id)
        self._roles.get(guild, role_id)
        self._set_roles(guild, member, member.role_ids - {role_id}, actor_id)
        self._publish("GUILD_MEMBER_UPDATE", guild, member)

    def remove(self, guild: Guild, user_id: int, actor_id: int | None = None) -> None:
        """Remove a member; a removed bot gets GUILD_DELETE."""
        member = self._world.member(guild.id, user_id)
        if actor_id != user_id:
            self._check_above(guild, member, actor_id, permissions.KICK_MEMBERS)
        voice.leave(self._world, guild, user_id)
        del guild.members[user_id]
        data = {"guild_id": str(guild.id), "user": user_json(member.user)}
        self._world.bus.publish_data("GUILD_MEMBER_REMOVE", data, guild_id=guild.id)
        if user_id == self._world.application.bot.id:
            gone = {"id": str(guild.id)}
            self._world.bus.publish_data("GUILD_DELETE", gone, guild_id=guild.id, only_user=user_id)

    def _set_roles(
        self, guild: Guild, member: Member, wanted: set[int], actor_id: int | None
    ) -> None:
        for role_id in wanted ^ member.role_ids:
            role = self._roles.get(guild, role_id)
            if role_id == guild.id or (actor_id is not None and role.managed_by_bot is not None):
                raise errors.invalid_role()
            self._roles.check_reach(guild, role, actor_id)
        member.role_ids = wanted

    def _set_nick(self, guild: Guild, member: Member, value: Any, actor_id: int | None) -> None:
        if actor_id == member.user.id:
            permissions.require_in_guild(guild, actor_id, permissions.CHANGE_NICKNAME)
        else:
            self._check_above(guild, member, actor_id, permissions.MANAGE_NICKNAMES)
        faults = errors.FormErrors()
        nick = forms.text(faults, "nick", value, most=32)
        faults.raise_if_any()
        member.nick = nick or None

    def _check_above(self, guild: Guild, member: Member, actor_id: int | None, needed: int) -> None:
        """Raise 50013 unless the actor has the permission and stands above the member."""
        if actor_id is None:
            return
        actor = permissions.require_in_guild(guild, actor_id, needed)
        above = permissions.highest_position(guild, actor)
        if above <= permissions.highest_position(guild, member):
            raise errors.missing_permissions()

    def _publish(self, name: str, guild: Guild, member: Member) -> None:
        self._world.bus.publish(
            Event(
                name,
                lambda _viewer: member_json(member) | {"guild_id": str(guild.id)},
                guild_id=guild.id,
            )
        )


def _moment(value: Any) -> datetime | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise errors.invalid_form(
            "communication_disabled_until",
            "DATE_TIME_TYPE_PARSE",
            f"Could not parse {value}. Should be ISO8601.",
        ) from error
    if moment.tzinfo is None:
        raise errors.invalid_form(
            "communication_disabled_until", "DATE_TIME_TYPE_PARSE", "The time needs a zone."
        )
    return moment
