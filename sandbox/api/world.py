"""The world: reading it, and changing it with the sandbox's own rights."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Field

from sandbox.api import shapes
from sandbox.api.routing import Call, Form, Nothing, Route
from sandbox.discord import payloads
from sandbox.discord.faults import Faults
from sandbox.discord.gateway.service import Gateway
from sandbox.discord.local_discord import LocalDiscord
from sandbox.discord.state.models import Guild, Json, Member

_Name = Annotated[str, Field(min_length=1, max_length=100)]


class ApplicationForm(Form):
    """The developer portal's switches."""

    message_content: bool | None = None
    guild_members: bool | None = None
    presence: bool | None = None
    user_installs: list[int] | None = Field(
        None, description="who has added the application to their own account"
    )


class GuildForm(Form):
    """What changes about a guild."""

    name: _Name | None = None
    premium_tier: Literal[0, 1, 2, 3] | None = None


class NewMemberForm(Form):
    """A person who joins."""

    username: _Name
    global_name: str | None = None
    roles: list[int] = Field(default_factory=list)
    nitro: Literal[0, 1, 2] = 0


class MemberForm(Form):
    """What changes about a member; a timeout of 0 or null ends it."""

    roles: list[int] | None = None
    nick: str | None = None
    timeout_seconds: float | None = None
    direct_messages: bool | None = Field(
        None, description="whether the member takes direct messages of others in this guild"
    )


class RoleForm(Form):
    """What changes about a role."""

    name: _Name | None = None
    permissions: str | None = Field(None, pattern=r"^\d+$")
    color: int | None = None


class NewRoleForm(Form):
    """A new role."""

    name: _Name
    permissions: str | None = Field(None, pattern=r"^\d+$")
    color: int | None = None


class ChannelForm(Form):
    """What changes about a channel; for threads also Discord's own thread fields."""

    name: _Name | None = None
    nsfw: bool | None = None
    topic: str | None = None
    parent_id: str | None = None
    permission_overwrites: list[dict[str, Any]] | None = None
    rate_limit_per_user: int | None = None
    archived: bool | None = None
    locked: bool | None = None


class NewChannelForm(Form):
    """A new channel."""

    name: _Name
    type: int = 0
    nsfw: bool = False
    topic: str | None = None
    parent_id: str | None = None
    permission_overwrites: list[dict[str, Any]] = Field(default_factory=list)


class ClockForm(Form):
    """How far to turn the clock forward."""

    advance_seconds: float = Field(ge=0)


