"""Cards show how their jobs stand within seconds, and are not edited in vain again and again.

The kinds: jobs that ended while no one could change their cards; cards that Discord will not change
now (a locked thread, too many edits of one message) or not with what they quote; a process that
died during an edit, or whose clock was wrong; a job that moves while its card is looked at.
"""

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.delivery.dispatcher import MAX_CARDS
from bot.errors import DeliveryUnavailableError, MessageHeldError, MessageRefusedError
from bot.ids import ChannelId, MessageId
from bot.jobs.job import Failure, FailureKind, JobState
from bot.jobs.messages import DeliveryKind, DeliveryState, editing
from tests.factories import NOW, make_delivery, make_job, make_request
from tests.fakes.messenger import FakeMessenger, Message
from tests.fakes.world import World

LEFT_BEHIND = 3 * MAX_CARDS
CATCHES_UP_WITHIN = timedelta(seconds=20)


def leave_behind(world, count):
    """Cards that say that the video is rendering, of jobs that failed an hour ago."""
    for number in range(count):
        job = make_job(
            state=JobState.FAILED,
            failure=Failure(FailureKind.PROVIDER, "It broke."),
            state_changed_at=NOW - timedelta(hours=1),
        )
        card = make_delivery(
            job,
            state=DeliveryState.POSTED,
            message_id=MessageId(number),
            shown="earlier",
            owed_at=NOW - timedelta(hours=2),
        )
        world.store.jobs[job.id] = job
        world.store.deliveries[job.id, card.kind] = card
        world.messenger.messages.append(
            Message(
                MessageId(number),
                job.channel_id,
                card.nonce,
                card.kind,
                job.id,
                NOW,
                JobState.RENDERING,
            )
        )


async def test_however_many_cards_were_left_behind_all_are_brought_up_to_date_soon():
    world = World()
    leave_behind(world, LEFT_BEHIND)
    process = world.start()

    while world.clock.now() - NOW < CATCHES_UP_WITHIN:
        await process.dispatcher.run_once()
        world.clock.advance(1)

    assert {message.state for message in world.messenger.messages} == {JobState.FAILED}


async def test_an_old_card_that_discord_will_not_change_is_left_in_peace_for_minutes():
    world, tries = World(), []

    async def refusing(effect):
        if effect == "edit":
            tries.append(world.clock.now())
            raise MessageHeldError("30046")

    leave_behind(world, 1)
    process = world.start(weather=refusing)
    while world.clock.now() - NOW < timedelta(minutes=25):
        await process.dispatcher.run_once()
        world.clock.advance(1)

    assert len(tries) == 3


async def test_each_of_them_is_changed_once():
    world = World()
    leave_behind(world, LEFT_BEHIND)
    process = world.start()

    while world.clock.now() - NOW < CATCHES_UP_WITHIN:
        await process.dispatcher.run_once()
        world.clock.advance(1)

    assert {len(message.edited) for message in world.messenger.messages} == {1}


def post_card(world, **fields):
    """A job with its card in the channel, which shows that it waits."""
    job = make_job(**fields)
    number = MessageId(1000 + len(world.messenger.messages))
    card = make_delivery(job, state=DeliveryState.POSTED, message_id=number, shown="earlier")
    rewrite(world, job)
    world.store.deliveries[job.id, card.kind] = card
    at = world.clock.now()
    message = Message(number, job.channel_id, card.nonce, card.kind, job.id, at, job.state)
    world.messenger.messages.append(message)
    return job, message


def rewrite(world, job):
    """The job as another process has just written it."""
    world.store.jobs[job.id] = job


def card_row(world, job):
    return world.store.deliveries[job.id, DeliveryKind.CARD]


async def live(world, process, seconds):
    for _ in range(round(seconds)):
        await process.dispatcher.run_once()
        world.clock.advance(1)


