"""The local Discord put together: one world and the services that know its rules.

Everything that faces outwards (REST, gateway, interactions, the people's interface) is given this one
object. It holds no state of its own.
"""

from sandbox.discord.rules.uploads import Attachments
from sandbox.discord.services.channels import Channels
from sandbox.discord.services.guilds import Guilds, Roles
from sandbox.discord.services.members import Members
from sandbox.discord.services.messages import Messages
from sandbox.discord.services.reactions import Reactions
from sandbox.discord.services.threads import Threads
from sandbox.discord.state.world import World


class LocalDiscord:
    """The services by name; each acts for a given user and enforces what that user may do."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.attachments = Attachments(world)
        self.messages = Messages(world, self.attachments)
        self.reactions = Reactions(world)
        self.threads = Threads(world, self.messages)
        self.guilds = Guilds(world)
        self.channels = Channels(world)
        self.roles = Roles(world)
        self.members = Members(world, self.roles)
