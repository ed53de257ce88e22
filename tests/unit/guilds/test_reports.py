"""A report is sent once per member and message, to the log channel or to the staff."""

import pytest

from bot.guilds.notices import TO_ADMINS
from bot.guilds.reports import Reporting
from bot.guilds.settings import GuildSettings, LogLevel
from bot.ids import ChannelId, GuildId, MessageId, UserId
from bot.jobs.messages import NONCE_MAX_CHARACTERS
from tests.fakes.budgets import InMemoryGuilds, InMemoryNotices
from tests.fakes.clock import FakeClock

HERE, LOG = GuildId(1), ChannelId(20)


@pytest.fixture
def notices():
    return InMemoryNotices()


@pytest.fixture
def guilds():
    return InMemoryGuilds()


@pytest.fixture
def reporting(notices, guilds):
    return Reporting(notices, guilds, FakeClock())


@pytest.mark.parametrize(
    ("log", "level", "channel"),
    [
        (LOG, LogLevel.MODERATION, LOG),
        (LOG, LogLevel.EVERYTHING, LOG),
        (LOG, LogLevel.TROUBLE, TO_ADMINS),
        (LOG, LogLevel.OFF, TO_ADMINS),
        (None, LogLevel.EVERYTHING, TO_ADMINS),
    ],
)
async def test_it_goes_to_the_log_channel_or_to_the_staff(
    reporting, notices, guilds, log, level, channel
):
    await guilds.put(GuildSettings(HERE, log_channel_id=log, log_level=level))

    assert await reporting.report(HERE, MessageId(7), UserId(5), "rude")

    [notice] = notices.notices.values()
    assert (notice.channel_id, notice.text) == (channel, "rude")
    assert len(notice.nonce) <= NONCE_MAX_CHARACTERS


async def test_each_member_reports_each_message_once(reporting, notices):
    pairs = [(message, member) for message in (7, 8) for member in (5, 6)]
    for message, member in pairs:
        assert await reporting.report(HERE, MessageId(message), UserId(member), "rude")
        assert not await reporting.report(HERE, MessageId(message), UserId(member), "again")

    assert [one.text for one in notices.notices.values()] == ["rude"] * 4
