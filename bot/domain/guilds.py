"""What a server decides for itself, by command."""

from dataclasses import dataclass

from bot.ids import ChannelId, GuildId

CONFIRM_ABOVE_MICROS = 500_000
CONFIRM_ABOVE_MOST_MICROS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class GuildSettings:
    """A film that costs more than `confirm_above_micros` must be confirmed first."""

    guild_id: GuildId
    confirm_above_micros: int = CONFIRM_ABOVE_MICROS
    log_channel_id: ChannelId | None = None
