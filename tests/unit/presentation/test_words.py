"""What people read: safe words, cards that say how a film stands, and buttons that are ours."""

import random
import string
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from bot import errors
from bot.domain.deliveries import DELETED_ADDRESS
from bot.domain.jobs import Artifact, Cancellation, Failure, FailureKind, JobState
from bot.ports import CardView
from bot.presentation import cards, custom_ids, films, replies
from bot.presentation.custom_ids import Action, Pressed
from bot.presentation.sanitising import plain, slug, visible
from tests.factories import NOW, make_image, make_job, make_request, new_job_id

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


def view(state: JobState, *, name: str = "Model", **fields) -> CardView:
    return CardView(make_job(state=state, **fields), name, NOW)


def shown(given: CardView) -> str:
    return str(cards.embed_of(given).to_dict())


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

    assert custom_ids.parse(custom_ids.spell(action, job_id)) == Pressed(action, job_id)


def test_of_a_thousand_foreign_buttons_none_is_ours():
    dice = random.Random(5)  # noqa: S311 - repeatable, nothing secret
    signs = string.ascii_lowercase + string.digits + ":"
    foreign = ["".join(dice.choices(signs, k=dice.randrange(1, 40))) for _ in range(1000)]
    real = custom_ids.spell(Action.CANCEL, new_job_id())
    foreign += [f"{real}\n", f" {real}", real.upper(), real[:-1], f"{real}a", "v2" + real[2:]]

    assert [made for made in foreign if custom_ids.parse(made)] == []


@pytest.mark.parametrize(
    ("state", "fact"),
    [
        (JobState.ACCEPTED, "Waiting for its turn"),
        (JobState.SUBMITTING, "Handing over"),
        (JobState.IN_PROGRESS, "In the making"),
        (JobState.COLLECTING, "Fetching the film"),
        (JobState.UNCERTAIN, "nothing is sent twice"),
        (JobState.SUCCEEDED, "The film is on its way"),
        (JobState.FAILED, "No film"),
        (JobState.EXPIRED, "never finished"),
        (JobState.CANCELLED, "Nothing was charged"),
    ],
)
def test_a_card_says_how_the_film_stands_and_can_be_cancelled_until_it_ends(state, fact):
    failure = Failure(FailureKind.PROVIDER, "It broke.") if state is JobState.FAILED else None
    card = view(state, failure=failure)

    assert fact in shown(card)
    assert card.job.id in shown(card)
    assert "$0.50" in shown(card)
    assert (cards.buttons_of(card) is None) == card.job.is_terminal


def test_a_card_shows_the_place_in_the_queue_and_the_way_to_the_film():
    assert "Number 3 in the queue" in shown(replace(view(JobState.ACCEPTED), position=3))
    done = replace(view(JobState.SUCCEEDED), film_url="https://discord.com/channels/1/2/3")
    assert "[Watch it](https://discord.com/channels/1/2/3)" in shown(done)


def test_the_card_of_a_deleted_film_says_so_and_leads_nowhere():
    gone = shown(replace(view(JobState.SUCCEEDED), film_url=DELETED_ADDRESS))

    assert "has been deleted since" in gone
    assert "Watch it" not in gone


def test_a_card_has_its_picture_and_no_button_once_cancelled():
    job = make_job(request=make_request(image=make_image(key="abc.jpg")), cancel_requested=True)

    card = CardView(job, "Model", NOW)

    assert "attachment://picture-1.jpg" in shown(card)
    assert cards.buttons_of(card) is None


def test_a_film_that_is_late_is_expected_any_moment_and_never_in_the_past():
    begun = NOW - timedelta(seconds=60)  # which is what such a film takes

    late = shown(view(JobState.IN_PROGRESS, submitted_at=begun))
    in_time = shown(view(JobState.IN_PROGRESS, submitted_at=begun + timedelta(seconds=1)))

    assert "Expected any moment now" in late
    assert "<t:" not in late
    assert f"<t:{int(NOW.timestamp()) + 1}:R>" in in_time


