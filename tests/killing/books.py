"""What the sandbox has in its own books, read from outside: messages, videos ordered, money taken.

Nothing here asks the bot. A card, a video and a failure notice name their job; a video ordered of
NanoGPT carries the job's number as its tag, one of NanoPhoto the mark of the request in its prompt.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.people import Json, Person

PAGE = 100
_JOB = re.compile(r"Job ([a-z2-7]{16})")
_VIDEO = re.compile(r"v1:(?:more|delete):([a-z2-7]{16})")
_WORD = re.compile(r"\n-# Job ([a-z2-7]{16})$")
_MARK = re.compile(r"\bw\d{6}x\b")

ENDED = ("Done", "Failed", "Cancelled")


@dataclass(slots=True)
class Request:
    """What someone asked for; `mark` stands in its prompt, `source` is the message of a 🎬."""

    mark: str
    kind: str
    source: str | None = None
    answer: str = ""  # the last words of the private answer
    is_cancelled: bool = False  # someone pressed Cancel, and the press was taken

    @property
    def is_promised(self) -> bool:
        """The bot said that it would make it."""
        return "Accepted" in self.answer


@dataclass(slots=True)
class Told:
    """All that the channels say of one job."""

    cards: list[Json] = field(default_factory=list)
    videos: list[Json] = field(default_factory=list)
    words: list[Json] = field(default_factory=list)

    @property
    def messages(self) -> list[Json]:
        """All of them; one in the end."""
        return [*self.cards, *self.videos, *self.words]

    @property
    def title(self) -> str:
        """The word of its card: how it stands."""
        return title_of(self.cards[0]) if self.cards else ""


@dataclass(slots=True)
class Books:
    """Everything, at one moment."""

    messages: list[Json]
    runs: list[Json] = field(default_factory=list)  # of NanoGPT
    charges: list[Json] = field(default_factory=list)
    shots: list[Json] = field(default_factory=list)  # of NanoPhoto
    credit_charges: list[Json] = field(default_factory=list)
    storyboards: dict[str, str] = field(default_factory=dict)  # by shots that are jobs of their own

    def jobs(self) -> dict[str, Told]:
        """What was told of each job, by its number."""
        return told_of(self.messages)


async def read_books(reader: Person, channels: Iterable[str]) -> Books:
    """By the people's interface, as anyone can who may see these channels."""
    call = reader.people.call
    messages = [message for channel in channels async for message in _history(reader, channel)]
    return Books(
        messages=messages,
        runs=await call("GET", "/providers/nanogpt/runs"),
        charges=await call("GET", "/providers/nanogpt/ledger"),
        shots=await call("GET", "/providers/nanophoto/runs"),
        credit_charges=await call("GET", "/providers/nanophoto/ledger"),
    )


async def _history(reader: Person, channel: str) -> Any:
    before = ""
    while True:
        address = f"/channels/{channel}/messages?as={reader.id}&limit={PAGE}{before}"
        page = await reader.people.call("GET", address)
        for message in page:
            yield message
        if len(page) < PAGE:
            return
        before = f"&before={page[-1]['id']}"


def told_of(messages: Iterable[Json]) -> dict[str, Told]:
    """Sorted by job; what is about no job is left out."""
    told: dict[str, Told] = {}
    for message in messages:
        for kind, job in _subjects(message):
            getattr(told.setdefault(job, Told()), kind).append(message)
    return told


def _subjects(message: Json) -> Iterator[tuple[str, str]]:
    for embed in message.get("embeds", []):
        if found := _JOB.fullmatch((embed.get("footer") or {}).get("text", "")):
            yield "cards", found[1]
    for row in message.get("components", []):
        for item in row.get("components", []):
            if found := _VIDEO.fullmatch(item.get("custom_id", "")):
                yield "videos", found[1]
    if found := _WORD.search(message.get("content", "")):
        yield "words", found[1]


def title_of(card: Json) -> str:
    """Without its picture: `🎬 Done` is `Done`."""
    return str(card["embeds"][0].get("title", "")).removeprefix("🎬 ")


def words_of(message: Json) -> str:
    """All that it says of the request."""
    embeds = message.get("embeds") or [{}]
    return f"{message.get('content', '')} {embeds[0].get('description', '')}"


def mark_in(text: str) -> str | None:
    """The mark of the request that these words are about."""
    found = _MARK.search(text)
    return found[0] if found else None
