"""A clock that is set while the bot runs: an hour forward, or an hour back.

Nothing that is paid for is given up, nothing is done twice, and no budget is passed.
"""

from datetime import timedelta

import pytest

from bot.errors import DatabaseBusyError, DeliveryUnavailableError, SubmissionUncertainError
from bot.jobs.job import JobState
from bot.money.limits import (
    Allowance,
    LimitKind,
    RateLimit,
    Rules,
)
from bot.money.windows import Window
from bot.providers.request_limits import Purpose, RequestRule
from bot.storage.engines.sqlite import SqliteEngine
from bot.storage.providers import SqlRequestBudgets
from tests.contract.branches import CENT, Branch
from tests.factories import NOW
from tests.fakes.provider import Run
from tests.fakes.weather import Script
from tests.fakes.world import World

HOUR = 3600.0
JUMPS = {"forward": HOUR, "back": -HOUR}
EVENTS = ("submit", "submit answered", "recover", "poll", "fetch", "post", "post answered", "save")


@pytest.fixture
async def engine(tmp_path):
    opened = await SqliteEngine.open(tmp_path / "showreel.db")
    yield opened
    await opened.close()


class Setting:
    """Sets the clock at the n-th occasion of an event, and lets everything else be."""

    def __init__(self, clock, event, seconds, *, lost=()):
        self._clock, self._event, self._seconds = clock, event, seconds
        self._left, self._lost = 1, list(lost)
        self.seen = set()

    async def __call__(self, event):
        self.seen.add(event)
        if event.startswith(self._event) and self._left:
            self._left -= 1
            self._clock.advance(self._seconds)
        if self._lost and event == self._lost[0]:
            self._lost.pop(0)
            raise SubmissionUncertainError("lost")


@pytest.mark.parametrize("seconds", JUMPS.values(), ids=JUMPS)
@pytest.mark.parametrize("event", EVENTS)
async def test_a_video_is_made_once_whenever_the_clock_is_set(seconds, event):
    world = World()
    world.provider.takes_seconds = 30.0
    weather = Setting(world.clock, event, seconds, lost=["submit answered"])
    process = world.start(weather=weather)

    job = await process.accept(key="one")
    await world.live(process)

    assert (await world.store.get(job.id)).state is JobState.SUCCEEDED
    assert len(world.provider.paid_tags) == 1
    assert len(world.videos_of(job)) == 1
    assert len(world.cards_of(job)) == 1
    assert any(seen.startswith(event) for seen in weather.seen)


async def test_a_lost_submission_that_is_not_listed_yet_survives_a_clock_that_was_set():
    world = World()
    hidden: list[Run] = []
    recalls: list[str] = []

    async def listed_late(event):
        if event == "submit answered":
            raise SubmissionUncertainError("lost")
        if event == "recover":
            recalls.append(event)
            source, target = (
                (world.provider.runs, hidden) if len(recalls) < 3 else (hidden, world.provider.runs)
            )
            target.extend(source)
            source.clear()

    process = world.start(weather=listed_late)
    job = await process.accept(key="one")
    await process.turn()
    world.clock.advance(HOUR)
    await world.live(process)

    assert (await world.store.get(job.id)).state is JobState.SUCCEEDED
    assert len(world.provider.paid_tags) == 1


class TheirClock:
    """Discord's, which no one here can set; `behind` is how far ours was set back."""

    def __init__(self, ours):
        self._ours, self.behind = ours, timedelta(0)

    def now(self):
        return self._ours.now() + self.behind

    async def sleep(self, seconds):
        await self._ours.sleep(seconds)


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_a_post_whose_answer_was_lost_is_not_repeated_after_the_clock_was_set_back(
    is_restarted,
):
    world = World()
    world.messenger.clock = theirs = TheirClock(world.clock)
    posts: list[str] = []

    async def lose_the_video(event):
        if event == "post answered":
            posts.append(event)
            if len(posts) == 2:  # the first is the card's
                raise DeliveryUnavailableError("lost")

    process = world.start(weather=lose_the_video)
    job = await process.accept(key="one")
    while len(posts) < 2:
        world.clock.advance(1)
        await process.turn()
    theirs.behind = timedelta(hours=1)
    world.clock.advance(-HOUR)
    process = world.start() if is_restarted else process
    await world.live(process)

    assert len(world.videos_of(job)) == 1


async def test_what_breaks_before_anything_was_sent_goes_back_to_the_queue():
    world = World()
    world.provider.can_recover = False
    process = world.start(weather=Script(submit=[DatabaseBusyError("locked")]))
    job = await process.accept(key="one")
    await world.live(process)

    assert (await world.store.get(job.id)).state is JobState.SUCCEEDED
    assert len(world.provider.paid_tags) == 1