@pytest.mark.parametrize("state", [JobState.SUBMITTING, JobState.IN_PROGRESS, JobState.COLLECTING])
def test_between_cancel_and_the_end_a_card_says_that_it_is_being_called_off(state):
    assert "Being called off" in shown(view(state, cancel_requested=True))
    assert "Called off" in shown(view(JobState.CANCELLED, cancel_requested=True))


def test_a_message_without_a_picture_is_answered_with_what_to_choose():
    assert "notes.txt is not a picture I can read" in replies.no_picture("notes.txt")
    assert "no picture in that message" in replies.no_picture(None)


def test_cards_look_the_same_within_the_same_ten_percent_and_not_beyond():
    def digest(percent: int) -> str:
        job = make_job(
            id="a" * 16, state=JobState.IN_PROGRESS, progress_percent=percent, submitted_at=NOW
        )
        return cards.digest_of(CardView(job, "Model", NOW))

    assert digest(41) == digest(49) != digest(50)


def test_a_guess_from_the_time_passed_never_claims_to_be_done():
    late = view(JobState.IN_PROGRESS, submitted_at=NOW - timedelta(hours=1))

    assert "90 %" in shown(late)


SAID = {
    errors.InvalidRequestError: errors.InvalidRequestError(["No seed: leave it out."]),
    errors.ImageRejectedError: errors.ImageRejectedError("a.png is damaged."),
    errors.DuplicateRequestError: errors.DuplicateRequestError("abc"),
    errors.JobNotFoundError: errors.JobNotFoundError(),
    errors.NotYourJobError: errors.NotYourJobError(),
    errors.TooLateToCancelError: errors.TooLateToCancelError(),
    errors.NotYourOfferError: errors.NotYourOfferError(),
    errors.OfferExpiredError: errors.OfferExpiredError(),
    errors.PriceRoseError: errors.PriceRoseError(),
    errors.FilmComingError: errors.FilmComingError(),
    errors.FilmTakenDownError: errors.FilmTakenDownError(),
    errors.FilmNotThereError: errors.FilmNotThereError(),
    errors.FilmWillNotComeError: errors.FilmWillNotComeError(),
    errors.PolicyChangedError: errors.PolicyChangedError(),
    errors.LimitReachedError: errors.LimitReachedError([errors.Refusal(errors.LimitKind.PAUSED)]),
    errors.ProviderPausedError: errors.ProviderPausedError("nanogpt", "balance", NOW),
}


@pytest.mark.parametrize("kind", errors.UserFacingError.__subclasses__())
def test_every_error_of_a_members_is_said_in_a_sentence_of_its_own(kind):
    said = replies.sentence(SAID[kind])

    assert said.endswith(".")
    assert "went wrong" not in said


def test_a_pictures_name_is_shown_plainly_whatever_it_holds():
    name = "__**big**__ [look](http://evil.example) <@1> @everyone"
    said = replies.sentence(errors.ImageRejectedError(f"{name} is damaged: save it again."))

    assert said.startswith("\\_\\_\\*\\*big\\*\\*\\_\\_ ")
    assert "\\<@1>" in said
    assert "](http" not in said
    assert "@everyone" not in said
    assert said.endswith("is damaged: save it again. Nothing was charged.")


def test_every_reason_is_named_and_that_nothing_was_charged():
    said = replies.sentence(errors.InvalidRequestError(["First.", "Second."]))

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
def test_who_asks_for_no_film_is_not_told_of_charges_and_prices(kind):
    said = replies.sentence(SAID.get(kind) or kind(), is_wish=False)

    assert said.endswith(".")
    assert "Nothing was charged" not in said
    assert "price" not in said


def test_an_error_that_is_not_a_members_tells_nothing_of_itself():
    assert replies.sentence(errors.ProviderError("sk-nano-1")) == "Something went wrong on my side."


@pytest.mark.parametrize("was_submitted", [False, True])
@pytest.mark.parametrize("kind", FailureKind)
def test_every_failure_says_what_became_of_the_money(kind, was_submitted):
    assert "charged" in replies.failed(Failure(kind, "It broke."), was_submitted=was_submitted)


