"""What Veo 3.1 at NanoPhoto can do, costs and is asked for, as its page says."""

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from bot.catalog.capability import Audio, Kind
from bot.catalog.request import Shot
from bot.errors import ProviderRejectedRequestError
from bot.providers.contract import Order, OrderPicture
from bot.providers.nanophoto.client import payload_of
from bot.providers.nanophoto.models import capability, micros_of
from bot.providers.nanophoto.rules import (
    MAX_REQUESTS,
    PRICES,
    Load,
    poll_price_seconds,
    rule_of,
    rules_of,
)
from bot.providers.request_limits import Purpose
from tests.local_nanophoto import a_request, image, order

USD = Decimal("0.02")


def test_the_page_s_limits_are_the_model_s():
    veo = capability(USD)

    assert veo.kinds == {Kind.TEXT, Kind.IMAGE}
    assert (veo.durations_seconds, veo.default_duration_seconds) == ((8,), 8)
    assert (veo.resolutions, veo.default_resolution) == (("720p", "1080p", "4k"), "720p")
    assert (veo.aspect_ratios, veo.default_aspect_ratio) == (("16:9", "9:16"), "16:9")
    assert veo.shots_max == 21
    assert veo.one_shot_resolutions == {"1080p", "4k"}
    assert (veo.reference_images_max, veo.end_image, veo.audio) == (3, True, Audio.ALWAYS)
    assert not veo.negative_prompt
    assert not veo.seed


def test_a_shot_costs_its_credits_at_what_the_operator_pays_for_one():
    prices = {line.resolution: line.micros for line in capability(USD).prices.lines}

    assert prices == {"720p": 200_000, "1080p": 280_000, "4k": 600_000}


@given(st.integers(0, 10**6), st.decimals(0, 10, places=6))
def test_credits_are_worth_whole_micros(count, usd):
    assert micros_of(count, usd) == int((count * usd * 1_000_000).to_integral_value())


def test_a_request_is_spelt_as_on_the_page():
    assert payload_of(Order(a_request(prompt="a fox"), "job-1")) == {
        "shots": [
            {
                "id": "job-1-1",
                "prompt": "a fox",
                "generationType": "TEXT_2_VIDEO",
                "aspectRatio": "16:9",
            }
        ],
        "resolution": "720p",
    }


def test_pictures_are_spelt_by_their_addresses_in_order():
    shot = Shot("a", image=image(1), end_image=image(2))
    (body,) = payload_of(order(shots=(shot,), address="https://a.example/"))["shots"]

    assert body["generationType"] == "FIRST_AND_LAST_FRAMES_2_VIDEO"
    assert body["imageUrls"] == [f"https://a.example/?picture-{n}.png" for n in (1, 2)]


@pytest.mark.parametrize("address", [None, ""])
def test_a_picture_without_an_address_is_refused_before_it_is_sent(address):
    request = a_request(image=image(1))
    pictures = {image(1).key: OrderPicture(content=b"jpeg", address=address)}

    with pytest.raises(ProviderRejectedRequestError):
        payload_of(Order(request, "job-1", pictures))


@given(st.integers(1, 21), st.integers(1, 21), st.text("abc123", min_size=1), st.text("abc123-"))
def test_no_two_shots_have_one_name(first, second, tag, other):
    def names(count, of):
        shots = tuple(Shot("a") for _ in range(count))
        return [shot["id"] for shot in payload_of(Order(a_request(shots=shots), of))["shots"]]

    assert len({*names(first, f"{tag}-1"), *names(second, f"{tag}-2")}) == first + second


# --- the hour ---


def test_every_request_counts_against_the_one_rule_and_twelve_are_for_submissions():
    rule = rule_of("np-key")

    assert all(rules[0] == rule for rules in rules_of("np-key").values())
    assert all(other.most > MAX_REQUESTS for other in rules_of("np-key")[Purpose.SUBMISSION][1:])
    assert set(rules_of("np-key")) == set(Purpose)
    assert rule.most_for(Purpose.SUBMISSION) == MAX_REQUESTS == 100
    assert rule.most_for(Purpose.POLL) == 88
    assert rule.per_seconds > 3600


def test_two_keys_have_two_hours_and_neither_is_written_down():
    assert rule_of("np-one").name != rule_of("np-two").name
    assert "np-one" not in rule_of("np-one").name


def load(used, *, videos=0, lately=0):
    return Load(used, used, (used,) * 3 + (0,), videos, lately, min(lately, 2))


@given(st.integers(0, 100), st.integers(0, 100), st.integers(0, 30), st.integers(0, 30))
def test_a_poll_is_never_cheaper_for_more_requests(used, more, videos, lately):
    price = poll_price_seconds(load(used, videos=videos, lately=lately))

    assert 0 < price <= PRICES[-1][1]
    assert poll_price_seconds(load(used + more, videos=videos, lately=lately)) >= price


def test_a_burst_of_videos_is_expensive_before_it_has_used_up_the_hour():
    assert poll_price_seconds(load(8, videos=8, lately=8)) > 4 * poll_price_seconds(
        load(8, videos=1)
    )
    assert poll_price_seconds(load(87)) > 10  # and a full hour is expensive in a calm minute


def test_in_a_quiet_hour_a_poll_costs_next_to_nothing():
    assert poll_price_seconds(load(1, videos=1, lately=1)) < 0.3
