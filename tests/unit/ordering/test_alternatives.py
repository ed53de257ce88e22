"""When one model cannot make a video, others that can are named, each with its price."""

from dataclasses import replace

import pytest

from bot.catalog.capability import Audio, Kind
from bot.catalog.choice import carried_over
from bot.catalog.pricing import PriceLine, PriceList
from bot.catalog.request import Origin, Shot
from bot.errors import ProviderBalanceError
from bot.ids import ChannelId, GuildId, ModelId, ProviderName, UserId
from bot.money.limits import Rules
from tests.factories import PROVIDER, make_capability, make_image, make_request
from tests.fakes.weather import mortal

OTHER = ProviderName("other")
PLACE = Origin(GuildId(10), ChannelId(20), UserId(30))
REQUEST = make_request()


def model(name, micros=100_000, **fields):
    prices = PriceList((PriceLine(micros),) if micros is not None else ())
    given = {"provider": OTHER, "model_id": ModelId(name), "name": name, "prices": prices}
    return make_capability(**(given | fields))


@pytest.fixture
def offer(world):
    def replace_all(*models):
        world.catalog.replace([make_capability(), *models])

    return replace_all


async def found(process, request=REQUEST, *, most=9, not_at=None):
    quotes = await process.services.alternatives.find(request, PLACE, most=most, not_at=not_at)
    return [(quote.capability.model_id, quote.price.cost_micros) for quote in quotes]


async def test_others_are_named_with_their_prices_the_cheapest_first(process, offer):
    offer(model("expensive", 300_000), model("cheap", 100_000), model("fair", 200_000))

    assert await found(process) == [("cheap", 100_000), ("fair", 200_000), ("expensive", 300_000)]
    assert await found(process, most=1) == [("cheap", 100_000)]


async def test_well_known_models_come_before_cheaper_ones(world, process, offer):
    first, second = "best", "second"
    world.catalog.preferred = (first, second)
    offer(model("cheap", 1), model(second, 200_000), model(first, 300_000))

    assert [name for name, _ in await found(process)] == [first, second, "cheap"]


async def test_the_model_that_failed_is_not_its_own_substitute(process, offer):
    offer()

    assert await found(process) == []


async def test_none_is_named_of_a_service_that_is_out_of_the_question(process, offer):
    offer(model("there"), model("here", provider=PROVIDER))

    assert await found(process, not_at=OTHER) == [("here", 100_000)]
    assert await found(process, not_at=PROVIDER) == [("there", 100_000)]


async def test_none_is_named_of_a_service_that_is_paused_until_it_is_tried_again(
    world, process, offer
):
    offer(model("there"))
    await process.core.breakers.observe(OTHER, ProviderBalanceError())
    assert await found(process) == []

    world.clock.advance(600)
    assert await found(process) == [("there", 100_000)]


async def test_a_model_that_cannot_make_this_video_or_has_no_price_is_not_named(process, offer):
    offer(
        model("words", kinds=frozenset({Kind.TEXT})),
        model("doesn't support a last picture", end_image=False),
        model("terse", prompt_max_characters=3),
        model("no price", None),
        model("able"),
    )
    request = replace(REQUEST, image=make_image(), end_image=make_image(key="end.png"))

    assert await found(process, request) == [("able", 100_000)]


async def test_a_storyboard_costs_all_its_shots_however_they_are_made(process, offer):
    offer(model("one", micros=200_000), model("three", shots_max=3))
    request = replace(REQUEST, shots=tuple(Shot(f"shot {number}") for number in range(3)))

    assert await found(process, request) == [("three", 300_000), ("one", 600_000)]


async def test_reference_pictures_are_only_followed_by_who_takes_so_many(process, offer):
    offer(model("none"), model("one", reference_images_max=1), model("two", reference_images_max=2))
    faces = (make_image(key="a.png"), make_image(key="b.png"))

    assert await found(process, replace(REQUEST, reference_images=faces)) == [("two", 100_000)]


