"""An answer that only its member sees: true while it can be changed, and gone when it says no more.

The kind: with a card and without; a job that ends in time, too late or never; a member who dismisses
the answer; Discord, a process or the database away.
"""

from datetime import timedelta

import pytest

from bot.delivery.private_answers import READ_FOR, TOKEN_HOLDS_FOR
from bot.errors import DeliveryUnavailableError, MessageGoneError, StorageError
from bot.guilds.settings import CardPlace, GuildSettings
from bot.ids import GuildId, UserId
from bot.providers.contract import ProviderState, ProviderStatus
from tests.fakes.weather import Death, KilledError, Script, mortal
from tests.fakes.world import World

HERE, TOKEN = GuildId(10), "a-token"


@pytest.fixture
def world():
    return World()


def without_cards(world):
    world.guilds.settings[HERE] = GuildSettings(HERE, cards=CardPlace.OFF)


async def asked(world, process, key="one", text="🎬 Accepted."):
    """A request whose answer follows it, as `/video` does it."""
    job = await process.accept(key=key)
    await process.services.following.follow(job.id, 5, TOKEN, text, asked_at=world.clock.now())
    return job


async def let_pass(world, process, seconds, step=1):
    """Let a process work for so long, a second or some more at a time."""
    for _ in range(int(seconds / step)):
        await process.turn()
        world.clock.advance(step)


def shown(world):
    return world.messenger.answers.get(TOKEN, [])


async def is_forgotten(world):
    """Whether no token is kept any longer."""
    far = world.clock.now() + timedelta(days=365)
    return await world.answers.claim_due(far, far, 9) == []


async def test_with_a_card_the_answer_goes_once_it_could_be_read(world):
    world.provider.takes_seconds = 600
    process = world.start()
    await asked(world, process)
    await let_pass(world, process, READ_FOR.total_seconds() - 1)
    stood = TOKEN not in world.messenger.dismissed
    await let_pass(world, process, 5)

    assert stood
    assert shown(world) == []
    assert TOKEN in world.messenger.dismissed
    assert await is_forgotten(world)


@pytest.mark.parametrize("note", ["", "The whole video will be 10 s long.", "Because. " * 20])
async def test_with_a_card_a_longer_answer_stands_longer_and_goes_too(world, note):
    """It would say "Follow its card" after the card is gone."""
    world.provider.takes_seconds = 600
    process = world.start()
    text = f"🎬 Accepted for $0.10. Follow its card in the channel.\n{note}"
    await asked(world, process, text=text)
    seconds = READ_FOR.total_seconds() + 0.3 * max(0, len(text) - 60)
    await let_pass(world, process, seconds - 2)
    stood = TOKEN not in world.messenger.dismissed
    await let_pass(world, process, 6)

    assert stood
    assert TOKEN in world.messenger.dismissed
    assert await is_forgotten(world)


async def test_without_a_card_it_shows_each_state_and_goes_when_the_video_is_there(world):
    without_cards(world)
    world.provider.takes_seconds = 60
    process = world.start()
    job = await asked(world, process)
    await let_pass(world, process, 30)
    before = TOKEN in world.messenger.dismissed
    await let_pass(world, process, 90)

    assert "rendering" in shown(world)
    assert len(world.videos_of(job)) == 1
    assert (before, TOKEN in world.messenger.dismissed) == (False, True)
    assert await is_forgotten(world)


async def test_without_a_card_it_goes_when_the_failure_is_told(world):
    without_cards(world)
    world.provider.verdicts = [ProviderStatus(ProviderState.FAILED, text="It broke.")]
    process = world.start()
    await asked(world, process)
    await world.live(process)
    await let_pass(world, process, READ_FOR.total_seconds())

    assert TOKEN in world.messenger.dismissed
    assert await is_forgotten(world)


async def test_of_a_cancelled_request_without_a_card_it_stays_and_says_so(world):
    without_cards(world)
    process = world.start()
    job = await asked(world, process)
    await process.services.cancelling.cancel(
        job.id, job.guild_id, UserId(30), is_moderator=False, though_spent=False
    )
    await let_pass(world, process, 30)

    assert shown(world) == ["cancelled"]
    assert TOKEN not in world.messenger.dismissed
    assert await is_forgotten(world)


