"""More of an earlier video: for whom, of what, and in which words it is refused."""

from dataclasses import replace

import pytest

from bot.catalog.pricing import PriceLine, PriceList
from bot.catalog.request import Derivation, Origin, Parent
from bot.errors import InvalidRequestError, JobNotFoundError, NotTheMakerError
from bot.guilds.settings import ButtonsFor, GuildSettings
from bot.ids import ChannelId, GuildId, JobId, ModelId, UserId
from bot.jobs.job import JobState
from tests.factories import make_capability, make_image, make_job, make_request
from tests.fakes.world import World

MAKER = Origin(GuildId(10), ChannelId(20), UserId(30))
OTHER = replace(MAKER, user_id=UserId(31))
STRANGER = replace(MAKER, guild_id=GuildId(11))


def costing(name, cents):
    prices = PriceList((PriceLine(cents * 10_000),))
    return make_capability(model_id=ModelId(name), name=name, prices=prices)


@pytest.fixture
def world():
    made = World()
    made.catalog.replace([costing("fake-model", 50), costing("cheap", 20), costing("large", 90)])
    return made


def made(world, **request):
    job = make_job(state=JobState.SUCCEEDED, request=make_request(**request))
    world.store.jobs[job.id] = job
    return job


def sequels(world):
    return world.start().services.sequels


@pytest.mark.parametrize("buttons", ButtonsFor)
@pytest.mark.parametrize("presser", [MAKER, OTHER, STRANGER])
async def test_anyone_in_the_server_makes_more_of_it_unless_that_is_left_to_its_maker(
    world, buttons, presser
):
    job = made(world)
    for guild_id in (MAKER.guild_id, STRANGER.guild_id):
        await world.guilds.put(GuildSettings(guild_id, buttons=buttons))
    error: type[Exception] | None = None
    if presser is STRANGER:
        error = JobNotFoundError
    elif presser is OTHER and buttons is ButtonsFor.MAKER:
        error = NotTheMakerError

    for ask in (sequels(world).parent, sequels(world).again, sequels(world).better):
        if error is None:
            assert await ask(job.id, presser)
        else:
            with pytest.raises(error):
                await ask(job.id, presser)


async def test_what_never_was_is_not_made_again(world):
    with pytest.raises(JobNotFoundError):
        await sequels(world).again(JobId("abcdefghijklm234"), MAKER)


async def test_again_has_another_seed_each_time(world):
    job, own = made(world, seed=3), sequels(world)

    seeds = {(await own.again(job.id, OTHER)).seed for _ in range(20)}

    assert len(seeds) == 20
    assert all(seed is not None and 0 <= seed < 2**31 for seed in seeds)


async def test_a_retired_model_is_named_with_the_way_out(world):
    job = made(world, model_id=ModelId("gone"))

    with pytest.raises(InvalidRequestError, match="`gone` is no longer offered"):
        await sequels(world).again(job.id, MAKER)


async def test_a_picture_that_is_lost_is_asked_for_in_the_form(world):
    job, own = made(world, image=make_image(key="lost.png")), sequels(world)
    assert (await own.again(job.id, MAKER)).image is not None
    world.images.lost.add("lost.png")

    for ask in (own.again, own.better):
        with pytest.raises(InvalidRequestError, match="no longer have the picture"):
            await ask(job.id, MAKER)
    assert own.with_kept_pictures(job.request).pictures == ()


async def test_better_models_cost_more_and_keep_the_seed(world):
    job = made(world, seed=3)

    found = await sequels(world).better(job.id, OTHER)

    assert [quote.capability.name for quote in found.quotes] == ["large"]
    assert found.price.cost_micros == 500_000
    [quote] = found.quotes
    assert (quote.request.seed, quote.request.prompt) == (3, job.request.prompt)
    assert quote.request.parent == Parent(Derivation.BETTER, job.id)


async def test_better_models_are_offered_cheapest_first_whichever_is_the_best_guess(world):
    """The kind: of the family, well-known, both, neither."""
    world.catalog.preferred = ("known",)
    names = {"known": 80, "fake large": 90, "other": 60, "fake known": 70}
    world.catalog.replace([costing("fake-model", 50), *(costing(*one) for one in names.items())])
    job = made(world)

    found = await sequels(world).better(job.id, OTHER)

    prices = [quote.price.cost_micros for quote in found.quotes]
    assert prices == [600_000, 700_000, 800_000, 900_000]


async def test_where_there_is_no_better_model_it_is_said(world):
    job = made(world, model_id=ModelId("large"))

    with pytest.raises(InvalidRequestError, match="No better model"):
        await sequels(world).better(job.id, MAKER)
