"""Every documented error of NanoGPT, and what it is to the bot: the catalogue that is proved."""

from dataclasses import dataclass

from bot.errors import (
    ContentRefusedError,
    ProviderBalanceError,
    ProviderCredentialsError,
    ProviderError,
    ProviderRateLimitedError,
    ProviderRejectedRequestError,
    ProviderUnavailableError,
    SubmissionUncertainError,
)

Kind = type[ProviderError]
CODED = (1, 2, 3, 4)  # envelopes that carry the machine's word, or at least its type
PLAIN = (5, 7)  # a text and a number
PAGE = 6

REJECTED, REFUSED = ProviderRejectedRequestError, ContentRefusedError
KEY, EMPTY = ProviderCredentialsError, ProviderBalanceError
OFTEN, AWAY, LOST = ProviderRateLimitedError, ProviderUnavailableError, SubmissionUncertainError


@dataclass(frozen=True)
class Row:
    """One row of the catalogue; `advice` is a part of what the member is told."""

    status: int
    code: str | None
    message: str
    kind: Kind
    advice: str | None = None
    coded_in: tuple[int, ...] = (*CODED, *PLAIN)  # where the class can be told
    page: Kind | None = None  # the class where an edge answers instead, if another

    def __str__(self) -> str:
        return f"{self.status} {self.code or self.message[:24]}"


CATALOGUE = [
    Row(400, None, "Kling 2.1 Standard requires an input image. Please select an image to"
        " generate a video.", REJECTED, "Add a picture"),
    Row(400, "CONTENT_POLICY_VIOLATION", "Your prompt was blocked due to safety concerns. Please"
        " modify your prompt.", REFUSED, "Please modify your prompt.", page=REJECTED),
    Row(400, "content_policy_violation", "Your request was blocked by content moderation.",
        REFUSED, "blocked by content moderation", page=REJECTED),
    Row(400, "prompt_too_long", "Your prompt is too long. Please shorten it to 2000 characters or"
        " less.", REJECTED, "Shorten it to 2000 characters."),
    Row(400, None, "Prompt is too long. Please keep it under 3000 characters.", REJECTED,
        "Shorten it to 3000 characters."),
    Row(400, "missing_required_parameter", "Missing required parameter: prompt", REJECTED),
    Row(400, "invalid_parameter_value", "Invalid parameter: duration", REJECTED,
        "Choose another duration", coded_in=(1, 4)),
    Row(400, "invalid_json", "Invalid JSON", REJECTED),
    Row(400, "image_input_not_supported", "No images here", REJECTED, "Leave out the picture",
        coded_in=(1, 4)),
    Row(400, "conflicting_moderation_model", "Conflicting moderation models", REJECTED),
    Row(400, "inline_moderation_requires_api_key", "Moderation needs a key", REJECTED),
    Row(400, "empty_moderation_input", "Nothing to moderate", REJECTED),
    Row(400, "unsupported_moderation_input", "Cannot be moderated", REJECTED),
    Row(400, "unsupported_input_modality", "Not this kind of input", REJECTED, "Leave out the picture",
        coded_in=(1, 4)),
    Row(400, "unsupported_batch_input", "No batches", REJECTED),
    Row(400, "context_length_exceeded", "Too long a context", REJECTED, "Shorten it.",
        coded_in=(1, 4)),
    Row(400, "model_not_found", "Model not found", REJECTED, "Choose another one"),
    Row(404, "model_not_found", "Model not found", REJECTED, "Choose another one"),
    Row(400, "model_not_allowed", "Model not allowed", REJECTED, "Choose another one"),
    Row(404, "model_not_available", "Model not available", REJECTED, "Choose another one"),
    Row(401, None, "Invalid session", KEY),
    Row(401, "missing_api_key", "Missing API key", KEY),
    Row(401, "invalid_api_key", "Invalid API key", KEY),
    Row(402, None, "Insufficient balance", EMPTY),
    Row(402, "INSUFFICIENT_BALANCE", "Insufficient balance", EMPTY),
    Row(402, "insufficient_quota", "Payment required to complete this request.", EMPTY),
    Row(403, "PRO_REQUIRED", "A Pro subscription is required", KEY, page=AWAY),
    Row(403, "api_key_origin_not_allowed", "This origin is not allowed", KEY, page=AWAY),
    Row(408, None, "Request timed out", LOST),
    Row(409, None, "Already processing", LOST),
    Row(413, None, "Uploads must be 4 MB or smaller.", REJECTED, "Use smaller ones, or fewer"),
    Row(422, "validation_error", "Invalid request parameter: size. You have not been charged for"
        " this request.", REJECTED, "Choose another duration", coded_in=(1, 4)),
    Row(429, None, "Rate limit exceeded. Please wait before generating another video.", OFTEN),
    Row(429, "RATE_LIMITED", "Too many requests", OFTEN),
    Row(429, "rate_limit_exceeded", "Too many requests", OFTEN),
    Row(429, "daily_rpd_limit_exceeded", "Daily request limit exceeded (1000/1000). Resets at"
        " midnight UTC.", OFTEN),
    Row(429, "daily_usd_limit_exceeded", "Daily USD limit exceeded.", OFTEN),
    Row(500, "server_error", "Something broke", LOST),
    Row(500, "api_error", "Something broke", LOST),
    Row(502, None, "Bad gateway", LOST),
    Row(503, "service_unavailable", "Try again later", AWAY, page=LOST),
    Row(503, "all_fallbacks_failed", "All fallbacks failed", AWAY, page=LOST),
    Row(503, "no_fallback_available", "No fallback", AWAY, page=LOST),
    Row(504, None, "Gateway time-out", LOST),
]  # fmt: skip
