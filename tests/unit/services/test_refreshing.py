"""Cards that were left behind: their jobs ended while nobody could change them."""

from datetime import timedelta

from bot.domain.deliveries import DeliveryState
from bot.domain.jobs import Failure, FailureKind, JobState
from bot.errors import DeliveryUnavailableError
from bot.ids import MessageId
from bot.services.delivering import MOST_CARDS
from tests.factories import NOW, make_delivery, make_job
from tests.fakes.courier import Message
from tests.fakes.world import World

LEFT_BEHIND = 3 * MOST_CARDS
CATCHES_UP_WITHIN = timedelta(seconds=20)


def leave_behind(world, count):
    """Cards that say that the film is in the making, of jobs that failed an hour ago."""
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
        world.courier.messages.append(
            Message(
                MessageId(number),
                job.channel_id,
                card.nonce,
                card.kind,
                job.id,
                NOW,
                JobState.IN_PROGRESS,
            )
        )


async def test_however_many_cards_were_left_behind_all_are_brought_up_to_date_soon():
    world = World()
    leave_behind(world, LEFT_BEHIND)
    process = world.start()

    while world.clock.now() - NOW < CATCHES_UP_WITHIN:
        await process.delivering.run_once()
        world.clock.advance(1)

    assert {message.state for message in world.courier.messages} == {JobState.FAILED}


async def test_an_old_card_that_discord_will_not_change_is_left_in_peace_for_minutes():
    world, tries = World(), []

    async def refusing(effect):
        if effect == "edit":
            tries.append(world.clock.now())
            raise DeliveryUnavailableError("429 30046")

    leave_behind(world, 1)
    process = world.start(weather=refusing)
    while world.clock.now() - NOW < timedelta(minutes=25):
        await process.delivering.run_once()
        world.clock.advance(1)

    assert len(tries) == 3


async def test_each_of_them_is_changed_once():
    world = World()
    leave_behind(world, LEFT_BEHIND)
    process = world.start()

    while world.clock.now() - NOW < CATCHES_UP_WITHIN:
        await process.delivering.run_once()
        world.clock.advance(1)

    assert {len(message.edited) for message in world.courier.messages} == {1}