@pytest.mark.parametrize(
    "kind", [FailureKind.REFUSED, FailureKind.PROVIDER, FailureKind.INTERRUPTED]
)
def test_what_a_service_took_is_never_said_not_to_be_charged(kind):
    said = replies.failed(Failure(kind, "It broke."), was_submitted=True)

    assert replies.NOTHING_CHARGED not in said


@pytest.mark.parametrize("outcome", Cancellation)
def test_calling_off_says_what_became_of_the_money(outcome):
    assert "charge" in replies.cancelled(outcome)


@pytest.mark.parametrize("prompt", CORPUS)
def test_a_films_message_mentions_its_member_by_id_and_nobody_else(prompt):
    job = make_job(state=JobState.SUCCEEDED, request=make_request(prompt=prompt))

    text = films.text_of(job, note="Re-encoded.", addresses=["https://a.example/f.mp4"])

    assert text.startswith(f"<@{job.user_id}> your film is ready, for $0.50.")
    assert text.replace("\\<", "").count("<@") == 1
    assert "@everyone" not in text


def test_a_film_that_came_after_all_says_that_it_is_free():
    text = films.text_of(make_job(state=JobState.EXPIRED), addresses=[])

    assert "came after all, and you pay nothing" in text
    assert "no link is known" in text
    assert "$" not in text


def test_a_film_that_is_too_large_is_linked_to_shot_by_shot():
    text = films.text_of(
        make_job(state=JobState.SUCCEEDED), addresses=["https://a/1", "https://a/2"]
    )

    assert text.endswith(
        "It is too large for this channel, so here is the service's link: https://a/1 https://a/2"
    )


def texts_with_links(job, links):
    return (
        films.text_of(job, addresses=links),
        films.text_without_file(job, links),
    )


def links_of(length):
    return [f"https://a.example/{shot}?signed=".ljust(length, "b") for shot in range(3)]


@pytest.mark.parametrize(
    ("length", "shown", "said"),
    [
        (700, 2, "1 link is too long to be shown here; `/show` brings the film."),
        (950, 1, "2 links are too long to be shown here; `/show` brings the film."),
        (1_950, 0, "3 links are too long to be shown here; `/show` brings the film."),
    ],
)
def test_links_that_are_too_long_for_a_message_are_counted_instead_of_cut(length, shown, said):
    links = links_of(length)

    for text in texts_with_links(make_job(state=JobState.SUCCEEDED), links):
        assert len(text) <= 2_000
        assert [word for word in text.split() if word.startswith("https")] == links[:shown]
        assert text.endswith(f"\n-# {said}")


@pytest.mark.parametrize("length", range(400, 2_400, 100))
def test_whatever_was_asked_for_a_film_and_its_links_fit_a_message(length):
    job = make_job(state=JobState.SUCCEEDED, request=make_request(prompt="*" * 4_000))

    assert all(len(text) <= 2_000 for text in texts_with_links(job, links_of(length)))


def test_a_film_that_came_out_in_part_says_so_in_its_message():
    artifact = Artifact("a.mp4", 1_000, remark="2 of 3 shots: one could not be made.")

    text = films.text_of(make_job(state=JobState.SUCCEEDED, artifact=artifact))

    assert "2 of 3 shots: one could not be made." in text
    assert "shots" not in films.text_of(make_job(state=JobState.SUCCEEDED))


@pytest.mark.parametrize("prompt", CORPUS)
def test_the_word_of_failure_mentions_its_member_alone_and_ends_with_its_mark(prompt):
    failure = Failure(FailureKind.REFUSED, prompt)
    job = make_job(state=JobState.FAILED, failure=failure)

    text = films.text_without_film(job)

    assert text.startswith(f"<@{job.user_id}> there will be no film: ")
    assert text.replace("\\<", "").count("<@") == 1
    assert text.endswith(f"\n{films.last_line_of(job.id)}")
    assert replies.NOTHING_CHARGED in text


def test_the_word_about_a_film_that_was_never_finished_says_what_becomes_of_the_money():
    assert "charged nothing" in films.text_without_film(make_job(state=JobState.EXPIRED))
