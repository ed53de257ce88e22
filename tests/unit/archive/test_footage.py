"""A video is brought here only for who may use it, one at a time, and never once it was removed.

The kind: its first and last frame, its file to continue, and the recipe in anyone's file; for a
member who may make no video, in a paused server, while another one is fetched, after its removal.
"""

from dataclasses import replace

import pytest

from bot.catalog.request import Origin
from bot.errors import AlreadyFetchingError, InvalidRequestError
from bot.ids import ChannelId, GuildId, UserId
from bot.jobs.messages import DeliveryKind, deleted
from bot.money.limits import LimitReachedError, Policy, RateLimit, Rules
from tests.fakes.world import World

PLACE = Origin(GuildId(10), ChannelId(20), UserId(30))
WHO_IS_BARRED = {
    "no video at once": {"rules": Rules(open_jobs_most=0)},
    "no request": {"rules": Rules(rates=(RateLimit(0, 60),))},
    "another channel": {"rules": Rules(channels=frozenset({ChannelId(99)}))},
    "paused": {"policy": Policy(PLACE.guild_id, is_paused=True)},
}
ACTS = ["first_frame", "last_frame", "find_address"]


class Desk:
    """A finished video, and what is fetched."""

    def __init__(self):
        self.world, self.fetched = World(), list[str]()
        self.process = self.world.start()
        self.footage = self.process.services.footage
        real = self.world.sources.fetch

        async def fetch(address, *, name):
            self.fetched.append(address)
            return await real(address, name=name)

        vars(self.world.sources)["fetch"] = fetch

    async def made(self):
        job = await self.process.accept(key="one")
        await self.world.live(self.process)
        return await self.world.store.get(job.id)

    async def act(self, name, job, place=PLACE):
        return await getattr(self.footage, name)(job, self.address, place)

    async def address(self):
        return "https://cdn.example/posted.mp4"

    async def read(self, place=PLACE):
        extending = self.process.services.extending
        return await extending.find_recipe("https://cdn.example/a.mp4", "a.mp4", place)


@pytest.fixture
def desk():
    return Desk()


@pytest.mark.parametrize("fields", WHO_IS_BARRED.values(), ids=WHO_IS_BARRED)
async def test_nothing_is_fetched_for_who_is_barred(desk, fields):
    job = await desk.made()
    await desk.world.videos.forget(job.id)
    looks = len(desk.world.provider.looks)
    desk.world.money_store.fields.update(fields)

    for name in ACTS:
        with pytest.raises(LimitReachedError):
            await desk.act(name, job)
    with pytest.raises(LimitReachedError):
        await desk.read()

    assert desk.fetched == []
    assert len(desk.world.provider.looks) == looks


@pytest.mark.parametrize("fields", [{"open_jobs": 1, "rules": Rules(open_jobs_most=1)}])
async def test_who_only_waits_may_still_look_how_a_video_was_made(desk, fields):
    desk.world.money_store.fields.update(fields)

    assert await desk.read() is None
    assert len(desk.fetched) == 1


async def test_while_one_is_fetched_the_member_is_asked_to_wait(desk):
    job, again = await desk.made(), []

    async def address():
        for act in (desk.read, lambda: desk.act("last_frame", job)):
            with pytest.raises(AlreadyFetchingError):
                await act()
        assert await desk.read(replace(PLACE, user_id=UserId(31))) is None
        again.append(True)
        return "https://cdn.example/posted.mp4"

    await desk.world.videos.forget(job.id)
    desk.process.context.providers.clear()
    desk.address = address

    assert await desk.act("first_frame", job)
    assert again == [True]


async def test_what_lies_on_our_disk_needs_no_turn(desk):
    job = await desk.made()
    with desk.footage._turns.one_of(PLACE.user_id):
        for name in ACTS:
            await desk.act(name, job)

    assert desk.fetched == []


async def test_of_a_removed_video_nothing_more_is_made(desk):
    job = await desk.made()
    video = await desk.world.store.find_delivery(job.id, DeliveryKind.VIDEO)
    await desk.world.store.save_delivery(deleted(video))

    for name in ACTS:
        with pytest.raises(InvalidRequestError, match="was removed"):
            await desk.act(name, job)
