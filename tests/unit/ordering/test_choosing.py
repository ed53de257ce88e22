"""Which model a member gets: by name, by preference, by what was asked, within their server's rules.

The kind: what was chosen once is not what may be used now. A favorite or a default is renamed,
withdrawn, forbidden, made for adults, paused, or can't do what is asked this time.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.catalog.capability import Kind
from bot.catalog.pricing import PriceLine, PriceList
from bot.catalog.request import Origin, Shot, VideoRequest
from bot.errors import InvalidRequestError
from bot.guilds.settings import GuildSettings
from bot.ids import ChannelId, GuildId, ModelId, ProviderName, UserId
from bot.money.limits import LimitReachedError, Rules
from bot.ordering.choosing import unfit
from bot.providers.availability import Availability, PauseReason
from tests.factories import PROVIDER, make_capability, make_image
from tests.fakes.world import World

PLACE = Origin(GuildId(10), ChannelId(20), UserId(30))
SKETCH = VideoRequest("a fox", ModelId(""))
WITH_PICTURE = replace(SKETCH, image=make_image())


def model(model_id, micros=500_000, **fields):
    name = fields.pop("name", model_id.title())
    prices = PriceList((PriceLine(micros),))
    return make_capability(model_id=ModelId(model_id), name=name, prices=prices, **fields)


CHEAP, USUAL, SPICY = model("cheap", 1), model("usual"), model("hot", is_explicit=True)


@pytest.fixture
def world():
    made = World()
    made.catalog.replace([USUAL, CHEAP, SPICY])
    return made


@pytest.fixture
def chooser(world):
    return world.start().services.choosing


def allow(world, *ids):
    world.money_store.fields["rules"] = Rules(models=frozenset(map(ModelId, ids)))


async def test_without_any_preference_the_cheapest_is_chosen_silently(chooser):
    chosen = await chooser.choose(SKETCH, PLACE)

    assert (chosen.model_id, chosen.note) == ("cheap", "")


async def test_a_favorite_is_used_by_its_member_in_its_server_until_it_is_removed(chooser):
    assert await chooser.set_favorite(PLACE, " usual ") == USUAL
    others = [replace(PLACE, user_id=UserId(31)), replace(PLACE, guild_id=GuildId(11))]

    assert (await chooser.choose(SKETCH, PLACE)).model_id == "usual"
    assert [(await chooser.choose(SKETCH, one)).model_id for one in others] == ["cheap"] * 2
    known = await chooser.favorite(PLACE)
    assert known is not None
    assert (known.capability, known.is_allowed) == (USUAL, True)
    await chooser.clear_favorite(PLACE)
    assert (await chooser.choose(SKETCH, PLACE)).model_id == "cheap"
    assert await chooser.favorite(PLACE) is None


async def test_a_server_has_a_default_for_text_and_one_for_pictures(world, chooser):
    defaults = GuildSettings(
        PLACE.guild_id, text_model_id=USUAL.model_id, picture_model_id=CHEAP.model_id
    )
    world.catalog.replace([USUAL, CHEAP, model("cheapest", 0)])
    await world.guilds.put(defaults)

    assert (await chooser.choose(SKETCH, PLACE)).model_id == "usual"
    assert (await chooser.choose(WITH_PICTURE, PLACE)).model_id == "cheap"
    references = replace(SKETCH, reference_images=(make_image(),))
    able = model("able", reference_images_max=2)
    world.catalog.replace([USUAL, CHEAP, able])
    chosen = await chooser.choose(references, PLACE)
    assert (chosen.model_id, chosen.note) == (
        "able",
        "This server's default, Cheap, doesn't support reference pictures, so I chose Able.",
    )


async def test_a_name_comes_before_every_preference(chooser):
    await chooser.set_favorite(PLACE, "usual")

    assert (await chooser.pick("CHEAP", SKETCH, PLACE)).model_id == "cheap"
    assert (await chooser.pick(None, SKETCH, PLACE)).model_id == "usual"
    assert (await chooser.pick("  ", SKETCH, PLACE)).model_id == "usual"


async def test_a_favorite_that_is_not_allowed_any_more_gives_way_and_stays(world, chooser):
    await chooser.set_favorite(PLACE, "usual")
    allow(world, "cheap")

    chosen = await chooser.choose(SKETCH, PLACE)
    known = await chooser.favorite(PLACE)

    assert chosen.note == "Your favorite, Usual, isn't allowed here, so I chose Cheap."
    assert known is not None
    assert not known.is_allowed
    allow(world, "cheap", "usual")
    assert (await chooser.choose(SKETCH, PLACE)).model_id == "usual"


async def test_a_favorite_that_was_withdrawn_gives_way_with_a_sentence(world, chooser):
    await chooser.set_favorite(PLACE, "usual")
    world.catalog.replace([CHEAP])

    chosen = await chooser.choose(SKETCH, PLACE)

    assert chosen.note == "Your favorite, usual, isn't offered any more, so I chose Cheap."


async def test_a_renamed_model_is_found_by_its_old_id_also_in_a_servers_rules(world, chooser):
    await chooser.set_favorite(PLACE, "usual")
    allow(world, "usual")
    renamed = model("newer", name="Newer", other_ids=frozenset({ModelId("usual")}))
    world.catalog.replace([CHEAP, renamed])

    chosen, named = await chooser.choose(SKETCH, PLACE), await chooser.named("usual", PLACE)

    assert (chosen.model_id, named.model_id) == ("usual", "usual")  # what the rules allow
    assert chosen.note == "Your favorite, usual, is now called Newer."
    assert named.note == "usual is now called Newer."
    assert await chooser.usable(PLACE) == [renamed]


async def test_what_is_made_for_adults_is_never_a_preference_nor_chosen(world, chooser):
    with pytest.raises(InvalidRequestError, match="never choose it by myself"):
        await chooser.set_favorite(PLACE, "hot")
    await world.favorites.put(PLACE.guild_id, PLACE.user_id, SPICY.model_id)

    chosen = await chooser.choose(SKETCH, PLACE)

    assert chosen.note == "Your favorite, Hot, makes videos for adults, so I chose Cheap."
    world.catalog.replace([SPICY])
    with pytest.raises(InvalidRequestError, match="can't use any"):
        await chooser.choose(SKETCH, PLACE)


async def test_what_is_made_for_adults_is_named_and_listed_among_adults_alone(chooser):
    assert (await chooser.named("hot", PLACE, adults=True)).model_id == "hot"
    with pytest.raises(InvalidRequestError, match="age-restricted channel"):
        await chooser.named("hot", PLACE)
    assert await chooser.usable(PLACE) == [USUAL, CHEAP]
    assert await chooser.usable(PLACE, adults=True) == [USUAL, CHEAP, SPICY]
    assert await chooser.usable(None) == [USUAL, CHEAP]


async def test_a_favorite_that_may_not_be_used_cannot_be_set(world, chooser):
    allow(world, "cheap")

    with pytest.raises(LimitReachedError):
        await chooser.set_favorite(PLACE, "usual")
    assert await chooser.favorite(PLACE) is None


@pytest.mark.parametrize("text", ["", "nothing like it", "u" * 4000, "`"])
async def test_a_favorite_that_is_no_model_is_refused(chooser, text):
    with pytest.raises(InvalidRequestError) as refused:
        await chooser.set_favorite(PLACE, text)

    assert "There's no model" in refused.value.reasons[0]
    assert len(refused.value.reasons[0]) < 300


async def test_of_two_models_with_one_name_the_allowed_one_is_meant(world, chooser):
    world.catalog.replace([model("one", name="Twin"), model("two", name="Twin")])
    with pytest.raises(InvalidRequestError, match="fits 2 models: `one` and `two`"):
        await chooser.named("Twin", PLACE)
    allow(world, "two")

    assert (await chooser.named("Twin", PLACE)).model_id == "two"


async def test_a_favorite_at_a_paused_provider_gives_way_until_it_is_back(world, chooser):
    await chooser.set_favorite(PLACE, "usual")
    world.catalog.replace([USUAL, replace(CHEAP, provider=ProviderName("other"))])
    until = world.clock.now() + timedelta(minutes=5)
    world.availability.known[PROVIDER] = Availability(PROVIDER, 4, 1, until, PauseReason.FAILURES)

    chosen = await chooser.choose(SKETCH, PLACE)

    assert chosen.note == "Your favorite, Usual, isn't available right now, so I chose Cheap."
    world.clock.advance(600)
    assert (await chooser.choose(SKETCH, PLACE)).model_id == "usual"


async def test_a_storyboard_is_made_by_a_preferred_model_or_by_the_cheapest(world, chooser):
    world.catalog.replace([CHEAP, model("joiner", 200_000, shots_max=20)])
    board = replace(SKETCH, shots=(Shot("one"), Shot("two")))
    assert (await chooser.pick_for_storyboard(None, board, PLACE)).model_id == "cheap"
    await chooser.set_favorite(PLACE, "joiner")

    assert (await chooser.pick_for_storyboard(None, board, PLACE)).model_id == "joiner"
    allow(world, "cheap")
    with pytest.raises(LimitReachedError):
        await chooser.pick_for_storyboard("joiner", board, PLACE)


@pytest.mark.parametrize(
    ("fields", "kind", "said"),
    [
        ({}, Kind.TEXT, ""),
        ({}, None, ""),
        ({"kinds": frozenset({Kind.IMAGE})}, Kind.TEXT, "Usual only animates pictures."),
        ({"kinds": frozenset({Kind.TEXT})}, Kind.IMAGE, "Usual only works from text."),
        ({"kinds": frozenset({Kind.TEXT}), "reference_images_max": 1}, Kind.IMAGE, ""),
        ({"is_explicit": True}, Kind.IMAGE, "Usual makes videos for adults"),
    ],
)
def test_a_default_must_be_able_to_do_its_kind(fields, kind, said):
    assert unfit(replace(USUAL, **fields), kind).startswith(said)
    assert bool(unfit(replace(USUAL, **fields), kind)) is bool(said)
