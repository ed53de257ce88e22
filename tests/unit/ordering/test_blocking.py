"""Blocking a member: who is refused, what becomes of open jobs, and what a crash leaves to do.

The kinds: jobs that wait, that are at their service, that have ended, that are someone else's or of
another server; a database that is busy after the block was written.
"""

from typing import Any

import pytest

from bot.errors import DatabaseBusyError, InvalidRequestError, MemberBlockedError
from bot.ids import GuildId, UserId
from bot.jobs.job import JobState
from tests.fakes.world import World

GUILD, MEMBER, MODERATOR = GuildId(10), UserId(30), UserId(9)


@pytest.fixture
def world():
    return World()


@pytest.fixture
def process(world):
    return world.start()


@pytest.fixture
def blocking(process):
    return process.services.blocking


async def states(world, *jobs):
    return [(await world.store.get(job.id)).state for job in jobs]


async def test_a_blocked_member_is_refused_here_and_nowhere_else(blocking):
    await blocking.block(GUILD, MEMBER, MODERATOR, " rude \n twice ", cancels=False)

    with pytest.raises(MemberBlockedError):
        await blocking.ensure_not_blocked(GUILD, MEMBER)
    await blocking.ensure_not_blocked(GuildId(11), MEMBER)
    await blocking.ensure_not_blocked(GUILD, UserId(31))
    [one], has_older = await blocking.list_page(GUILD)
    assert (one.user_id, one.reason, one.blocked_by, has_older) == (
        MEMBER, "rude twice", MODERATOR, False,
    )  # fmt: skip


async def test_every_action_is_audited_with_who_did_it_to_whom(world, blocking):
    await blocking.block(GUILD, MEMBER, MODERATOR, "rude", cancels=True)
    await blocking.unblock(GUILD, MEMBER, MODERATOR)
    with pytest.raises(InvalidRequestError, match="isn't blocked"):
        await blocking.unblock(GUILD, MEMBER, MODERATOR)

    assert [(one.what, one.after, one.by.user_id) for one in world.blocks.noted] == [
        ("blocked <@30>, their open videos cancelled", "rude", MODERATOR),
        ("unblocked <@30>", "", MODERATOR),
    ]
    assert len({one.by.key for one in world.blocks.noted}) == 2


async def test_no_one_blocks_themselves(blocking):
    with pytest.raises(InvalidRequestError, match="yourself"):
        await blocking.block(GUILD, MEMBER, MEMBER, "", cancels=False)
    await blocking.ensure_not_blocked(GUILD, MEMBER)


async def test_open_jobs_go_on_unless_they_are_to_be_cancelled(world, process, blocking):
    job = await process.accept(key="a", user_id=MEMBER)

    await blocking.block(GUILD, MEMBER, MODERATOR, "", cancels=False)

    assert await states(world, job) == [JobState.QUEUED]


async def test_the_members_open_jobs_are_cancelled_and_no_others(world, process, blocking):
    spent = await process.accept(key="a", user_id=MEMBER)
    await process.worker.run_once()
    waiting = await process.accept(key="b", user_id=MEMBER)
    other = await process.accept(key="c", user_id=31)

    result = await blocking.block(GUILD, MEMBER, MODERATOR, "", cancels=True)

    assert (result.cancelled, result.spent, result.left) == (1, 1, 0)
    assert await states(world, waiting, other) == [JobState.CANCELLED, JobState.QUEUED]
    assert (await world.store.get(spent.id)).cancel_requested
    assert list(await world.blocks.list_cancelling()) == []


async def test_what_was_not_cancelled_is_owed_and_done_by_another_process(
    world, process, blocking, monkeypatch
):
    job = await process.accept(key="a", user_id=MEMBER)

    async def busy(*_given: Any, **_more: Any) -> Any:
        raise DatabaseBusyError

    with monkeypatch.context() as patch:
        patch.setattr(process.services.cancelling, "cancel", busy)
        result = await blocking.block(GUILD, MEMBER, MODERATOR, "", cancels=True)
    assert (result.cancelled, result.left) == (0, 1)
    assert await states(world, job) == [JobState.QUEUED]

    done = [await world.start(owner="two").loops.blocking.run_once() for _ in range(2)]

    assert done == [1, 0]
    assert await states(world, job) == [JobState.CANCELLED]


async def test_a_member_who_is_let_in_again_keeps_what_was_not_cancelled(world, process, blocking):
    await blocking.block(GUILD, MEMBER, MODERATOR, "", cancels=True)
    await blocking.unblock(GUILD, MEMBER, MODERATOR)
    job = await process.accept(key="a", user_id=MEMBER)

    assert await blocking.run_once() == 0
    assert await states(world, job) == [JobState.QUEUED]


async def test_pages_hold_ten_and_say_whether_more_follow(blocking):
    for number in range(11):
        await blocking.block(GUILD, UserId(100 + number), MODERATOR, "", cancels=False)

    pages = [await blocking.list_page(GUILD, page) for page in (0, 1, 2)]

    assert [(len(found), has_older) for found, has_older in pages] == [
        (10, True),
        (1, False),
        (0, False),
    ]
