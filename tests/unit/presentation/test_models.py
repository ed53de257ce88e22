"""Models as lists and comparisons show them, a page at a time."""

import discord
import pytest
from hypothesis import given, strategies as st

from bot.domain.capabilities import Audio, Kind
from bot.domain.catalogue import ModelDescription
from bot.domain.filters import ModelFilter, Use
from bot.domain.pricing import Price, PriceLine, PriceList
from bot.ids import ModelId
from bot.presentation.models import (
    ON_A_PAGE,
    WORDS_MOST,
    Page,
    comparison_of,
    list_of,
    page_buttons,
    parse_page,
)
from tests.factories import make_capability

CUSTOM_ID_MOST, EMBED_MOST, FIELD_MOST = 100, 4096, 1024  # Discord's
ALL = ModelFilter()
FIRST = Page(0, ALL)

filters = st.builds(
    ModelFilter,
    st.none() | st.sampled_from(Use),
    st.none() | st.integers(0, 10**9),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=WORDS_MOST),
)


def described(name="Fake Model", *, micros=500_000, is_estimate=False, seconds=60, **fields):
    price = None if micros is None else Price(micros, is_estimate)
    return ModelDescription(make_capability(name=name, **fields), price, seconds)


def many(count):
    return [described(f"Model {number}") for number in range(1, count + 1)]


def buttons(found, page):
    view = page_buttons(found, page)
    assert view is not None
    return [(one.label, one.custom_id, one.disabled) for one in view.children]  # type: ignore[attr-defined]  # all of them are buttons


def shown(embed):
    return str(embed.title), str(embed.description), str(embed.footer.text)


def lines_of(found, page=FIRST):
    return str(list_of(found, page).description).splitlines()


@given(st.integers(0, 999), filters)
def test_a_page_is_read_from_a_button_as_it_was_written_into_it(number, wanted):
    page = Page(number, wanted)

    assert parse_page(page.spell()) == page
    assert len(page.spell()) <= CUSTOM_ID_MOST


def test_words_that_a_button_cannot_hold_are_cut():
    page = parse_page(Page(1, ModelFilter(words="x" * 200)).spell())

    assert page == Page(1, ModelFilter(words="x" * WORDS_MOST))


@pytest.mark.parametrize(
    "custom_id",
    [
        "",
        "v1:models",
        "v2:models:0:::",
        "v1:models:-1:::",
        "v1:models:1000:::",
        "v1:models:0:anything::",
        "v1:models:0::free:",
        f"v1:models:0:::{'x' * (WORDS_MOST + 1)}",
        "v1:models:0:::two\nlines",
        "v1:cancel:aaaaaaaaaaaaaaaa",
        "◀ Cheaper",
    ],
)
def test_what_was_never_written_into_a_button_is_no_page(custom_id):
    assert parse_page(custom_id) is None


def test_a_list_says_of_each_model_what_it_costs_takes_and_can_do():
    embed = list_of([described(is_estimate=True, seconds=120)], Page(0, ALL))

    title, description, footer = shown(embed)
    assert title == "1 model"
    assert description == (
        "**Fake Model** · about $0.50 · ~2 min · words, picture, first and last picture, sound"
        "\n-# `fake-model`"
    )
    assert footer == "Page 1 of 1 · prices are of a film of the usual length"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"kinds": frozenset({Kind.TEXT})}, "words"),
        ({"kinds": frozenset({Kind.IMAGE})}, "picture"),
        ({"reference_images_max": 3}, "references"),
        ({"shots_max": 20}, "up to 20 shots"),
        ({"audio": Audio.ALWAYS}, "sound"),
    ],
)
def test_an_ability_is_named_only_where_it_is_there(fields, says):
    bare = {"kinds": frozenset(), "end_image": False, "audio": Audio.NEVER}
    able, _ = lines_of([described(**(bare | fields))])
    unable, _ = lines_of([described(**bare)])

    assert able.endswith(f" · {says}")
    assert says not in unable.split(" · ")[-1]


def test_a_price_that_is_not_known_is_not_guessed():
    assert "price unknown" in lines_of([described(micros=None)])[0]


@pytest.mark.parametrize(
    ("wanted", "title"),
    [
        (ALL, "2 models"),
        (ModelFilter(Use.TWO_PICTURES), "2 models (from two-pictures)"),
        (ModelFilter(most_micros=250_000), "2 models (up to $0.25)"),
        (ModelFilter(most_micros=0), "2 models (up to $0.00)"),
        (
            ModelFilter(Use.WORDS, 1_000_000, "veo *lite*"),
            "2 models (from words, up to $1.00, “veo \\*lite\\*”)",
        ),
    ],
)
def test_a_list_says_what_was_asked_for(wanted, title):
    assert list_of(many(2), Page(0, wanted)).title == title


