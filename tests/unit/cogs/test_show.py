"""A video that must be made smaller first is said to be, and is never waited for without end."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.archive.show import Archive
from bot.errors import InvalidRequestError, NotYourJobError
from bot.guilds.settings import Recipes
from bot.jobs.removed import RemovedVideos
from bot.locks import Turns
from bot.services import Services
from cogs.show import Show
from tests.factories import PROVIDER, make_capability
from tests.fakes.media import FakeVideoStore
from tests.fakes.world import World

LIMIT = 10_000


class Channel:
    """A channel, for adults or for everyone."""

    def __init__(self, *, is_adult):
        self.is_adult = is_adult

    def is_nsfw(self):
        return self.is_adult


class Interaction:
    """A `/show` of its member; `said` is what they read, one after the other."""

    guild_id, channel_id, filesize_limit = 10, 20, LIMIT

    def __init__(self, *, user_id=30, moderates=False):
        self.user = SimpleNamespace(id=user_id)
        self.permissions = SimpleNamespace(manage_messages=moderates)
        self.response = self
        self.followup = self
        self.said: list[str] = []
        self.to_all: list[dict[str, Any]] = []
        self.files = 0
        self.channel = self.made_in = Channel(is_adult=False)
        self.guild = self

    def get_channel_or_thread(self, _id):
        return self.made_in

    async def defer(self, *, ephemeral):
        assert ephemeral

    async def edit_original_response(self, *, content, view=None, attachments=()):
        self.said.append(content)
        self.files += len(attachments)
        for file in attachments:
            file.close()

    async def send(self, text, *, files, **how):
        self.to_all.append({"content": text, **how})
        for file in files:
            file.close()


class Slow(FakeVideoStore):
    """Videos that are never done being made smaller."""

    async def fit(self, artifact, *, max_bytes):
        return await asyncio.get_running_loop().create_future()


@pytest.fixture
def world(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "videos").mkdir()
    return World()


async def shown(
    world, size_bytes, *, videos=None, to_all=False, prompt="a fox", adults=(False, False), **how
):
    """What is said of a video of this size."""
    process = world.start()
    job = await process.accept(key="one", prompt=prompt)
    await world.live(process)
    world.videos.path(job.id).write_bytes(b"video")
    world.videos.disk[world.videos.path(job.id)] = size_bytes
    showing = Archive(
        world.store,
        RemovedVideos(world.store, world.store),
        videos or world.videos,
        {PROVIDER: world.provider},
        world.clock,
        sources=world.sources,
        shots=world.store,
        recipes=Recipes(world.guilds, world.members),
        turns=Turns(1),
    )
    cog = Show(
        cast(
            Services,
            SimpleNamespace(
                showing=showing, catalog=world.catalog, free_posts=process.services.free_posts
            ),
        ),
        **how,
    )
    interaction: Any = Interaction()
    interaction.made_in, interaction.channel = (Channel(is_adult=one) for one in adults)
    callback: Any = Show.show.callback
    await callback(cog, interaction, job.id, to_all)
    return interaction


async def test_a_video_that_fits_comes_at_once(world):
    interaction = await shown(world, LIMIT)

    [said] = interaction.said
    assert "smaller" not in said
    assert interaction.files == 1


async def test_that_a_video_is_made_smaller_is_said_before(world):
    interaction = await shown(world, 2 * LIMIT)

    first, last = interaction.said
    assert "I'm re-encoding it, which may take a few minutes." in first
    assert "Re-encoded to fit." in last
    assert interaction.files == 1


async def test_a_video_that_cannot_be_made_smaller_in_time_is_a_link(world):
    slow = Slow(world.videos.disk)

    interaction = await shown(world, 2 * LIMIT, videos=slow, within_seconds=0.0)

    assert interaction.said[-1].endswith(
        "here's the video service's link: https://videos.example/1"
    )
    assert interaction.files == 0


@pytest.mark.parametrize("size_bytes", [LIMIT, 2 * LIMIT], ids=["the video", "a link to it"])
async def test_a_members_link_is_not_shown_to_all_in_the_bots_name(world, size_bytes):
    how = {} if size_bytes <= LIMIT else {"videos": Slow(world.videos.disk), "within_seconds": 0.0}

    interaction = await shown(
        world, size_bytes, to_all=True, prompt="as on https://evil.example/fox", **how
    )

    [said] = interaction.to_all
    assert "evil.example" in said["content"]
    assert said["suppress_embeds"]


@pytest.mark.parametrize("from_model", [False, True])
async def test_what_was_made_for_adults_is_shown_to_all_among_adults_alone(world, from_model):
    world.catalog.replace([make_capability(is_explicit=from_model)])
    made_in = not from_model

    with pytest.raises(InvalidRequestError, match="age-restricted"):
        await shown(world, LIMIT, to_all=True, adults=(made_in, False))


@pytest.mark.parametrize(("to_all", "here"), [(True, True), (False, False)])
async def test_adults_and_its_member_see_what_was_made_for_adults(world, to_all, here):
    interaction = await shown(world, LIMIT, to_all=to_all, adults=(True, here))

    assert len(interaction.to_all) == to_all
    assert interaction.files == (not to_all)


@pytest.mark.parametrize("channel_id", [20, 21])
async def test_a_moderator_of_one_channel_shows_no_video_of_another(world, channel_id):
    process = world.start()
    job = await process.accept(key="one")  # in channel 20
    await world.live(process)
    world.videos.path(job.id).write_bytes(b"video")
    services = SimpleNamespace(
        showing=process.services.showing,
        catalog=world.catalog,
        free_posts=process.services.free_posts,
    )
    interaction: Any = Interaction(user_id=31, moderates=True)
    interaction.channel_id = channel_id
    callback: Any = Show.show.callback
    asked = callback(Show(cast(Services, services)), interaction, job.id, to_all=True)

    if channel_id == job.channel_id:
        await asked
        assert len(interaction.to_all) == 1
    else:
        with pytest.raises(NotYourJobError):
            await asked