class WorldRoutes:
    """Handlers for the whole world, its guilds, members, roles and channels, and the clock."""

    def __init__(self, discord: LocalDiscord, gateway: Gateway, faults: Faults) -> None:
        self._faults = faults
        self._world = discord.world
        self._discord = discord
        self._gateway = gateway

    def table(self) -> list[Route]:
        member = "/guilds/{guild}/members/{user}"
        role = "/guilds/{guild}/roles/{role}"
        return [
            Route("GET", "/world", self._show, "Everything there is", answer=shapes.World),
            Route(
                "PATCH", "/application", self._switch, "Turn the developer portal's switches",
                ApplicationForm, answer=shapes.Application,
            ),
            Route(
                "PATCH", "/guilds/{guild}", self._edit_guild, "Change a guild",
                GuildForm, answer=shapes.Guild,
            ),
            Route(
                "POST", "/guilds/{guild}/members", self._add_member, "Let a person join",
                NewMemberForm, answer=shapes.Member,
            ),
            Route("PATCH", member, self._edit_member, "Change a member", MemberForm, answer=shapes.Member),
            Route("DELETE", member, self._remove_member, "Let a member leave"),
            Route(
                "POST", "/guilds/{guild}/roles", self._add_role, "Make a role",
                NewRoleForm, answer=shapes.Role,
            ),
            Route("PATCH", role, self._edit_role, "Change a role", RoleForm, answer=shapes.Role),
            Route("DELETE", role, self._remove_role, "Remove a role"),
            Route(
                "POST", "/guilds/{guild}/channels", self._add_channel, "Make a channel",
                NewChannelForm, answer=shapes.Channel,
            ),
            Route(
                "PATCH", "/channels/{channel}", self._edit_channel, "Change a channel or thread",
                ChannelForm, answer=shapes.Channel,
            ),
            Route("DELETE", "/channels/{channel}", self._remove_channel, "Remove a channel"),
            Route("POST", "/clock", self._turn_clock, "Turn the clock forward", ClockForm, answer=shapes.Clock),
        ]  # fmt: skip

    async def _show(self, _call: Call[Nothing, Nothing]) -> Json:
        return {
            "now": payloads.iso(self._world.clock.now()),
            "application": self._application(),
            "guilds": [self._guild(guild) for guild in self._world.guilds.values()],
        }

    def _application(self) -> Json:
        application = self._world.application
        switches = ("message_content", "guild_members", "presence")
        return {
            "id": str(application.id),
            "name": application.name,
            "bot": payloads.user_json(application.bot),
            "online": self._gateway.online,
            "intents": {name: getattr(application, name) for name in switches},
            "user_installs": [str(user_id) for user_id in sorted(application.user_installs)],
        }

    def _guild(self, guild: Guild) -> Json:
        channels = list(guild.channels.values())
        return payloads.guild_json(guild) | {
            "channels": [self._channel(item) for item in channels if item.thread is None],
            "threads": [self._channel(item) for item in channels if item.thread is not None],
            "members": [_member(member) for member in guild.members.values()],
        }

    def _channel(self, channel: Any) -> Json:
        return payloads.channel_json(self._world, channel)

    async def _switch(self, call: Call[ApplicationForm, Nothing]) -> Json:
        given = call.body.given()
        installs = given.pop("user_installs", None)
        if installs is not None:
            self._world.application.user_installs = {
                self._world.user(user_id).id for user_id in installs
            }
            self._world.bus.publish_data("COMMANDS_CHANGED", {})
        for name, on in given.items():
            setattr(self._world.application, name, bool(on))
        return self._application()

    async def _edit_guild(self, call: Call[GuildForm, Nothing]) -> Json:
        guild = self._world.guild(call.path["guild"])
        return self._guild(self._discord.guilds.update(guild, call.body.given()))

    async def _add_member(self, call: Call[NewMemberForm, Nothing]) -> Json:
        form = call.body
        member = self._discord.members.add(
            self._world.guild(call.path["guild"]),
            form.username,
            global_name=form.global_name,
            role_ids=set(form.roles),
            nitro=form.nitro,
        )
        return _member(member)

    async def _edit_member(self, call: Call[MemberForm, Nothing]) -> Json:
        form = call.body.given()
        if "timeout_seconds" in form:
            until = self._world.clock.now() + timedelta(seconds=form.pop("timeout_seconds") or 0)
            form["communication_disabled_until"] = payloads.iso(until)
        if form.get("roles") is not None:
            form["roles"] = [str(role_id) for role_id in form["roles"]]
        guild = self._world.guild(call.path["guild"])
        takes_direct = form.pop("direct_messages", None)
        member = self._discord.members.update(guild, call.path["user"], form)
        if takes_direct is not None:
            member.takes_direct_messages = takes_direct
        return _member(member)

    async def _remove_member(self, call: Call[Nothing, Nothing]) -> None:
        guild = self._world.guild(call.path["guild"])
        self._discord.members.remove(guild, call.path["user"])

    async def _add_role(self, call: Call[NewRoleForm, Nothing]) -> Json:
        guild = self._world.guild(call.path["guild"])
        return payloads.role_json(self._discord.roles.create(guild, call.body.given()))

    async def _edit_role(self, call: Call[RoleForm, Nothing]) -> Json:
        guild = self._world.guild(call.path["guild"])
        role = self._discord.roles.update(guild, call.path["role"], call.body.given())
        return payloads.role_json(role)

    async def _remove_role(self, call: Call[Nothing, Nothing]) -> None:
        guild = self._world.guild(call.path["guild"])
        self._discord.roles.delete(guild, call.path["role"])

    async def _add_channel(self, call: Call[NewChannelForm, Nothing]) -> Json:
        guild = self._world.guild(call.path["guild"])
        return self._channel(self._discord.channels.create(guild, call.body.model_dump()))

    async def _edit_channel(self, call: Call[ChannelForm, Nothing]) -> Json:
        channel = self._world.channel(call.path["channel"])
        return self._channel(self._discord.channels.update(channel, call.body.given()))

    async def _remove_channel(self, call: Call[Nothing, Nothing]) -> None:
        self._discord.channels.delete(self._world.channel(call.path["channel"]))

    async def _turn_clock(self, call: Call[ClockForm, Nothing]) -> Json:
        """Between two requests: none of them lasts as long as clocks are turned."""
        clock = self._world.clock
        await self._faults.idle()
        clock.advance(call.body.advance_seconds)
        return {
            "now": payloads.iso(clock.now()),
            "offset_seconds": clock.offset.total_seconds(),
        }


def _member(member: Member) -> Json:
    """The member, whose user also says what Nitro it has."""
    data = payloads.member_json(member)
    data["user"]["premium_type"] = member.user.nitro
    return data
