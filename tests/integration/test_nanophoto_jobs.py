"""What becomes of a job at NanoPhoto: the bot's services and client, on the local service over HTTP.

Time is the bot's own and stands still but for the tracker's waits; videos are not fetched.
"""

import json

import pytest

from bench.nanophoto_hours import WithoutVideos, means_of
from bot.catalog.pricing import Price
from bot.catalog.request import Origin, Shot
from bot.ids import ChannelId, GuildId, IdempotencyKey, UserId
from bot.jobs.job import FailureKind, JobState
from bot.jobs.stores import Agenda
from bot.ordering.ordering import Acceptance
from bot.ordering.quotes import Quote
from bot.providers.nanophoto.models import capability
from bot.worker.worker import Worker
from sandbox.providers.faults import Fault
from tests.factories import new_job_id
from tests.fakes.budgets import InMemoryBudgets, InMemoryGuilds
from tests.fakes.clock import FakeClock
from tests.fakes.job_store import InMemoryJobStore
from tests.fakes.media import FakeVideoStore
from tests.local_nanophoto import (
    GENERATE,
    KEY,
    OPENING_CREDITS,
    STATUS,
    USD_PER_CREDIT,
    a_request,
    local_nanophoto,
)

MAX_TURNS = 2000


class Bot:
    """A bot whose one service is the local NanoPhoto."""

    def __init__(self, local):
        self.local, self.clock, self.store = local, FakeClock(), InMemoryJobStore()
        videos = FakeVideoStore()
        client = WithoutVideos(
            KEY,
            f"{local.sandbox.nanophoto.origin}/api",
            USD_PER_CREDIT,
            api=local.session,
            downloads=local.session,
            budgets=InMemoryBudgets(self.clock),
            clock=self.clock,
        )
        client.disk = videos.disk
        context = means_of(self.store, videos, client, self.clock)
        self.worker = Worker(context, self.store, self.store, owner="one", on_moved=lambda: None)
        self.accepting = Acceptance(
            self.store, self.clock, new_job_id, self.worker.wake, guilds=InMemoryGuilds()
        )

    async def asked_for(self, **fields):
        """A request, to its end; answers with the job as it ended."""
        quote = Quote(a_request(**fields), capability(USD_PER_CREDIT), Price(200_000), 180)
        place = Origin(GuildId(10), ChannelId(20), UserId(30))
        job, _ = await self.accepting.accept(quote, place, IdempotencyKey("one"))
        for _ in range(MAX_TURNS):
            await self.worker.run_once()
            agenda = await self.store.agenda(self.clock.now())
            if agenda == Agenda():
                return await self.store.get(job.id)
            await self._made()
            next_at = agenda.next_at or self.clock.now()
            self.clock.advance(max((next_at - self.clock.now()).total_seconds(), 0.1))
        msg = f"never ended: {await self.store.get(job.id)}"
        raise AssertionError(msg)

    async def _made(self):
        for making in self.local.service.making.values():
            await making


@pytest.fixture
async def local(tmp_path):
    async with local_nanophoto(tmp_path) as opened:
        yield opened


@pytest.fixture
def bot(local):
    return Bot(local)


def answered(path, status, code, times=1, **more):
    body = {"error": "In their words", "errorCode": code, **more} if code else None
    return Fault(path=path, kind="status", status=status, body=body, times=times)


ACCOUNT = "The video service doesn't accept this bot's account right now."
REQUEST = "The video service didn't accept this request."
OPERATOR, REJECTED = FailureKind.OPERATOR, FailureKind.REJECTED
REFUSALS = {
    "LOGIN_REQUIRED": (401, OPERATOR, ACCOUNT),
    "INSUFFICIENT_CREDITS": (402, OPERATOR, ACCOUNT),
    "SHOTS_REQUIRED": (400, REJECTED, "Describe at least one"),
    "PROMPT_REQUIRED": (400, REJECTED, "Describe what happens in each"),
    "INVALID_IMAGE_COUNT": (400, REJECTED, "one to three as references"),
    "IMAGE_URLS_REQUIRED": (400, REJECTED, "Send them again as files"),
    "INVALID_INPUT": (400, REJECTED, REQUEST),
    "GENERATION_FAILED": (500, FailureKind.PROVIDER, "The video service couldn't make this video."),
}


@pytest.mark.parametrize("code", REFUSALS)
async def test_every_refusal_is_told_in_words_of_ours_and_costs_nothing(local, bot, code):
    status, kind, text = REFUSALS[code]
    local.service.faults.append(answered(GENERATE, status, code))

    job = await bot.asked_for()

    assert job.failure.kind is kind
    assert text in job.failure.text
    assert local.asked == 0  # the fault stood before the service, and was met once
    assert "In their words" not in job.failure.text


@pytest.mark.parametrize(
    ("fields", "advice"),
    [
        ({"aspect_ratio": "1:1"}, "Choose 16:9 or 9:16"),
        ({"resolution": "4k", "shots": (Shot("a"), Shot("b"))}, "a single shot in 1080p or 4k"),
        ({"shots": (Shot("a"),) * 22}, "Use 21 or fewer"),
    ],
    ids=["shape", "resolution", "shots"],
)
async def test_a_request_that_cannot_be_is_told_what_to_change(local, bot, fields, advice):
    job = await bot.asked_for(**fields)

    assert job.failure.kind is REJECTED
    assert advice in job.failure.text
    assert local.credits == OPENING_CREDITS


