"""What people read: safe words, cards that say how a video stands, and buttons that are ours."""

import random
import re
import string
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, strategies as st

from bot import errors
from bot.catalog.request import Shot, SourceVideo
from bot.delivery.messenger import CardView
from bot.guilds.notices import PoolAlert
from bot.ids import ProviderName
from bot.jobs.files import FittedVideo
from bot.jobs.job import (
    Artifact,
    Cancellation,
    Failure,
    FailureKind,
    JobState,
)
from bot.money import limits
from bot.presentation import answers, cards, money, videos, widgets
from bot.presentation.escaping import plain, slug, visible
from bot.presentation.widgets import Action, Pressed
from bot.providers.availability import Availability, PauseReason, ProviderPausedError
from cogs.quota_admin import QuotaAdmin
from tests.factories import NOW, PROVIDER, make_image, make_job, make_request, new_job_id

CORPUS = [
    "@everyone look",
    "<@&12345678901234567> <@12345678901234567> <#12345678901234567>",
    "[click](http://evil.example)",
    "```\ncode\n``` `x` **b** __u__ ||spoiler|| ~~s~~",
    "# heading\n> quote\n-# small",
    "a\u202egnp.exe\u2066b\u200b\u2060\ufeff",
    "\\](\\",
    "</command:12345678901234567> <t:0:R> <:e:12345678901234567>",
]


@pytest.mark.parametrize("text", CORPUS)
def test_no_prompt_pings_links_or_formats(text):
    safe = plain(text, most=900)

    assert "@everyone" not in safe
    assert "](" not in safe
    assert "\n" not in safe
    for at, sign in enumerate(safe):
        if sign in "<`*|~":
            assert safe[at - 1] in "\\`*|~", safe


@pytest.mark.parametrize("sign", "\u202e\u2066\u200b\u200e\u2060\ufeff\x00\x1b\u00ad")
def test_what_cannot_be_seen_is_taken_out(sign):
    assert visible(f"a{sign}b") == "ab"


# The kind of what is invisible: needed by a script or an emoji, or there to deceive


@pytest.mark.parametrize(
    "text",
    [
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian "I want"
        "\u0646\u0627\u0645\u0647\u200c\u0627\u06cc",
        "\u0915\u094d\u200d\u0937",  # Hindi, a half letter
        "\u0d28\u0d4d\u200d",  # Malayalam, at the end of a word
        "\u0dc1\u0dca\u200d\u0dbb\u0dd3",  # Sinhala "Sri"
        "\u1820\u180e\u1820",  # Mongolian
        "\u0661\u06dd",  # an Arabic sign around a number
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",  # a family
        "\u2764\ufe0f\u200d\U0001f525",  # a heart on fire
        "\U0001f469\U0001f3fd\u200d\U0001f680",
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",  # England
        "a\nb",
    ],
)
def test_what_a_script_or_an_emoji_needs_stays(text):
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("pay\u200cpal", "paypal"),
        ("pay\u200dpal", "paypal"),
        ("\u0645\u06cc\u200c\u200c\u200c\u062e", "\u0645\u06cc\u200c\u062e"),
        ("\u200c\u0645", "\u0645"),
        ("\u3042\u200d\u3044", "\u3042\u3044"),
        ("a\U000e0061\U000e0062\U000e007fb", "ab"),  # words in tags, which only models read
        ("\U0001f3f4\U000e0061", "\U0001f3f4"),
        ("x\ufe00\ufe01\ufe02\U000e0100\U000e0101y", "x\ufe00y"),  # bytes in selectors
        ("a\u3164b\u115fc\uffa0d", "abcd"),
        ("a\u202eb\u2066c\u061cd\u200ee", "abcde"),
        ("a\u00adb\u2060c\ufeffd\u200be", "abcde"),
    ],
)
def test_what_is_there_to_deceive_goes(text, seen):
    assert visible(text) == seen


@given(st.text(max_size=60))
def test_what_is_visible_stays_as_it_is(text):
    assert visible(visible(text)) == visible(text)


def test_a_hidden_picture_is_not_shown_on_its_card_nor_its_video():
    image = make_image(key="mine.png")
    job = make_job(request=make_request(image=image, is_spoiler=True))

    assert cards.picture_names(job) == ("SPOILER_picture-1.png",)
    assert cards.embed_of(CardView(job, "Model", NOW)).thumbnail.url is None
    video = videos.file_of(job, FittedVideo(Path(__file__), 1))
    assert video.filename.startswith("SPOILER_")
    video.close()


def test_an_open_picture_is_shown_on_its_card():
    job = make_job(request=make_request(image=make_image(key="mine.png")))

    assert cards.picture_names(job) == ("picture-1.png",)
    assert cards.embed_of(CardView(job, "Model", NOW)).thumbnail.url == "attachment://picture-1.png"


@pytest.mark.parametrize("mark", ["", "SPOILER_"])
def test_the_addresses_of_a_cards_pictures_are_found_whether_hidden_or_not(mark):
    urls = [f"https://cdn.example/{number}/{mark}picture-{number}.png" for number in (2, 1)]
    message: Any = SimpleNamespace(
        embeds=[], attachments=[SimpleNamespace(url=url) for url in urls]
    )

    assert cards.picture_addresses(message) == (urls[1], urls[0])


