"""Which model makes a request that names none.

The kind: whatever the usual model lacks is asked for, alone or together, and the member may use all
models, some, or none. What is cheapest in the list is often what cannot do it, may not be used, has
no price, or is made for adults.
"""

from dataclasses import replace
from typing import Any

import pytest

from bot.catalog import choice
from bot.catalog.capability import Audio, Capability, Kind
from bot.catalog.choice import Choice, Preference, Terms
from bot.catalog.pricing import Input, PriceLine, PriceList
from bot.catalog.request import VideoRequest
from bot.ids import ModelId, ProviderName
from tests.factories import make_capability, make_image

BARE = VideoRequest("a fox", ModelId(""))
PICTURE = make_image()
USUAL = "usual"


def choose(request, models, allowed):
    found = choice.choose(request, models, Terms(allowed, known=[USUAL]))
    return None if found is None else found.capability


def model(model_id: str, micros: int | None = 100_000, **fields: Any) -> Capability:
    lines = () if micros is None else (PriceLine(micros),)
    plain: dict[str, Any] = {
        "kinds": frozenset({Kind.TEXT, Kind.IMAGE}),
        "durations_seconds": (5,),
        "resolutions": ("720p",),
        "aspect_ratios": ("16:9",),
        "audio": Audio.NEVER,
        "end_image": False,
        "reference_images_max": 0,
        "negative_prompt": False,
        "seed": False,
        "prompt_max_characters": 100,
    }
    given = {"model_id": ModelId(model_id), "name": model_id.title(), "prices": PriceList(lines)}
    return make_capability(**(plain | given | fields))


