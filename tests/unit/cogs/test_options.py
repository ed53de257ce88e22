"""What autocomplete offers, and the one choice for which Discord would refuse them all.

The kind: a name or a value that is empty, of spaces, invisible, or longer than 100 characters, in any
place of the list; more choices than 25; models that the member may not use.
"""

from types import SimpleNamespace
from typing import Any

import discord
import pytest
from hypothesis import given, strategies as st

from bot.ids import ModelId
from bot.money.limits import Rules
from cogs._shared import options
from cogs._shared.interactions import place_of
from tests.factories import make_capability
from tests.fakes.world import World


def choices_are_valid(choices):
    """As Discord checks them: between 1 and 100 characters each, 25 at most."""
    texts = [text for choice in choices for text in (choice.name, choice.value)]
    return len(choices) <= 25 and all(1 <= len(str(text).strip()) <= 100 for text in texts)


@pytest.fixture
def world():
    return World()


def asking(world: Any, *, nsfw: bool = False, **filled: Any) -> tuple[Any, Any]:
    process = world.start()
    services: Any = SimpleNamespace(
        catalog=world.catalog,
        quotes=process.services.quotes,
        choosing=process.services.choosing,
        member_money=process.services.member_money,
    )
    interaction: Any = SimpleNamespace(
        guild_id=10,
        channel_id=20,
        channel=SimpleNamespace(is_nsfw=lambda: nsfw),
        user=discord.Object(30),
        namespace=SimpleNamespace(**filled),
    )
    return services, interaction


def model(model_id, **fields):
    return make_capability(model_id=ModelId(model_id), **{"name": model_id, **fields})


@pytest.mark.parametrize(
    "name",
    ["", "   ", "\u200b\u200b", "x" * 500, "a b " * 200, "🎬" * 120, "line\nbreak" * 20],
    ids=["empty", "spaces", "invisible", "long", "words", "emoji", "lines"],
)
async def test_no_model_of_a_list_takes_the_others_choices_away(world, name):
    world.catalog.replace([model("first"), model("odd", name=name), model("last")])

    found = await options.models(*asking(world), "")

    assert choices_are_valid(found)
    assert [choice.value for choice in found] == ["first", "odd", "last"]


@pytest.mark.parametrize("option", ["aspect_ratios", "resolutions"])
async def test_a_choice_that_could_not_come_back_as_it_is_is_left_out(world, option):
    values = ("", " ", "16:9", "w" * 101, "9:16", "16:9")

    found = options.matching(getattr(model("one", **{option: values}), option), "")

    assert choices_are_valid(found)
    assert [choice.value for choice in found] == ["16:9", "9:16"]


@given(st.lists(st.text(max_size=300), max_size=60))
def test_whatever_is_offered_discord_takes_it(values):
    found = options.matching(values, "")

    assert choices_are_valid(found)
    assert {choice.value for choice in found} <= set(values)


async def test_what_a_member_may_not_use_is_not_offered_and_the_default_follows(world):
    world.catalog.replace([
        model("one", resolutions=("480p",)),
        model("two", resolutions=("720p",)),
        model("three"),
    ])  # fmt: skip
    world.money_store.fields["rules"] = Rules(models=frozenset({ModelId("two")}))
    services, interaction = asking(world)

    assert [c.value for c in await options.models(services, interaction, "")] == ["two"]
    chosen = await options.chosen(services, interaction)
    assert chosen is not None
    assert chosen.model_id == "two"
    assert [c.value for c in await options.all_models(services, "")] == ["one", "two", "three"]
    world.money_store.fields["rules"] = Rules(models=frozenset({ModelId("two")}), exempt=True)
    assert len(await options.models(services, interaction, "")) == 3


async def test_what_is_made_for_adults_is_offered_where_only_they_are(world):
    world.catalog.replace([model("one"), model("one-spicy", is_explicit=True)])

    open_to_all = await options.models(*asking(world), "")
    for_adults = await options.models(*asking(world, nsfw=True), "")

    assert [choice.value for choice in open_to_all] == ["one"]
    assert [choice.value for choice in for_adults] == ["one", "one-spicy"]


async def test_a_model_that_is_typed_as_it_is_shown_decides_what_is_offered(world):
    world.catalog.replace([model("maker/one", name="The One", durations_seconds=(3, 7))])

    services, interaction = asking(world, model="the one")
    found = await options.durations(services, interaction, "")

    assert [choice.value for choice in found] == [3, 7]


async def test_a_members_favorite_is_the_first_choice_of_those_that_fit(world):
    world.catalog.replace([model("first"), model("second"), model("third")])
    services, interaction = asking(world)
    await services.choosing.set_favorite(place_of(interaction), "third")

    offered = await options.models(services, interaction, "")
    typed = await options.models(services, interaction, "sec")
    storyboard = await options.storyboard_models(services, interaction, "")

    assert [choice.value for choice in offered] == ["third", "first", "second"]
    assert [choice.value for choice in typed] == ["second"]
    assert storyboard == offered
