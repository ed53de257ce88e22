"""Forms as they are shown: within Discord's limits, whatever the catalog holds and is filled in."""

from types import SimpleNamespace
from typing import Any

import pytest

from bot.catalog import choice
from bot.catalog.capability import Kind
from bot.catalog.request import Origin
from bot.ids import ChannelId, GuildId, ModelId, UserId
from bot.ordering.choosing import Favorite
from cogs._shared.forms.fields import PictureField, Plan, RequestForm, form_of
from cogs._shared.forms.filled import Filled, FormId
from sandbox.discord.errors import FormErrors
from sandbox.discord.interactions.forms.modals import check_modal
from tests.factories import make_capability

FORM = FormId("create", "1")
PLACE = Origin(GuildId(10), ChannelId(20), UserId(30))


def models(count, **fields):
    return [
        make_capability(model_id=ModelId(f"m{number}"), name=f"Model {number}", **fields)
        for number in range(count)
    ]


def checked(form):
    """The form as it is sent, held against Discord's rules."""
    faults = FormErrors()
    check_modal(form.to_dict(), faults)
    faults.raise_if_any()
    return {one["component"]["custom_id"]: one["component"] for one in form.to_dict()["components"]}


LONG = "x" * 300
PLANS = [
    Plan(FORM, "Create a video"),
    Plan(FORM, LONG),
    Plan(FORM, "t", Filled("y" * 9000, "m3", 7, ("4:5", "16:9"), sound=True)),
    Plan(FORM, "t", ask_pictures=PictureField.NONE),
    Plan(FORM, "t", Filled(shapes=("4:5",), sound=True), PictureField.NONE, animates=True),
    Plan(
        FORM,
        "t",
        ask_pictures=PictureField.CHOOSE,
        choices=tuple((f"a{number}", f"{number} · {LONG}.png") for number in range(10)),
    ),
]


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("count", [0, 1, 23])
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"durations_seconds": tuple(range(1, 61))},
        {"durations_seconds": (), "aspect_ratios": ()},
        {"aspect_ratios": tuple(f"{number}:9" for number in range(1, 40))},
        {"aspect_ratios": ("sound", "any", " ", "16:9")},
        {"kinds": frozenset({Kind.IMAGE})},
    ],
)
def test_every_form_is_one_that_discord_takes(plan, count, fields):
    assert len(checked(RequestForm(plan, models(count, **fields)))) == 5


def test_odd_names_of_models_fit_too():
    odd = [
        make_capability(model_id=ModelId("a"), name=LONG),
        make_capability(model_id=ModelId("b"), name="\u200b"),
        make_capability(model_id=ModelId("c" * 101), name="too long an id"),
    ]

    options = checked(RequestForm(PLANS[0], odd))["model"]["options"]

    assert [one["value"] for one in options] == ["any", "a", "b", "other"]
    assert [len(one["label"]) for one in options][1:3] == [100, 1]


def services_with(found, allowed=None, preferred=(), favorite=None) -> Any:
    async def usable(_place, *, adults=False):
        return [one for one in choice.usable(found, allowed) if adults or not one.is_explicit]

    async def favorite_of(_place):
        known = next((one for one in found if one.model_id == favorite), None)
        return None if favorite is None else Favorite(ModelId(favorite), known, True)

    class Known(list[Any]):
        pass

    catalog = Known(found)
    vars(catalog)["preferred"] = preferred
    return SimpleNamespace(
        catalog=catalog, choosing=SimpleNamespace(usable=usable, favorite=favorite_of)
    )


async def shown(services, plan=PLANS[0], channel=None):
    interaction: Any = SimpleNamespace(channel=channel)
    form = await form_of(services, interaction, plan, PLACE)
    return [one["value"] for one in checked(form)["model"]["options"]]


async def test_of_hundreds_of_models_it_offers_what_a_list_holds():
    values = await shown(services_with(models(300), preferred=("m299",)))

    assert len(values) == 25
    assert (values[0], values[1], values[-1]) == ("any", "m299", "other")


async def test_a_model_that_is_filled_in_is_always_offered():
    plan = Plan(FORM, "t", Filled(model="m250"))

    assert (await shown(services_with(models(300)), plan))[1] == "m250"


async def test_a_members_favorite_comes_first_after_what_is_filled_in():
    services = services_with(models(300), preferred=("m299",), favorite="m250")

    assert (await shown(services))[:3] == ["any", "m250", "m299"]
    filled = await shown(services, Plan(FORM, "t", Filled(model="m7")))
    assert filled[:4] == ["any", "m7", "m250", "m299"]


@pytest.mark.parametrize("favorite", ["m1", "gone"])
async def test_a_favorite_that_may_not_be_used_here_is_not_offered(favorite):
    services = services_with(models(3), allowed={ModelId("m2")}, favorite=favorite)

    assert await shown(services) == ["any", "m2", "other"]


async def test_only_what_the_member_may_use_here_is_offered():
    explicit = make_capability(model_id=ModelId("adult"), name="Adult", is_explicit=True)
    services = services_with([*models(3), explicit], allowed={ModelId("m1"), ModelId("adult")})

    adults = SimpleNamespace(is_nsfw=lambda: True)

    assert await shown(services) == ["any", "m1", "other"]
    assert await shown(services, channel=adults) == ["any", "adult", "m1", "other"]


async def test_a_picture_is_animated_by_models_that_can():
    services = services_with(
        [*models(2), make_capability(model_id=ModelId("t"), kinds=frozenset({Kind.TEXT}))]
    )

    assert "t" not in await shown(services, PLANS[4])
    assert "t" in await shown(services)
