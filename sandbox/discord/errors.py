"""Refusals in Discord's own words: an HTTP status, a JSON error code and a message.

Services raise `DiscordError`; `sandbox.discord.rest.answers` turns it into an HTTP answer. The named
constructors are the only place with codes, so that one code always has one status and text.
"""

from collections.abc import Callable
from typing import Any

Json = dict[str, Any]


class DiscordError(Exception):
    """A refusal that Discord would send; `errors` is the tree of a refused form body (50035)."""

    def __init__(
        self,
        status: int,
        code: int,
        message: str,
        errors: Json | None = None,
        extra: Json | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors
        self.extra = extra or {}

    def body(self) -> Json:
        body: Json = {"message": self.message, "code": self.code, **self.extra}
        if self.errors is not None:
            body["errors"] = self.errors
        return body


def _refusal(status: int, code: int, message: str) -> Callable[[], DiscordError]:
    def make() -> DiscordError:
        return DiscordError(status, code, message)

    return make


unauthorized = _refusal(401, 0, "401: Unauthorized")
not_found = _refusal(404, 0, "404: Not Found")
method_not_allowed = _refusal(405, 0, "405: Method Not Allowed")
unknown_application = _refusal(404, 10002, "Unknown Application")
unknown_channel = _refusal(404, 10003, "Unknown Channel")
unknown_guild = _refusal(404, 10004, "Unknown Guild")
unknown_member = _refusal(404, 10007, "Unknown Member")
unknown_message = _refusal(404, 10008, "Unknown Message")
unknown_overwrite = _refusal(404, 10009, "Unknown Permission Overwrite")
unknown_role = _refusal(404, 10011, "Unknown Role")
unknown_user = _refusal(404, 10013, "Unknown User")
unknown_emoji = _refusal(400, 10014, "Unknown Emoji")
missing_emoji = _refusal(404, 10014, "Unknown Emoji")
unknown_webhook = _refusal(404, 10015, "Unknown Webhook")
unknown_sticker = _refusal(404, 10060, "Unknown Sticker")
unknown_voice_state = _refusal(404, 10065, "Unknown Voice State")
unknown_tag = _refusal(404, 10087, "Unknown tag")
unknown_sound = _refusal(404, 10097, "Unknown sound")
unknown_interaction = _refusal(404, 10062, "Unknown interaction")
unknown_command = _refusal(404, 10063, "Unknown application command")
too_many_pins = _refusal(400, 30003, "Maximum number of pins reached for the channel (250)")
too_many_reactions = _refusal(400, 30010, "Maximum number of reactions reached (20)")
too_many_attachments = _refusal(
    400, 30015, "Maximum number of attachments in a message reached (10)"
)
too_many_command_creates = _refusal(
    429, 30034, "Maximum number of daily application command creates has been reached (200)"
)
request_too_large = _refusal(413, 40005, "Request entity too large")
file_too_large = _refusal(413, 40005, "Request entity too large")
already_acknowledged = _refusal(400, 40060, "Interaction has already been acknowledged.")
forum_needs_thread = _refusal(400, 40058, "Cannot send a message in a forum channel")
too_many_followups = _refusal(
    400, 40094, "This interaction has reached the maximum number of follow-up messages"
)
tag_required = _refusal(400, 40067, "A tag is required to create a forum post in this channel")
missing_access = _refusal(403, 50001, "Missing Access")
not_the_author = _refusal(403, 50005, "Cannot edit a message authored by another user")
empty_message = _refusal(400, 50006, "Cannot send an empty message")
cannot_message_user = _refusal(403, 50007, "Cannot send messages to this user")
wrong_channel_type = _refusal(403, 50008, "Cannot send messages in a non-text channel")
no_mutual_guild = _refusal(
    403, 50278, "Cannot send messages to this user due to having no mutual guilds"
)
missing_permissions = _refusal(403, 50013, "Missing Permissions")
too_few_or_many_to_delete = _refusal(
    400, 50016, "You must provide at least 2 and fewer than 100 messages to delete."
)
system_message = _refusal(403, 50021, "Cannot execute action on a system message")
wrong_kind_of_channel = _refusal(400, 50024, "Cannot execute action on this channel type")
invalid_webhook_token = _refusal(401, 50027, "Invalid Webhook Token")
invalid_role = _refusal(400, 50028, "Invalid Role")
message_too_old_to_bulk_delete = _refusal(
    400, 50034, "You can only bulk delete messages that are under 14 days old."
)
invalid_api_version = _refusal(400, 50041, "Invalid API version")
invalid_json = _refusal(400, 50109, "The request body contains invalid JSON.")
thread_is_archived = _refusal(400, 50083, "Thread is archived")
no_history_to_reply = _refusal(
    400, 160002, "Cannot reply without permission to read message history"
)
thread_exists = _refusal(400, 160004, "A thread has already been created for this message")
thread_is_locked = _refusal(400, 160005, "Thread is locked")
cannot_forward = _refusal(400, 160014, "You cannot forward a message whose content you cannot read")


def too_many_old_edits(retry_after: float) -> DiscordError:
    """An edit of a message older than an hour, after too many of them."""
    return DiscordError(
        429,
        30046,
        "Maximum number of edits to messages older than 1 hour reached. Try again later.",
        extra={"retry_after": retry_after, "global": False},
    )


def slowed_down(retry_after: float) -> DiscordError:
    """A second message in a channel with slowmode, too soon after the first."""
    message = "This action cannot be performed due to slowmode rate limit"
    return DiscordError(429, 20016, message, extra={"retry_after": retry_after})


class FormErrors:
    """Collects what is wrong with a body, so that one 50035 names every field at once."""

    def __init__(self) -> None:
        self.tree: Json = {}

    def add(self, path: str, code: str, message: str) -> None:
        """Note a fault; `path` is dotted, as in `embeds.0.title`; empty for the body itself."""
        node = self.tree
        for step in path.split(".") if path else ():
            node = node.setdefault(step, {})
        node.setdefault("_errors", []).append({"code": code, "message": message})

    def too_long(self, path: str, most: int) -> None:
        self.add(path, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")

    def bad_length(self, path: str, least: int, most: int) -> None:
        self.add(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length.")

    def required(self, path: str) -> None:
        self.add(path, "BASE_TYPE_REQUIRED", "This field is required")

    def wrong_type(self, path: str, wanted: str) -> None:
        self.add(path, "BASE_TYPE_BAD_TYPE", f"Value must be of type {wanted}.")

    def raise_if_any(self) -> None:
        if self.tree:
            raise DiscordError(400, 50035, "Invalid Form Body", self.tree)


def invalid_form(path: str, code: str, message: str) -> DiscordError:
    """A refusal of one field of a body."""
    faults = FormErrors()
    faults.add(path, code, message)
    return DiscordError(400, 50035, "Invalid Form Body", faults.tree)


def refused(message: str) -> DiscordError:
    """A refusal of Discord's own client, said as a clear 400: it would not have sent this form."""
    return DiscordError(400, 50035, message)
