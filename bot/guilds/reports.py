"""Reports of messages by members, sent to the moderators through the log channel.

A report is a notice whose id follows from the member and the message, so that it is sent once
however often it is made, by however many processes.
"""

from bot.clock import Clock
from bot.guilds.notices import TO_ADMINS, Notice, NoticeStore, only_id
from bot.guilds.settings import GuildStore, LogLevel
from bot.ids import ChannelId, GuildId, MessageId, UserId


class Reporting:
    """Owes a report to a server's log channel; if it is told none, to the server's staff."""

    def __init__(self, notices: NoticeStore, guilds: GuildStore, clock: Clock) -> None:
        self._notices = notices
        self._guilds = guilds
        self._clock = clock

    async def report(
        self, guild_id: GuildId, message_id: MessageId, reporter: UserId, text: str
    ) -> bool:
        """Send a report; False if this member has reported this message before."""
        settings, now = await self._guilds.get(guild_id), self._clock.now()
        channel_id: ChannelId = settings.log_channel_for(LogLevel.MODERATION) or TO_ADMINS
        notice_id = only_id(f"report:{message_id}:{reporter}")
        notice = Notice(notice_id, guild_id, channel_id, text, now, now)
        return await self._notices.owe(notice)
