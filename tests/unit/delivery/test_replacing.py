"""One message is left of each request, whatever happens between the post and the deletion.

The kind: a request that ends in a video, in a failure, in a cancellation or in a late video; a card
that a moderator deleted, that was never posted, or that another process edits; Discord or a
permission away; a process that dies at any effect.
"""

import pytest

from bot.delivery.temporary import FEWEST_ATTEMPTS, GIVEN_UP_AFTER
from bot.errors import ChannelBlockedError, DeliveryUnavailableError, MessageHeldError
from bot.guilds.notices import MAX_PUT_OFF
from bot.guilds.settings import CardPlace, GuildSettings
from bot.ids import GuildId, MessageId, UserId
from bot.jobs.job import Artifact, Failure, FailureKind, JobState
from bot.jobs.messages import (
    DeliveryKind,
    DeliveryState,
    is_replaced_unposted,
    replaced,
)
from bot.providers.contract import ProviderState, ProviderStatus
from tests.factories import make_delivery, make_image, make_job
from tests.fakes.job_store import InMemoryJobStore
from tests.fakes.weather import Death, KilledError, Script
from tests.fakes.world import World

CARD, VIDEO, FAILURE = DeliveryKind.CARD, DeliveryKind.VIDEO, DeliveryKind.FAILURE
OWED, POSTED, DELETED = DeliveryState.OWED, DeliveryState.POSTED, DeliveryState.DELETED
LOST = DeliveryState.UNDELIVERABLE
BROKEN = ProviderStatus(ProviderState.FAILED, text="It broke.")


def rows_of(**states):
    job = make_job()
    return [
        make_delivery(job, DeliveryKind(kind), state=state, message_id=MessageId(number))
        for number, (kind, state) in enumerate(states.items(), start=1)
    ]


@pytest.mark.parametrize(
    ("states", "gone"),
    [
        ({"card": POSTED}, []),
        ({"card": POSTED, "video": OWED}, []),
        ({"card": POSTED, "video": DeliveryState.POSTING}, []),
        ({"card": POSTED, "video": LOST}, []),  # it says why there is none
        ({"card": POSTED, "video": POSTED}, [CARD]),
        ({"card": POSTED, "video": DELETED}, [CARD]),
        ({"card": POSTED, "failure": POSTED}, [CARD]),
        ({"card": POSTED, "failure": LOST}, []),
        ({"card": DELETED, "failure": POSTED, "video": POSTED}, [FAILURE]),
        ({"card": DeliveryState.POSTING, "video": POSTED}, []),
        ({"card": LOST, "video": POSTED}, []),
        ({"video": POSTED}, []),
    ],
)
def test_a_later_message_replaces_an_earlier_one_once_it_is_there(states, gone):
    assert [row.kind for row in replaced(rows_of(**states))] == gone


@pytest.mark.parametrize(
    ("states", "is_skipped"),
    [
        ({"card": OWED}, False),
        ({"card": OWED, "video": OWED}, True),
        ({"card": OWED, "failure": DeliveryState.POSTING}, True),
        ({"card": OWED, "video": LOST}, False),
        ({"card": DeliveryState.POSTING, "video": POSTED}, False),  # it may be there
    ],
)
def test_a_card_that_would_be_replaced_at_once_is_not_begun(states, is_skipped):
    card, *later = rows_of(**states)

    assert is_replaced_unposted(card, later) is is_skipped


async def ended(world, how, **troubles):
    """A request to its end."""
    if how is FAILURE:
        world.provider.verdicts = [BROKEN]
    process = world.start(weather=Script(**troubles))
    job = await process.accept(key="one")
    await world.live(process)
    return process, job


@pytest.mark.parametrize("how", [VIDEO, FAILURE])
async def test_one_message_is_left_and_it_is_the_one_that_notifies(world, how):
    _, job = await ended(world, how)

    assert [message.kind for message in world.messenger.standing(job.id)] == [how]
    assert len(world.cards_of(job)) == 1


async def test_a_cancelled_request_leaves_its_card_which_says_so(world):
    process = world.start()
    job = await process.accept(key="one")
    await process.dispatcher.run_once()
    await process.services.cancelling.cancel(
        job.id, job.guild_id, UserId(30), is_moderator=False, though_spent=False
    )
    await world.live(process)

    [left] = world.messenger.standing(job.id)
    assert (left.kind, left.state) == (CARD, JobState.CANCELLED)


@pytest.mark.parametrize("how", [VIDEO, FAILURE])
async def test_what_was_never_posted_while_discord_was_away_is_not_posted_first(how):
    store = InMemoryJobStore()
    world = World(store=store)
    failure = Failure(FailureKind.PROVIDER, "It broke.") if how is FAILURE else None
    done = how is VIDEO
    job = make_job(
        state=JobState.SUCCEEDED if done else JobState.FAILED,
        failure=failure,
        artifact=Artifact("video.mp4", 9_000, 5.0, 1280, 720) if done else None,
    )
    store.jobs[job.id] = job
    for kind in (CARD, how):
        store.deliveries[job.id, kind] = make_delivery(job, kind)

    await world.live(world.start())

    assert world.cards_of(job) == []
    assert [message.kind for message in world.messenger.standing(job.id)] == [how]


