"""From the event bus to the sessions: who hears an event, and how much of it.

An event reaches a session if the bot may see it, the guild belongs to the shard and the intent was
asked for. Message Content needs both the portal's switch and the intent.
"""

from sandbox.discord.events import Event, Viewer
from sandbox.discord.gateway.context import GatewayContext
from sandbox.discord.gateway.intents import Intent, wants
from sandbox.discord.gateway.sessions import Session
from sandbox.discord.gateway.welcoming import guild_create

FOR_PEOPLE_ONLY = frozenset({"BOT_PRESENCE", "INTERACTION_RECORD", "COMMANDS_CHANGED"})


class Dispatcher:
    """The bus's subscriber that feeds every session, connected or waiting to be resumed."""

    def __init__(self, context: GatewayContext) -> None:
        self._context = context

    def __call__(self, event: Event) -> None:
        world = self._context.world
        bot_id = world.application.bot.id
        if event.name in FOR_PEOPLE_ONLY or not world.sees(bot_id, event):
            return
        for session in self._context.sessions.all():
            if session.hears(event.guild_id) and self._wants(session, event):
                self._dispatch(session, event)

    def _wants(self, session: Session, event: Event) -> bool:
        if wants(session.intents, event.name, direct=event.guild_id is None):
            return True
        own_id = str(self._context.world.application.bot.id)
        if event.name == "GUILD_MEMBER_UPDATE":  # a bot always hears of changes to itself
            return bool(event.render(Viewer(int(own_id)))["user"]["id"] == own_id)
        return False

    def _dispatch(self, session: Session, event: Event) -> None:
        world = self._context.world
        bot_id = world.application.bot.id
        if event.name == "GUILD_CREATE" and event.guild_id is not None:
            guild = world.guild(event.guild_id)
            session.dispatch("GUILD_CREATE", guild_create(world, guild, session.intents))
            return
        asked = bool(session.intents & Intent.MESSAGE_CONTENT)
        viewer = Viewer(bot_id, reads_content=asked and world.application.message_content)
        session.dispatch(event.name, event.render(viewer))