ASKED = {
    "end_image": ({"image": PICTURE, "end_image": PICTURE}, {"end_image": True}),
    "audio": ({"audio": True}, {"audio": Audio.OPTIONAL}),
    "seed": ({"seed": 7}, {"seed": True}),
    "negative prompt": ({"negative_prompt": "rain"}, {"negative_prompt": True}),
    "references": ({"reference_images": (PICTURE,) * 2}, {"reference_images_max": 2}),
    "length": ({"duration_seconds": 12}, {"durations_seconds": (5, 12)}),
    "shape": ({"aspect_ratio": "21:9"}, {"aspect_ratios": ("16:9", "21:9")}),
    "resolution": ({"resolution": "4k"}, {"resolutions": ("720p", "4k")}),
    "long words": ({"prompt": "word " * 100}, {"prompt_max_characters": 900}),
    "all of it": (
        {"image": PICTURE, "end_image": PICTURE, "audio": True, "seed": 7, "resolution": "4k"},
        {"end_image": True, "audio": Audio.OPTIONAL, "seed": True, "resolutions": ("720p", "4k")},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("asked", "able"), ASKED.values(), ids=ASKED)
def test_the_cheapest_allowed_model_that_can_do_what_was_asked_makes_it(asked, able):
    models = [
        model(USUAL, 10_000),
        model("expensive", 300_000, **able),
        model("unpriced", None, **able),
        model("for adults", 20_000, is_explicit=True, **able),
        model("forbidden", 30_000, **able),
        model("cheap", 200_000, **able),
    ]
    allowed = frozenset(ModelId(one.model_id) for one in models if one.model_id != "forbidden")

    found = choose(replace(BARE, **asked), models, allowed)

    assert found is not None
    assert found.model_id == "cheap"


def test_a_plain_request_is_made_by_the_cheapest_and_of_two_by_the_better_known():
    cheaper, equal = model("cheaper", 1_000), model("equal")

    assert choose(BARE, [model(USUAL), cheaper], None) == cheaper
    assert choose(BARE, [equal, model(USUAL)], None) == model(USUAL)
    assert choose(BARE, [cheaper, model(USUAL)], frozenset({ModelId(USUAL)})) == model(USUAL)
    assert choose(BARE, [model(USUAL)], frozenset()) is None
    assert choose(BARE, [], None) is None


def test_of_two_equal_prices_the_exact_one_is_chosen():
    about = PriceList((PriceLine(100_000),), is_estimate=True)

    assert choose(BARE, [model("about", prices=about), model("exact")], None) == model("exact")


def test_a_price_that_lacks_just_this_input_is_none():
    unpriced = frozenset({Input.IMAGE})
    usual = model(USUAL, prices=PriceList((PriceLine(1),), unpriced=unpriced))

    assert choose(BARE, [usual, model("other")], None) == usual
    assert choose(replace(BARE, image=PICTURE), [usual, model("other")], None) == model("other")


def test_silence_is_something_to_ask_for():
    loud, silent = model(USUAL, audio=Audio.ALWAYS), model("silent")

    assert choose(replace(BARE, audio=False), [loud, silent], None) == silent
    assert choose(BARE, [loud, silent], None) == loud


def test_where_none_can_do_it_all_the_one_that_lacks_least_gives_its_reasons():
    asked = replace(BARE, seed=7, audio=True, negative_prompt="rain")
    near = model("near", seed=True, audio=Audio.OPTIONAL)

    assert choose(asked, [model(USUAL), near], None) == near


def test_an_unpriced_model_is_chosen_where_no_other_can_do_it():
    only = model("only", None, seed=True)

    assert choose(replace(BARE, seed=7), [model(USUAL), only], None) == only


FAVORITE = Preference(ModelId("favorite"), "Your favorite")
DEFAULT = Preference(ModelId("default"), "This server's default")
CHEAP = model("cheap", 1)


def prefer(request, *models, allowed=None, paused=(), quotes=lambda _provider: True):
    return choice.choose(request, models, Terms(allowed, (FAVORITE, DEFAULT), paused, (), quotes))


def test_the_favorite_comes_before_the_default_and_the_default_before_the_cheapest():
    favorite, default = model("favorite", 900_000), model("default", 500_000)

    assert prefer(BARE, CHEAP, default, favorite) == Choice(favorite)
    by_default = choice.choose(BARE, [CHEAP, default], Terms(preferences=(DEFAULT,)))
    assert by_default == Choice(default)


LACKING: dict[str, tuple[dict[str, Any], str]] = {
    "references": ({"reference_images": (PICTURE,)}, "doesn't support reference pictures"),
    "a last picture": (
        {"image": PICTURE, "end_image": PICTURE}, "doesn't support a last picture"
    ),
    "sound": ({"audio": True}, "makes silent videos"),
    "a length": ({"duration_seconds": 12}, "makes videos of 5 s, not 12 s"),
    "a resolution": ({"resolution": "4k"}, "doesn't support `resolution` 4k"),
    "a seed": ({"seed": 1}, "doesn't support `seed`"),
    "long words": ({"prompt": "word " * 100}, "can't make this video"),
}  # fmt: skip


@pytest.mark.parametrize(("asked", "why"), LACKING.values(), ids=LACKING)
def test_a_favorite_that_cannot_do_what_was_asked_gives_way_with_a_sentence(asked, why):
    able = model(
        "able", 900_000, reference_images_max=1, end_image=True, audio=Audio.OPTIONAL, seed=True,
        durations_seconds=(5, 12), resolutions=("720p", "4k"), prompt_max_characters=900,
    )  # fmt: skip

    found = prefer(replace(BARE, **asked), model("favorite"), able)

    assert found == Choice(able, f"Your favorite, Favorite, {why}, so I chose Able.")


def test_the_default_stands_in_for_a_favorite_that_cannot():
    default = model("default", 900_000, seed=True)

    found = prefer(replace(BARE, seed=1), CHEAP, model("favorite"), default)

    said = "Your favorite, Favorite, doesn't support `seed`, so I chose Default."
    assert found == Choice(default, said)


UNUSABLE: dict[str, tuple[list[Capability], dict[str, Any], str]] = {
    "gone": ([], {}, "Your favorite, favorite, isn't offered any more"),
    "not allowed": (
        [model("favorite")],
        {"allowed": frozenset({CHEAP.model_id})},
        "Your favorite, Favorite, isn't allowed here",
    ),
    "for adults": (
        [model("favorite", is_explicit=True)],
        {},
        "Your favorite, Favorite, makes videos for adults",
    ),
    "paused": (
        [model("favorite", provider=ProviderName("away"))],
        {"paused": {ProviderName("away")}},
        "Your favorite, Favorite, isn't available right now",
    ),
    "without a price": (
        [model("favorite", None)],
        {"quotes": lambda _provider: False},
        "Your favorite, Favorite, has no known price for this",
    ),
}


@pytest.mark.parametrize(("models", "terms", "why"), UNUSABLE.values(), ids=UNUSABLE)
def test_a_favorite_that_cannot_be_used_gives_way_with_a_sentence(models, terms, why):
    assert prefer(BARE, *models, CHEAP, **terms) == Choice(CHEAP, f"{why}, so I chose Cheap.")


def test_a_favorite_without_a_listed_price_is_chosen_where_the_service_quotes_one():
    assert prefer(BARE, model("favorite", None), CHEAP) == Choice(model("favorite", None))


def test_a_favorite_that_was_renamed_is_chosen_under_its_new_name():
    renamed = model("new", other_ids=frozenset({ModelId("favorite")}))

    said = "Your favorite, favorite, is now called New."
    assert prefer(BARE, CHEAP, renamed) == Choice(renamed, said)


def test_a_model_that_has_the_id_itself_comes_before_one_that_once_had_it():
    renamed = model("new", other_ids=frozenset({ModelId("favorite")}))

    assert prefer(BARE, renamed, model("favorite")) == Choice(model("favorite"))


def test_a_rule_for_a_renamed_model_still_allows_it():
    renamed = model("new", other_ids=frozenset({ModelId("old")}))
    allowed = frozenset({ModelId("old")})

    assert choice.usable([renamed, CHEAP], allowed) == [renamed]
    assert choice.allowed_id(renamed, allowed) == "old"
    assert choice.allowed_id(renamed, None) == "new"
    assert choice.allowed_id(CHEAP, allowed) is None


def test_what_is_paused_makes_a_video_only_where_no_other_can():
    away = model("away", 1, provider=ProviderName("away"), seed=True)
    paused = {"paused": {away.provider}}

    other, only = prefer(BARE, away, model("other"), **paused), None
    only = prefer(replace(BARE, seed=1), away, model("other"), **paused)

    assert other is not None
    assert only is not None
    assert (other.capability.model_id, only.capability.model_id) == ("other", "away")


def test_where_no_model_can_do_it_the_favorite_says_what_to_change():
    """Unless another lacks less: the member changes as little as possible."""
    found = prefer(replace(BARE, seed=1), model("favorite", 1), model("other", 2))

    assert found is not None
    assert found.capability == model("favorite", 1)
