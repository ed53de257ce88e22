"""A crowd that makes wishes of every kind, changes its mind, and presses twice."""

import asyncio
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from PIL import Image

from bot.clock import SystemClock
from bot.tasks import TaskOwner
from tests.killing.books import Wish
from tests.killing.eyes import Eyes
from tests.people import Json, Person, Upload
from tests.studio import SHORT

VEO = {"model": "nanophoto/veo-3.1"}
CANCELLED = 0.12  # of the wishes whose card is seen
PRESSED_TWICE = 0.2
ANSWERED_WITHIN_SECONDS = 4.0
CARD_WITHIN_SECONDS = 8.0
MOST_AT_ONCE = 16  # people who are acting
KINDS = {
    "words": 52,
    "reaction": 18,
    "picture": 10,
    "refused": 5,
    "unsafe": 5,
    "storyboard": 6,
    "references": 4,
}
WORDS = {
    "words": "a fox runs through snow",
    "refused": "a blockedword in the snow",
    "unsafe": "an nsfwlater in the snow",
}


@dataclass
class Crowd:
    """People in channels; `wishes` is all they ever asked for."""

    people: Sequence[Person]
    channels: Sequence[str]
    eyes: Eyes
    random: Random
    is_fickle: bool = True  # presses Cancel now and then
    kinds: Mapping[str, int] = field(default_factory=lambda: KINDS)  # by how often they are wished
    wishes: list[Wish] = field(default_factory=list)
    tasks: TaskOwner = field(default_factory=TaskOwner)
    acting: int = 0

    async def wish_again_and_again(self, at_once: int, ready: asyncio.Event) -> None:
        """Keep so many films in the making while the bot can hear it. For ever."""
        clock = SystemClock()
        while True:
            await ready.wait()
            if self.acting < MOST_AT_ONCE and self.eyes.moving() + self.acting < at_once:
                self.wish()
            await clock.sleep(self.random.uniform(0.005, 0.04))

    def wish(self, kind: str | None = None) -> None:
        """One more, of this kind or some, by somebody, somewhere."""
        chosen = self.random.choices(list(self.kinds), weights=list(self.kinds.values()))[0]
        wish = Wish(mark=f"w{len(self.wishes):06}x", kind=kind or chosen)
        self.wishes.append(wish)
        person, channel = self.random.choice(self.people), self.random.choice(self.channels)
        self.acting += 1
        _ = self.tasks.start(self._act(wish, person, channel), name=f"wish:{wish.mark}")

    async def close(self) -> None:
        await self.tasks.close(grace_seconds=10)

    async def _act(self, wish: Wish, person: Person, channel: str) -> None:
        try:
            record = await self._ask(wish, person, channel)
            if record is not None:
                await self._hear(wish, person, channel, record)
            await self._change_mind(wish, person)
        except AssertionError:  # an interface that nobody answers at the moment refuses
            wish.answer = wish.answer or "refused"
        finally:
            self.acting -= 1

    async def _ask(self, wish: Wish, person: Person, channel: str) -> Json | None:
        if wish.kind == "reaction":
            await self._react(wish, person, channel)
            return None
        if wish.kind == "storyboard":
            return await self._enter_shots(wish, person, channel)
        options: Json = {"prompt": f"{WORDS.get(wish.kind, WORDS['words'])}, {wish.mark}"}
        if wish.kind == "picture":
            options |= {"image": "attachment://0"}
        elif wish.kind == "references":
            options |= VEO | {"reference_1": "attachment://0"}
        else:
            return await self._command(person, channel, "video", options | SHORT)
        return await self._command(person, channel, "video", options, self._picture())

    async def _command(
        self, person: Person, channel: str, name: str, options: Json, *files: Upload
    ) -> Json:
        record: Json = await person.command(channel, name, options, *files)
        return record

    async def _react(self, wish: Wish, person: Person, channel: str) -> None:
        message = await person.say(channel, f"look, {wish.mark}", self._picture())
        wish.source = message["id"]
        await person.react(message, "🎬")
        if self.random.random() < CANCELLED:
            wish.is_cancelled = True
            await person.unreact(message, "🎬")
        if self.random.random() < PRESSED_TWICE:
            await person.unreact(message, "🎬")
            wish.is_cancelled = True
            await person.react(message, "🎬")

    async def _enter_shots(self, wish: Wish, person: Person, channel: str) -> Json | None:
        record = await self._command(person, channel, "storyboard", {"aspect_ratio": "16:9"})
        if record["state"] != "modal":
            return None
        shots = "\n".join(f"A city at dawn, {wish.mark}" for _ in range(2))
        entered: Json = await person.submit(record, {"shots": shots})
        return entered

    async def _hear(self, wish: Wish, person: Person, channel: str, record: Json) -> None:
        """The private answer, and a price agreed to where one is asked for."""
        answer = await self._answer(record)
        wish.answer = str((answer or {}).get("content", ""))
        button = next(iter(_confirms(answer or {})), None)
        if answer is None or button is None:
            return
        message = answer | {"channel_id": channel}
        pressed = [await person.press(message, button)]
        if self.random.random() < PRESSED_TWICE:
            pressed.append(await person.press(message, button))
        for one in pressed:
            said = (await self._answer(one)) or {}
            wish.answer = str(said.get("content") or wish.answer)

    async def _answer(self, record: Json) -> Json | None:
        """The message once it is no longer "thinking"; None if that never comes."""

        def found() -> Json | None:
            message = (self.eyes.records.get(record["id"]) or record).get("message")
            return message if message and message.get("content") else None

        await self.eyes.until(lambda: found() is not None, ANSWERED_WITHIN_SECONDS)
        return found()

    async def _change_mind(self, wish: Wish, person: Person) -> None:
        if not self.is_fickle or self.random.random() > CANCELLED:
            return
        await self.eyes.until(lambda: self.eyes.card_of(wish) is not None, CARD_WITHIN_SECONDS)
        await SystemClock().sleep(self.random.uniform(0, 2))
        card = self.eyes.card_of(wish)
        for row in card["components"] if card else []:
            for button in row["components"]:
                if button["custom_id"].startswith("v1:cancel:"):
                    wish.is_cancelled = True
                    await person.press(card or {}, button["custom_id"])

    def _picture(self) -> Upload:
        target = io.BytesIO()
        colour = tuple(self.random.randrange(256) for _ in range(3))
        Image.new("RGB", (320, 180), colour).save(target, "PNG")
        return Upload("sky.png", target.getvalue(), "image/png")


def _confirms(message: Json) -> list[str]:
    """The custom ids of buttons that agree to a price."""
    items = [item for row in message.get("components", []) for item in row["components"]]
    return [item["custom_id"] for item in items if "v1:confirm:" in item.get("custom_id", "")]
