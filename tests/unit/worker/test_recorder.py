"""The answer of a process that was slower than another spoils nothing of what the other has saved."""

from dataclasses import replace

from bot.ids import IdempotencyKey
from bot.jobs.job import JobState, advance
from bot.jobs.stores import Change
from bot.jobs.submission import SubmissionState
from bot.worker.recorder import Finding, Recorder
from tests.factories import NOW, make_submission

DONE = "https://videos.example/1.mp4"


async def submitting(world):
    """A job whose request is being sent, and its submission."""
    process = world.start()
    queued = await process.accept(key=IdempotencyKey("one"))
    job = advance(queued, JobState.SUBMITTING, NOW)
    intent = make_submission(job)
    assert not (await world.store.save([Change(job, intent)])).conflicts
    return replace(job, version=job.version + 1), intent


async def test_a_late_answer_leaves_the_addresses_and_the_charge_of_its_video_alone(world):
    job, intent = await submitting(world)
    sent = replace(intent, state=SubmissionState.ACCEPTED, handle="run-1", accepted_at=NOW)
    late = replace(sent, state=SubmissionState.UNCERTAIN)
    slower = Change(advance(job, JobState.UNCERTAIN, NOW), late)
    rendering = advance(job, JobState.RENDERING, NOW)
    await world.store.save([Change(rendering, sent)])
    ready = advance(replace(rendering, version=rendering.version + 1), JobState.DOWNLOADING, NOW)
    known = replace(sent, artifact_addresses=(DONE,), charged_micros=871_380)
    await world.store.save([Change(ready, known)])

    recorder = Recorder(world.store, world.clock)
    recorder.add(Finding(job, slower, lambda _job: slower))
    await recorder.write()

    assert await world.store.find_submission(job.id) == known
    assert (await world.store.get(job.id)).state is JobState.DOWNLOADING


async def test_a_late_answer_keeps_the_handle_of_a_video_whose_job_was_given_up(world):
    job, intent = await submitting(world)
    sent = replace(intent, state=SubmissionState.ACCEPTED, handle="run-1", accepted_at=NOW)
    slower = Change(advance(job, JobState.RENDERING, NOW), sent)
    given_up = replace(intent, state=SubmissionState.ABANDONED)
    await world.store.save([Change(advance(job, JobState.UNCERTAIN, NOW), given_up)])

    recorder = Recorder(world.store, world.clock)
    recorder.add(Finding(job, slower, lambda _job: slower))
    await recorder.write()

    kept = await world.store.find_submission(job.id)
    assert (kept.handle, kept.state) == ("run-1", SubmissionState.ABANDONED)
