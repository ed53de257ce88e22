"""Models as lists and comparisons show them, a page at a time."""

from dataclasses import replace

import discord
import pytest
from hypothesis import given, strategies as st

from bot.catalog.capability import Audio, Kind
from bot.catalog.models import ModelDescription, ModelFilter, Outcomes, Use
from bot.catalog.pricing import Price, PriceLine, PriceList
from bot.ids import ModelId
from bot.ordering.choosing import Favorite
from bot.presentation import answers
from bot.presentation.models import (
    MAX_WORDS,
    ON_A_PAGE,
    Page,
    comparison_of,
    favorite,
    list_of,
    page_buttons,
    parse_page,
)
from tests.factories import make_capability

MAX_CUSTOM_ID, MAX_EMBED, MAX_FIELD = 100, 4096, 1024  # Discord's
ALL = ModelFilter()
FIRST = Page(0, ALL)

filters = st.builds(
    ModelFilter,
    st.none() | st.sampled_from(Use),
    st.none() | st.integers(0, 10**9),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=MAX_WORDS),
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
    assert len(page.spell()) <= MAX_CUSTOM_ID


def test_words_that_a_button_cannot_hold_are_cut():
    page = parse_page(Page(1, ModelFilter(words="x" * 200)).spell())

    assert page == Page(1, ModelFilter(words="x" * MAX_WORDS))


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
        f"v1:models:0:::{'x' * (MAX_WORDS + 1)}",
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
        "**Fake Model** · about $0.50 · ~2 min · text, picture, first and last picture, sound"
        "\n-# `fake-model`"
    )
    assert footer == (
        "Page 1 of 1 · prices are for a video of the usual length"
        " · times and successes are of the latest 100 videos here"
    )


@pytest.mark.parametrize(
    ("micros", "seconds", "said"),
    [
        (500_000, 5, "$0.50 for 5 s, $0.10/s"),
        (100_000, 8, "$0.10 for 8 s, $0.0125/s"),
        (100_000, 3, "$0.10 for 3 s, $0.0334/s"),
        (500_000, None, "$0.50"),
        (500_000, 0, "$0.50"),
        (None, 5, "price unknown"),
    ],
)
def test_models_are_compared_by_the_usual_clip_and_by_the_second(micros, seconds, said):
    one = replace(described(micros=micros), usual_seconds=seconds)

    assert f"**Fake Model** · {said} · ~1 min" in lines_of([one])[0]
    assert f"**Price:** {said}\n" in str(comparison_of([one]).fields[0].value)


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [(None, ""), (Outcomes(), ""), (Outcomes(0, 3), "0 of 3 succeeded"), (Outcomes(97, 100), "97 of 100 succeeded")],
)  # fmt: skip
def test_a_success_rate_is_shown_once_there_is_a_history(outcomes, said):
    one = replace(described(), outcomes=outcomes)

    assert ("succeeded" in lines_of([one])[0]) is bool(said)
    assert said in lines_of([one])[0]
    assert ("**Success:**" in str(comparison_of([one]).fields[0].value)) is bool(said)


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (None, "You have no favorite, so I choose this server's default"),
        (Favorite(ModelId("gone"), None, False), "Your favorite is gone, which isn't offered any more."),
        (Favorite(ModelId("fake-model"), make_capability(), False), "Your favorite is Fake Model, which you can't use here."),
        (Favorite(ModelId("fake-model"), make_capability(), True), "Your favorite is Fake Model."),
        (Favorite(ModelId("old"), make_capability(), True), "Your favorite is Fake Model, which was called `old`."),
    ],
)  # fmt: skip
def test_a_favorite_is_shown_with_what_became_of_it(known, said):
    assert favorite(known).startswith(said)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"kinds": frozenset({Kind.TEXT})}, "text"),
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


def test_a_price_that_the_service_tells_with_each_request_is_not_called_unknown():
    asked = replace(described(micros=None), is_quoted=True)
    priced = replace(described(), is_quoted=True)

    assert " · price on request · " in lines_of([asked])[0]
    assert " · price on request · " in answers.model_choice(asked)
    [field] = comparison_of([asked]).fields
    assert "**Price:** price on request" in str(field.value)
    assert " · $0.50 · " in lines_of([priced])[0]


@pytest.mark.parametrize(
    ("wanted", "title"),
    [
        (ALL, "2 models"),
        (ModelFilter(Use.TWO_PICTURES), "2 models (from two pictures)"),
        (ModelFilter(most_micros=250_000), "2 models (up to $0.25)"),
        (ModelFilter(most_micros=0), "2 models (up to $0.00)"),
        (
            ModelFilter(Use.WORDS, 1_000_000, "veo *lite*"),
            "2 models (from text, up to $1.00, “veo \\*lite\\*”)",
        ),
    ],
)
def test_a_list_says_what_was_asked_for(wanted, title):
    assert list_of(many(2), Page(0, wanted)).title == title


def test_an_empty_list_says_what_to_change():
    title, description, _ = shown(list_of([], Page(0, ModelFilter(most_micros=1))))

    assert title == "0 models (up to $0.000001)"
    assert description == "No models match. Try fewer filters."


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
        ("More expensive ▶", Page(2, wanted).spell(), False),
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
    assert len(description) <= MAX_EMBED
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
    assert "**Duration:** 4 to 8 s" in one
    assert "**Resolution:** 480p, 720p" in one
    assert "**Prices:** 480p $0.05 per second; 720p with sound $0.10 per second" in one
    assert "**Duration:** 5, 10 s" in two
    assert not any(line.startswith(("**Aspect ratio:**", "**Prices:**")) for line in two)


def test_four_models_with_many_choices_fit_into_one_comparison():
    lines = tuple(PriceLine(number, resolution="r" * 90) for number in range(20))
    expensive = described(
        "n" * 300,
        prices=PriceList(lines),
        resolutions=tuple("r" * 40 for _ in range(40)),
        aspect_ratios=tuple("1:1" for _ in range(200)),
    )
    embed = comparison_of([expensive] * 4)

    assert all(len(str(field.value)) <= MAX_FIELD for field in embed.fields)
    assert all(len(str(field.name)) <= 256 for field in embed.fields)
    assert len(embed) <= 6000
    assert isinstance(embed, discord.Embed)
