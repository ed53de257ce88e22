"""Reports of messages by members, sent to the moderators through the log channel.

A report is a notice whose id follows from the member and the message, so that it is sent once
however often it is made, by however many processes.
"""

import hashlib

from bot.clock import Clock
from bot.guilds.notices import TO_ADMINS, Notice, NoticeStore
from bot.guilds.settings import GuildStore
from bot.ids import ID_BYTES, ChannelId, GuildId, MessageId, NoticeId, UserId, spelled


class Reporting:
    """Owes a report to a server's log channel; without one, to its staff."""

    def __init__(self, notices: NoticeStore, guilds: GuildStore, clock: Clock) -> None:
        self._notices = notices
        self._guilds = guilds
        self._clock = clock

    async def report(
        self, guild_id: GuildId, message_id: MessageId, reporter: UserId, text: str
    ) -> bool:
        """Send a report; False if this member has reported this message before."""
        settings, now = await self._guilds.get(guild_id), self._clock.now()
        channel_id: ChannelId = settings.log_channel_id or TO_ADMINS
        notice = Notice(_id(message_id, reporter), guild_id, channel_id, text, now, now)
        return await self._notices.owe(notice)


def _id(message_id: MessageId, reporter: UserId) -> NoticeId:
    spelling = hashlib.sha256(f"report:{message_id}:{reporter}".encode())
    return NoticeId(spelled(spelling.digest()[:ID_BYTES]))
