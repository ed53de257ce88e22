"""The models that can be chosen, and how they are found."""

import pytest

from bot.catalog.capability import Kind
from bot.catalog.models import Catalog
from bot.ids import ModelId
from tests.factories import make_capability

WORDS = make_capability(
    model_id=ModelId("wan-25"), name="Wan Video 2.5", kinds=frozenset({Kind.TEXT})
)
PICTURES = make_capability(
    model_id=ModelId("kling-i2v"), name="Kling Animate", kinds=frozenset({Kind.IMAGE})
)


@pytest.fixture
def catalog():
    filled = Catalog()
    filled.replace([WORDS, PICTURES])
    return filled


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("", [WORDS, PICTURES]),
        ("WAN", [WORDS]),
        ("2.5 video", [WORDS]),
        ("i2v", [PICTURES]),
        ("animate kling-", [PICTURES]),
        ("wan kling", []),
    ],
)
def test_a_model_is_found_by_every_word_of_its_name_or_id(catalog, words, found):
    assert catalog.search(words) == found


def test_a_search_for_pictures_offers_only_models_that_take_them(catalog):
    assert catalog.search("", kind=Kind.IMAGE) == [PICTURES]
    assert catalog.search("wan", kind=Kind.IMAGE) == []


def test_a_new_list_replaces_the_old_one_as_a_whole(catalog):
    catalog.replace([PICTURES])

    assert list(catalog) == [PICTURES]
    assert catalog.find(WORDS.model_id) is None
    assert catalog.find(PICTURES.model_id) is PICTURES
