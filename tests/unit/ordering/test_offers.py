"""What servers decide and members are shown has sensible beginnings."""

from datetime import timedelta

from bot.catalog.request import Origin
from bot.guilds.notices import Notice, NoticeState
from bot.guilds.settings import CONFIRM_ABOVE_MICROS, MAX_CONFIRM_ABOVE_MICROS, GuildSettings
from bot.ids import ChannelId, GuildId, UserId
from bot.ordering.offers import OFFER_HOLDS_FOR
from tests.factories import NOW, new_notice_id

MAX_NONCE = 25  # Discord's


def test_a_server_that_decided_nothing_is_asked_above_half_a_dollar_and_told_nothing():
    settings = GuildSettings(GuildId(1))

    assert settings.confirm_above_micros == CONFIRM_ABOVE_MICROS == 500_000
    assert settings.log_channel_id is None
    assert MAX_CONFIRM_ABOVE_MICROS == 1000 * 1_000_000


def test_an_offer_holds_for_ten_minutes():
    assert timedelta(minutes=10) == OFFER_HOLDS_FOR


def test_a_request_of_a_command_has_no_message_it_came_from():
    assert Origin(GuildId(1), ChannelId(2), UserId(3)).source_message_id is None


def test_a_notice_begins_as_owed_and_its_nonce_is_its_own_and_not_too_long():
    first, second = (
        Notice(new_notice_id(), GuildId(1), ChannelId(2), "a word", NOW, NOW) for _ in range(2)
    )

    assert (first.state, first.attempts) == (NoticeState.OWED, 0)
    assert first.nonce != second.nonce
    assert len(first.nonce) <= MAX_NONCE
