"""What everyone in the server sees, as it happens."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

import aiohttp

from bot.tasks import TaskOwner
from tests.killing.books import ENDED, Request, mark_in, subjects_of, title_of, words_of
from tests.people import Json, Person

LOOKED_UP = "Checking with the video service"  # a card's title while no one knows


@dataclass
class Eyes:
    """The cards and videos in the channels by job, and the private answers by interaction."""

    cards: dict[str, Json] = field(default_factory=dict)
    videos: dict[str, Json] = field(default_factory=dict)
    # as they were first seen, by the mark in their words, or by the message of a 🎬
    jobs: dict[str, list[str]] = field(default_factory=dict)
    records: dict[str, Json] = field(default_factory=dict)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    def card_of(self, request: Request) -> Json | None:
        """Of a video made from another one, that of the first job that came after."""
        subject = request.root or request.mark
        known = self.jobs.get(subject) or self.jobs.get(request.source or "") or []
        return self.cards.get(known[request.after]) if request.after < len(known) else None

    def moving(self) -> int:
        """Jobs that are neither at their end nor waiting for a lookup."""
        titles = [title_of(card) for card in self.cards.values()]
        return sum(title not in {*ENDED, LOOKED_UP} for title in titles)

    async def until(self, holds: Callable[[], bool], within_seconds: float) -> bool:
        """Whether it came to hold in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_seconds), self._changed:
                await self._changed.wait_for(holds)
        return holds()

    async def watch(self, person: Person, *, sees_channels: bool) -> None:
        """Forever, through this person's eyes."""
        address = f"{person.people.base}/sandbox/api/events?as={person.id}"
        async with person.people.session.ws_connect(address, max_msg_size=0) as socket:
            async for message in socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    await self._see(message.json(), sees_channels=sees_channels)

    def _forget(self, message_id: str) -> None:
        """A card gave way to what its job came to."""
        for subject, card in list(self.cards.items()):
            if card["id"] == message_id:
                del self.cards[subject]

    async def _see(self, event: Json, *, sees_channels: bool) -> None:
        kind, data = event["type"], event["data"]
        if kind == "INTERACTION_RECORD":
            self.records[data["id"]] = data
        elif sees_channels and kind == "MESSAGE_DELETE":
            self._forget(data["id"])
        elif sees_channels and kind in {"MESSAGE_CREATE", "MESSAGE_UPDATE"}:
            self._read(data)
        else:
            return
        async with self._changed:
            self._changed.notify_all()

    def _read(self, message: Json) -> None:
        for what, job in subjects_of(message):
            known = self.jobs.setdefault(_subject(message), [])
            if job not in known:
                known.append(job)
            if what == "cards":
                self.cards[job] = message
            elif what == "videos":
                self.videos[job] = message


def _subject(message: Json) -> str:
    """The mark in the prompt; else the message that it answers."""
    answered = (message.get("message_reference") or {}).get("message_id")
    return mark_in(words_of(message)) or str(answered or message["id"])


@contextlib.asynccontextmanager
async def open_eyes(people: Sequence[Person]) -> AsyncIterator[Eyes]:
    """All of these people's; the first one sees every channel."""
    eyes, tasks = Eyes(), TaskOwner()
    for number, person in enumerate(people):
        _ = tasks.start(eyes.watch(person, sees_channels=number == 0), name=f"eyes:{person.name}")
    try:
        yield eyes
    finally:
        await tasks.close(grace_seconds=0)