@given(st.text(max_size=200) | st.sampled_from(CORPUS), st.integers(1, 200))
def test_what_is_shown_is_never_longer_than_its_room(text, most):
    assert len(plain(text, most=most)) <= most


@given(st.text(max_size=100))
def test_a_file_name_is_plain_letters_and_never_empty(text):
    assert set(slug(text)) <= set(string.ascii_lowercase + string.digits + "-")
    assert 0 < len(slug(text)) <= 40


@pytest.mark.parametrize("action", Action)
def test_a_button_comes_back_as_what_it_was(action):
    job_id = new_job_id()

    assert widgets.parse(widgets.spell(action, job_id)) == Pressed(action, job_id)


def test_of_a_thousand_foreign_buttons_none_is_ours():
    dice = random.Random(5)  # noqa: S311 - repeatable, nothing secret
    signs = string.ascii_lowercase + string.digits + ":"
    foreign = ["".join(dice.choices(signs, k=dice.randrange(1, 40))) for _ in range(1000)]
    real = widgets.spell(Action.CANCEL, new_job_id())
    foreign += [f"{real}\n", f" {real}", real.upper(), real[:-1], f"{real}a", "v2" + real[2:]]

    assert [made for made in foreign if widgets.parse(made)] == []


def test_a_message_without_a_picture_is_answered_with_what_to_choose():
    assert "notes.txt isn't a picture I can read" in answers.no_picture("notes.txt")
    assert "message has no picture" in answers.no_picture(None)


SAID = {
    errors.InvalidRequestError: errors.InvalidRequestError(["No seed: leave it out."]),
    errors.ImageRejectedError: errors.ImageRejectedError("a.png is damaged."),
    errors.DuplicateRequestError: errors.DuplicateRequestError("abc"),
    errors.JobNotFoundError: errors.JobNotFoundError(),
    errors.WordNotAllowedError: errors.WordNotAllowedError("gore"),
    errors.MemberBlockedError: errors.MemberBlockedError(),
    errors.NotTheMakerError: errors.NotTheMakerError(),
    errors.VideoRejectedError: errors.VideoRejectedError("a.mp4 is damaged. Send another file."),
    errors.VideoNotPostedError: errors.VideoNotPostedError(),
    errors.NotYourJobError: errors.NotYourJobError(),
    errors.TooLateToCancelError: errors.TooLateToCancelError(),
    errors.NotYourOfferError: errors.NotYourOfferError(),
    errors.OfferExpiredError: errors.OfferExpiredError(),
    errors.PriceRoseError: errors.PriceRoseError(),
    errors.VideoComingError: errors.VideoComingError(),
    errors.AlreadyFetchingError: errors.AlreadyFetchingError(),
    errors.OthersFetchingError: errors.OthersFetchingError(),
    errors.VideoTakenDownError: errors.VideoTakenDownError(),
    errors.VideoNotThereError: errors.VideoNotThereError(),
    errors.VideoWillNotComeError: errors.VideoWillNotComeError(),
    errors.PolicyChangedError: errors.PolicyChangedError(),
    limits.LimitReachedError: limits.LimitReachedError([limits.Refusal(limits.LimitKind.PAUSED)]),
    errors.AlreadySpentError: errors.AlreadySpentError(1, is_estimate=False, is_certain=True),
    ProviderPausedError: ProviderPausedError(
        ProviderName("nanogpt"), "NanoGPT", PauseReason.BALANCE, NOW
    ),
}


@pytest.mark.parametrize(
    "kind",
    sorted(
        set(errors.UserFacingError.__subclasses__()) - {errors.AlreadySpentError},
        key=repr,  # in one order in every worker of pytest-xdist
    ),
)
def test_every_error_of_a_members_is_said_in_a_sentence_of_its_own(kind):
    said = answers.sentence(SAID[kind])

    assert said.endswith(".")
    assert "went wrong" not in said


@pytest.mark.parametrize("is_certain", [True, False])
@pytest.mark.parametrize(("is_estimate", "price"), [(False, "$0.12"), (True, "about $0.12")])
def test_cancelling_what_is_paid_for_is_a_question_with_its_price(is_certain, is_estimate, price):
    error = errors.AlreadySpentError(120_000, is_estimate=is_estimate, is_certain=is_certain)

    said = answers.stop_following(error)

    assert said.casefold().endswith(f"pay {price} either way. cancel anyway?")
    assert ("has already started" in said) is is_certain


REFUSALS = [
    limits.Refusal(kind, 90_000, 100_000, 60 if kind is limits.LimitKind.RATE else 20_000, NOW)
    for kind in limits.LimitKind
    if kind is not limits.LimitKind.POSTS  # which no one changes
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda one: one.kind)
def test_a_refusal_names_an_existing_command_to_admins_and_none_to_members(refusal):
    error = limits.LimitReachedError([refusal])
    members, admins = (answers.sentence(error, is_admin=is_admin) for is_admin in (False, True))
    commands = {one.qualified_name for one in QuotaAdmin.__cog_app_commands__}

    assert "quota-admin" not in members
    [named] = re.findall(r"`/quota-admin ([a-z-]+)`", admins)
    assert named in commands


