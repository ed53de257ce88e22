"""A failed video is made by another model once, where it belongs, by its member alone."""

from dataclasses import replace

import pytest

from bot.catalog.request import Origin
from bot.errors import InvalidRequestError, JobNotFoundError, NotYourJobError
from bot.ids import ChannelId, GuildId, MessageId, ModelId, ProviderName, RoleId, UserId
from bot.jobs.job import Failure, FailureKind, JobState
from bot.ordering.ordering import key_of_retry
from tests.factories import make_capability, make_job
from tests.fakes.messenger import all_stand
from tests.fakes.world import World

PRESSER = Origin(GuildId(10), ChannelId(77), UserId(30), role_ids=frozenset({RoleId(5)}))
OTHER_MODEL, ELSEWHERE = ModelId("other-model"), ProviderName("elsewhere")


@pytest.fixture
def world():
    made = World()
    made.catalog.replace(
        [
            make_capability(),
            make_capability(model_id=OTHER_MODEL),
            make_capability(model_id=ModelId("elsewhere"), provider=ELSEWHERE),
        ]
    )
    return made


def failed(world, kind=FailureKind.PROVIDER, **fields):
    failure = Failure(kind, "It broke.")
    job = make_job(state=JobState.FAILED, failure=failure, source_message_id=MessageId(4), **fields)
    world.store.jobs[job.id] = job
    return job


async def retry(world, job, presser=PRESSER):
    retrying = world.start().services.retrying
    return await retrying.with_other_model(job.id, presser, all_stand)


async def test_it_is_the_same_request_in_the_jobs_channel_with_the_roles_of_now(world):
    job = failed(world)

    found = await retry(world, job)

    assert found.request.model_id == OTHER_MODEL
    assert found.request.prompt == job.request.prompt
    assert found.place == replace(
        PRESSER, channel_id=job.channel_id, source_message_id=MessageId(4)
    )
    assert found.key == key_of_retry(job) != key_of_retry(make_job())


async def test_where_the_service_refused_the_account_another_service_makes_it(world):
    found = await retry(world, failed(world, FailureKind.OPERATOR))

    assert found.request.model_id == "elsewhere"


@pytest.mark.parametrize(
    ("presser", "error"),
    [
        (replace(PRESSER, user_id=UserId(31)), NotYourJobError),
        (replace(PRESSER, guild_id=GuildId(11)), JobNotFoundError),
    ],
    ids=["another member", "another server"],
)
async def test_no_one_else_makes_it(world, presser, error):
    with pytest.raises(error):
        await retry(world, failed(world), presser)


async def test_what_did_not_fail_is_not_made_again(world):
    job = make_job(state=JobState.SUCCEEDED)
    world.store.jobs[job.id] = job

    with pytest.raises(InvalidRequestError, match="didn't fail"):
        await retry(world, job)


async def test_where_no_other_model_can_make_it_that_is_said(world):
    world.catalog.replace([make_capability()])

    with pytest.raises(InvalidRequestError, match="No other model"):
        await retry(world, failed(world))
