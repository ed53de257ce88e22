"""What stands above a video or a failure notice, and how long a video is said to be."""

from dataclasses import replace

import pytest

from bot.catalog.request import Shot, SourceVideo
from bot.jobs.job import (
    Artifact,
    Failure,
    FailureKind,
    JobState,
)
from bot.presentation import answers, cards, videos
from tests.factories import make_job, make_request
from tests.unit.presentation.corpus import CORPUS


@pytest.mark.parametrize("prompt", CORPUS)
def test_a_videos_message_mentions_its_member_by_id_and_no_one_else(prompt):
    job = make_job(state=JobState.SUCCEEDED, request=make_request(prompt=prompt))

    text = videos.text_of(job, note="Re-encoded.", addresses=["https://a.example/f.mp4"])

    assert text.startswith(f"<@{job.user_id}> your video is ready ($0.50).")
    assert text.replace("\\<", "").count("<@") == 1
    assert "@everyone" not in text


def test_a_video_that_finished_late_says_that_it_is_free():
    text = videos.text_of(make_job(state=JobState.EXPIRED), addresses=[])

    assert "finished late; it's free" in text
    assert "I have no link to it" in text
    assert "$" not in text


def test_a_video_that_is_too_large_is_linked_to_shot_by_shot():
    text = videos.text_of(
        make_job(state=JobState.SUCCEEDED), addresses=["https://a/1", "https://a/2"]
    )

    assert text.endswith(
        "It's too large for this channel, so here's the video service's link: https://a/1 https://a/2"
    )


def texts_with_links(job, links):
    return (
        videos.text_of(job, addresses=links),
        videos.text_without_file(job, links),
    )


def links_of(length):
    return [f"https://a.example/{shot}?signed=".ljust(length, "b") for shot in range(3)]


@pytest.mark.parametrize(
    ("length", "shown", "said"),
    [
        (700, 2, "1 link is too long to show here; use `/show` to see the video."),
        (950, 1, "2 links are too long to show here; use `/show` to see the video."),
        (1_950, 0, "3 links are too long to show here; use `/show` to see the video."),
    ],
)
def test_links_that_are_too_long_for_a_message_are_counted_instead_of_cut(length, shown, said):
    links = links_of(length)

    for text in texts_with_links(make_job(state=JobState.SUCCEEDED), links):
        assert len(text) <= 2_000
        assert [word for word in text.split() if word.startswith("https")] == links[:shown]
        assert text.endswith(f"\n-# {said}")


@pytest.mark.parametrize("length", range(400, 2_400, 100))
def test_whatever_was_asked_for_a_video_and_its_links_fit_a_message(length):
    job = make_job(state=JobState.SUCCEEDED, request=make_request(prompt="*" * 4_000))

    assert all(len(text) <= 2_000 for text in texts_with_links(job, links_of(length)))


def test_a_video_that_came_out_in_part_says_so_in_its_message():
    artifact = Artifact("a.mp4", 1_000, remark="2 of 3 shots: one could not be made.")

    text = videos.text_of(make_job(state=JobState.SUCCEEDED, artifact=artifact))

    assert "2 of 3 shots: one could not be made." in text
    assert "shots" not in videos.text_of(make_job(state=JobState.SUCCEEDED))


@pytest.mark.parametrize("prompt", CORPUS)
def test_the_failure_notice_mentions_its_member_alone_and_ends_with_its_mark(prompt):
    failure = Failure(FailureKind.REFUSED, prompt)
    job = make_job(state=JobState.FAILED, failure=failure)

    text = videos.text_without_video(job)

    assert text.startswith(f"<@{job.user_id}> your video failed: ")
    assert text.replace("\\<", "").count("<@") == 1
    assert text.endswith(f"\n{videos.last_line_of(job.id)}")
    assert answers.NOTHING_CHARGED in text


def test_the_word_about_a_video_that_was_never_finished_says_what_becomes_of_the_money():
    assert "weren't charged" in videos.text_without_video(make_job(state=JobState.EXPIRED))


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("a fox", "AI video: a fox"),
        ("a fox\n\n  in   snow", "AI video: a fox in snow"),
        ("x" * 5_000, f"AI video: {'x' * 1_013}…"),
    ],
)
def test_a_video_says_what_it_shows_to_those_who_cannot_see_it(prompt, said):
    assert videos.alt_text(prompt) == said
    assert len(videos.alt_text(prompt, "The last frame of an AI video")) <= 1024


@pytest.mark.parametrize(
    ("source", "measured", "said"),
    [
        (None, 5.04, "5 s · 720p"),  # as it was asked for
        (SourceVideo("a.mp4", 1280, 720, 9, 5.0), 10.04, "10 s · 720p"),
        (SourceVideo("a.mp4", 1280, 720, 9, 5.0), None, "5 s · 720p"),
    ],
    ids=["its own", "continued", "not measured"],
)
def test_a_continued_video_says_how_long_it_is_now(source, measured, said):
    request = make_request(duration_seconds=5, resolution="720p", source_video=source)
    artifact = Artifact("a.mp4", 9, measured, 1280, 720)
    job = replace(make_job(request=request), state=JobState.SUCCEEDED, artifact=artifact)

    assert f"Wan 2.2 · {said}" in videos.text_of(job, model_name="Wan 2.2").replace("-# ", "")


@pytest.mark.parametrize("shape", ["auto", "Auto", "adaptive", None])
def test_a_shape_that_the_model_chooses_is_not_shown(shape):
    request = make_request(duration_seconds=5, resolution="720p", aspect_ratio=shape)

    assert cards.video_of(request) == "5 s · 720p"


def test_shots_are_counted_and_not_multiplied():
    shots = tuple(Shot(words) for words in ("a fox", "a bear", "an owl"))
    request = make_request(duration_seconds=8, shots=shots, resolution="720p", aspect_ratio="16:9")

    assert cards.video_of(request) == "3 shots of 8 s · 720p · 16:9"


@pytest.mark.parametrize(
    ("seconds", "duration", "words"),
    [
        ((None, None), 5, "2 shots of 5 s"),
        ((8, None), 5, "2 shots, 13 s in all"),
        ((8, None), None, "2 shots"),
        ((), 5, "5 s"),
        ((), None, None),
    ],
)
def test_a_length_counts_each_shot(seconds, duration, words):
    shots = tuple(Shot("a fox", duration_seconds=one) for one in seconds)

    assert answers.length_of(make_request(shots=shots, duration_seconds=duration)) == words