@pytest.mark.parametrize("error", [MessageHeldError("50083"), DeliveryUnavailableError("503")])
async def test_a_card_that_discord_does_not_change_is_tried_less_and_less(error):
    world, tries = World(), []

    async def refusing(effect):
        if effect == "edit":
            tries.append(world.clock.now())
            raise error

    post_card(world)
    await live(world, world.start(weather=refusing), 600)

    most = 10 if isinstance(error, MessageHeldError) else 40
    assert 5 <= len(tries) <= most
    waits = [later - earlier for earlier, later in itertools.pairwise(tries)]
    assert waits[0] <= timedelta(seconds=3)
    assert sorted(waits) == waits or max(waits) <= timedelta(seconds=22)


async def held_in_threads(world, *channels):
    """Old cards in these threads, which Discord has not changed for minutes; and how to open one."""
    locked = set(channels)

    async def edit_card(self, delivery, view):
        if delivery.channel_id in locked:
            raise MessageHeldError("50083")
        await edit(self, delivery, view)

    edit = FakeMessenger.edit_card
    cards = [post_card(world, channel_id=channel) for channel in channels]
    return cards, locked, edit_card


THREADS = [ChannelId(501), ChannelId(502)]


@pytest.mark.parametrize("shows_at_once", [True, False])
async def test_a_thread_that_is_opened_has_its_cards_brought_up_to_date_at_once(
    monkeypatch, shows_at_once
):
    world = World()
    cards, locked, edit_card = await held_in_threads(world, *THREADS, THREADS[0])
    process = world.start()
    monkeypatch.setattr(FakeMessenger, "edit_card", edit_card)
    await live(world, process, 400)
    locked.clear()
    for job, _ in cards:
        rewrite(world, replace(job, state=JobState.CANCELLED))

    if shows_at_once:
        process.dispatcher.check_again_in(THREADS[0])
    await live(world, process, 5)

    shown = [message.state is JobState.CANCELLED for _, message in cards]
    assert shown == [shows_at_once, False, shows_at_once]


async def test_a_thread_that_stays_locked_is_tried_once_more_alone(monkeypatch):
    world, tries = World(), []

    async def edit_card(_self, delivery, _view):
        tries.append(delivery.channel_id)
        raise MessageHeldError("50083")

    await held_in_threads(world, *THREADS)
    process = world.start()
    monkeypatch.setattr(FakeMessenger, "edit_card", edit_card)
    await live(world, process, 400)
    tries.clear()
    process.dispatcher.check_again_in(THREADS[0])
    await live(world, process, 30)

    assert tries == [THREADS[0]]


async def test_a_card_in_an_opened_thread_that_another_process_edits_is_left_to_it():
    world = World()
    job, message = post_card(world, channel_id=THREADS[0])
    await world.store.save_delivery(editing(card_row(world, job), "two", world.clock.now()))
    process = world.start()
    process.dispatcher.check_again_in(THREADS[0])
    await live(world, process, 5)

    assert message.edited == []


async def test_one_card_that_is_held_holds_no_other_up(monkeypatch):
    world = World()
    held, _ = post_card(world)
    job, message = post_card(world)

    edit = FakeMessenger.edit_card

    async def edit_card(self, delivery, view):
        if delivery.job_id == held.id:
            raise MessageHeldError("30046", retry_after_seconds=40)
        await edit(self, delivery, view)

    process = world.start()
    monkeypatch.setattr(FakeMessenger, "edit_card", edit_card)
    await live(world, process, 3)
    rewrite(world, replace(job, state=JobState.CANCELLED))
    await live(world, process, 2)

    assert message.state is JobState.CANCELLED


async def test_a_card_that_must_not_quote_is_edited_without_quoting_from_then_on():
    world = World()
    world.messenger.unquotable.add("a fox at https://harmful.example")
    job, message = post_card(world, request=make_request(prompt="a fox at https://harmful.example"))
    process = world.start()
    await live(world, process, 60)
    rewrite(world, replace(job, state=JobState.CANCELLED))
    await live(world, process, 60)

    assert message.state is JobState.CANCELLED
    assert len(world.messenger.refused) == 1


