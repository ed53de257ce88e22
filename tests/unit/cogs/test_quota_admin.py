"""What admins read: exported for as many days as they ask for, with the names that are known."""

from types import SimpleNamespace
from typing import Any, cast

import discord

from bot.ids import ChannelId, JobId, ModelId, UserId
from bot.money.reports import Spending
from bot.services import Services
from cogs.quota_admin import MAX_NAMES, QuotaAdmin
from tests.factories import NOW, new_job_id


def spending(user_id, channel_id=20):
    job_id = JobId(new_job_id())
    return Spending(
        NOW, job_id, UserId(user_id), ModelId("m"), 0, 100_000, ChannelId(channel_id), "a fox"
    )


class Admin:
    """An admin's command; `files` is what comes of it, by name."""

    guild_id = 10

    def __init__(self, known):
        self.guild = SimpleNamespace(
            get_member=lambda _id: None,
            get_channel_or_thread=lambda one: (
                SimpleNamespace(id=20, name="videos") if one == 20 else None
            ),
        )
        self.response = self.client = self
        self.known = known
        self.asked: list[int] = []
        self.files: dict[str, str] = {}

    def get_user(self, _user_id):
        return None

    async def fetch_user(self, user_id):
        self.asked.append(user_id)
        if user_id not in self.known:
            response: Any = SimpleNamespace(status=404, reason="")
            raise discord.NotFound(response, "unknown")
        return SimpleNamespace(display_name=f"Member {user_id}")

    async def defer(self, *, ephemeral):
        assert ephemeral

    async def edit_original_response(self, *, attachments):
        self.files = {file.filename: file.fp.read().decode("utf-8-sig") for file in attachments}
        for file in attachments:
            file.close()


async def exported(spent, known=(), **options):
    """The command's answer, and for which days it was looked through."""
    looked = []

    async def spent_in(guild_id, days):
        looked.append((guild_id, days))
        return spent

    services: Any = SimpleNamespace(policy_admin=SimpleNamespace(spent_in=spent_in))
    admin: Any = Admin(known)
    callback: Any = QuotaAdmin.export.callback
    await callback(QuotaAdmin(cast(Services, services)), admin, **options)
    return admin, looked


async def test_a_month_is_exported_unless_other_days_are_asked_for():
    usual, looked = await exported([spending(1)])
    week, looked_for_a_week = await exported([spending(1)], days=7)

    assert (looked, list(usual.files)) == ([(10, 31)], ["videos-31-days.csv"])
    assert (looked_for_a_week, list(week.files)) == ([(10, 7)], ["videos-7-days.csv"])


async def test_every_video_has_a_line_with_the_names_that_are_known():
    admin, _ = await exported([spending(1), spending(2, channel_id=21)], known={1})

    [text] = admin.files.values()
    _, first, second = text.splitlines()
    assert "Member 1" in first
    assert "videos" in first
    assert "Member" not in second
    assert "videos" not in second
    assert "a fox" in second


async def test_no_more_names_are_asked_for_than_a_file_is_worth():
    admin, _ = await exported([spending(number) for number in range(1, MAX_NAMES + 50)])

    assert admin.asked == list(range(1, MAX_NAMES + 1))
    [text] = admin.files.values()
    assert len(text.splitlines()) == MAX_NAMES + 50


def test_days_are_between_one_and_ten_years():
    [parameter] = QuotaAdmin.export.parameters

    assert (parameter.name, parameter.min_value, parameter.max_value) == ("days", 1, 3660)
    assert not parameter.required
