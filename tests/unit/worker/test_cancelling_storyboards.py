"""Cancel at any instant of a storyboard: before and after an effect of the worker.

A Cancel that is said to be free is free: nothing was sent, and nothing is sent any more. One that
comes too late sends no further shot. One that is only asked about changes nothing.
"""

import pytest

from bot.catalog.request import Origin, Shot
from bot.errors import AlreadySpentError, TooLateToCancelError
from bot.ids import ChannelId, GuildId, IdempotencyKey, UserId
from bot.jobs.job import Cancellation, JobState
from tests.factories import make_request
from tests.fakes.world import World

PLACE = Origin(GuildId(10), ChannelId(20), UserId(30))
SHOTS = tuple(Shot(f"scene {number}") for number in range(1, 4))


class Press:
    """Cancels at the k-th event of the other process; `said` is what its member is told."""

    def __init__(self, world, at, *, though_spent):
        self.world, self.at, self.though_spent = world, at, though_spent
        self.other = world.start(owner="two")
        self.job = self.said = None
        self.count, self.sent, self.is_pressing = 0, 0, False
        self.waiting: set[str] = set()

    async def __call__(self, _event):
        if self.job is None or self.is_pressing:
            return
        self.count += 1
        if self.count != self.at + 1:
            return
        self.is_pressing = True
        shots = await self.world.store.list_shots(self.job.id)
        queued = {shot.id for shot in shots if shot.state is JobState.QUEUED}
        try:
            self.said = await self.other.services.cancelling.cancel(
                self.job.id,
                PLACE.guild_id,
                PLACE.user_id,
                is_moderator=False,
                though_spent=self.though_spent,
            )
            self.waiting = queued
        except (AlreadySpentError, TooLateToCancelError) as error:
            self.said = error
        self.is_pressing = False


async def cancelled(at, *, though_spent, continuous, remakes):
    world = World()
    made = 0
    request = make_request(shots=SHOTS, continuous=continuous)
    press = Press(world, at, though_spent=though_spent)
    process = world.start(weather=press)
    if remakes:
        first = await accepted(process, request, "first")
        await world.live(process)
        made = len(world.provider.runs)
        request = await process.services.remaking.remake(first.id, 2, "", PLACE)
    job = await accepted(process, request, "one")
    press.job = job
    await world.live(process)
    sent = [run.order.request.prompt for run in world.provider.runs[made:]]
    shots = await world.store.list_shots(job.id)
    return press, world, await world.store.get(job.id), shots, sent


async def accepted(process, request, key):
    quote = await process.services.quotes.quote(request)
    job, _ = await process.core.acceptance.accept(quote, PLACE, IdempotencyKey(key))
    return job


@pytest.mark.parametrize("though_spent", [False, True])
@pytest.mark.parametrize(
    ("kind", "first"),
    [
        ({"continuous": False, "remakes": False}, 0),
        ({"continuous": True, "remakes": False}, 1),
        ({"continuous": False, "remakes": True}, 2),
    ],
    ids=["shots", "chain", "remake"],
)
async def test_it_ends_as_its_member_is_told(kind, first, though_spent):
    """Not at each of the 350 events, which takes a minute: at the dense beginning, then at some."""
    said = set()
    for at in (*range(first, 50, 11), *range(50 + first, 350, 71)):
        press, world, job, shots, sent = await cancelled(at, though_spent=though_spent, **kind)
        told = press.said if isinstance(press.said, Cancellation) else type(press.said)
        said.add(told)

        assert job.is_terminal
        assert all(shot.is_terminal for shot in shots)
        assert len(sent) == len(set(sent))
        assert not {shot.request.prompt for shot in shots if shot.id in press.waiting} & set(sent)
        if told is Cancellation.CANCELLED:
            assert (sent, job.state) == ([], JobState.CANCELLED)
        elif told is not Cancellation.NOT_WATCHED:
            assert job.state is JobState.SUCCEEDED
        assert len(world.videos_of(job)) == (job.state is JobState.SUCCEEDED)

    assert Cancellation.CANCELLED in said
    assert (Cancellation.NOT_WATCHED if though_spent else AlreadySpentError) in said
