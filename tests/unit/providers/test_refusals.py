"""Refusals of content are known by what they say, in every envelope and at every status.

The kind: texts and codes of the makers of models, which gateways pass on (fal, Veo, Seedance, Kling,
Wan, OpenAI, Runway, Luma, Hailuo); about the prompt, the picture, both, or what was made. Not of the
kind: the account, the service's own trouble, form. A 403 is the account's only where it says so.
"""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.errors import (
    ContentRefusedError,
    ProviderCredentialsError,
    ProviderError,
    ProviderRejectedRequestError,
    ProviderUnavailableError,
    SubmissionUncertainError,
)
from bot.providers.http import Answer
from bot.providers.nanogpt import errors as nanogpt
from bot.providers.nanophoto import errors as nanophoto
from bot.providers.refusals import Refused, advice_on, own_words, refusal_of

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SERVICES = [nanogpt, nanophoto]


def answer(status: int, body: Any) -> Answer:
    return Answer(status, body, json.dumps(body), {})


REFUSALS = [
    ("Content blocked", Refused.EITHER),
    ("Content policy violation", Refused.EITHER),
    ("NSFW", Refused.EITHER),
    ("The result may show unsafe content", Refused.RESULT),
    ("The content was flagged by a content checker.", Refused.EITHER),
    ("The input or output was flagged as sensitive. Try different inputs. (E005)", Refused.EITHER),
    ("Failure to pass the risk control system", Refused.EITHER),
    ("Input data may contain inappropriate content.", Refused.EITHER),
    ("content rejected by moderation", Refused.EITHER),
    ("Your request was rejected by the safety system.", Refused.EITHER),
    ("This request violates our usage policies", Refused.EITHER),
    ("Veo could not generate videos: Responsible AI filters", Refused.EITHER),
    ("It depicts the likeness of a public figure", Refused.EITHER),
    ("Violates copyright or trademark", Refused.EITHER),
    ("The prompt contains sensitive words that violate Google's practices", Refused.PROMPT),
    ("Your prompt was blocked due to safety concerns.", Refused.PROMPT),
    ("Prompt rejected: sexual content", Refused.PROMPT),
    ("The request failed because the input image may contain real person.", Refused.PICTURE),
    ("The photo appears to show a minor", Refused.PICTURE),
    ("Request failed: policy violation", Refused.EITHER),
    ("task failed: Content Exists Risk", Refused.EITHER),
    ("Prompt contains banned words", Refused.PROMPT),
    ("The uploaded image contains explicit material", Refused.PICTURE),
    ("Your image includes a face of a person that is not permitted", Refused.PICTURE),
    ("It may contain a recognizable person", Refused.EITHER),
    ("Generated video rejected by content moderation.", Refused.RESULT),
    ("The prompt and the image were flagged", Refused.BOTH),
    (
        "The request failed because the output video may contain sensitive information",
        Refused.RESULT,
    ),
    ("输入图片可能包含敏感信息", Refused.PICTURE),
    ("Input contains disallowed content: violence", Refused.EITHER),
    ("This prompt contains illegal words", Refused.PROMPT),
    ("contains restricted keyword", Refused.EITHER),
    ("Your prompt was rejected.", Refused.PROMPT),
    ("The model refused to generate this", Refused.EITHER),
    ("This can't be made as it goes against guidelines", Refused.EITHER),
    ("photo audit failed", Refused.PICTURE),
    ("Text not pass the security audit", Refused.PROMPT),
    ("Protected IP character detected", Refused.EITHER),
    ("the uploaded image contains a face, which is not supported", Refused.PICTURE),
    ("Could not download image: 403 Forbidden. The prompt was flagged.", Refused.PROMPT),
]
OTHERS = [
    "Video generation failed",
    "Internal server error",
    "Invalid API key",
    "Model not allowed",
    "Your account has been suspended for violating our terms of service",
    "The moderation service is unavailable",
    "Cannot be moderated",
    "prompt is required",
    "content is required",
    "Prompt is too long. Please keep it under 3000 characters.",
    "Image width must be at least 300px",
    "The output resolution is not supported",
    "File type not allowed",
    "Values are case-sensitive",
    "Request forbidden by administrative rules",
    "upstream request blocked",
    "Invalid image: could not detect",
    "Model is currently overloaded",
    "Invalid prompt: cannot be empty",
    "Two people requested this at once",
    "Rate limit exceeded",
    "",
    "Failed to download image: 403 Forbidden",
    "Unable to fetch image_url: HTTP 403 Forbidden",
    "image download blocked by remote server",
    "Unsafe URL: image_url must be https",
    "unsafe characters in filename",
    "You must accept the terms of service before using this model",
    "Duration violates the maximum of 10",
    "Input violates constraint: duration <= 10",
    "Unsupported minor version",
    "Internal error while running moderation check",
    "The model is blocked in your region due to policy",
    "Model access restricted by policy",
    "Resolution 1080p is restricted to Pro content plans",
    "Request flagged as duplicate",
    "Request was blocked by security policy",
    "picture format prohibited: tiff",
    "Face not detected in the image",
    "Illegal argument: duration",
]


def envelopes(text: str) -> list[Any]:
    """The shapes in which services wrap a text."""
    return [
        {"error": text},
        {"error": text, "status": 400},
        {"error": {"message": text, "type": "invalid_request_error"}},
        {"error": 400, "message": text},
        {"message": text},
        {"code": 400, "msg": text, "data": {"flagged": True}},
        {"detail": text},
        {"detail": [{"loc": ["body"], "msg": text, "type": "value_error"}]},
        {"errors": [{"message": text}]},
        {"success": False, "error": text, "errorCode": "GENERATION_FAILED"},
        {"error": json.dumps({"error": {"message": text}})},
    ]


