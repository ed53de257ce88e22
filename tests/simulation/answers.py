"""What a service says on the wire, read by the real readers of NanoGPT's adapter.

So the words are the service's, and what becomes of them is the program's: the simulation knows what
was meant and holds the job's end against that.
"""

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from random import Random
from typing import Any

from bot.errors import ContentRefusedError, ProviderError
from bot.providers.contract import ProviderState, ProviderStatus
from bot.providers.http import Answer
from bot.providers.nanogpt.errors import submission_error_of
from bot.providers.nanogpt.wire import read_status
from tests.simulation.kinds import Kind

REFUSALS: list[tuple[int, Any]] = [
    (400, {"error": {"code": "content_policy_violation", "message": "Your prompt was refused."}}),
    (403, {"error": "Content blocked by the safety system."}),
    (403, {"error": {"code": "content_policy_violation", "message": "Forbidden content"}}),
    (403, {"error": {"type": "moderation", "message": "The prompt was flagged by moderation."}}),
    (422, {"detail": "Input was flagged by a content checker as sensitive."}),
    (422, {"error": {"message": "This request violates our content policy."}}),
    (451, {"message": "The likeness of a real person may not be used: content policy."}),
]
DONE = ("succeed", "done", "FINISHED", "ready")
BROKEN = ("fail", "TERMINATED", "rejected")
LOOKS_WITHOUT_ADDRESS = 3


class Twist(StrEnum):
    """How a video's end is told, other than in the documented way."""

    UNKNOWN_DONE = "unknown word, with the address"
    UNKNOWN_BROKEN = "unknown word, with an error"
    UNKNOWN_ALONE = "unknown word, and nothing else"
    ADDRESS_LATER = "completed, and the address comes some looks later"
    ADDRESS_NEVER = "completed, and no address ever comes"
    PLAIN_HTTP = "an address with http for https"
    DATA_ADDRESS = "the video itself as a data address"
    NESTED = "the address far inside the answer"

    @property
    def is_readable(self) -> bool:
        """Whether a careful reader finds the video."""
        return self not in {Twist.UNKNOWN_BROKEN, Twist.UNKNOWN_ALONE, Twist.ADDRESS_NEVER}


TWISTS: dict[Kind, tuple[Twist, ...]] = {
    Kind.UNKNOWN_STATE: (Twist.UNKNOWN_DONE, Twist.UNKNOWN_BROKEN, Twist.UNKNOWN_ALONE),
    Kind.WITHOUT_ADDRESS: (Twist.ADDRESS_LATER, Twist.ADDRESS_NEVER),
    Kind.ODD_ADDRESS: (Twist.PLAIN_HTTP, Twist.DATA_ADDRESS, Twist.NESTED),
}
TWISTED = 0.4  # of the videos, on a day that has such a kind


def twist(random: Random, kinds: frozenset[Kind]) -> Twist | None:
    """How the end of one more video will be told."""
    possible = [one for kind in Kind if kind in kinds for one in TWISTS.get(kind, ())]
    return random.choice(possible) if possible and random.random() < TWISTED else None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal of one request for what it asks for, as it was sent, and as it was read."""

    status: int
    error: ProviderError

    @property
    def is_understood(self) -> bool:
        return isinstance(self.error, ContentRefusedError)


def refusal(random: Random, now: datetime) -> Refusal:
    """In the words of some service."""
    status, body = random.choice(REFUSALS)
    answer = Answer(status, body, json.dumps(body), {})
    return Refusal(status, submission_error_of(answer, now))


def data_address(handle: str) -> str:
    video = base64.b64encode(handle.encode()).decode()
    return f"data:video/mp4;base64,{video}"


def status(
    random: Random, end: ProviderStatus, told_as: Twist, looks: int, addresses: tuple[str, ...]
) -> ProviderStatus:
    """The end of a video as it is read from such an answer; `looks` counts those since its end."""
    return read_status(_body(random, end, told_as, looks, addresses))


def _body(
    random: Random, end: ProviderStatus, told_as: Twist, looks: int, addresses: tuple[str, ...]
) -> Any:
    cost = None if end.charged_micros is None else f"{end.charged_micros / 1_000_000:.6f}"
    data: dict[str, Any] = {"cost": cost}
    address = addresses[0]
    match told_as:
        case Twist.UNKNOWN_DONE:
            data |= {"status": DONE[len(address) % len(DONE)], "output": {"url": address}}
        case Twist.UNKNOWN_BROKEN:
            data |= {"status": BROKEN[len(address) % len(BROKEN)], "error": "it broke"}
        case Twist.UNKNOWN_ALONE:
            data |= {"status": "archived"}
        case Twist.ADDRESS_LATER if looks > LOOKS_WITHOUT_ADDRESS:
            data |= {"status": "COMPLETED", "output": {"video": {"url": address}}}
        case Twist.ADDRESS_LATER | Twist.ADDRESS_NEVER:
            data |= {"status": "COMPLETED", "output": {}}
        case Twist.NESTED:
            data |= {"status": "COMPLETED", "output": {"videos": [{"url": address}]}}
        case Twist.PLAIN_HTTP:
            plain = address.replace("https://", "http://", 1)
            data |= {"status": "COMPLETED", "output": {"video": {"url": plain}}}
        case Twist.DATA_ADDRESS:
            data |= {"status": "COMPLETED", "output": {"video": {"url": data_address(address)}}}
    return {"data": data}


def is_done(end: ProviderStatus) -> bool:
    return end.state is ProviderState.SUCCEEDED