async def test_asking_for_others_spends_and_changes_nothing(world, process, offer):
    offer(model("there"))
    await found(process)

    assert world.provider.runs == []
    assert world.offers.offers == {}
    assert world.availability.known == {}


def test_words_and_pictures_are_carried_over_as_they_are():
    shots = (Shot("a", make_image()), Shot("b", reference_images=(make_image(key="x"),)))
    request = replace(
        REQUEST, image=make_image(), reference_images=(make_image(key="f"),), shots=shots
    )

    carried = carried_over(request, model("other"))

    assert carried == replace(request, model_id=ModelId("other"))


def test_choices_that_the_other_lacks_become_its_own():
    request = make_request(
        duration_seconds=7, resolution="4k", aspect_ratio="21:9", negative_prompt="rain", seed=3
    )
    other = model("other", negative_prompt=False, seed=False)

    carried = carried_over(request, other)

    assert carried == make_request(
        model_id=ModelId("other"),
        duration_seconds=5,
        resolution=None,
        aspect_ratio=None,
        negative_prompt=None,
        seed=None,
    )


@pytest.mark.parametrize(
    ("wanted", "offered", "nearest"),
    [
        (7, (5, 8), 8),
        (6, (8, 4), 4),
        (6, (4, 8), 4),
        (6, (), None),
        (None, (5, 8), None),
        (30, (5, 8), 8),
    ],
)
def test_the_nearest_duration_is_taken_and_between_two_the_shorter(wanted, offered, nearest):
    carried = carried_over(
        make_request(duration_seconds=wanted), model("other", durations_seconds=offered)
    )

    assert carried.duration_seconds == nearest


@pytest.mark.parametrize(
    ("audio", "carried"), [(Audio.OPTIONAL, True), (Audio.NEVER, None), (Audio.ALWAYS, None)]
)
def test_sound_is_asked_for_where_it_is_a_choice(audio, carried):
    assert carried_over(make_request(audio=True), model("other", audio=audio)).audio is carried


async def test_a_resolution_that_is_for_single_shots_only_keeps_no_model_from_a_storyboard(
    process, offer
):
    other = model(
        "other",
        shots_max=2,
        resolutions=("720p", "4k"),
        one_shot_resolutions=frozenset({"4k"}),
    )
    offer(other)
    request = replace(REQUEST, resolution="4k", shots=(Shot("a"), Shot("b")))

    assert await found(process, request) == [("other", 200_000)]
    assert carried_over(request, other).resolution is None
    assert carried_over(replace(request, shots=()), other).resolution == "4k"


async def test_only_those_that_are_named_are_looked_up_in_the_database(world):
    asked = []

    async def count(event):
        asked.append(event)

    world.store = mortal(world.store, count, ["list_render_times"])
    world.catalog.replace([make_capability(), *(model(f"m{number}") for number in range(50))])

    assert len(await found(world.start(), most=2)) == 2
    assert asked.count("list_render_times") == 2


@pytest.mark.parametrize(
    ("rules", "named"),
    [
        (Rules(video_seconds_most=5), ["fits"]),
        (Rules(video_micros_most=100_000), ["fits", "long"]),
        (Rules(video_seconds_most=5, exempt=True), ["fits", "long", "expensive"]),
        (Rules(open_jobs_most=0), ["fits", "long", "expensive"]),  # until another has ended
    ],
)
async def test_no_video_is_named_that_a_limit_would_refuse_whenever_it_was_asked_for(
    world, process, offer, rules, named
):
    longer = {"durations_seconds": (10,), "default_duration_seconds": 10}
    offer(
        model("fits", 100_000),
        model("long", 100_000, **longer),
        model("expensive", 200_000, **longer),
    )
    world.money_store.fields["rules"] = rules

    assert [name for name, _ in await found(process)] == named
