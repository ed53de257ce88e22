"""A crowd that makes requests of every kind, changes its mind, and presses twice."""

import asyncio
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from PIL import Image

from bot.clock import SystemClock
from bot.tasks import TaskOwner
from tests.killing.books import Request, mark_in, words_of
from tests.killing.eyes import Eyes
from tests.people import Json, Person, Upload
from tests.studio import SHORT

VEO = {"model": "nanophoto/veo-3.1"}
BOARDS: Sequence[Json] = (VEO, SHORT, SHORT | {"continuous": True})  # one submission; or several
CANCELLED = 0.12  # of the requests whose card is seen
PRESSED_BY_A_STRANGER = 0.12
PRESSED_TWICE = 0.2
MODERATORS = frozenset({"Ada", "Max"})  # who may cancel what is not theirs
ANSWERED_WITHIN_SECONDS = 4.0
CARD_WITHIN_SECONDS = 8.0
MAX_AT_ONCE = 16  # people who are acting
FEWEST_AT_ONCE = 6  # videos, on a machine that is busy
KINDS = {
    "words": 52,
    "reaction": 18,
    "picture": 10,
    "refused": 5,
    "unsafe": 5,
    "storyboard": 14,
    "references": 4,
    "sequel": 12,
}
SEQUELS = ("again", "extend", "remake")  # what a sequel comes to
WORDS = {
    "words": "a fox runs through snow",
    "refused": "a blockedword in the snow",
    "unsafe": "an nsfwlater in the snow",
}


