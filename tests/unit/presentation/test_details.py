"""What is said of a video, and of a report: whole, in Discord's limits, and without a ping."""

from datetime import timedelta

import pytest

from bot.archive.details import Details, Posted
from bot.archive.member_data import DataHandling
from bot.catalog.pricing import Price
from bot.catalog.request import Derivation, Parent
from bot.ids import ChannelId, GuildId, MessageId, UserId
from bot.jobs.job import JobState
from bot.ordering.remaking import RemakableShot
from bot.presentation import details
from tests.factories import make_image, make_job, make_request

POSTED = Posted(GuildId(1), ChannelId(2), MessageId(3))
MAX_MESSAGE = 2000


def told(*, posted=POSTED, parent=None, **request):
    job = make_job(request=make_request(**request), state=JobState.SUCCEEDED)
    return details.text_of(Details(job, "Fake Model", posted, parent))


def test_everything_that_was_asked_for_is_told():
    text = told(seed=7, negative_prompt="fog", image=make_image(), audio=True)

    for words in ("a fox", "Fake Model", "5 s, 720p, 16:9, with sound, from a picture", "fog", "7"):
        assert words in text
    assert "**Link** https://discord.com/channels/1/2/3" in text
    assert "$0.50" in text


def test_a_shape_that_the_model_chooses_is_left_out_as_under_the_video():
    assert "**Video** 5 s, 720p\n" in told(aspect_ratio="auto")
    assert "**Video** 5 s, 720p\n" in told(aspect_ratio="Adaptive")


@pytest.mark.parametrize("derivation", Derivation)
@pytest.mark.parametrize(
    ("where", "words"), [(POSTED, POSTED.url), (None, "a video that is no longer here")]
)
def test_it_tells_what_it_was_made_from(derivation, where, words):
    job = make_job(request=make_request(parent=Parent(derivation)))
    assert words in details.text_of(Details(job, "Fake Model", None, where))


@pytest.mark.parametrize("sign", ["x", "*", "\U0001f3ac", "\u4e00", "@everyone "])
def test_the_longest_words_fit_a_message(sign):
    assert len(told(prompt=sign * 4000, negative_prompt=sign * 4000)) <= MAX_MESSAGE
    report = details.report(POSTED, UserId(1 << 62), UserId(1 << 62), sign * 500)
    assert len(report) <= MAX_MESSAGE
    assert "@everyone" not in report


def test_a_report_names_its_reporter_the_message_and_the_reason():
    text = details.report(POSTED, UserId(5), UserId(6), "see http://bad.example")

    assert text.startswith("🚩 <@5> reported a message of <@6>: https://discord.com/channels/1/2/3")
    assert "http://" not in text.partition("\n")[2]
    assert "a message:" in details.report(POSTED, UserId(5), None, "rude")


def test_a_better_model_says_how_much_more_it_costs():
    label = details.better("Kling", Price(100_000), Price(420_000, is_estimate=True))

    assert label == "Kling · about $0.42 (+$0.32)"


@pytest.mark.parametrize(
    ("is_missing", "price", "description"),
    [
        (False, Price(300_000), "for $0.30"),
        (True, Price(300_000, is_estimate=True), "missing in this video, for about $0.30"),
        (True, None, "missing in this video"),
    ],
)
def test_a_form_names_a_shot_by_its_words_and_its_price(is_missing, price, description):
    shot = RemakableShot(2, "a fox\nin the snow", is_missing, price)

    assert details.shot_to_remake(shot) == ("Shot 2: a fox in the snow", description)


def test_a_shot_that_leads_on_is_said_to_leave_the_next_one_as_it_is():
    text = details.remaking(2, "Accepted.", leads_on=True)

    assert text.startswith("Only shot 2 is made again; the others stay as they are. Shot 3 won't")
    assert text.endswith("\nAccepted.")
    assert "Shot 3" not in details.remaking(2, "Accepted.")


@pytest.mark.parametrize(
    ("providers", "days", "said"),
    [
        (("NanoGPT", "NanoPhoto"), 30, ["**NanoGPT and NanoPhoto**", "deleted 30 days after"]),
        (("NanoGPT",), 1, ["**NanoGPT**", "deleted 1 day after"]),
        ((), 0, ["**The video services**", "kept until the people who run me"]),
    ],
    ids=["two", "one", "none"],
)
def test_the_policy_names_this_bots_services_and_times_in_one_message(providers, days, said):
    text = details.policy(DataHandling(providers, timedelta(days=days)))

    assert [one for one in said if one not in text] == []
    assert len(text) <= 2000
    assert "{" not in text
