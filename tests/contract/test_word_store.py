"""What every store of word lists promises."""

import asyncio
from itertools import count

import pytest

from bot.guilds.audit import Actor, AuditNote
from bot.guilds.moderation import Word
from bot.ids import EditId, GuildId, UserId
from bot.storage.moderation import SqlWordStore
from tests.contract.databases import on_databases
from tests.factories import NOW
from tests.fakes.budgets import InMemoryWords

GUILD, OTHER_GUILD, MAX = GuildId(1 << 62), GuildId(2), UserId(1 << 61)
GORE, KNIFE, SIGN = Word("gore", "Gore"), Word("нож", "нож"), Word("🍆", "🍆\"';--")
MOST = 3


@pytest.fixture
def words(kind, engine):
    return InMemoryWords() if kind == "memory" else SqlWordStore(engine)


@pytest.fixture
def noted():
    numbers = count(1)

    def made(guild_id=GUILD):
        return AuditNote(Actor(guild_id, MAX, EditId(f"edit-{next(numbers)}"), NOW), "words")

    return made


async def test_words_are_read_as_they_were_written_once_per_key_and_server(words, noted):
    note = noted()
    added = await words.add(note.by, [GORE, SIGN], MOST, note)
    note = noted()
    again = await words.add(note.by, [Word("gore", "GORE"), KNIFE], MOST, note)

    assert [list(added), list(again)] == [[GORE, SIGN], [KNIFE]]
    assert set(await words.list_words(GUILD)) == {GORE, SIGN, KNIFE}
    assert list(await words.list_words(OTHER_GUILD)) == []


async def test_a_list_that_would_be_too_long_stays_as_it_is(words, noted):
    note = noted()
    await words.add(note.by, [GORE, SIGN], MOST, note)
    more = [Word(str(number), str(number)) for number in range(2)]

    assert await words.add(note.by, more, MOST, noted()) is None
    assert set(await words.list_words(GUILD)) == {GORE, SIGN}


async def test_a_removed_word_is_gone_once(words, noted):
    note = noted()
    await words.add(note.by, [GORE, SIGN], MOST, note)

    assert [await words.remove(GUILD, "gore", noted()) for _ in range(2)] == [True, False]
    assert not await words.remove(OTHER_GUILD, SIGN.key, noted(OTHER_GUILD))
    assert list(await words.list_words(GUILD)) == [SIGN]


async def test_every_change_raises_the_version(words, noted):
    versions = [await words.version(GUILD)]
    note = noted()
    await words.add(note.by, [GORE], MOST, note)
    versions.append(await words.version(GUILD))
    await words.remove(GUILD, "gore", noted())
    versions.append(await words.version(GUILD))

    assert versions == sorted(set(versions))
    assert versions[0] == await words.version(OTHER_GUILD) == 0


async def test_many_at_once_never_exceed_the_number(words, noted):
    notes = [noted() for _ in range(8)]
    added = await asyncio.gather(
        *(
            words.add(note.by, [Word(str(at), str(at)), Word(f"{at}b", "b")], MOST + 1, note)
            for at, note in enumerate(notes)
        )
    )

    assert sorted(0 if one is None else len(one) for one in added) == [0] * 6 + [2] * 2
    assert len(await words.list_words(GUILD)) == MOST + 1


@on_databases
async def test_each_change_is_in_the_audit_log_and_what_changes_nothing_is_not(
    words, noted, branch
):
    for _ in range(2):
        note = noted()
        await words.add(note.by, [GORE], MOST, note)
    for _ in range(2):
        await words.remove(GUILD, "gore", noted())

    assert len(await branch.money_store.history(GUILD, 9)) == 2
