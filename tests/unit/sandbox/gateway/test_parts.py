from datetime import UTC, datetime, timedelta

import pytest

from sandbox.discord.gateway.identifying import MAX_CONCURRENCY, STARTS_PER_DAY, StartBudget
from sandbox.discord.gateway.intents import EVERY_INTENT, NEEDED, Intent, is_known, wants
from sandbox.discord.gateway.protocol import HangUpError
from sandbox.discord.gateway.sessions import REPLAYED_FRAMES, RESUMABLE_FOR, SessionRegistry

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_a_session_replays_what_came_after_a_number() -> None:
    session = SessionRegistry().begin(NOON, shard=(0, 1), intents=0)
    for name in ("READY", "ONE", "TWO"):
        session.dispatch(name, {})

    missed = session.frames_after(1) or []

    assert ['"t":"ONE"' in missed[0], '"t":"TWO"' in missed[1]] == [True, True]
    assert session.frames_after(3) == []


def test_a_session_says_so_when_it_has_forgotten_a_part() -> None:
    session = SessionRegistry().begin(NOON, shard=(0, 1), intents=0)
    for _ in range(REPLAYED_FRAMES + 2):
        session.dispatch("EVENT", {})

    assert session.frames_after(1) is None
    assert len(session.frames_after(2) or []) == REPLAYED_FRAMES


@pytest.mark.parametrize("sequence", [None, "1", -1, 2])
def test_a_number_that_was_never_given_out_is_refused(sequence: object) -> None:
    session = SessionRegistry().begin(NOON, shard=(0, 1), intents=0)
    session.dispatch("READY", {})
    with pytest.raises(HangUpError):
        session.frames_after(sequence)


def test_guilds_are_divided_among_shards_and_the_rest_is_the_firsts() -> None:
    registry = SessionRegistry()
    shards = [registry.begin(NOON, shard=(number, 3), intents=0) for number in range(3)]
    for guild_id in (None, 5 << 22, 6 << 22 | 17, 7 << 22):
        assert [shard.hears(guild_id) for shard in shards].count(True) == 1
    assert shards[0].hears(None)
    assert shards[2].hears(5 << 22)


def test_sessions_that_cannot_come_back_are_forgotten() -> None:
    registry = SessionRegistry()
    left = registry.begin(NOON, shard=(0, 1), intents=0)
    left.left_at = NOON
    later = NOON + RESUMABLE_FOR + timedelta(seconds=1)

    assert registry.find_resumable(left.id, NOON + RESUMABLE_FOR) is left
    fresh = registry.begin(later, shard=(0, 1), intents=0)
    assert registry.all() == [fresh]


def test_an_event_is_heard_with_its_intent_alone() -> None:
    for event, intent in NEEDED.items():
        assert wants(intent, event)
        assert not wants(EVERY_INTENT & ~intent, event)


def test_direct_messages_have_intents_of_their_own() -> None:
    assert wants(Intent.DIRECT_MESSAGES, "MESSAGE_CREATE", direct=True)
    assert not wants(Intent.GUILD_MESSAGES, "MESSAGE_CREATE", direct=True)
    assert wants(0, "INTERACTION_CREATE", direct=True)


def test_unassigned_bits_are_no_intents() -> None:
    assert is_known(EVERY_INTENT)
    assert all(not is_known(1 << bit) for bit in (26, 27, 30, 31, 40))
    assert not is_known(-1)


@pytest.mark.parametrize("bit", [17, 18, 19, 22, 23])
def test_bits_that_discord_knows_and_does_not_document_are_accepted_and_bring_nothing(
    bit: int,
) -> None:
    assert is_known(1 << bit)
    assert is_known(EVERY_INTENT | 1 << bit)
    assert [event for event in NEEDED if wants(1 << bit, event)] == []


def test_starts_are_counted_by_the_day_and_the_moment() -> None:
    now = NOON
    budget = StartBudget(lambda: now)
    for _ in range(MAX_CONCURRENCY):
        assert budget.spend()
    assert not budget.spend()
    while budget.describe()["remaining"]:
        now += timedelta(seconds=6)
        budget.spend()
    with pytest.raises(HangUpError):
        budget.spend()
    now += timedelta(days=1)
    assert budget.describe()["remaining"] == STARTS_PER_DAY
