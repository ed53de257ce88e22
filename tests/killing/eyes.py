"""What everyone in the server sees, as it happens."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

import aiohttp

from bot.tasks import TaskOwner
from tests.killing.books import ENDED, Request, mark_in, title_of
from tests.people import Json, Person

LOOKED_UP = "Checking with the video service"  # a card's title while no one knows


@dataclass
class Eyes:
    """The cards in the channels, by what they are about, and the private answers by interaction."""

    cards: dict[str, Json] = field(default_factory=dict)  # by mark, or the message of a 🎬
    records: dict[str, Json] = field(default_factory=dict)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    def card_of(self, request: Request) -> Json | None:
        return self.cards.get(request.mark) or self.cards.get(request.source or "")

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
        elif not (sees_channels and kind in {"MESSAGE_CREATE", "MESSAGE_UPDATE"}):
            return
        elif data.get("embeds") and (data["embeds"][0].get("footer") or {}).get("text"):
            self.cards[_subject(data)] = data
        async with self._changed:
            self._changed.notify_all()


def _subject(card: Json) -> str:
    """The mark in the prompt; else the message that it answers."""
    mark = mark_in(str(card["embeds"][0].get("description", "")))
    answered = (card.get("message_reference") or {}).get("message_id")
    return mark or str(answered or card["id"])


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
