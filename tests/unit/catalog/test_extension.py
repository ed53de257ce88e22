"""How a video is continued: by its model's own extension, else from its last frame, and what it costs."""

from dataclasses import replace

import pytest

from bot.catalog.capability import Audio, Kind, SourceRules, check, complete
from bot.catalog.choice import Choice, choose
from bot.catalog.extension import (
    FRAME_TO_COME,
    Continuation,
    Way,
    holds_source,
    keeps_shape,
    loop,
    nearest_resolution,
    plans,
    times_extended,
)
from bot.catalog.models import Catalog
from bot.catalog.pricing import Fee, Input, Price, PriceLine, PriceList, price
from bot.catalog.request import Derivation, Parent, Shot, SourceImage, SourceVideo
from bot.errors import InvalidRequestError
from bot.ids import JobId, ModelId
from tests.factories import make_capability, make_image, make_request

SOURCE = SourceVideo("source.mp4", 1280, 720, 1_000_000, 8.0)
BASE = ModelId("fake-model")


def cost(request, prices):
    found = price(request, prices)
    return None if found is None else found.cost_micros


def model(name: str, micros: int = 100_000, **fields):
    prices = PriceList((PriceLine(micros, per_second=True),))
    return make_capability(**({"model_id": ModelId(name), "name": name, "prices": prices} | fields))


def extension(name: str, *own: str, micros: int = 50_000, **fields):
    rules = SourceRules(frozenset(map(ModelId, (name, *own))), most_seconds=120)
    usual = {
        "kinds": frozenset({Kind.VIDEO}),
        "aspect_ratios": (),
        "default_aspect_ratio": None,
        "end_image": False,
        "source": rules,
    }
    return model(name, micros, **(usual | fields))


def continuation(**fields):
    usual = Continuation("it jumps", SOURCE, make_request(), JobId("a" * 16))
    return replace(usual, **fields)


SAME, EXTEND = model("fake-model"), extension("fake-extend", "fake-model")
CHEAP, EXPENSIVE = model("cheap", 10_000), model("expensive", 900_000)


def ways(found):
    return [(one.way, one.request.model_id) for one in found]


def test_its_own_extension_comes_first_then_its_last_frame_then_the_cheapest_other():
    found = plans(continuation(), [EXPENSIVE, CHEAP, SAME, EXTEND], None)

    assert ways(found) == [
        (Way.OWN, "fake-extend"),
        (Way.LAST_FRAME, "fake-model"),
        (Way.LAST_FRAME, "cheap"),
        (Way.LAST_FRAME, "expensive"),
    ]


def test_what_is_sent_to_the_models_own_extension_is_the_video_and_no_picture():
    own = plans(continuation(), [SAME, EXTEND], None)[0]

    assert own.request.sends_video
    assert own.request.pictures == ()
    assert (own.request.duration_seconds, own.request.aspect_ratio) == (5, None)
    assert own.request.parent == Parent(Derivation.EXTEND, JobId("a" * 16), 0)
    assert (own.price, own.total_seconds) == (Price(250_000), 13.0)


def test_a_last_frame_is_asked_for_in_the_shape_of_the_source_and_is_to_come():
    tall = replace(SOURCE, width=480, height=854)

    [found] = plans(continuation(source=tall), [SAME], None)

    frame = SourceImage(FRAME_TO_COME, "image/png", 480, 854, 0)
    assert found.request.image == frame
    assert (found.request.aspect_ratio, found.request.resolution) == ("9:16", "480p")
    assert not found.request.sends_video
    assert found.request.source_video == tall


def test_of_two_own_extensions_the_cheaper_comes_first():
    expensive = extension("expensive-extend", "fake-model", micros=500_000)

    assert plans(continuation(), [expensive, EXTEND], None)[0].request.model_id == "fake-extend"


@pytest.mark.parametrize(
    ("allowed", "first"),
    [
        ({"fake-model", "cheap"}, "fake-model"),
        ({"cheap", "expensive"}, "cheap"),
        ({"fake-extend"}, "fake-extend"),
    ],
)
def test_only_allowed_models_continue_it(allowed, first):
    found = plans(
        continuation(), [EXPENSIVE, CHEAP, SAME, EXTEND], frozenset(map(ModelId, allowed))
    )

    assert found[0].request.model_id == first
    assert {one.request.model_id for one in found} <= allowed


def test_an_extension_made_for_other_models_is_left_alone():
    strange = extension("veo-extend", "veo")

    assert ways(plans(continuation(), [strange, SAME], None)) == [(Way.LAST_FRAME, "fake-model")]


def test_an_extended_video_is_extended_by_the_same_extension():
    before = make_request(model_id=ModelId("fake-extend"), source_video=SOURCE)

    assert ways(plans(continuation(made_by=before, extended=1), [EXTEND, CHEAP], None))[0] == (
        Way.OWN,
        "fake-extend",
    )