async def test_a_prompt_that_is_refused_at_once_is_told_in_the_service_s_words(local, bot):
    job = await bot.asked_for(prompt="a blockedword")

    assert job.failure.kind is FailureKind.REFUSED
    assert job.failure.text == "The prompt was rejected by the safety filter."
    assert local.credits == OPENING_CREDITS


async def test_a_result_that_is_refused_later_is_told_in_the_service_s_words(local, bot):
    job = await bot.asked_for(prompt="nsfwlater")

    assert job.failure.kind is FailureKind.REFUSED
    assert job.failure.text.endswith("Try a different prompt.")
    assert local.credits == OPENING_CREDITS


@pytest.mark.parametrize(
    ("status", "code"),
    [(429, "API_KEY_RATE_LIMIT_EXCEEDED"), (403, ""), (404, "")],
    ids=["asked too often", "a wall", "no such path"],
)
async def test_what_was_certainly_not_taken_is_sent_again_and_paid_for_once(
    local, bot, status, code
):
    local.service.faults.append(answered(GENERATE, status, code, times=2))

    job = await bot.asked_for()

    assert job.state is JobState.SUCCEEDED
    assert local.movements("charge") == [10]


@pytest.mark.parametrize(
    ("fault", "charged"),
    [
        (answered(GENERATE, 500, "INTERNAL_ERROR", times=9), []),
        (answered(GENERATE, 502, "", times=9), []),
        (Fault(path=GENERATE, kind="drop_before", times=9), []),
        (Fault(path=GENERATE, kind="drop_after", times=9), [10]),
        (Fault(path=GENERATE, kind="status_after", status=504, times=9), [10]),
        (Fault(path=GENERATE, kind="truncate", times=9), [10]),
        (Fault(path=GENERATE, kind="wrong_types", times=9), [10]),
    ],
    ids=["inside", "an edge", "never came", "lost", "an edge after it", "cut", "of other types"],
)
async def test_what_may_have_been_taken_is_told_as_uncertain_and_never_sent_again(
    local, bot, fault, charged
):
    local.service.faults.append(fault.model_copy())

    job = await bot.asked_for()

    assert job.failure.kind is FailureKind.UNCERTAIN
    assert local.movements("charge") == charged
    assert local.service.faults[0].times == 8


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "LOGIN_REQUIRED"),
        (402, "INSUFFICIENT_CREDITS"),
        (429, "API_KEY_RATE_LIMIT_EXCEEDED"),
        (400, "INVALID_INPUT"),
        (400, "TASK_IDS_REQUIRED"),
        (404, "TASK_NOT_FOUND"),
        (500, "INTERNAL_ERROR"),
        (403, ""),
        (503, ""),
    ],
)
async def test_no_error_of_a_poll_loses_a_video_that_is_paid_for(local, bot, status, code):
    local.service.faults.append(answered(STATUS, status, code, times=3))

    job = await bot.asked_for()

    assert job.state is JobState.SUCCEEDED
    assert local.movements("charge") == [10]


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "truncate", "wrong_types"])
async def test_no_spoilt_look_loses_a_video_that_is_paid_for(local, bot, kind):
    local.service.faults.append(Fault(path=STATUS, kind=kind, times=6))

    assert (await bot.asked_for()).state is JobState.SUCCEEDED


async def test_a_video_that_the_service_has_forgotten_has_failed(local, bot):
    local.service.faults.append(answered(STATUS, 404, "TASK_NOT_FOUND", times=99))

    job = await bot.asked_for()

    assert job.failure.text == "The video service no longer knows this video."


@pytest.mark.parametrize("fail", ["all", "status_500"])
async def test_a_video_that_failed_is_told_however_the_service_says_it(local, bot, fail):
    local.switch(fail=fail)

    job = await bot.asked_for()

    assert job.failure.kind is FailureKind.PROVIDER
    assert local.credits == OPENING_CREDITS


async def test_a_video_without_two_of_its_shots_is_a_video_and_says_so(local, bot):
    local.switch(fail="shot", fail_shots=[1, 3])

    job = await bot.asked_for(shots=tuple(Shot(f"scene {n}") for n in range(5)))
    submission = await bot.store.find_submission(job.id)

    assert job.state is JobState.SUCCEEDED
    assert job.artifact.remark.startswith("Shots 2 and 4 of 5 failed")
    assert (submission.precharged_micros, submission.charged_micros) == (1_000_000, 600_000)
    assert len(json.loads(submission.handle)["tasks"]) == 5


async def test_a_longest_video_takes_few_of_the_hour_s_requests(local, bot):
    job = await bot.asked_for(shots=tuple(Shot(f"scene {n}") for n in range(21)))

    assert job.state is JobState.SUCCEEDED
    assert local.asked < 10


async def test_the_length_that_the_service_names_is_what_is_learnt(local, bot, monkeypatch):
    local.switch(generation_time=True)
    make = local.service._make_one

    async def timed(shot):
        await make(shot)
        shot.generation_time = 97

    monkeypatch.setattr(local.service, "_make_one", timed)
    job = await bot.asked_for()

    assert await bot.store.list_render_times(job.provider, job.request, 9) == [97.0]
