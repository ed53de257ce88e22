"""A service's words are shown as words wherever they are shown, never as a link in the bot's name.

The kind: the reason of a failure, a remark on a video, a model's name and its choices; with links,
bare addresses, mentions, formatting and quotes in them; on the card, in the failure notice, above a
video, in lists of models, in private answers.
"""

import re
from dataclasses import replace

import pytest

from bot.catalog.capability import Capability
from bot.catalog.models import ModelDescription
from bot.catalog.pricing import Price
from bot.delivery.messenger import CardView
from bot.errors import InvalidRequestError
from bot.jobs.job import (
    Artifact,
    Failure,
    FailureKind,
    JobState,
)
from bot.ordering.quotes import Quote
from bot.presentation import (
    answers,
    cards,
    models,
    videos,
)
from bot.presentation.escaping import quoted
from tests.factories import NOW, make_capability, make_job, make_request

WORDS = [
    "[Claim](https://evil.example)",
    "see https://evil.example/a_b_c now",
    "<https://evil.example>",
    "[a]( https://evil.example )",
    "@everyone **free** ||here|| <@1>",
    "HTTP://evil.example",
    "discord://evil.example",
]
_LINK = re.compile(
    r"(?i)(?<!\\)\]\(|[a-z]+://|@everyone|(?<!\\)\*\*free|(?<!\\)\|\|here|(?<!\\)<@1>"
)


def shown(said: str, own: str = "") -> list[str]:
    """What Discord would format, but for our own."""
    return _LINK.findall(said.replace(own, ""))


def failed(text: str, kind: FailureKind):
    return make_job(state=JobState.FAILED, failure=Failure(kind, text), submitted_at=NOW)


def texts_of(job, name: str = "Model") -> str:
    return str(cards.embed_of(CardView(job=job, model_name=name, now=NOW)).to_dict())


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("kind", FailureKind)
def test_a_reason_is_no_link_on_the_card_nor_in_the_failure_notice(words, kind):
    job = failed(words, kind)

    assert "evil" in texts_of(job) or "free" in texts_of(job)
    assert shown(texts_of(job).replace("\\\\", "\\")) == []
    assert shown(videos.text_without_video(job)) == []


@pytest.mark.parametrize("words", WORDS)
def test_a_remark_is_no_link_above_its_video(words):
    job = make_job(state=JobState.SUCCEEDED, artifact=Artifact("a.mp4", 1, remark=words))

    assert shown(videos.text_of(job)) == []


def described(name: str) -> tuple[Capability, ModelDescription]:
    capability = replace(make_capability(), name=name, resolutions=(name, "720p"))
    return capability, ModelDescription(capability, Price(1), 60)


@pytest.mark.parametrize("words", WORDS)
def test_a_model_s_name_is_no_link_wherever_it_is_named(words):
    capability, description = described(words)
    quote = Quote(make_request(), capability, Price(500_000), expected_seconds=60)
    refused = InvalidRequestError([f"The price of {words} is not known.", f"{words} cannot."])

    assert shown(texts_of(make_job(), words).replace("\\\\", "\\")) == []
    assert shown(str(models.comparison_of([description]).to_dict()).replace("\\\\", "\\")) == []
    assert shown(answers.to_confirm(quote, None, NOW)) == []
    assert "://" not in answers.sentence(refused)
    assert "](" not in answers.sentence(refused)


@pytest.mark.parametrize("most", [10, 60, 450])
def test_a_quotation_is_never_longer_than_there_is_room(most):
    assert len(quoted(" ".join(WORDS) * 20, most=most)) <= most
