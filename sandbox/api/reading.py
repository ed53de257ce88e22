"""Reading: what a member sees."""

from pydantic import Field

from sandbox.api import shapes
from sandbox.api.routing import As, Call, Nothing, Route
from sandbox.discord import errors, payloads
from sandbox.discord.interactions.commands.availability import commands_for
from sandbox.discord.interactions.commands.registry import command_json
from sandbox.discord.interactions.service import Interactions
from sandbox.discord.rules import permissions
from sandbox.discord.state.models import Json


class InGuild(As):
    """Who looks, and into which guild."""

    guild: int


class Page(As):
    """Who reads, and from where backwards."""

    limit: int = Field(50, ge=1, le=100)
    before: int | None = None


class ReadingRoutes:
    """Handlers for channels, messages and commands."""

    def __init__(self, interactions: Interactions) -> None:
        self._interactions = interactions
        self._world = interactions.discord.world
        self._messages = interactions.discord.messages

    def table(self) -> list[Route]:
        messages = "/channels/{channel}/messages"
        return [
            Route(
                "GET", "/channels", self._channels, "The channels that a member sees, threads too",
                query=InGuild, answer=list[shapes.VisibleChannel],
            ),
            Route(
                "GET", messages, self._history, "The messages that a member sees, newest first",
                query=Page, answer=list[shapes.Message],
            ),
            Route(
                "GET", messages + "/{message}", self._message, "One message",
                query=As, answer=shapes.Message,
            ),
            Route(
                "GET", "/channels/{channel}/commands", self._commands,
                "The commands of all three types that a member may use here",
                query=As, answer=list[shapes.Command],
            ),
        ]  # fmt: skip

    async def _channels(self, call: Call[Nothing, InGuild]) -> list[Json]:
        guild = self._world.guild(call.query.guild)
        user_id = call.query.user_id
        if user_id not in guild.members:
            raise errors.missing_access()
        granted = [
            (channel, permissions.granted_in(self._world, channel, user_id))
            for channel in guild.channels.values()
        ]
        return [
            {
                "channel": payloads.channel_json(self._world, channel, user_id),
                "permissions": str(bits),
            }
            for channel, bits in granted
            if bits & permissions.VIEW_CHANNEL
        ]

    async def _history(self, call: Call[Nothing, Page]) -> list[Json]:
        channel = self._world.channel(call.path["channel"])
        query = call.query
        found = self._messages.history(
            channel, query.user_id, before=query.before, limit=query.limit
        )
        viewer = self._world.viewer(query.user_id)
        return [payloads.message_json(self._world, message, viewer) for message in found]

    async def _message(self, call: Call[Nothing, As]) -> Json:
        channel = self._world.channel(call.path["channel"])
        message = self._messages.get(channel, call.path["message"], call.query.user_id)
        viewer = self._world.viewer(call.query.user_id)
        return payloads.message_json(self._world, message, viewer)

    async def _commands(self, call: Call[Nothing, As]) -> list[Json]:
        channel = self._world.channel(call.path["channel"])
        user_id = call.query.user_id
        permissions.require(self._world, channel, user_id, permissions.VIEW_CHANNEL)
        registry = self._interactions.registry
        offered = commands_for(self._world, registry, channel, user_id)
        return [command_json(command) for command in offered]