def test_another_members_video_is_continued_by_the_cheapest_of_its_shape():
    wide = model("wide", 1_000, aspect_ratios=("21:9",), picture_decides_shape=False)

    found = plans(continuation(made_by=None, job_id=None), [wide, EXTEND, EXPENSIVE, CHEAP], None)

    assert [one.request.model_id for one in found] == ["cheap", "expensive"]


def test_a_model_made_for_adults_is_never_chosen_but_continues_its_own():
    spicy = model("spicy", 1_000, is_explicit=True)

    assert [one.request.model_id for one in plans(continuation(), [spicy, EXPENSIVE], None)] == [
        "expensive"
    ]
    own = continuation(made_by=make_request(model_id=ModelId("spicy")))
    assert plans(own, [spicy, EXPENSIVE], None)[0].request.model_id == "spicy"


def test_a_source_too_long_for_the_extension_is_continued_from_its_last_frame():
    long = replace(SOURCE, duration_seconds=121.0)

    assert ways(plans(continuation(source=long), [SAME, EXTEND], None)) == [
        (Way.LAST_FRAME, "fake-model")
    ]


def test_a_price_that_is_not_listed_comes_last():
    unpriced = model("unpriced", prices=PriceList())

    found = plans(continuation(), [unpriced, EXPENSIVE], None)

    assert [one.request.model_id for one in found] == ["expensive", "unpriced"]


def test_sound_and_what_else_fits_is_taken_over_and_a_length_is_brought_to_the_nearest():
    before = make_request(audio=True, negative_prompt="rain", is_spoiler=True, seed=7)
    silent = model("silent", audio=Audio.NEVER, negative_prompt=False, seed=False)

    with_sound = plans(continuation(made_by=before, duration_seconds=9), [SAME], None)[0].request
    without = plans(continuation(made_by=before), [silent], None)[0].request

    assert (with_sound.audio, with_sound.negative_prompt, with_sound.is_spoiler) == (
        True,
        "rain",
        True,
    )
    assert (with_sound.duration_seconds, with_sound.seed) == (10, None)
    assert (without.audio, without.negative_prompt) == (False, None)


def test_the_last_shots_of_a_storyboard_are_no_reason_for_more_shots():
    board = make_request(shots=(Shot("one"), Shot("two")))

    assert plans(continuation(made_by=board), [SAME], None)[0].request.shots == ()


def test_a_fifth_extension_gets_one_sentence():
    with pytest.raises(InvalidRequestError) as refused:
        plans(continuation(extended=4), [SAME, EXTEND], None)

    assert refused.value.reasons == (
        "This video has been extended 4 times, which is the limit. Start a new one instead.",
    )
    assert plans(continuation(extended=3), [SAME], None)


@pytest.mark.parametrize(
    ("models", "said"),
    [
        ([], "None of the models that you can use here continues this video."),
        ([model("words", kinds=frozenset({Kind.TEXT}))], "None of the models"),
        ([extension("veo-extend", "veo")], "None of the models"),
    ],
)
def test_where_no_model_can_there_is_one_sentence(models, said):
    with pytest.raises(InvalidRequestError) as refused:
        plans(continuation(), models, None)

    assert len(refused.value.reasons) == 1
    assert said in refused.value.reasons[0]


def test_a_prompt_that_no_model_takes_is_told_as_anywhere():
    with pytest.raises(InvalidRequestError) as refused:
        plans(continuation(prompt=" "), [SAME, CHEAP], None)

    assert refused.value.reasons == ("The prompt is empty. Describe what happens in the video.",)


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ({}, 0),
        ({"parent": Parent(Derivation.EXTEND), "source_video": SOURCE}, 1),
        ({"parent": Parent(Derivation.EXTEND, None, 3), "source_video": SOURCE}, 4),
        ({"parent": Parent(Derivation.AGAIN, None, 2), "source_video": SOURCE}, 3),
        ({"parent": Parent(Derivation.AGAIN)}, 0),
    ],
)
def test_extensions_are_counted_along_the_chain_also_where_one_is_made_again(fields, count):
    assert times_extended(make_request(**fields)) == count


@pytest.mark.parametrize(
    ("seconds", "holds"), [(5.0, False), (5.4, False), (8.9, False), (9.1, True), (13.0, True)]
)
def test_the_length_tells_whether_a_service_hands_out_the_source_as_well(seconds, holds):
    sent = make_request(source_video=SOURCE)

    assert holds_source(seconds, sent) is holds
    assert not holds_source(seconds, replace(sent, image=make_image()))
    assert not holds_source(seconds, make_request())


@pytest.mark.parametrize(
    ("ratios", "size", "keeps"),
    [
        (("16:9", "9:16"), (1280, 720), True),
        (("16:9", "9:16"), (854, 480), True),
        (("16:9", "9:16"), (720, 720), False),
        (("auto", "1:1"), (1280, 720), False),
        ((), (720, 720), True),
    ],
)
def test_a_shape_is_kept_that_a_model_offers_or_leaves_to_the_picture(ratios, size, keeps):
    source = replace(SOURCE, width=size[0], height=size[1])

    assert keeps_shape(make_capability(aspect_ratios=ratios), source) is keeps
    assert keeps_shape(make_capability(aspect_ratios=ratios, picture_decides_shape=True), source)


