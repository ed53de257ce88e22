"""What the admins of a server hear of its pool, once for each thing there is to say."""

import re
from datetime import timedelta

import pytest

from bot.guilds.notices import TO_ADMINS
from bot.guilds.settings import GuildSettings, LogLevel
from bot.ids import ChannelId, GuildId, ModelId
from bot.money.limits import (
    LimitKind,
    RequestFacts,
    Rules,
    refusals,
)
from bot.money.windows import Window, bounds
from tests.contract.branches import CENT, DAILY, PLACE, at_once
from tests.contract.databases import on_databases
from tests.factories import NOW

GUILD = PLACE.guild_id
UNLIMITED = Rules(rates=())


@on_databases
async def test_a_pool_that_empties_is_told_once_for_each_share(branches):
    await branches[0].decide(rules=UNLIMITED, pool_micros=100 * CENT)
    await branches[0].guilds.put(GuildSettings(GUILD, log_channel_id=ChannelId(77)))

    jobs = await at_once(*(branches[n % len(branches)].request() for n in range(30)))
    made = [job for job in jobs if not isinstance(job, LimitKind)]
    for job in made:
        await branches[0].cancel(job)
    await at_once(*(branches[n % len(branches)].request() for n in range(30)))

    owed = await branches[0].notices.list_owed(NOW, 10)
    assert len(made) == 10
    assert sorted(notice.text.partition(",")[0] for notice in owed) == [
        "PoolAlert(share=100",
        "PoolAlert(share=50",
        "PoolAlert(share=80",
    ]
    assert {notice.channel_id for notice in owed} == {77}
    await branches[0].request(accepted_at=NOW + timedelta(days=30), cost_micros=60 * CENT)
    owed = await branches[0].notices.list_owed(NOW + timedelta(days=30), 10)
    assert len(owed) == 4


@on_databases
@pytest.mark.parametrize(
    ("channel", "level"),
    [(None, LogLevel.MODERATION), (ChannelId(77), LogLevel.OFF)],
    ids=["none", "off"],
)
async def test_without_a_log_channel_the_admins_are_told_that_a_pool_is_empty(
    branch, channel, level
):
    await branch.guilds.put(GuildSettings(GUILD, log_channel_id=channel, log_level=level))
    await branch.decide(rules=UNLIMITED, pool_micros=10 * CENT)

    await branch.request()
    await branch.request()

    [notice] = await branch.notices.list_owed(NOW, 10)
    assert (notice.channel_id, notice.guild_id) == (TO_ADMINS, GUILD)
    assert "share=100" in notice.text


async def told_of(branch):
    """The kinds of alerts, those of the two servers apart."""
    owed = await branch.notices.list_owed(NOW + timedelta(days=40), 50)
    return [
        (one.guild_id, re.findall(r"share=(\d+)|refused_micros=(\d+)", one.text)) for one in owed
    ]


@on_databases
async def test_a_pool_that_is_lowered_is_told_of_once_for_each_size(branch):
    """The kind: alerts follow the state, however the pool came into it."""
    await branch.decide(rules=UNLIMITED, pool_micros=100 * CENT)
    await branch.request(cost_micros=40 * CENT)
    assert await told_of(branch) == []

    await branch.decide(pool_micros=50 * CENT)
    await branch.decide(zone="Europe/Berlin")
    assert [share for _, [(share, _)] in await told_of(branch)] == ["80"]

    await branch.decide(pool_micros=40 * CENT)
    await branch.decide(pool_micros=100 * CENT)
    await branch.decide(pool_micros=50 * CENT)
    assert sorted(share for _, [(share, _)] in await told_of(branch)) == ["100", "80"]


@on_databases
async def test_a_pool_that_refuses_everything_is_told_of_once(branch):
    await branch.decide(rules=UNLIMITED, pool_micros=12 * CENT)
    await branch.request()
    before = await told_of(branch)

    for cost in (10 * CENT, 9 * CENT):
        await branch.money_store.notify_refusal(GUILD, cost, NOW)
    await branch.money_store.notify_refusal(GuildId(11), 10 * CENT, NOW)  # it has no pool

    [told] = [one for one in await told_of(branch) if one not in before]
    assert told == (GUILD, [("80", ""), ("", str(10 * CENT))])


@on_databases
async def test_a_pool_that_is_used_up_is_told_of_once_whatever_it_then_refuses(branch):
    await branch.decide(rules=UNLIMITED, pool_micros=10 * CENT)
    await branch.request()
    before = await told_of(branch)

    for cost in (10 * CENT, 9 * CENT):
        await branch.money_store.notify_refusal(GUILD, cost, NOW)

    assert [share for _, [(share, _)] in before] == ["100"]
    assert await told_of(branch) == before


@on_databases
async def test_a_service_that_charges_more_than_it_quoted_is_told_of_and_ends_it(branch):
    await branch.decide(rules=UNLIMITED, pool_micros=30 * CENT)
    job = await branch.request(cost_micros=10 * CENT)

    await branch.end(job, charged_micros=45 * CENT)

    assert await branch.pool_used() == 45 * CENT
    [notice] = await branch.notices.list_owed(NOW, 10)
    assert "share=100" in notice.text
    assert "used_micros=450000" in notice.text
    assert await branch.request(cost_micros=1) is LimitKind.POOL
    assert await branch.money_store.audit() == []


@on_databases
async def test_after_a_change_of_the_clock_every_word_of_the_months_end_is_the_same(branch):
    """The kind: an end that was written down by one clock, and is said by another."""
    await branch.decide(rules=DAILY, pool_micros=100 * CENT)
    await branch.request()
    await branch.decide(zone="Asia/Kathmandu")

    budget = await branch.money_store.budget(PLACE, NOW)
    policy, pool = await branch.money_store.pool(GUILD, NOW)
    _, month_ends = bounds(Window.MONTH, NOW, "Asia/Kathmandu")

    assert policy.zone == "Asia/Kathmandu"
    assert pool == budget.pool
    assert pool.used_micros == 10 * CENT
    assert budget.pool.ends_at == month_ends
    refused = refusals(budget, RequestFacts(91 * CENT, ModelId("any"), frozenset()))
    assert {one.frees_at for one in refused if one.kind is LimitKind.POOL} == {month_ends}