@pytest.mark.parametrize("how", [VIDEO, FAILURE])
async def test_a_card_that_a_moderator_deleted_is_no_trouble(world, how):
    if how is FAILURE:
        world.provider.verdicts = [BROKEN]
    process = world.start()
    job = await process.accept(key="one")
    await process.dispatcher.run_once()
    [card] = world.cards_of(job)
    world.messenger.deleted.add(card.id)
    await world.live(process)

    assert [message.kind for message in world.messenger.standing(job.id)] == [how]


@pytest.mark.parametrize(
    "trouble",
    [DeliveryUnavailableError(), ChannelBlockedError(), MessageHeldError("50083")],
    ids=["Discord away", "a permission", "an archived thread"],
)
async def test_what_cannot_be_deleted_now_is_deleted_later(world, trouble):
    troubles: list[BaseException | None] = [trouble] * 5
    _, job = await ended(world, VIDEO, delete=troubles)

    assert world.messenger.standing(job.id) == world.videos_of(job)


@pytest.mark.parametrize(
    ("trouble", "is_given_up"), [(DeliveryUnavailableError(), False), (ChannelBlockedError(), True)]
)
async def test_only_a_channel_that_refuses_for_a_day_keeps_its_card(world, trouble, is_given_up):
    async def refusing(event):
        if event == "delete" and trouble is not None:
            raise trouble

    process = world.start(weather=refusing)
    job = await process.accept(key="one")
    while not world.videos_of(job):
        await process.turn()
        world.clock.advance(1)
    for _ in range(FEWEST_ATTEMPTS):
        world.clock.advance(GIVEN_UP_AFTER.total_seconds())
        await process.turn()
    trouble = None
    for _ in range(3):
        world.clock.advance(MAX_PUT_OFF.total_seconds())
        await process.turn()

    assert (world.messenger.standing(job.id) == world.videos_of(job)) is not is_given_up


@pytest.mark.parametrize("how", [VIDEO, FAILURE])
async def test_a_kill_between_the_post_and_the_deletion_leaves_one_message(how):
    """Before and after each effect from the post on."""
    number, is_over = 0, False
    while not is_over:
        number += 1
        store = InMemoryJobStore()
        world = World(store=store)
        if how is FAILURE:
            world.provider.verdicts = [BROKEN]
        death = Death(at=number)
        process = world.start(weather=death)
        try:
            await process.accept(key="one")
            await world.live(process)
        except KilledError:
            pass
        is_over = not death.has_come
        world.clock.advance(600)
        after = world.start()
        await world.live(after)
        for kept in store.jobs.values():
            left = world.messenger.standing(kept.id)
            assert len(left) == 1, death.events[-1]
            assert left[0].kind is how or kept.state is JobState.FAILED, death.events[-1]
            assert len(world.cards_of(kept)) <= 1, death.events[-1]
    assert number > 30


async def test_two_processes_at_the_same_request_leave_one_message():
    world = World()
    one, two = world.start(owner="one"), world.start(owner="two")
    job = await one.accept(key="one")
    for _ in range(300):
        await one.turn()
        await two.turn()
        world.clock.advance(1)
        if world.videos_of(job) and len(world.messenger.standing(job.id)) == 1:
            break

    assert world.messenger.standing(job.id) == world.videos_of(job)
    card = await world.store.find_delivery(job.id, CARD)
    assert card is not None
    assert card.state is DELETED


async def test_the_deletion_is_owed_in_the_write_that_records_the_post(world):
    owed = []

    async def after_each_write(event):
        if event != "save_delivery answered":
            return
        for job in [*await world.store.list_ended(10, 30, 5)]:
            video = await world.store.find_delivery(job.id, VIDEO)
            card = await world.store.find_delivery(job.id, CARD)
            if video.state is POSTED:
                owed.append((card.state, len(await world.passing.list_due(world.clock.now(), 9))))

    process = world.start(weather=after_each_write)
    await process.accept(key="one")
    await world.live(process)

    assert owed[0] == (DELETED, 1)


@pytest.mark.parametrize("how", [VIDEO, FAILURE])
async def test_a_server_that_keeps_cards_has_both_messages_and_the_card_is_true(world, how):
    world.guilds.settings[GuildId(10)] = GuildSettings(GuildId(10), keeps_cards=True)
    _, job = await ended(world, how)

    kinds = [message.kind for message in world.messenger.standing(job.id)]
    assert kinds == [CARD, how]
    assert world.cards_of(job)[0].state is (await world.store.get(job.id)).state


@pytest.mark.parametrize("how", [VIDEO, FAILURE])
@pytest.mark.parametrize("fetches", [True, False])
async def test_without_cards_a_request_has_one_only_for_a_service_that_fetches_pictures(
    world, how, fetches
):
    world.guilds.settings[GuildId(10)] = GuildSettings(GuildId(10), cards=CardPlace.OFF)
    world.provider.pictures_max_bytes = None if fetches else 1_000_000
    if how is FAILURE:
        world.provider.verdicts = [BROKEN]
    process = world.start()
    job = await process.accept(key="one", image=make_image())
    await world.live(process)

    assert len(world.cards_of(job)) == int(fetches)
    assert [message.kind for message in world.messenger.standing(job.id)] == [how]