@pytest.mark.parametrize(
    ("offered", "size", "chosen"),
    [
        (("480p", "720p", "1080p"), (1280, 720), "720p"),
        (("480p", "720p", "1080p"), (640, 1138), "720p"),
        (("720p", "4k"), (3840, 2160), "4k"),
        (("fine", "480p"), (1280, 720), "480p"),
        (("fine",), (1280, 720), None),
        ((), (1280, 720), None),
    ],
)
def test_the_resolution_is_the_nearest_to_the_source(offered, size, chosen):
    source = replace(SOURCE, width=size[0], height=size[1])

    assert nearest_resolution(make_capability(resolutions=offered), source) == chosen


# What a model that continues videos is not.


def test_a_model_that_only_continues_is_not_offered_for_words_or_pictures():
    catalog = Catalog()
    catalog.replace([SAME, EXTEND])

    assert list(catalog) == catalog.search("") == [SAME]
    assert catalog.everything() == [SAME, EXTEND]
    assert choose(make_request(), catalog) == Choice(SAME)
    assert catalog.find(ModelId("fake-extend")) == EXTEND
    assert catalog.names()["fake-extend"] == "fake-extend"


def test_one_that_is_named_for_words_or_pictures_says_what_it_is_for():
    for request in (make_request(), make_request(image=make_image())):
        reasons = check(replace(request, aspect_ratio=None), EXTEND)

        assert len(reasons) == 1
        assert "only continues videos. Press **Extend** below a video" in reasons[0]


def test_an_ordinary_model_says_that_it_continues_no_video():
    assert check(make_request(source_video=SOURCE), SAME) == (
        "fake-model can't continue a video. Choose a model that can.",
    )


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(121.0, "up to 120 s, and this one has 121 s."), (1.0, "at least 2 s, and this one has 1 s.")],
)
def test_a_source_of_the_wrong_length_is_told_with_both_lengths(seconds, said):
    rules = SourceRules(frozenset(), least_seconds=2, most_seconds=120)
    able = replace(EXTEND, source=rules)
    asked = make_request(source_video=replace(SOURCE, duration_seconds=seconds), aspect_ratio=None)

    assert [reason for reason in check(asked, able) if said in reason]


def test_seconds_of_the_source_are_billed_begun_and_never_fewer_than_the_least():
    fee = Fee(10_000, Input.VIDEO, per_source_second=True, least_seconds=2)
    prices = PriceList((PriceLine(70_000, per_second=True),), fees=(fee,))

    sources = [replace(SOURCE, duration_seconds=seconds) for seconds in (1.0, 2.0, 2.1, 8.0)]
    assert [cost(make_request(source_video=source), prices) for source in sources] == [
        370_000,
        370_000,
        380_000,
        430_000,
    ]
    assert cost(make_request(), prices) == 350_000


def test_a_request_that_sends_a_video_has_no_price_where_only_words_have_one():
    prices = PriceList((PriceLine(70_000),), unpriced=frozenset({Input.VIDEO}))

    assert price(make_request(source_video=SOURCE), prices) is None
    assert price(make_request(source_video=SOURCE, image=make_image()), prices) is not None


# Loops.


def test_a_loop_starts_and_ends_with_its_first_frame_on_the_same_model():
    frame = make_image(key="first.png")
    shots = (Shot("one"), Shot("two"))
    before = make_request(shots=shots, continuous=True, reference_images=(make_image(),))

    found = loop(before, frame, JobId("b" * 16), [CHEAP, SAME], None)

    assert (found.model_id, found.prompt) == ("fake-model", "one")
    assert (found.image, found.end_image, found.pictures) == (frame, frame, (frame,))
    assert (found.shots, found.continuous, found.source_video) == ((), False, None)
    assert found.parent == Parent(Derivation.LOOP, JobId("b" * 16))


def test_a_loop_on_a_model_without_a_last_picture_goes_to_the_cheapest_that_takes_both():
    plain = model("fake-model", 1_000, end_image=False)

    found = loop(
        make_request(duration_seconds=6), make_image(), None, [plain, EXPENSIVE, CHEAP], None
    )

    assert (found.model_id, found.duration_seconds) == ("cheap", 5)
    assert check(complete(found, CHEAP), CHEAP) == ()


def test_a_loop_that_no_model_can_make_gets_one_sentence():
    plain = model("fake-model", 1_000, end_image=False)

    with pytest.raises(InvalidRequestError, match="can make a loop"):
        loop(make_request(), make_image(), None, [plain, EXTEND], None)
    with pytest.raises(InvalidRequestError, match="can make a loop"):
        loop(make_request(), make_image(), None, [SAME], frozenset())
