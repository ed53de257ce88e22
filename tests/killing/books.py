"""What the sandbox has in its own books, read from outside: messages, videos ordered, money taken.

Nothing here asks the bot. A card, a video and a failure notice name their job; a video ordered of
NanoGPT carries the job's number as its tag, one of NanoPhoto the mark of the request in its prompt.
Which jobs are shots, and what members paid for each, is read from the database (`Row`).
"""

import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.people import Json, Person

PAGE = 100
OK = 200
EPHEMERAL = 1 << 6  # of a message's flags: only who reads it here sees it
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
    root: str = ""  # of a video made from another one: the mark in the words of both
    source_job: str = ""  # the job of that other one
    after: int = 0  # so many jobs with these words were there before
    key: str = ""  # by which the bot accepts it once: it names the interaction

    @property
    def is_unheard(self) -> bool:
        """It is made from another video, and its press was cut off: the bot may know of it."""
        return bool(self.root and not self.key and not self.answer)

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


@dataclass(frozen=True, slots=True)
class Row:
    """One job in the bot's database; `taken_micros` is what its member paid, less what came back."""

    state: str
    key: str = ""
    storyboard: str | None = None  # of a shot; of a storyboard of such shots, its own id
    number: int | None = None  # of a shot
    reuses: str | None = None  # the shot of another video, which is copied
    taken_micros: int = 0


@dataclass(slots=True)
class Books:
    """Everything, at one moment."""

    messages: list[Json]
    runs: list[Json] = field(default_factory=list)  # of NanoGPT
    charges: list[Json] = field(default_factory=list)
    shots: list[Json] = field(default_factory=list)  # of NanoPhoto
    credit_charges: list[Json] = field(default_factory=list)
    rows: dict[str, Row] = field(default_factory=dict)  # by job
    lengths: dict[str, float] = field(default_factory=dict)  # in seconds, of posted files, by job

    def whole(self, job: str) -> str:
        """The job that its member sees: for a shot, its storyboard's."""
        row = self.rows.get(job)
        return job if row is None or row.storyboard is None else row.storyboard

    def is_shot(self, job: str) -> bool:
        """Whether it is a shot that is a job of its own."""
        return self.whole(job) != job

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


async def measure(reader: Person, message: Json) -> float | None:
    """The seconds of the file in a message; None where there is none, only a link."""
    for file in message.get("attachments", []):
        async with reader.people.session.get(file["url"]) as response:
            assert response.status == OK, f"{file['url']}: {response.status}"
            return length_of(await response.read())
    return None


def length_of(content: bytes) -> float:
    """The length that a video file states for itself, in seconds."""
    at = content.index(b"mvhd") + 4
    if content[at] == 1:
        scale, length = struct.unpack_from(">IQ", content, at + 20)
    else:
        scale, length = struct.unpack_from(">II", content, at + 12)
    return float(length / scale)


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
        for kind, job in subjects_of(message):
            getattr(told.setdefault(job, Told()), kind).append(message)
    return told


def subjects_of(message: Json) -> Iterator[tuple[str, str]]:
    """What a message is, and of which job; a private answer with such buttons is nothing."""
    if message.get("flags", 0) & EPHEMERAL:
        return
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
