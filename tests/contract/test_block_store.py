"""What every store of blocked members promises, and what a block promises of jobs."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import MemberBlockedError
from bot.guilds.audit import Actor, AuditNote
from bot.guilds.moderation import BlockedMember
from bot.ids import EditId, GuildId, UserId
from bot.money.limits import Rules
from bot.storage.moderation import SqlBlockStore
from tests.contract.branches import FRIEND, PLACE, is_made
from tests.contract.databases import on_databases
from tests.factories import NOW
from tests.fakes.budgets import InMemoryBlocks

GUILD, OTHER_GUILD = GuildId(1 << 62), GuildId(2)
FERN, JUNO, MAX = UserId(1 << 61), UserId(4), UserId(5)


@pytest.fixture
def blocks(kind, engine):
    return InMemoryBlocks() if kind == "memory" else SqlBlockStore(engine)


def block(user_id=FERN, guild_id=GUILD, **fields):
    return replace(BlockedMember(guild_id, user_id, "rude, 3 times", MAX, NOW), **fields)


def noted(what="blocked", key="edit-1", guild_id=GUILD):
    return AuditNote(Actor(guild_id, MAX, EditId(key), NOW), what, after="rude")


async def test_a_block_is_read_as_it_was_written_and_holds_in_its_server_alone(blocks):
    await blocks.block(block(is_cancelling=True), noted())

    assert await blocks.is_blocked(GUILD, FERN)
    assert not await blocks.is_blocked(OTHER_GUILD, FERN)
    assert not await blocks.is_blocked(GUILD, JUNO)
    assert list(await blocks.list_blocked(GUILD, 9)) == [block(is_cancelling=True)]
    assert list(await blocks.list_blocked(OTHER_GUILD, 9)) == []


async def test_a_later_block_replaces_the_earlier_and_an_end_ends_it_once(blocks):
    later = block(reason="", blocked_at=NOW + timedelta(hours=1))
    await blocks.block(block(), noted())
    await blocks.block(later, noted(key="edit-2"))
    listed = list(await blocks.list_blocked(GUILD, 9))

    ended = [await blocks.unblock(GUILD, FERN, noted("un", f"end-{n}")) for n in range(2)]

    assert listed == [later]
    assert ended == [True, False]
    assert not await blocks.is_blocked(GUILD, FERN)


async def test_pages_list_the_latest_first(blocks):
    for number in range(7):
        one = block(UserId(number + 1), blocked_at=NOW + timedelta(seconds=number // 2))
        await blocks.block(one, noted(key=f"edit-{number}"))

    pages = [await blocks.list_blocked(GUILD, 3, skip) for skip in (0, 3, 6, 9)]

    assert [[one.user_id for one in page] for page in pages] == [[7, 6, 5], [4, 3, 2], [1], []]


async def test_jobs_are_to_be_cancelled_until_it_is_recorded_for_the_same_block(blocks):
    again = block(is_cancelling=True, blocked_at=NOW + timedelta(hours=1))
    await blocks.block(block(JUNO), noted())
    await blocks.block(again, noted(key="edit-2"))

    await blocks.end_cancelling(block())  # which was made again since
    left = list(await blocks.list_cancelling())
    await blocks.end_cancelling(again)

    assert left == [again]
    assert list(await blocks.list_cancelling()) == []
    assert await blocks.is_blocked(GUILD, FERN)


@on_databases
async def test_each_change_is_in_the_audit_log_once(blocks, branch):
    await blocks.block(block(), noted())
    await blocks.unblock(GUILD, FERN, noted("unblocked", "edit-2"))
    await blocks.unblock(GUILD, FERN, noted("unblocked", "edit-3"))

    history = await branch.money_store.history(GUILD, 9)

    assert sorted((one.what, one.actor_id) for one in history) == [
        ("blocked", MAX),
        ("unblocked", MAX),
    ]


@on_databases
async def test_nothing_is_accepted_from_a_blocked_member_also_from_the_exempt(branch):
    await branch.decide(rules=Rules(exempt=True))
    store = SqlBlockStore(branch.engine)
    await store.block(block(PLACE.user_id, PLACE.guild_id), noted(guild_id=PLACE.guild_id))
    with pytest.raises(MemberBlockedError):
        await branch.request()
    assert await branch.jobs.list_active() == []
    assert is_made(await branch.request(FRIEND))

    await store.unblock(PLACE.guild_id, PLACE.user_id, noted("un", "2", PLACE.guild_id))

    assert is_made(await branch.request())


@on_databases
async def test_of_jobs_and_a_block_at_once_the_block_knows_of_a_job_or_refuses_it(branches):
    first, *_ = branches
    await first.decide(rules=Rules())

    async def ask(number):
        try:
            await branches[number % len(branches)].request()
        except MemberBlockedError:
            return 0
        return 1

    async def block_and_list():
        one = block(PLACE.user_id, PLACE.guild_id)
        await SqlBlockStore(branches[-1].engine).block(one, noted(guild_id=PLACE.guild_id))
        return len(await first.jobs.list_active(user_id=PLACE.user_id))

    *accepted, known = await asyncio.gather(*map(ask, range(6)), block_and_list())

    assert sum(accepted) == known