@dataclass
class Crowd:
    """People in channels; `requests` is all they ever asked for."""

    people: Sequence[Person]
    channels: Sequence[str]
    eyes: Eyes
    random: Random
    is_fickle: bool = True  # presses Cancel now and then
    kinds: Mapping[str, int] = field(
        default_factory=lambda: KINDS
    )  # by how often they are requested
    requests: list[Request] = field(default_factory=list)
    tasks: TaskOwner = field(default_factory=TaskOwner)
    fit: set[str] = field(default_factory=set)  # marks of what NanoGPT makes, which names its jobs
    boards: set[str] = field(default_factory=set)  # of these, storyboards with a job for each shot
    used: set[str] = field(default_factory=set)  # jobs from whose video another one was made
    acting: int = 0
    slowness: float = 1.0  # of the machine: so many times as long they wait for the bot

    async def request_again_and_again(self, at_once: int, ready: asyncio.Event) -> None:
        """Keep so many videos rendering while the bot can hear it. Forever."""
        clock = SystemClock()
        while True:
            await ready.wait()
            # shots are joined by programs that work: on a busy machine they'd only wait for it
            most = max(at_once / self.slowness**0.5, FEWEST_AT_ONCE)
            if self.acting < MAX_AT_ONCE and self.eyes.moving() + self.acting < most:
                self.request()
            await clock.sleep(self.random.uniform(0.005, 0.04))

    def request(self, kind: str | None = None) -> None:
        """One more, of this kind or some, by someone, somewhere."""
        chosen = self.random.choices(list(self.kinds), weights=list(self.kinds.values()))[0]
        request = Request(mark=f"w{len(self.requests):06}x", kind=kind or chosen)
        if request.kind == "sequel" and not self._choose_video(request):
            request.kind = "words"
        self.requests.append(request)
        person, channel = self.random.choice(self.people), self.random.choice(self.channels)
        if request.source_job:
            channel = self.eyes.videos[request.source_job]["channel_id"]
        self.acting += 1
        _ = self.tasks.start(self._act(request, person, channel), name=f"request:{request.mark}")

    async def close(self) -> None:
        await self.tasks.close(grace_seconds=10)

    async def _act(self, request: Request, person: Person, channel: str) -> None:
        try:
            record = await self._ask(request, person, channel)
            if record is not None:
                await self._hear(request, person, channel, record)
            await self._change_mind(request, person)
            await self._meddle(request, person)
        except AssertionError:  # an interface that no one answers at the moment refuses
            request.answer = request.answer or "refused"
        finally:
            self.acting -= 1

    async def _ask(self, request: Request, person: Person, channel: str) -> Json | None:
        if request.kind == "reaction":
            await self._react(request, person, channel)
            return None
        if request.kind in SEQUELS:
            return await self._make_more(request, person)
        if request.kind == "storyboard":
            return await self._enter_shots(request, person, channel)
        options: Json = {"prompt": f"{WORDS.get(request.kind, WORDS['words'])}, {request.mark}"}
        if request.kind == "picture":
            options |= {"image": "attachment://0"}
        elif request.kind == "references":
            options |= VEO | {"reference_1": "attachment://0"}
        else:
            self.fit.add(request.mark)
            return await self._command(person, channel, "video", options | SHORT)
        return await self._command(person, channel, "video", options, self._picture())

    async def _command(
        self, person: Person, channel: str, name: str, options: Json, *files: Upload
    ) -> Json:
        record: Json = await person.command(channel, name, options, *files)
        return record

    async def _react(self, request: Request, person: Person, channel: str) -> None:
        message = await person.say(channel, f"look, {request.mark}", self._picture())
        request.source = message["id"]
        await person.react(message, "🎬")
        if self.random.random() < CANCELLED:
            request.is_cancelled = True
            await person.unreact(message, "🎬")
        if self.random.random() < PRESSED_TWICE:
            await person.unreact(message, "🎬")
            request.is_cancelled = True
            await person.react(message, "🎬")

    async def _enter_shots(self, request: Request, person: Person, channel: str) -> Json | None:
        options: Json = {"aspect_ratio": "16:9"} | self.random.choice(BOARDS)
        record = await self._command(person, channel, "storyboard", options)
        if record["state"] != "modal":
            return None
        is_one = options["model"] == VEO["model"]
        count = 2 if is_one else self.random.choice((2, 3, 5))
        if not is_one:
            self.fit.add(request.mark)
            self.boards.add(request.mark)
        shots = "\n".join(f"A city at dawn, {request.mark}" for _ in range(count))
        entered: Json = await person.submit(record, {"shots": shots})
        return entered

    def _choose_video(self, request: Request) -> bool:
        """Choose a posted video, each once, so that no two jobs with its words are open."""
        found = [job for job in self.eyes.videos if job not in self.used and self._root(job)]
        if not found:
            return False
        boards = [job for job in found if self._root(job) in self.boards]  # of which few are done
        job = self.random.choice(boards or found)
        self.used.add(job)
        root = self._root(job)
        how = ("remake", *SEQUELS) if boards else ("again", "extend", "extend")
        request.kind = self.random.choice(how)
        request.root, request.source_job = root, job
        request.after = len(self.eyes.jobs[root])
        return True

    def _root(self, job: str) -> str:
        """The mark in a video's words, if more is made of such a video."""
        mark = mark_in(words_of(self.eyes.videos[job])) or ""
        return mark if mark in self.fit else ""

    async def _make_more(self, request: Request, person: Person) -> Json | None:
        """By the buttons below a posted video; a shot is re-made where it has shots."""
        video = self.eyes.videos[request.source_job]
        record = None
        if request.kind == "remake":
            record = await self._remake(request, person, video)
            request.kind = "again" if record is None else request.kind
        if record is None:
            [button] = _buttons(video, f"v1:{request.kind}:")
            record = await person.press(video, button)
        request.key = f"interaction:{record['id']}"
        return record

    async def _remake(self, request: Request, person: Person, video: Json) -> Json | None:
        [button] = _buttons(video, "v1:more:")
        more = await person.press(video, button)
        shown = (await self._answer(more)) or {}
        for button in _buttons(shown, "v1:remake:"):
            pressed = await person.press(shown | {"channel_id": video["channel_id"]}, button)
            form = await self._form(pressed)
            if form is None:
                return None
            [shots, _words] = form["modal"]["components"]
            chosen = self.random.choice(shots["component"]["options"])["value"]
            words = self.random.choice(["", f"A harbour at dusk, {request.root}"])
            sent: Json = await person.submit(form, {"shot": [chosen], "prompt": words})
            return sent
        return None

    async def _form(self, record: Json) -> Json | None:
        """The record once its form is shown; None if that never comes."""

        def found() -> Json:
            return self.eyes.records.get(record["id"]) or record

        within = ANSWERED_WITHIN_SECONDS * self.slowness
        shown = await self.eyes.until(lambda: bool(found().get("modal")), within)
        return found() if shown else None

    async def _hear(self, request: Request, person: Person, channel: str, record: Json) -> None:
        """The private answer, and a price agreed to where one is asked for."""
        answer = await self._answer(record)
        request.answer = str((answer or {}).get("content", ""))
        button = next(iter(_confirms(answer or {})), None)
        if answer is None or button is None:
            return
        message = answer | {"channel_id": channel}
        pressed = [await person.press(message, button)]
        if self.random.random() < PRESSED_TWICE:
            pressed.append(await person.press(message, button))
        for one in pressed:
            said = (await self._answer(one)) or {}
            request.answer = str(said.get("content") or request.answer)

    async def _answer(self, record: Json) -> Json | None:
        """The message once it is no longer "thinking"; None if that never comes."""

        def found() -> Json | None:
            message = (self.eyes.records.get(record["id"]) or record).get("message")
            return message if message and message.get("content") else None

        await self.eyes.until(lambda: found() is not None, ANSWERED_WITHIN_SECONDS * self.slowness)
        return found()

    async def _change_mind(self, request: Request, person: Person) -> None:
        if not self.is_fickle or self.random.random() > CANCELLED:
            return
        await self.eyes.until(
            lambda: self.eyes.card_of(request) is not None, CARD_WITHIN_SECONDS * self.slowness
        )
        await SystemClock().sleep(self.random.uniform(0, 2))
        card = self.eyes.card_of(request) or {}
        request.is_cancelled = request.is_cancelled or bool(_buttons(card, "v1:cancel:"))
        pressed = await self._press_cancel(person, card)
        if pressed is None:
            return
        asked = (await self._answer(pressed)) or {}
        for button in _buttons(asked, "v1:stop:"):  # the price is spent already
            await person.press(asked | {"channel_id": pressed["channel_id"]}, button)

    async def _meddle(self, request: Request, person: Person) -> None:
        """Someone presses what is not theirs, or a button that should be gone by now."""
        if self.random.random() > PRESSED_BY_A_STRANGER:
            return
        await self.eyes.until(
            lambda: self.eyes.card_of(request) is not None, CARD_WITHIN_SECONDS * self.slowness
        )
        members = [one for one in self.people if one.name not in MODERATORS and one is not person]
        stranger = self.random.choice(members)
        old = self.eyes.card_of(request) or {}
        await SystemClock().sleep(self.random.uniform(0, 2))
        await self._press_cancel(stranger, old)

    async def _press_cancel(self, person: Person, card: Json) -> Json | None:
        """The record of the press; None where the card has no such button."""
        for button in _buttons(card, "v1:cancel:"):
            pressed: Json = await person.press(card, button)
            return pressed | {"channel_id": card["channel_id"]}
        return None

    def _picture(self) -> Upload:
        target = io.BytesIO()
        colour = tuple(self.random.randrange(256) for _ in range(3))
        Image.new("RGB", (320, 180), colour).save(target, "PNG")
        return Upload("sky.png", target.getvalue(), "image/png")


def _confirms(message: Json) -> list[str]:
    """The custom ids of buttons that agree to a price."""
    return _buttons(message, "v1:confirm:")


def _buttons(message: Json, spelt: str) -> list[str]:
    """The custom ids of buttons that begin so."""
    items = [item for row in message.get("components", []) for item in row["components"]]
    return [item["custom_id"] for item in items if item.get("custom_id", "").startswith(spelt)]