@pytest.mark.parametrize(("prompt", "edits_first"), [("", 1), ("a fox, harmful", 2)])
async def test_a_card_refused_without_quotes_is_not_sent_again_as_it_was(prompt, edits_first):
    """The kind: nothing is left to leave out, from the start or since an earlier refusal."""
    world, edits = World(), []

    async def refusing(effect):
        if effect == "edit":
            edits.append(effect)
            raise MessageRefusedError("50035")

    job, _ = post_card(world, state=JobState.RENDERING, request=make_request(prompt=prompt))
    process = world.start(weather=refusing)
    await live(world, process, 60)
    assert len(edits) == edits_first
    rewrite(world, replace(job, state=JobState.CANCELLED))
    await live(world, process, 60)

    assert len(edits) == edits_first + 1


async def test_a_move_that_was_dated_before_the_look_that_missed_it_is_shown_within_two_seconds():
    """A job is written some time after the instant at which it is said to have moved."""
    world = World()
    job, message = post_card(world)
    process = world.start()
    await live(world, process, 5)
    moved = replace(job, state=JobState.SUBMITTING, state_changed_at=world.clock.now())
    world.clock.advance(1)
    await process.dispatcher.run_once()  # looks, and sees the job as it was

    rewrite(world, moved)
    await live(world, process, 2)

    assert message.state is JobState.SUBMITTING


async def test_the_hand_over_itself_wakes_anyone_who_shows_it():
    world = World()
    process = world.start()
    await process.accept(key="one")
    woken = process.dispatcher._woken
    woken.clear()

    await process.worker.tick()

    assert woken.is_set()


@pytest.mark.parametrize(("owner", "seconds"), [("one", 2), ("another", 18)])
async def test_a_card_whose_editor_died_is_brought_up_to_date_soon(owner, seconds):
    world = World()
    job, message = post_card(world, state=JobState.CANCELLED)
    message.state = JobState.RENDERING
    card = card_row(world, job)
    await world.store.save_delivery(editing(card, "one", world.clock.now()))

    await live(world, world.start(owner=owner), seconds)

    assert message.state is JobState.CANCELLED


async def test_a_pause_that_a_wrong_clock_wrote_down_holds_no_card_back():
    world = World()
    job, message = post_card(world, state=JobState.CANCELLED)
    message.state = JobState.RENDERING
    card = card_row(world, job)
    ahead = world.clock.now() + timedelta(days=30)
    await world.store.save_delivery(replace(card, next_attempt_at=ahead))

    await live(world, world.start(), 3)

    assert message.state is JobState.CANCELLED


async def test_another_model_for_a_failed_video_is_looked_for_once(monkeypatch):
    world = World()
    failure = Failure(FailureKind.PROVIDER, "It broke.")
    for _ in range(2):
        post_card(world, state=JobState.FAILED, failure=failure)
    process, asked = world.start(), []
    find = process.services.alternatives.find

    async def counting(request, *place, **options):
        asked.append(request)
        return await find(request, *place, **options)

    monkeypatch.setattr(process.services.alternatives, "find", counting)
    await live(world, process, 300)

    assert len(asked) == 2


async def test_a_card_is_deleted_within_two_seconds_of_the_post_of_its_video():
    world = World()
    process = world.start()
    job = await process.accept(key="one")
    for _ in range(600):
        await process.turn()
        if world.videos_of(job):
            break
        world.clock.advance(1)
    world.clock.advance(1)
    await process.turn()

    assert world.messenger.standing(job.id) == world.videos_of(job)


async def test_a_card_that_was_refused_once_shows_what_comes_next():
    """The kind: what one view says is refused; the next one says something else."""
    world, refused = World(), []

    async def refusing(effect):
        if effect == "edit" and not ended:
            refused.append(effect)
            raise MessageRefusedError("50035")

    ended: list[JobState] = []
    job, message = post_card(world, state=JobState.RENDERING)
    message.state = JobState.QUEUED
    process = world.start(weather=refusing)
    await live(world, process, 60)
    assert len(refused) <= 2  # with quotes, and without

    ended.append(JobState.CANCELLED)
    rewrite(world, replace(job, state=JobState.CANCELLED))
    await live(world, process, 5)

    assert message.state == JobState.CANCELLED
