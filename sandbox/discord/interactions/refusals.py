"""What Discord's own client would not let a person do, said as a clear 400."""

from sandbox.discord.errors import DiscordError


def refused(message: str) -> DiscordError:
    """A form that the person's client would not have sent."""
    return DiscordError(400, 50035, message)
