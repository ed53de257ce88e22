"""What the gateway's connections share."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.discord.gateway.identifying import StartBudget
from sandbox.discord.gateway.sessions import SessionRegistry
from sandbox.discord.state.world import World


@dataclass(slots=True)
class GatewayContext:
    """One gateway's state; `resume_url` is where bots are sent to resume."""

    world: World
    resume_url: Callable[[], str]
    budget: StartBudget
    sessions: SessionRegistry = field(default_factory=SessionRegistry)
    was_online: bool = False

    def publish_presence(self) -> None:
        """Publish BOT_PRESENCE if the bot has come online or gone offline since the last one."""
        online = self.sessions.online
        if online != self.was_online:
            self.was_online = online
            self.world.bus.publish_data("BOT_PRESENCE", {"online": online})
