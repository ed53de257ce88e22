"""What every store of presets promises."""

import asyncio

import pytest

from bot.catalog.presets import Preset, PresetOwner
from bot.guilds.audit import Actor, AuditNote
from bot.ids import GuildId, UserId
from bot.ordering.presets import Saving
from bot.storage.damage import Damage
from bot.storage.guilds import SqlPresetStore
from bot.storage.money import Money
from bot.storage.money_store import SqlMoneyStore
from tests.factories import NOW, make_request
from tests.fakes.budgets import InMemoryPresets

GUILD, OTHER_GUILD = GuildId(1 << 62), GuildId(2)
ADA, MAX = UserId(1 << 61), UserId(4)
OWN, SERVERS = PresetOwner(user_id=ADA), PresetOwner(guild_id=GUILD)
MOST = 3


@pytest.fixture
def presets(kind, engine):
    return InMemoryPresets() if kind == "memory" else SqlPresetStore(engine)


def preset(name="Clay", owner=OWN, **fields):
    return Preset(owner, name, make_request(prompt="clay {prompt}", **fields))


def names(found):
    return [one.name for one in found]


async def test_a_preset_is_read_as_it_was_written(presets):
    saved = preset("Ada’s “{look}” 🎬", seed=7, negative_prompt="rain\n\"';--")  # noqa: RUF001 - as people type
    assert await presets.add(saved, MOST) is Saving.SAVED

    assert await presets.list_for(GUILD, ADA) == [saved]


async def test_each_member_sees_their_own_everywhere_and_the_servers_there(presets):
    for one in (
        preset("b"),
        preset("A"),
        preset("s", SERVERS),
        preset("m", PresetOwner(user_id=MAX)),
    ):
        await presets.add(one, MOST)

    assert names(await presets.list_for(GUILD, ADA)) == ["A", "b", "s"]
    assert names(await presets.list_for(OTHER_GUILD, ADA)) == ["A", "b"]
    assert names(await presets.list_for(GUILD, MAX)) == ["m", "s"]


@pytest.mark.parametrize("alike", ["clay", "CLAY", "Сlay"])  # noqa: RUF001 - a look-alike
async def test_a_name_is_taken_once_by_an_owner(presets, alike):
    await presets.add(preset("Clay"), MOST)

    assert await presets.add(preset(alike), MOST) is Saving.NAME_TAKEN
    assert await presets.add(preset(alike, SERVERS), MOST) is Saving.SAVED
    assert names(await presets.list_for(GUILD, ADA)) == ["Clay", alike]


async def test_there_are_at_most_so_many_of_an_owner_and_a_deleted_one_makes_room(presets):
    for name in "abc":
        assert await presets.add(preset(name), MOST) is Saving.SAVED
    assert await presets.add(preset("d"), MOST) is Saving.FULL
    assert await presets.add(preset("d", SERVERS), MOST) is Saving.SAVED

    assert await presets.delete(OWN, "b")
    assert not await presets.delete(OWN, "b")
    assert await presets.add(preset("d"), MOST) is Saving.SAVED
    assert names(await presets.list_for(OTHER_GUILD, ADA)) == ["a", "c", "d"]


async def test_many_at_once_never_exceed_the_number_nor_share_a_name(presets):
    saved = [presets.add(preset(str(number // 2)), MOST) for number in range(12)]

    results = await asyncio.gather(*saved)

    assert results.count(Saving.SAVED) == MOST
    assert len(await presets.list_for(GUILD, ADA)) == MOST


async def test_a_servers_preset_is_in_its_audit_log_once(presets, kind, engine):
    def note(number, what):
        return AuditNote(Actor(GUILD, MAX, f"edit-{number}", NOW), what)

    await presets.add(preset("Clay", SERVERS), MOST, note(1, "saved"))
    await presets.add(preset("clay", SERVERS), MOST, note(2, "not saved"))
    await presets.delete(SERVERS, preset().key, note(3, "deleted"))
    await presets.delete(SERVERS, preset().key, note(4, "deleted again"))

    if kind == "memory":
        assert [one.what for one in presets.noted] == ["saved", "deleted"]
        return
    found = await SqlMoneyStore(engine, Money(engine)).history(GUILD, 10)
    assert {one.what for one in found} == {"saved", "deleted"}


async def test_a_damaged_preset_hides_no_other_and_is_named_by_the_audit(presets, kind, engine):
    for name in ("a", "b"):
        await presets.add(preset(name), MOST)
    if kind == "memory":
        return
    async with engine.transaction() as tx:
        damaged = "UPDATE presets SET request = '{' WHERE name_key = 'a'"
        await tx.connection.execute(damaged)

    assert names(await presets.list_for(GUILD, ADA)) == ["b"]
    [found] = await Damage(engine).list(everything=False)
    assert f"preset a of {ADA}" in found
