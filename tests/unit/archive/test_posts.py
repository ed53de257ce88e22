"""What a member lets the bot post at no cost has a limit, in whatever process it is asked for.

The kind: one after the other, at once, after a restart, on another day, in another server, by the
exempt, and by who is barred for good.
"""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.catalog.request import Origin
from bot.ids import ChannelId, GuildId, UserId
from bot.money.limits import POSTS, LimitKind, LimitReachedError, Policy, RateLimit, Rules
from bot.presentation import answers

PLACE = Origin(GuildId(10), ChannelId(20), UserId(30))
A_MINUTE, A_DAY = POSTS


async def counted(posts, times, place=PLACE):
    """How many of so many were let through, asked for at once."""
    ends = await asyncio.gather(*(posts.count(place) for _ in range(times)), return_exceptions=True)
    assert all(end is None or isinstance(end, LimitReachedError) for end in ends)
    return sum(end is None for end in ends)


async def test_of_many_at_once_as_many_as_the_limit_are_posted_by_however_many_processes(world):
    one, two = world.start().services.free_posts, world.start(owner="two").services.free_posts

    found = await asyncio.gather(*(counted(posts, 8) for posts in (one, two)))

    assert sum(found) == A_MINUTE.most
    assert await counted(world.start().services.free_posts, 1) == 0


async def test_a_minute_later_there_is_room_again_until_the_day_is_full(world):
    posts, made = world.start().services.free_posts, 0
    for _ in range(2 * A_DAY.most // A_MINUTE.most):
        made += await counted(posts, A_MINUTE.most + 1)
        world.clock.advance(61)
    assert made == A_DAY.most

    world.clock.advance(timedelta(days=1).total_seconds())
    assert await counted(posts, 9) == A_MINUTE.most


async def test_each_member_and_each_server_has_its_own(world):
    posts = world.start().services.free_posts
    others = replace(PLACE, user_id=UserId(31)), replace(PLACE, guild_id=GuildId(11))

    for place in (PLACE, *others):
        assert await counted(posts, 9, place) == A_MINUTE.most


async def test_the_exempt_have_no_limit(world):
    world.money_store.fields["rules"] = Rules(exempt=True)

    assert await counted(world.start().services.free_posts, 60) == 60


@pytest.mark.parametrize(
    "fields",
    [
        {"rules": Rules(open_jobs_most=0)},
        {"rules": Rules(rates=(RateLimit(0, 60),))},
        {"rules": Rules(channels=frozenset({ChannelId(99)}))},
        {"policy": Policy(PLACE.guild_id, is_paused=True)},
    ],
    ids=["no video at once", "no request", "another channel", "paused"],
)
async def test_who_is_barred_has_nothing_posted(world, fields):
    world.money_store.fields.update(fields)

    assert await counted(world.start().services.free_posts, 1) == 0


async def test_who_waits_for_a_video_may_share_one(world):
    world.money_store.fields.update({"rules": Rules(open_jobs_most=1), "open_jobs": 1})

    assert await counted(world.start().services.free_posts, 1) == 1


async def test_the_refusal_is_one_sentence_that_says_when_it_ends(world):
    posts = world.start().services.free_posts
    await counted(posts, A_MINUTE.most)

    with pytest.raises(LimitReachedError) as caught:
        await posts.count(PLACE)

    [refusal] = caught.value.refusals
    said = answers.sentence(caught.value, is_admin=True)
    assert refusal.kind is LimitKind.POSTS
    assert said.startswith("You've had me post 5 of 5 frames, links and videos per minute. It ")
    assert "<t:" in said
    assert "quota-admin" not in said
    assert "charged" not in said