async def test_before_the_token_expires_it_says_where_to_look_and_then_stays(world):
    without_cards(world)
    world.provider.takes_seconds = 3600
    process = world.start()
    await asked(world, process)
    await let_pass(world, process, TOKEN_HOLDS_FOR.total_seconds() + 60)

    assert shown(world)[-1] == "rendering for the last time"
    assert shown(world).count("rendering for the last time") == 1
    assert TOKEN not in world.messenger.dismissed
    assert await is_forgotten(world)


async def test_a_restart_goes_on_where_it_was(world):
    without_cards(world)
    world.provider.takes_seconds = 3600
    process = world.start()
    await asked(world, process)
    await let_pass(world, process, 20)
    said = len(shown(world))
    later = world.start()
    await let_pass(world, later, TOKEN_HOLDS_FOR.total_seconds())

    assert said > 0
    assert shown(world)[-1] == "rendering for the last time"


async def test_after_a_restart_that_took_too_long_nothing_is_tried(world):
    without_cards(world)
    process = world.start()
    await asked(world, process)
    await let_pass(world, process, 5)
    world.clock.advance(TOKEN_HOLDS_FOR.total_seconds())
    tried = []

    async def weather(event):
        tried.append(event)

    later = world.start(weather=weather)
    await let_pass(world, later, 5)

    assert not {"edit answer", "delete answer"} & set(tried)
    assert await is_forgotten(world)


@pytest.mark.parametrize("has_card", [True, False])
async def test_an_answer_that_its_member_dismissed_is_let_go(world, has_card):
    if not has_card:
        without_cards(world)
    gone: list[BaseException | None] = [MessageGoneError("10008")]
    process = world.start(weather=Script(edit__answer=gone, delete__answer=list(gone)))
    job = await asked(world, process)
    await let_pass(world, process, 120)

    assert shown(world) == []
    assert len(world.videos_of(job)) == 1
    assert await is_forgotten(world)


@pytest.mark.parametrize("event", ["edit__answer", "edit__answer__answered", "delete__answer"])
async def test_while_discord_is_away_it_is_tried_again(world, event):
    without_cards(world)
    away: list[BaseException | None] = [DeliveryUnavailableError()] * 3
    world.provider.takes_seconds = 60
    process = world.start(weather=Script(**{event: away}))
    await asked(world, process)
    await let_pass(world, process, 180)

    assert "rendering" in shown(world)
    assert TOKEN in world.messenger.dismissed
    assert await is_forgotten(world)


async def test_without_the_database_a_request_is_accepted_all_the_same(world):
    trouble = Script(put=[StorageError("away")])
    world.answers = mortal(world.answers, trouble, effects=("put",))
    process = world.start()
    job = await asked(world, process)
    await world.live(process)

    assert len(world.videos_of(job)) == 1
    assert await is_forgotten(world)


async def test_two_processes_say_nothing_twice(world):
    without_cards(world)
    world.provider.takes_seconds = 3600
    one, two = world.start(owner="one"), world.start(owner="two")
    await asked(world, one)
    for _ in range(int(TOKEN_HOLDS_FOR.total_seconds())):
        await one.turn()
        await two.turn()
        world.clock.advance(1)

    assert shown(world).count("rendering for the last time") == 1


async def test_a_kill_at_any_effect_leaves_no_answer_that_never_changes_again():
    number, is_over = 0, False
    while not is_over:
        number += 1
        world = World()
        without_cards(world)
        death = Death(at=number)
        process = world.start(weather=death)
        try:
            await asked(world, process)
            await let_pass(world, process, 60)
        except KilledError:
            pass
        is_over = not death.has_come
        later = world.start()
        await let_pass(world, later, TOKEN_HOLDS_FOR.total_seconds() / 3, step=15)
        assert await is_forgotten(world), death.events[-1]
    assert number > 20