def test_a_video_too_long_is_refused_with_what_to_change():
    known, unknown = (limits.Refusal(limits.LimitKind.LENGTH, 0, 10, asked) for asked in (16, 0))

    said = answers.sentence(limits.LimitReachedError([known]))
    assert said.startswith("This video would be 16 s long; the maximum here is 10 s.")
    assert "Choose a shorter duration or fewer shots." in said
    unsaid = answers.sentence(limits.LimitReachedError([unknown]))
    assert "the maximum here is 10 s. Choose a model with a `duration`." in unsaid


def test_what_a_member_has_left_is_not_said_in_public():
    refusal = limits.Refusal(limits.LimitKind.ALLOWANCE, 170_000, 200_000, 90_000, NOW)
    error = limits.LimitReachedError([refusal])

    assert "$0.03 left of $0.20" in answers.sentence(error)
    public = answers.sentence(error, is_public=True)
    assert "$" not in public
    assert "more than you have left" in public


def test_no_one_is_said_to_have_been_told():
    failure = Failure(FailureKind.OPERATOR, "The service does not accept this bot's account.")
    paused = [
        answers.sentence(ProviderPausedError(ProviderName("nanogpt"), "NanoGPT", reason, NOW))
        for reason in PauseReason
    ]
    said = [answers.failed(failure, was_submitted=True), *paused]

    assert len(said) == 4
    for text in said:
        assert "been told" not in text


def test_a_pictures_name_is_shown_plainly_whatever_it_holds():
    name = "__**big**__ [look](http://evil.example) <@1> @everyone"
    said = answers.sentence(errors.ImageRejectedError(f"{name} is damaged: save it again."))

    assert said.startswith("\\_\\_\\*\\*big\\*\\*\\_\\_ ")
    assert "\\<@1>" in said
    assert "](http" not in said
    assert "@everyone" not in said
    assert said.endswith("is damaged: save it again. Nothing was charged.")


def test_every_reason_is_named_and_that_nothing_was_charged():
    said = answers.sentence(errors.InvalidRequestError(["First.", "Second."]))

    assert "- First.\n- Second.\n" in said
    assert said.endswith("Nothing was charged.")


@pytest.mark.parametrize(
    "kind",
    [
        errors.InvalidRequestError,
        errors.NotYourOfferError,
        errors.OfferExpiredError,
        errors.PolicyChangedError,
        errors.DatabaseBusyError,
    ],
)
def test_who_asks_for_no_video_is_not_told_of_charges_and_prices(kind):
    said = answers.sentence(SAID.get(kind) or kind(), is_request=False)

    assert said.endswith(".")
    assert "Nothing was charged" not in said
    assert "price" not in said


def test_an_error_that_is_not_a_members_tells_nothing_of_itself():
    assert answers.sentence(errors.ProviderError("sk-nano-1")) == "Something went wrong on my side."


@pytest.mark.parametrize("was_submitted", [False, True])
@pytest.mark.parametrize("kind", FailureKind)
def test_every_failure_says_what_became_of_the_money(kind, was_submitted):
    assert "charged" in answers.failed(Failure(kind, "It broke."), was_submitted=was_submitted)


@pytest.mark.parametrize("kind", FailureKind)
def test_where_a_services_words_may_not_be_quoted_nothing_is_left_of_their_place(kind):
    """Discord refused what was quoted, so the text is empty."""
    said = answers.failed(Failure(kind, ""), was_submitted=True)

    assert said == " ".join(said.split())


@pytest.mark.parametrize(
    "kind", [FailureKind.REFUSED, FailureKind.PROVIDER, FailureKind.INTERRUPTED]
)
def test_what_a_service_took_is_never_said_not_to_be_charged(kind):
    said = answers.failed(Failure(kind, "It broke."), was_submitted=True)

    assert answers.NOTHING_CHARGED not in said


@pytest.mark.parametrize("outcome", Cancellation)
def test_cancelling_says_what_became_of_the_money(outcome):
    assert "charge" in answers.cancelled(outcome)


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


@pytest.mark.parametrize("reason", [*PauseReason, None])
def test_a_notice_that_stays_names_instants_that_stay_true(reason):
    until = NOW if reason else None
    away = Availability(PROVIDER, paused_until=until, reason=reason)

    said = answers.provider_notice(away, "NanoGPT")

    assert "NanoGPT" in said
    assert ":R>" not in said  # "4 minutes ago" is nothing that will happen
    assert (f"<t:{int(NOW.timestamp())}" in said) is (reason is not None)


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (50, "🟡 50% of this month's pool of $20.00 is used."),
        (80, "🟠 80% of"),
        (100, "is used up."),
    ],
)
def test_a_pool_is_one_thing(share, said):
    alert = PoolAlert(share, 20_000_000, share * 200_000, None)

    assert said in money.pool_alert(alert)
