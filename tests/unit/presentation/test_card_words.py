"""What a job's card says, from the first second to the last."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.delivery.messenger import CardView, VideoMessage, VideoState
from bot.jobs.job import (
    Failure,
    FailureKind,
    JobState,
)
from bot.jobs.queue_positions import QueuePlace
from bot.jobs.storyboard import Progress
from bot.presentation import (
    cards,
)
from tests.factories import NOW, make_image, make_job, make_request


def view(state: JobState, *, name: str = "Model", **fields) -> CardView:
    return CardView(make_job(state=state, **fields), name, NOW)


def shown(given: CardView) -> str:
    return str(cards.embed_of(given).to_dict())


@pytest.mark.parametrize(
    ("state", "fact"),
    [
        (JobState.QUEUED, "Queued"),
        (JobState.SUBMITTING, "Submitting"),
        (JobState.RENDERING, "Rendering"),
        (JobState.DOWNLOADING, "Downloading"),
        (JobState.UNCERTAIN, "nothing is submitted twice"),
        (JobState.SUCCEEDED, "The video is on its way"),
        (JobState.FAILED, "Failed"),
        (JobState.EXPIRED, "never finished"),
        (JobState.CANCELLED, "Nothing was charged"),
    ],
)
def test_a_card_says_how_the_video_stands_and_can_be_cancelled_until_it_ends(state, fact):
    failure = Failure(FailureKind.PROVIDER, "It broke.") if state is JobState.FAILED else None
    card = view(state, failure=failure)

    assert fact in shown(card)
    assert card.job.id in shown(card)
    is_free = card.job.is_terminal and state is not JobState.SUCCEEDED
    assert ("$0.50" in shown(card)) is not is_free
    assert (cards.buttons_of(card) is None) == card.job.is_terminal


def test_a_card_shows_the_place_in_the_queue_and_the_way_to_the_video():
    assert "Number 3 in the queue" in shown(replace(view(JobState.QUEUED), position=3))
    done = replace(
        view(JobState.SUCCEEDED),
        video=VideoMessage(VideoState.POSTED, "https://discord.com/channels/1/2/3"),
    )
    assert "[Watch it](https://discord.com/channels/1/2/3)" in shown(done)


def test_the_card_of_a_deleted_video_says_so_and_leads_nowhere():
    gone = shown(replace(view(JobState.SUCCEEDED), video=VideoMessage(VideoState.DELETED)))

    assert "later deleted" in gone
    assert "Watch it" not in gone


def test_a_card_has_its_picture_and_no_button_once_cancelled():
    job = make_job(request=make_request(image=make_image(key="abc.jpg")), cancel_requested=True)

    card = CardView(job, "Model", NOW)

    assert "attachment://picture-1.jpg" in shown(card)
    assert cards.buttons_of(card) is None


def test_a_video_that_is_late_is_said_to_be_and_never_expected_in_the_past():
    begun = NOW - timedelta(seconds=60)  # which is what such a video takes

    late = shown(view(JobState.RENDERING, submitted_at=begun))
    in_time = shown(view(JobState.RENDERING, submitted_at=begun + timedelta(seconds=1)))

    assert "This takes longer than usual" in late
    assert "Expected" not in late
    assert f"Started <t:{int(begun.timestamp())}:R>" in late
    assert f"<t:{int(NOW.timestamp()) + 1}:R>" in in_time


@pytest.mark.parametrize("state", [JobState.SUBMITTING, JobState.RENDERING, JobState.DOWNLOADING])
def test_between_cancel_and_the_end_a_card_says_that_it_is_cancelling(state):
    assert "Cancelling" in shown(view(state, cancel_requested=True))
    assert "Cancelled" in shown(view(JobState.CANCELLED, cancel_requested=True))


def test_cards_look_the_same_within_the_same_ten_percent_and_not_beyond():
    def digest(percent: int) -> str:
        job = make_job(
            id="a" * 16, state=JobState.RENDERING, progress_percent=percent, submitted_at=NOW
        )
        return cards.digest_of(CardView(job, "Model", NOW))

    assert digest(41) == digest(49) != digest(50)


@pytest.mark.parametrize("passed", [timedelta(), timedelta(seconds=30), timedelta(hours=1)])
def test_no_percentage_is_made_up_where_the_service_gives_none(passed):
    card = shown(view(JobState.RENDERING, submitted_at=NOW - passed))

    assert "%" not in card
    assert "▰" not in card
    assert "Started" in card


@pytest.mark.parametrize(
    ("position", "in_hand", "expected"),
    [(1, 0, "~1 min"), (1, 1, "~2 min"), (3, 1, "~4 min"), (4, 2, "~3 min"), (50, 5, "~11 min")],
)
def test_a_card_in_the_queue_says_when_its_video_is_expected(position, in_hand, expected):
    wait = QueuePlace(position, in_hand).seconds_until_turn(60)
    card = replace(view(JobState.QUEUED), position=position, wait_seconds=wait)

    assert f"Number {position} in the queue. Expected in {expected}." in shown(card)


@pytest.mark.parametrize(
    ("progress", "title", "words"),
    [
        (Progress(3, 0, 0), "Queued", "Videos like this take"),
        (Progress(3, 1, 3), "Rendering", "Shot 2 of 3"),
        (Progress(3, 3, 3), "Joining the shots", "All 3 shots are finished"),
        (Progress(1, 0, 0, remade=2), "Queued", "Videos like this take"),
        (Progress(1, 0, 1, remade=2), "Rendering", "Making shot 2 again; the others stay."),
        (Progress(1, 1, 1, remade=2), "Joining the shots", "The shot is finished"),
    ],
)
def test_the_card_of_a_storyboard_says_how_far_its_shots_are(progress, title, words):
    card = replace(view(JobState.DOWNLOADING, submitted_at=NOW), progress=progress)

    assert title in str(cards.embed_of(card).title)
    assert words in shown(card)
    assert cards.buttons_of(card) is not None