@pytest.mark.parametrize(("text", "refused"), REFUSALS)
def test_a_refusal_is_known_in_every_envelope_with_what_it_is_about(text, refused):
    assert {refusal_of(body) for body in envelopes(text)} == {refused}


@pytest.mark.parametrize("text", OTHERS)
def test_what_is_about_anything_else_is_no_refusal(text):
    assert {refusal_of(body) for body in envelopes(text)} == {None}


@pytest.mark.parametrize(
    ("code", "refused"),
    [
        ("content_policy_violation", Refused.EITHER),
        ("content_filter", Refused.EITHER),
        ("DataInspectionFailed", Refused.EITHER),
        ("AuditSubmitIllegal", Refused.EITHER),
        ("IPInfringementSuspect", Refused.EITHER),
        ("SAFETY.INPUT.TEXT", Refused.PROMPT),
        ("InputTextSensitiveContentDetected", Refused.PROMPT),
        ("InputImageSensitiveContentDetected.PrivacyInformation", Refused.PICTURE),
        ("OutputVideoSensitiveContentDetected", Refused.RESULT),
    ],
)
def test_a_code_alone_is_enough(code, refused):
    for body in ({"code": code}, {"error": {"code": code, "message": "x"}}, {"errorCode": code}):
        assert refusal_of(body) is refused


@pytest.mark.parametrize(
    ("field", "refused"), [("prompt", Refused.PROMPT), ("image_url", Refused.PICTURE)]
)
def test_the_field_that_was_flagged_tells_prompt_and_picture_apart(field, refused):
    problem = {"loc": ["body", field], "msg": "flagged", "type": "content_policy_violation"}

    assert refusal_of({"detail": [problem]}) is refused


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("status", [400, 403, 404, 409, 422, 429, 451, 500, 502])
def test_a_refusal_is_one_at_every_status_and_is_certain(service, status):
    said = answer(status, {"error": "Your prompt was flagged as sensitive."})

    for error in (service.error_of(said, NOW), service.submission_error_of(said, NOW)):
        assert isinstance(error, ContentRefusedError)
        assert error.friendly == "Your prompt was flagged as sensitive."
        assert error.advice == Refused.PROMPT.value


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("The image may contain real person.", "a real person"),
        ("Flagged: minors", "a minor"),
        ("Copyright restrictions", "protected by copyright"),
        ("The audio was blocked by safety filters", "try it without"),
    ],
)
def test_what_to_change_is_said_as_far_as_it_is_known(text, advice):
    refused = refusal_of(text)

    assert refused is not None
    assert advice in advice_on(refused, text)


def test_what_only_the_service_can_read_is_left_out_of_its_words():
    text = "The output video may contain sensitive information. Request id: 0217-ab12"

    assert own_words({"error": {"message": text}}) == text.partition(" Request")[0]


ACCOUNTS = [
    "Forbidden",
    "Access denied.",
    "Invalid API key",
    "This API key is not allowed to do this",
    "Your account has been suspended",
    "This origin is not allowed",
    "Requests from this IP address are blocked",
    "A Pro subscription is required",
    "You are not authorized",
]
REQUESTS = [
    "You do not have access to this model",
    "Your API key has no access to the model veo3-video",
    "Generation of this kind is disabled here",
    "This feature is not available in your region",
    "Such a request cannot be made",
]


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("text", ACCOUNTS)
def test_a_refusal_of_the_account_is_known_by_its_words(service, text):
    error = service.submission_error_of(answer(403, {"error": text}), NOW)

    assert type(error) is ProviderCredentialsError


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("text", REQUESTS)
def test_a_refusal_of_one_request_or_model_is_not_the_account_s(service, text):
    error = service.submission_error_of(answer(403, {"error": text}), NOW)

    assert type(error) is ProviderRejectedRequestError


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("status", [400, 403, 422])
@pytest.mark.parametrize("text", ["Invalid API key", "The account is disabled"])
def test_an_account_that_is_lost_is_so_at_other_statuses_too(service, status, text):
    error = service.submission_error_of(answer(status, {"error": text}), NOW)

    assert type(error) is ProviderCredentialsError


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    ("status", "text", "kind"),
    [
        (500, "The moderation service is unavailable", SubmissionUncertainError),
        (500, "Video generation failed", SubmissionUncertainError),
        (401, "Your prompt", ProviderCredentialsError),
    ],
)
def test_other_errors_stay_what_they_are(service, status, text, kind: type[ProviderError]):
    assert type(service.submission_error_of(answer(status, {"error": text}), NOW)) is kind


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_that_is_down_has_refused_nothing(service):
    error = service.error_of(answer(503, {"error": "Moderation service unavailable"}), NOW)

    assert type(error) is ProviderUnavailableError


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("Image width must be at least 300px", "too small"),
        ("image_too_small: minimum dimensions 256x256", "too small"),
        ("The image aspect ratio must be between 1:2.5 and 2.5:1", "this aspect ratio"),
        ("aspect_ratio should be within [0.4, 2.5]", "this aspect ratio"),
        ("Image size exceeds the maximum of 10MB", "too large"),
        ("Failed to download the image", "couldn't read the picture"),
        ("Unsupported image format: webp", "couldn't read the picture"),
        ("The prompt length exceeds 2000 characters", "Shorten it to 2000 characters"),
    ],
)
def test_a_refusal_of_the_form_says_what_to_change(text, advice):
    for body in envelopes(text):
        error = nanogpt.submission_error_of(answer(422, body), NOW)
        assert isinstance(error, ProviderRejectedRequestError)
        assert error.friendly is not None
        assert advice in error.friendly
