"""An answer is written once, whole, and spoils nothing: also a late one, and one that is refused."""

from dataclasses import replace

import pytest

from bot.errors import StorageError
from bot.ids import IdempotencyKey
from bot.jobs.job import Failure, FailureKind, JobState, advance
from bot.jobs.messages import DeliveryKind
from bot.jobs.stores import Change
from bot.jobs.submission import SubmissionState
from bot.worker.recorder import REFUSALS_TOLERATED, WITHOUT_WORDS, Recorder, StepResult
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
    recorder.add(StepResult(job, slower, lambda _job: slower))
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
    recorder.add(StepResult(job, slower, lambda _job: slower))
    await recorder.write()

    kept = await world.store.find_submission(job.id)
    assert (kept.handle, kept.state) == ("run-1", SubmissionState.ABANDONED)


class Picky:
    """A store that takes no row with certain words, in a failure or in a remark."""

    def __init__(self, store, words):
        self._store = store
        self._words = words
        self.before_save = None

    def __getattr__(self, name):
        return getattr(self._store, name)

    async def save(self, changes):
        said = [one.job.failure.text for one in changes if one.job.failure is not None]
        said += [one.submission.remark or "" for one in changes if one.submission is not None]
        if any(self._words in text for text in said):
            raise StorageError("not a text of this database")
        if self.before_save is not None:
            before_save, self.before_save = self.before_save, None
            await before_save()
        return await self._store.save(changes)


def given_up(job):
    return replace(
        advance(job, JobState.FAILED, NOW), failure=Failure(FailureKind.UNCERTAIN, "It was lost.")
    )


@pytest.mark.parametrize(
    "moves",
    [
        [lambda job: advance(job, JobState.UNCERTAIN, NOW), given_up],
        [lambda job: replace(job, cancel_requested=True), given_up],
        [
            lambda job: advance(job, JobState.UNCERTAIN, NOW),
            lambda job: replace(job, cancel_requested=True),
            given_up,
        ],
    ],
    ids=["uncertain", "cancelled", "both"],
)
async def test_an_answer_is_kept_however_often_its_job_moves_before_it_is_written(world, moves):
    """One move for each try to write: by another process, or by a member who presses Cancel."""
    job, intent = await submitting(world)
    sent = replace(intent, state=SubmissionState.ACCEPTED, handle="run-1", accepted_at=NOW)
    left = list(moves)

    class Moving(Picky):
        async def save(self, changes):
            if left:
                state = SubmissionState.UNCERTAIN if left[1:] else SubmissionState.ABANDONED
                moved = left.pop(0)(await self._store.get(job.id))
                await self._store.save([Change(moved, replace(intent, state=state))])
            return await self._store.save(changes)

    def answered(now):
        return Change(advance(now, JobState.RENDERING, NOW), sent)

    recorder = Recorder(Moving(world.store, "no such words"), world.clock)
    recorder.add(StepResult(job, answered(job), answered))
    await recorder.write()

    assert (await world.store.get(job.id)).state is JobState.FAILED
    assert (await world.store.find_submission(job.id)).handle == "run-1"


UNSTORABLE = "half a sign"


def refused(job):
    """The answer of a service that refuses a submission in words that cannot be stored."""
    failure = Failure(FailureKind.REFUSED, f"{UNSTORABLE}: try other words")
    return replace(advance(job, JobState.FAILED, NOW), failure=failure)


async def test_a_refused_row_is_tried_as_often_as_is_tolerated_and_then_written_in_plain(world):
    job, intent = await submitting(world)
    change = Change(
        refused(job), replace(intent, state=SubmissionState.REJECTED, remark=UNSTORABLE)
    )
    recorder = Recorder(Picky(world.store, UNSTORABLE), world.clock)
    recorder.add(StepResult(job, change, lambda _job: change))

    for _ in range(REFUSALS_TOLERATED):
        with pytest.raises(StorageError):
            await recorder.write()
        assert recorder.holds(job.id)
        assert not (await world.store.get(job.id)).is_terminal
    await recorder.write()

    written = await world.store.get(job.id)
    notice = await world.store.find_delivery(job.id, DeliveryKind.FAILURE)
    assert not recorder.holds(job.id)
    assert (written.failure.kind, written.failure.text) == (FailureKind.REFUSED, WITHOUT_WORDS)
    assert (await world.store.find_submission(job.id)).remark is None
    assert notice is not None


async def test_a_row_that_is_refused_without_words_too_is_dropped_and_asked_for_later(world):
    job, intent = await submitting(world)
    change = Change(refused(job), intent)
    recorder = Recorder(Picky(world.store, ""), world.clock)  # it takes none with a text
    recorder.add(StepResult(job, change, lambda _job: change))

    for _ in range(REFUSALS_TOLERATED):
        with pytest.raises(StorageError):
            await recorder.write()
    await recorder.write()

    left = await world.store.get(job.id)
    assert left.state is JobState.SUBMITTING
    assert left.next_action_at > world.clock.now()
    assert left.version == job.version + 1
    assert not recorder.holds(job.id)


async def test_what_a_member_changed_while_a_row_was_refused_is_kept_with_its_answer(world):
    """The plain row meets another version: it is applied to that one, and not lost."""
    job, intent = await submitting(world)
    sent = replace(intent, state=SubmissionState.ACCEPTED, handle="run-1", remark=UNSTORABLE)
    store = Picky(world.store, UNSTORABLE)

    def rendering(now):
        return Change(advance(now, JobState.RENDERING, NOW), sent)

    async def cancel():
        await world.store.save([Change(replace(job, cancel_requested=True))])

    recorder = Recorder(store, world.clock)
    recorder.add(StepResult(job, rendering(job), rendering))
    for _ in range(REFUSALS_TOLERATED):
        with pytest.raises(StorageError):
            await recorder.write()
    store.before_save = cancel
    await recorder.write()

    written = await world.store.get(job.id)
    assert (written.state, written.cancel_requested) == (JobState.RENDERING, True)
    assert (await world.store.find_submission(job.id)).handle == "run-1"


async def test_a_refused_row_holds_up_another_for_one_tick_at_most_and_each_is_tolerated_alike(
    world,
):
    job, intent = await submitting(world)
    process = world.start()
    other = await process.accept(key=IdempotencyKey("other"), user_id=31)
    change = Change(refused(job), intent)
    recorder = Recorder(Picky(world.store, UNSTORABLE), world.clock)
    recorder.add(StepResult(job, change, lambda _job: change))
    moved = Change(replace(other, errors_in_row=1))
    recorder.add(StepResult(other, moved, lambda _job: moved))

    for _ in range(2):
        with pytest.raises(StorageError):
            await recorder.write()

    assert (await world.store.get(other.id)).errors_in_row == 1
    for _ in range(REFUSALS_TOLERATED - 2):
        with pytest.raises(StorageError):
            await recorder.write()
    await recorder.write()
    assert (await world.store.get(job.id)).failure.text == WITHOUT_WORDS
    assert not recorder.holds(other.id)
    assert recorder._refusals == {}