def test_an_empty_list_says_what_to_change():
    title, description, _ = shown(list_of([], Page(0, ModelFilter(most_micros=1))))

    assert title == "0 models (up to $0.01)"
    assert description == "No model is like that: ask for less."


def test_models_are_shown_ten_to_a_page_in_their_order():
    pages = [Page(number, ALL) for number in range(3)]

    names = [line.split("**")[1] for page in pages for line in lines_of(many(25), page)[::2]]
    assert names == [f"Model {number}" for number in range(1, 26)]
    feet = [shown(list_of(many(25), page))[2] for page in pages]
    assert [foot[:11] for foot in feet] == ["Page 1 of 3", "Page 2 of 3", "Page 3 of 3"]


@pytest.mark.parametrize("count", [0, 1, ON_A_PAGE])
def test_one_page_has_no_buttons(count):
    assert page_buttons(many(count), Page(0, ALL)) is None


async def test_buttons_lead_one_page_back_and_one_on_and_keep_the_filter():
    wanted = ModelFilter(Use.WORDS, 10, "veo")

    assert buttons(many(25), Page(1, wanted)) == [
        ("◀ Cheaper", Page(0, wanted).spell(), False),
        ("Dearer ▶", Page(2, wanted).spell(), False),
    ]


async def test_before_the_first_page_and_behind_the_last_there_is_nothing():
    first, last = buttons(many(25), Page(0, ALL)), buttons(many(25), Page(2, ALL))

    assert [disabled for *_, disabled in first] == [True, False]
    assert [disabled for *_, disabled in last] == [False, True]
    assert len({custom_id for _, custom_id, _ in first}) == 2


async def test_a_page_that_is_gone_since_shows_the_last_there_is():
    found, gone, last = many(25), Page(7, ALL), Page(2, ALL)

    assert shown(list_of(found, gone)) == shown(list_of(found, last))
    assert buttons(found, gone) == buttons(found, last)
    assert shown(list_of(many(3), gone)) == shown(list_of(many(3), Page(0, ALL)))


def test_however_long_the_names_are_discord_takes_the_list():
    name, model_id = "*_`~|" * 60, ModelId("x" * 300)
    found = [
        described(name, model_id=model_id, reference_images_max=3, shots_max=20)
        for _ in range(ON_A_PAGE)
    ]

    title, description, _ = shown(list_of(found, Page(0, ModelFilter(words="*" * 40))))
    assert len(description) <= EMBED_MOST
    assert len(title) <= 256


@pytest.mark.parametrize(
    ("model_id", "named"),
    [
        ("vendor/model_v2_turbo", "-# `vendor/model_v2_turbo`"),
        ("a`b\nc\u202ed", "-# `abcd`"),
    ],
)
def test_a_model_is_named_by_the_id_that_its_option_takes_on_one_line(model_id, named):
    assert lines_of([described(model_id=ModelId(model_id))])[1:] == [named]


def test_a_comparison_names_each_models_choices_and_what_they_cost():
    prices = PriceList(
        (
            PriceLine(50_000, per_second=True, resolution="480p"),
            PriceLine(100_000, per_second=True, resolution="720p", audio=True),
        )
    )
    first = described("First", prices=prices, durations_seconds=(4, 5, 6, 7, 8))
    embed = comparison_of([first, described("Second", aspect_ratios=())])

    assert [field.name for field in embed.fields] == ["First", "Second"]
    one, two = (str(field.value).splitlines() for field in embed.fields)
    assert "**Seconds:** 4 to 8" in one
    assert "**Resolution:** 480p, 720p" in one
    assert "**Prices:** 480p $0.05 a second; 720p with sound $0.10 a second" in one
    assert "**Seconds:** 5, 10" in two
    assert not any(line.startswith(("**Shape:**", "**Prices:**")) for line in two)


def test_four_models_with_many_choices_fit_into_one_comparison():
    lines = tuple(PriceLine(number, resolution="r" * 90) for number in range(20))
    dear = described(
        "n" * 300,
        prices=PriceList(lines),
        resolutions=tuple("r" * 40 for _ in range(40)),
        aspect_ratios=tuple("1:1" for _ in range(200)),
    )
    embed = comparison_of([dear] * 4)

    assert all(len(str(field.value)) <= FIELD_MOST for field in embed.fields)
    assert all(len(str(field.name)) <= 256 for field in embed.fields)
    assert len(embed) <= 6000
    assert isinstance(embed, discord.Embed)
