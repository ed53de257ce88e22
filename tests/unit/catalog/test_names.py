"""What people may call a model.

The kind: any case and spacing, a shown name as it is read or copied, its beginning, an id it had
once; names with the same dots as autocomplete has; several models with the same name.
"""

import pytest
from hypothesis import given, strategies as st

from bot.catalog.models import Catalog
from bot.catalog.names import candidates, named, unclear
from bot.ids import ModelId
from tests.factories import make_capability


def model(model_id, name, **fields):
    return make_capability(model_id=ModelId(model_id), name=name, **fields)


KLING = model("maker/kling-3", "Kling 3.0  Standard")
TWIN, OTHER_TWIN = model("one", "Twin"), model("two", "Twin")
DOTTED, SHORTER = model("dot-long", "Wan · Fast"), model("dot-short", "Wan")
LONG = model("long", "A name of so many words that autocomplete cuts it " * 3)
RENAMED = model("wan-25", "Wan 2.5", other_ids=frozenset({ModelId("wan-wavespeed-25")}))
ALL = [KLING, TWIN, OTHER_TWIN, DOTTED, SHORTER, LONG, RENAMED]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("maker/kling-3", KLING),
        (" Maker/KLING-3 ", KLING),
        ("kling 3.0 standard", KLING),
        ("Kling3.0Standard", KLING),
        ("KLING\u00a03.0\tstandard\u200b", KLING),
        ("\uff2bling 3.0 standard", KLING),
        ("Kling 3.0 Standard · text or picture · $0.42 · ~90 s", KLING),
        ("Kling", KLING),
        ("kling 3", KLING),
        ("maker/k", KLING),
        ("Twin", None),
        ("Tw", None),
        ("two", OTHER_TWIN),
        ("Wan", SHORTER),
        ("Wan · text · $0.10 · ~90 s", SHORTER),
        ("Wan · Fast", DOTTED),
        ("wan · fast · text · about $0.10 · ~90 s", DOTTED),
        (LONG.name[:99] + "…", LONG),
        ("wan-wavespeed-25", RENAMED),
        ("", None),
        ("  ", None),
        (" · ", None),
        ("…", None),
        ("no such model", None),
    ],
)
def test_a_model_may_be_called_by_its_id_or_by_the_name_that_is_shown(text, found):
    assert named(text, ALL) == found


@given(st.text(max_size=60))
def test_whatever_is_typed_is_answered(text):
    assert all(one in ALL for one in candidates(text, ALL))
    assert unclear(text, ALL)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Twin", "`twin` fits 2 models: `one` and `two`. Write the whole id, or choose one from the list."),
        ("wan", "`wan` fits 3 models: `dot-long`, `dot-short` and `wan-25`."),
        ("kling 3.0 sandard", "There's no model `kling 3.0 sandard`. Did you mean `maker/kling-3`?"),
        ("zzz", "There's no model `zzz`. Choose one from the list under `model`."),
        ("`zzz`", "There's no model `zzz`."),
    ],
)  # fmt: skip
def test_what_names_no_model_or_several_is_answered_with_what_is_near(text, said):
    models = ALL if text != "wan" else [DOTTED, model("dot-short", "Wan 1"), RENAMED]

    assert unclear(text, models).startswith(said)


def test_many_fitting_models_are_not_all_listed():
    said = unclear("model", [model(f"model-{number}", f"Model {number}") for number in range(20)])

    assert said.startswith(
        "`model` fits 20 models, for example `model-0`, `model-1` and `model-2`."
    )


def test_a_catalog_finds_a_model_by_the_id_it_once_had():
    catalog = Catalog()
    catalog.replace([RENAMED, KLING])

    assert catalog.find(ModelId("wan-wavespeed-25")) == RENAMED
    assert catalog.named("wan-wavespeed-25") == RENAMED
    catalog.replace([RENAMED, model("wan-wavespeed-25", "Old")])
    assert catalog.find(ModelId("wan-wavespeed-25")) != RENAMED
