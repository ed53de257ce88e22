"""Errors, refusals and prices are said plainly, and buttons come back as what they were."""

import random
import re
import string
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot import errors
from bot.delivery.messenger import CardView
from bot.guilds.notices import PoolAlert
from bot.ids import ProviderName, UserId
from bot.jobs.files import FittedVideo
from bot.jobs.job import (
    Cancellation,
    Failure,
    FailureKind,
)
from bot.money import limits
from bot.presentation import answers, cards, money, videos, widgets
from bot.presentation.widgets import Action, Pressed
from bot.providers.availability import Availability, PauseReason, ProviderPausedError
from cogs.quota_admin import QuotaAdmin
from tests.factories import NOW, PROVIDER, make_image, make_job, make_request, new_job_id


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
    errors.ConsentError: errors.ConsentError(UserId(31), errors.ConsentReason.NO_ONE),
    errors.NotYourOfferError: errors.NotYourOfferError(),
    errors.NotYourQuestionError: errors.NotYourQuestionError(),
    errors.QuestionClosedError: errors.QuestionClosedError(),
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


@pytest.mark.parametrize("reason", errors.ConsentReason)
def test_why_a_picture_cannot_be_used_names_its_owner_and_that_nothing_was_charged(reason):
    said = answers.sentence(errors.ConsentError(UserId(31), reason))

    assert "<@31>" in said
    assert said.endswith(answers.NOTHING_CHARGED)


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
