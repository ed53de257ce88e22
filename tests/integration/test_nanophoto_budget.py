"""A key's hundred requests an hour, in virtual time: the bot's services, rules and client on it.

What is faked is the service behind the wire (bench/nanophoto_hours.py), which counts and refuses
by itself, and the clock.
"""

import logging
import statistics

import pytest

from bench.nanophoto_hours import MAX_REQUESTS, Outcome, play, play_fixed, requests_of
from bot.providers.nanophoto.rules import FOR_SUBMISSIONS

SEEDS = range(8)
HOURS = 6.0
MAX_DELAY_SECONDS = 20.0
PROMPT_SECONDS = 1.0  # a submission that waits for no one is on its way within this


def days(an_hour: float, seeds: range = SEEDS) -> list[Outcome]:
    """Six hours for each seed; videos take 150 s, give or take a third, mostly two to three minutes."""
    log = logging.getLogger("bot")
    before = log.level
    log.setLevel(logging.CRITICAL)  # a day has thousands of lines
    try:
        return [
            play(requests_of(seed, an_hour=an_hour, hours=HOURS, median=150.0, spread=0.3))
            for seed in seeds
        ]
    finally:
        log.setLevel(before)


@pytest.fixture(scope="module")
def twenty_an_hour() -> list[Outcome]:
    return days(20)


def test_with_twenty_videos_an_hour_no_hour_holds_more_than_a_hundred_requests(twenty_an_hour):
    busiest = max(outcome.busiest_hour() for outcome in twenty_an_hour)

    assert 70 < busiest <= MAX_REQUESTS  # idle budget would prove nothing


def test_with_twenty_videos_an_hour_nothing_is_ever_refused(twenty_an_hour):
    refused = [(day.refused_submissions, day.refused_looks) for day in twenty_an_hour]

    assert refused == [(0, 0)] * len(SEEDS)


def test_with_twenty_videos_an_hour_no_submission_waits(twenty_an_hour):
    assert all(max(outcome.waits) < PROMPT_SECONDS for outcome in twenty_an_hour)


def test_with_twenty_videos_an_hour_a_video_is_seen_within_twenty_seconds(
    twenty_an_hour, record_property
):
    delays = sorted(delay for outcome in twenty_an_hour for delay in outcome.delays)
    mean, late = statistics.fmean(delays), delays[int(0.95 * len(delays))]
    record_property("detection", f"{len(delays)} videos: mean {mean:.1f} s, 95 % in {late:.0f} s")

    assert len(delays) == sum(len(outcome.waits) for outcome in twenty_an_hour) > 800
    assert mean < MAX_DELAY_SECONDS


@pytest.mark.parametrize(
    ("an_hour", "seeds", "mean_below"),
    [(1, range(24), 7), (4, range(24), 10), (10, range(8), 14)],
    ids=["one", "four", "ten"],
)
def test_the_fewer_videos_the_sooner_each_is_seen(an_hour, seeds, mean_below):
    """Chance moves the mean of two hundred videos by a second: some hundreds more are counted."""
    outcomes = days(an_hour, seeds)
    delays = [delay for outcome in outcomes for delay in outcome.delays]

    assert statistics.fmean(delays) < mean_below
    assert max(outcome.busiest_hour() for outcome in outcomes) < MAX_REQUESTS - FOR_SUBMISSIONS


def test_with_more_videos_than_a_key_can_carry_nothing_is_refused_and_every_video_is_seen():
    outcomes = days(45, range(2))

    assert all(outcome.busiest_hour() <= MAX_REQUESTS for outcome in outcomes)
    assert all(outcome.refused_looks + outcome.refused_submissions == 0 for outcome in outcomes)
    assert all(len(outcome.delays) == len(outcome.waits) for outcome in outcomes)


def test_the_page_s_own_advice_does_not_carry_four_videos_an_hour():
    """Which is why the bot does not follow it."""
    requests = requests_of(0, an_hour=4, hours=HOURS, median=150.0, spread=0.3)
    advised, ours = play_fixed(requests, every=5.0), play(requests)

    assert advised.refused_looks > 100
    assert statistics.fmean(ours.delays) * 5 < statistics.fmean(advised.delays)