@pytest.mark.parametrize("seconds", JUMPS.values(), ids=JUMPS)
async def test_a_budget_of_requests_is_not_passed_by_setting_the_clock(engine, clock, seconds):
    rule = RequestRule("hour", 5, 2 * HOUR)
    budgets = SqlRequestBudgets(engine, clock)
    granted = 0
    for number in range(12):
        if number == 3:
            clock.advance(seconds)
        granted += await budgets.take([rule], Purpose.POLL) is None
        clock.advance(1)

    assert granted == 5
    assert await budgets.free_at([rule], Purpose.POLL) is not None
    clock.advance(3 * HOUR)
    assert await budgets.take([rule], Purpose.POLL) is None


async def test_a_pool_is_not_spent_twice_by_setting_the_clock_back_and_forth(engine):
    branch = Branch(engine)
    rules = Rules(
        allowance=Allowance(30 * CENT, Window.DAY), rates=(RateLimit(100, 60),), open_jobs_most=100
    )
    await branch.decide(rules=rules, pool_micros=50 * CENT)
    noon = NOW.replace(hour=12)
    found = []
    for hours in (0, 1, 0, -1, 0, 1):
        at = noon + timedelta(hours=hours)
        job = await branch.request(accepted_at=at, state_changed_at=at, next_action_at=at)
        found.append(job)
        if not isinstance(job, LimitKind):
            await branch.end(job, at=at - timedelta(hours=1))

    assert found[3:] == [LimitKind.ALLOWANCE] * 3
    assert await branch.money_store.audit() == []


async def polled_while_ahead(world, seconds, *, is_restarted):
    """A video that renders for five minutes, and a clock that is ahead for ten polls of it."""
    world.provider.takes_seconds = 300.0
    process = world.start()
    job = await process.accept(key="one")
    await process.turn()
    [run] = world.provider.runs
    ready_at, run.ready_at = run.ready_at, NOW + timedelta(days=9999)  # by the provider's clock
    world.clock.advance(30)
    await process.turn()
    world.clock.advance(seconds)
    if is_restarted:
        process = world.start()
    for _ in range(10):
        await process.turn()
        world.clock.advance(61)
    world.clock.advance(-seconds - 10 * 61)
    run.ready_at = ready_at
    return world.start() if is_restarted else process, job


@pytest.mark.parametrize("is_restarted", [False, True])
@pytest.mark.parametrize("seconds", [HOUR, 400 * 24 * HOUR], ids=["an hour", "400 days"])
async def test_a_video_that_renders_while_the_clock_is_ahead_arrives_on_time(seconds, is_restarted):
    world = World()
    process, job = await polled_while_ahead(world, seconds, is_restarted=is_restarted)
    await world.live(process)

    assert (await world.store.get(job.id)).state is JobState.SUCCEEDED
    assert (len(world.videos_of(job)), len(world.provider.paid_tags)) == (1, 1)
    assert world.clock.now() - NOW < timedelta(minutes=10)


async def test_a_video_that_renders_while_the_clock_jumps_to_the_right_time_is_waited_for():
    world = World()
    process, job = await polled_while_ahead(world, 400 * 24 * HOUR, is_restarted=False)
    world.clock.advance(400 * 24 * HOUR)
    world.provider.runs[0].ready_at = world.clock.now() + timedelta(minutes=90)
    await world.live(process)

    assert (await world.store.get(job.id)).state is JobState.SUCCEEDED


async def test_a_video_that_never_comes_still_expires_after_the_clock_was_set():
    world = World()
    process, job = await polled_while_ahead(world, 400 * 24 * HOUR, is_restarted=False)
    world.provider.runs[0].ready_at = NOW + timedelta(days=9999)
    await world.live(process)

    assert (await world.store.get(job.id)).state is JobState.EXPIRED
    assert world.clock.now() - NOW < timedelta(hours=3)


async def test_render_times_are_not_learnt_from_a_clock_that_was_set():
    world = World()
    world.provider.takes_seconds = 300.0
    process = world.start()
    job = await process.accept(key="one")
    await process.turn()
    world.clock.advance(400 * 24 * HOUR)
    await world.live(process)

    assert (await world.store.get(job.id)).state is JobState.SUCCEEDED
    assert await world.store.list_render_times(job.provider, job.request, 9) == []


@pytest.mark.parametrize("seconds", [HOUR, 400 * 24 * HOUR], ids=["an hour", "400 days"])
async def test_cards_follow_their_jobs_at_once_after_the_clock_came_back(seconds):
    world = World()
    process, job = await polled_while_ahead(world, seconds, is_restarted=False)
    await process.turn()
    world.clock.advance(3600)
    for _ in range(4):
        await process.turn()
        world.clock.advance(3)

    [card] = world.cards_of(job)
    assert card.state is (await world.store.get(job.id)).state


async def test_a_clock_that_is_set_while_a_poll_is_under_way_ends_no_job():
    world = World()
    world.provider.takes_seconds = 300.0
    weather = Setting(world.clock, "poll", 400 * 24 * HOUR)
    process = world.start(weather=weather)
    job = await process.accept(key="one")
    await process.turn()
    world.provider.runs[0].ready_at = NOW + timedelta(days=400, minutes=9)
    await world.live(process)

    assert "poll" in weather.seen
    assert (await world.store.get(job.id)).state is JobState.SUCCEEDED
