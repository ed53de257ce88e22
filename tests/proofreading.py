"""Reading everything that the bot says for what it must never hold.

The kind: a message that is right for the test that asked for it, and wrong for anyone else who reads
it: a ping of a role, an admin's answer in public, a link in the bot's name that someone else wrote,
what the operator's account holds, a value that no one filled in.
"""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

Json = dict[str, Any]

EPHEMERAL = 1 << 6
_SAID = re.compile(
    r"/(channels/\d+/messages(/\d+)?|interactions/\d+/[^/]+/callback|webhooks/\d+/[^/]+(/messages/[^/]+)?)$"
)
_MESSAGE_CALLBACKS = {4, 7}  # a message, a change of the pressed one
_EPHEMERAL_CALLBACKS = {4, 5}
_NEVER = {
    "a link in the bot's name": re.compile(r"(?<!\\)\]\((?!https?://[^/\s)]+/channels/)\s*[a-z]+:"),
    "a ping of everyone or of a role in a message": re.compile(r"@(everyone|here)\b"),
    "what the account holds": re.compile(r"account (then )?(still )?(holds|has) ", re.IGNORECASE),
    "None": re.compile(r"\bNone\b"),
    "a traceback": re.compile(r"Traceback \(most recent|\bFile \".+\", line \d"),
    "an object": re.compile(r"<[\w.]+ object at 0x|\bobject at 0x[0-9a-f]+|\b[A-Z]\w+\((\w+=|')"),
    # {prompt} is one that members write, in presets
    "a placeholder": re.compile(
        r"(?<![\w\\])\{(?!prompt\})[a-z_][\w.]*\}|%\([a-z_]+\)s|\bTODO\b|\bnan\b"
    ),
}
_ADMINS = re.compile(
    r"^(✅ Done\.|Change history|Server limits$|⏸ Videos are paused$)"
    r"|Nothing changes until you press|^Videos that cost more than \*\*",
    re.MULTILINE,
)


def exchanges(log: Path, offset: int = 0) -> Iterator[Json]:
    """What bot and Discord said to each other, from this byte of the sandbox's log."""
    if not log.exists():
        return
    with log.open(encoding="utf-8") as file:
        file.seek(offset)
        # another process may be in the middle of its line
        yield from (json.loads(line) for line in file if line.endswith("\n"))


def faults_of(said: Iterable[Json]) -> list[str]:
    """Everything in these exchanges that no message may hold; each with the message."""
    private: set[str] = set()  # tokens of interactions whose answer only one member sees
    found = []
    for exchange in said:
        if exchange["method"] not in {"POST", "PATCH"} or not _SAID.search(exchange["path"]):
            continue
        token, body = _token(exchange["path"]), _message(exchange)
        if _is_private(exchange) and token is not None:
            private.add(token)
        if body is None:
            continue
        is_public = token not in private and not int(body.get("flags") or 0) & EPHEMERAL
        found += [f"{what}: {body}" for what in _faults(exchange, body, is_public=is_public)]
    return found


def _faults(exchange: Json, body: Json, *, is_public: bool) -> Iterator[str]:
    text = "\n".join(_texts(body))
    yield from (what for what, pattern in _NEVER.items() if pattern.search(text))
    if "allowed_mentions" in body or text:
        yield from _open_mentions(body.get("allowed_mentions"), exchange["method"])
    if is_public and _ADMINS.search(text):
        yield "an admin's answer in public"
    is_new = exchange["method"] == "POST"
    if is_new and not (text or body.get("components") or body.get("attachments")):
        yield "an empty message"
    answer = exchange["response"]
    if isinstance(answer, dict) and answer.get("code") in {50006, 50035}:
        yield f"what Discord refuses for its form: {answer}"


def _open_mentions(allowed: Any, method: str) -> Iterator[str]:
    if not isinstance(allowed, dict):
        if method == "POST":
            yield "a message that says nothing of whom it may ping"
        return
    if set(allowed.get("parse") or ()) or allowed.get("roles"):
        yield f"pings that are open to anyone who is named: {allowed}"
    if len(allowed.get("users") or ()) > 1 or allowed.get("replied_user"):
        yield f"a ping of more than one member: {allowed}"


def _message(exchange: Json) -> Json | None:
    """The message in an exchange; None where it is something else."""
    request = exchange["request"]
    if not isinstance(request, dict):
        return None
    if "/callback" not in exchange["path"]:
        return request
    data = request.get("data")
    is_message = request.get("type") in _MESSAGE_CALLBACKS and isinstance(data, dict)
    return data if is_message else None


def _is_private(exchange: Json) -> bool:
    request = exchange["request"]
    if "/callback" not in exchange["path"] or not isinstance(request, dict):
        return False
    if request.get("type") not in _EPHEMERAL_CALLBACKS:
        return True  # it changes the pressed message, which stays as public as it was
    data = request.get("data") or {}
    return bool(int(data.get("flags") or 0) & EPHEMERAL)


def _token(path: str) -> str | None:
    parts = path.split("/")
    if "interactions" in parts:
        return parts[parts.index("interactions") + 2]
    return parts[parts.index("webhooks") + 2] if "webhooks" in parts else None


def _texts(body: Json) -> Iterator[str]:
    """All that people read of a message."""
    yield from filter(None, [body.get("content")])
    for embed in body.get("embeds") or ():
        parts = [embed.get("title"), embed.get("description")]
        parts += [(embed.get("footer") or {}).get("text"), (embed.get("author") or {}).get("name")]
        for field in embed.get("fields") or ():
            parts += [field.get("name"), field.get("value")]
        yield from filter(None, parts)
    yield from _labels(body.get("components") or ())


def _labels(components: Iterable[Json]) -> Iterator[str]:
    for one in components:
        yield from filter(None, [one.get("label"), one.get("placeholder"), one.get("content")])
        yield from _labels(one.get("components") or ())
