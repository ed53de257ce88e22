"""A card says what is being waited for, and until when.

The kinds: a finished video that cannot be downloaded, a limit of the service for minutes or for the
rest of the day, a video that is re-encoded or blocked, and words that must not be quoted.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.catalog.request import SourceImage
from bot.delivery.messenger import CardView, VideoMessage, VideoState
from bot.jobs.job import Artifact, JobState
from bot.jobs.messages import MAX_BLOCKED
from bot.presentation import cards
from tests.factories import NOW, make_job, make_request


def view_of(*, state=JobState.QUEUED, prompt="a fox", **fields):
    """A card's view; fields of the job and of the view by their names."""
    shown = {
        name: fields.pop(name) for name in tuple(fields) if name in CardView.__dataclass_fields__
    }
    if state is JobState.SUCCEEDED:
        fields["artifact"] = Artifact("video.mp4", 1, 5.0, 1280, 720)
    job = make_job(state=state, request=make_request(prompt=prompt), **fields)
    return CardView(job, "Fake Model", NOW, **shown)


def now_of(view):
    """What it says first."""
    return cards.embed_of(view).fields[0].value


def stamp(at, style):
    return f"<t:{at.timestamp():.0f}:{style}>"


@pytest.mark.parametrize("state", [JobState.DOWNLOADING, JobState.RENDERING])
def test_a_finished_video_whose_download_fails_is_said_to_be_finished_and_until_when(state):
    deadline = NOW + timedelta(hours=1)
    view = view_of(state=state, deadline_at=deadline, errors_in_row=4, download_is_retried=True)

    assert "finished" in now_of(view)
    assert stamp(deadline, "t") in now_of(view)
    assert cards.embed_of(view).title == "🎬 Downloading"


def test_after_its_deadline_no_instant_in_the_past_is_promised():
    past = NOW - timedelta(minutes=1)
    view = view_of(
        state=JobState.DOWNLOADING, deadline_at=past, errors_in_row=4, download_is_retried=True
    )

    assert "<t:" not in now_of(view)
    assert "a few more times" in now_of(view)


@pytest.mark.parametrize("off", [timedelta(), timedelta(hours=1), timedelta(days=400)])
@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("told", [None, -5, 0, 100, 250, 10**9])
@pytest.mark.parametrize("expected_seconds", [0.0, 1.0, 60.0])
def test_whatever_a_clock_or_a_service_says_progress_stays_within_its_bar(
    off, sign, told, expected_seconds
):
    """A longer one would be refused, and with it the card."""
    view = view_of(
        state=JobState.RENDERING,
        submitted_at=NOW + sign * off,
        progress_percent=told,
        expected_seconds=expected_seconds,
    )

    *measured, elapsed = now_of(view).splitlines()
    assert elapsed.startswith("Started <t:")
    assert bool(measured) is (told is not None)
    for line in measured:
        bar, _, percent = line.partition(" ")
        assert len(bar) == cards.BAR_CELLS
        assert 0 <= int(percent.removesuffix(" %")) <= 100


def test_a_first_download_is_no_trouble():
    assert now_of(view_of(state=JobState.DOWNLOADING)) == "One moment…"


@pytest.mark.parametrize(
    ("wait", "words"),
    [
        (timedelta(minutes=10), "request limit"),
        (timedelta(hours=2), "daily limit"),
        (timedelta(hours=23), "daily limit"),
    ],
)
def test_a_limit_of_the_service_is_named_with_the_instant_of_the_next_try(wait, words):
    view = view_of(errors_in_row=1, next_action_at=NOW + wait, position=1)

    assert words in now_of(view)
    assert stamp(NOW + wait, "R") in now_of(view)
    assert "in the queue" not in now_of(view)


@pytest.mark.parametrize(
    "fields",
    [
        {"errors_in_row": 0, "next_action_at": NOW},
        {"errors_in_row": 3, "next_action_at": NOW + timedelta(seconds=60)},
    ],
    ids=["its turn", "a back-off"],
)
def test_waiting_for_a_turn_is_no_limit(fields):
    assert "Number 2 in the queue" in now_of(view_of(position=2, **fields))


def test_a_video_that_is_re_encoded_is_said_to_be():
    view = view_of(state=JobState.SUCCEEDED, video_is_fitted=True)

    assert now_of(view).startswith("Re-encoding to fit this server")
    posted = replace(
        view, video_is_fitted=False, video=VideoMessage(VideoState.POSTED, "https://discord.com/1")
    )
    assert now_of(posted) == "[Watch it](https://discord.com/1)"


def test_a_video_that_is_blocked_is_said_to_be_and_until_when_it_is_tried():
    view = view_of(state=JobState.SUCCEEDED, video_blocked_at=NOW, video_is_fitted=True)

    assert stamp(NOW + MAX_BLOCKED, "t") in now_of(view)
    assert "`/show`" in now_of(view)


def test_a_card_that_quotes_nothing_has_no_empty_quotation():
    assert cards.embed_of(view_of(prompt="")).description is None
    assert cards.embed_of(view_of(prompt="a fox")).description == "> a fox"


@pytest.mark.parametrize(
    ("state", "is_submitted", "shows_price"),
    [
        (JobState.QUEUED, False, True),
        (JobState.RENDERING, True, True),
        (JobState.SUCCEEDED, True, True),
        (JobState.CANCELLED, True, True),  # what the service charges stays charged
        (JobState.CANCELLED, False, False),
        (JobState.FAILED, True, False),
        (JobState.EXPIRED, True, False),
    ],
)
def test_no_price_stands_beside_what_was_not_charged(state, is_submitted, shows_price):
    view = view_of(state=state, submitted_at=NOW if is_submitted else None)

    names = [field.name for field in cards.embed_of(view).fields]

    assert ("Price" in names) is shows_price


def test_each_picture_of_a_card_says_what_it_is_for():
    first, last, one, two = (
        SourceImage(f"{number}.png", "image/png", 16, 9, 1) for number in range(4)
    )
    whole = make_job(request=make_request(image=first, end_image=last, reference_images=(one, two)))
    bare = make_job(request=make_request(reference_images=(one,)))

    assert cards.picture_texts(whole) == (
        "First picture of the video",
        "Last picture of the video",
        "Reference picture 1 of the video",
        "Reference picture 2 of the video",
    )
    assert cards.picture_texts(bare) == ("Reference picture 1 of the video",)
    assert cards.picture_texts(make_job()) == ()
    assert len(cards.picture_names(whole)) == len(cards.picture_texts(whole))
