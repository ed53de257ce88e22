"""A film is never thrown away: it is brought back from our disk, or from its service."""

from types import SimpleNamespace

import pytest

from bot.domain.jobs import JobState
from bot.errors import (
    FilmComingError,
    FilmNotThereError,
    FilmTakenDownError,
    JobNotFoundError,
    NotYourJobError,
    SubmissionUncertainError,
)
from bot.ids import GuildId, UserId
from bot.services.showing import Showing
from cogs.jobs import note_deletion
from tests.factories import PROVIDER
from tests.fakes.weather import Script

MEMBER = UserId(30)
GUILD = GuildId(10)
MOST = 10_000


@pytest.fixture
def showing(world):
    return Showing(world.store, world.films, {PROVIDER: world.provider})


async def show(showing, job, viewer=MEMBER, guild=GUILD, *, is_moderator=False, to_all=False):
    shown = await showing.find(job.id, guild, viewer, is_moderator=is_moderator, to_all=to_all)
    film = await showing.fit(shown, most=MOST)
    return SimpleNamespace(film=film, addresses=shown.addresses)


async def made(world, weather=None):
    process = world.start() if weather is None else world.start(weather=weather)
    job = await process.accept(key="one")
    await world.live(process)
    return await world.store.get(job.id)


async def test_a_film_on_our_disk_is_shown_again_and_nobody_is_asked(world, showing):
    job = await made(world)
    looks = len(world.provider.looks)

    shown = await show(showing, job)

    assert shown.film.path == world.films.path(job.id)
    assert len(world.provider.looks) == looks


async def test_a_film_that_we_no_longer_keep_is_fetched_anew(world, showing):
    job = await made(world)
    await world.films.forget(job.id)

    assert (await show(showing, job)).film is not None
    assert world.provider.paid_tags == [f"{job.id}-1"]


async def test_a_film_that_was_called_off_too_late_is_there_when_it_is_done(world, showing):
    process = world.start()
    job = await process.accept(key="one")
    await process.turn()
    await process.cancelling.cancel(job.id, MEMBER, is_moderator=False)
    await world.live(process)
    job = await world.store.get(job.id)
    assert job.state is JobState.CANCELLED

    with pytest.raises(FilmComingError):
        await show(showing, job)
    world.clock.advance(world.provider.takes_seconds)

    assert (await show(showing, job)).film is not None
    assert (await world.store.get(job.id)).state is JobState.CANCELLED


async def test_a_film_whose_submission_was_lost_is_taken_when_it_turns_up(world, showing):
    weather = Script(submit__answered=[SubmissionUncertainError()])
    world.provider.can_recover = False
    job = await made(world, weather)
    assert job.state is JobState.FAILED
    world.provider.can_recover = True
    world.clock.advance(world.provider.takes_seconds)

    assert (await show(showing, job)).film is not None


async def test_what_was_never_made_is_not_there(world, showing):
    process = world.start()
    job = await process.accept(key="one")
    await process.cancelling.cancel(job.id, MEMBER, is_moderator=False)

    with pytest.raises(FilmNotThereError):
        await show(showing, await world.store.get(job.id))


async def test_a_film_is_shown_to_its_member_and_to_moderators_of_its_server_alone(world, showing):
    job = await made(world)

    with pytest.raises(NotYourJobError):
        await show(showing, job, UserId(31))
    with pytest.raises(JobNotFoundError):
        await show(showing, job, guild=GuildId(11))
    assert (await show(showing, job, UserId(31), is_moderator=True)).film is not None


async def test_a_film_too_large_for_the_channel_is_a_link(world, showing):
    job = await made(world)
    world.films.disk[world.films.path(job.id)] = 10 * MOST
    world.films.smallest_bytes = 5 * MOST

    shown = await show(showing, job)

    assert shown.film is None
    assert shown.addresses == ("https://films.example/1",)


async def test_a_members_films_are_listed_latest_first(world, showing):
    process = world.start()
    jobs = []
    for key in ("one", "two", "three"):
        jobs.append(await process.accept(key=key))
        world.clock.advance(1)
    await world.live(process)

    listed = await showing.latest(GUILD, MEMBER)

    assert [job.id for job in listed] == [job.id for job in reversed(jobs)]
    assert await showing.latest(GuildId(11), MEMBER) == []


async def test_a_film_is_shown_to_all_where_its_member_likes(world, showing):
    assert (await show(showing, await made(world), to_all=True)).film is not None


async def test_a_film_that_was_taken_down_is_shown_to_its_member_alone(world, showing):
    job = await made(world)
    await note_deletion(world.store, job.id)

    with pytest.raises(FilmTakenDownError):
        await show(showing, job, to_all=True)
    assert (await show(showing, job)).film is not None


async def test_a_film_that_was_taken_down_is_shown_to_all_by_a_moderator(world, showing):
    job = await made(world)
    await note_deletion(world.store, job.id)

    assert (await show(showing, job, UserId(31), is_moderator=True, to_all=True)).film is not None
