"""The real bot on a real sandbox, in one process, for stories."""

import asyncio
import contextlib
import hashlib
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

from bot.app import run_until
from bot.composition import Application, composed
from bot.settings import Settings, load_settings
from sandbox.app import Sandbox, running_sandbox
from sandbox.settings import SandboxSettings
from sandbox.videos.rendering import Renderer, RenderRequest
from tests.contract.databases import migrated_file
from tests.people import People, Person, Watch
from tests.proofreading import exchanges, faults_of

Json = dict[str, Any]

SHORT = {"model": "seedance-lite-video", "duration": 5, "resolution": "480p"}
SLOW_SECONDS = 3600
_SECONDS_BETWEEN_STARTS = 5
FOX = {"prompt": "a fox running through snow", **SHORT}


class KeptVideos(Renderer):
    """Renders each kind of video once for all stories of a run, and hands out copies of it.

    Its words are left out: what is drawn for them is for the sandbox's own tests to see.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    async def render(self, request: RenderRequest, target: Path) -> None:
        kind = hashlib.sha256(repr(replace(request, prompt="")).encode()).hexdigest()
        kept = self._folder / f"{kind}.mp4"
        if not kept.exists():
            first = kept.with_stem(f"{kind}-{target.stem}")  # two may be at it
            await super().render(request, first)
            first.replace(kept)
        await asyncio.to_thread(shutil.copyfile, kept, target)


@dataclass
class Studio:
    """A sandbox with its people, and a folder for the bot that may come and go."""

    sandbox: Sandbox
    people: People
    folder: Path
    is_idle: bool = field(
        default=False, init=False
    )  # no provider takes anything: every request waits
    _started: bool = field(default=False, init=False)

    def settings(self) -> Settings:
        told = self.sandbox.environment()
        told.pop("page")
        named = {name.lower(): value for name, value in told.items()}
        return load_settings(data_dir=self.folder, _env_file=None, **named)

    @contextlib.asynccontextmanager
    async def bot(self) -> AsyncIterator[Application]:
        """The bot, connected; stopped politely at the end.

        Discord lets one session begin in five seconds: a second bot finds them gone by.
        """
        if self._started:
            self.sandbox.clock.advance(_SECONDS_BETWEEN_STARTS)
        self._started = True
        settings, stopped = self.settings(), asyncio.Event()
        database = self.folder / "showreel.db"
        if not database.exists():
            await migrated_file(database)
        async with composed(settings) as parts, asyncio.TaskGroup() as group:
            if self.is_idle:
                for provider in parts.providers.values():
                    vars(provider)["may_submit_at"] = _never
            running = group.create_task(run_until(stopped, settings, parts))
            reached = group.create_task(parts.client.reachable.wait())
            await asyncio.wait({running, reached}, return_when=asyncio.FIRST_COMPLETED)
            try:
                yield parts
            finally:
                reached.cancel()
                stopped.set()
                await running

    @property
    def runs(self) -> list[Json]:
        """What NanoGPT has in its own books."""
        return [run.describe() for run in self.sandbox.nanogpt.service.books.runs.values()]

    def make_slowly(self) -> None:
        """Videos are rendering until `make_at_once`, however long anything else takes."""
        self.sandbox.nanogpt.service.overrides.generation_seconds = SLOW_SECONDS

    async def make_at_once(self) -> None:
        """What is rendering is ready."""
        runs = self.sandbox.nanogpt.service.books.runs.values()
        while any(run.rendered_at is None for run in runs):
            await self.sandbox.clock.sleep(0.02)
        self.sandbox.clock.advance(SLOW_SECONDS)

    async def videos(self, watch: Watch, count: int = 1) -> list[Json]:
        """Wait until so many videos were posted."""

        def is_video(kind: str, data: Json) -> bool:
            return kind == "MESSAGE_CREATE" and any(
                attachment["filename"].endswith(".mp4") for attachment in data["attachments"]
            )

        return [await watch.nth(number, is_video) for number in range(count)]


def engine_of(parts: Application) -> Any:
    """The database behind the ports, for what no port shows."""
    jobs: Any = parts.stores.jobs
    return jobs._engine


async def _never() -> datetime:
    return datetime.max.replace(tzinfo=UTC)


@contextlib.asynccontextmanager
async def open_studio(
    folder: Path, *, generation_seconds: float = 0.0, judged: bool = True
) -> AsyncIterator[Studio]:
    """A sandbox of its own; `judged` traffic goes to the log that the environment names.

    All that the bot said is read at the end, whatever the test was about.
    """
    settings = SandboxSettings(
        port=0, generation_seconds=generation_seconds, data_dir=folder / "sandbox"
    )
    # In a file of its own: the one that the environment names holds what other processes say, too.
    everybodys, log = settings.traffic_log, folder / "traffic.jsonl"
    settings = settings.model_copy(update={"traffic_log": log})
    begun = log.stat().st_size if log.exists() else 0
    try:
        async with running_sandbox(settings) as sandbox, aiohttp.ClientSession() as session:
            videos = folder.parent / "kept-videos"  # where each test of a run has its folder
            videos.mkdir(exist_ok=True)
            sandbox.nanogpt.service._renderer = KeptVideos(videos)
            sandbox.nanophoto.service.studio._renderer = KeptVideos(videos)
            people = People(session, sandbox.origin)
            await people.look_around()
            yield Studio(sandbox, people, folder / "bot")
            assert faults_of(exchanges(log, begun)) == []
    finally:
        if judged and everybodys is not None and log.exists():
            with everybodys.open("ab", buffering=0) as file:  # one write, so that no line is torn
                file.write(log.read_bytes()[begun:])


def outcome_of(card: Json) -> str:
    """What a card's first field says."""
    return str(card["embeds"][0]["fields"][0]["value"])


def is_card(kind: str, data: Json, *, title: str) -> bool:
    """Whether an event is a card with this word in its title."""
    return kind in {"MESSAGE_CREATE", "MESSAGE_UPDATE"} and any(
        title in embed.get("title", "") for embed in data.get("embeds", [])
    )


def is_failure(kind: str, data: Json, *, prompt: str = "") -> bool:
    """Whether an event is the word that there is no video, of a request with this prompt."""
    content = data.get("content", "") if kind == "MESSAGE_CREATE" else ""
    return "your video failed" in content and prompt in content


def is_deletion(kind: str, data: Json, *, of: Json) -> bool:
    """Whether an event is the deletion of this message."""
    return kind == "MESSAGE_DELETE" and data["id"] == of["id"]


def buttons_of(message: Json) -> list[Json]:
    """The components in all rows of a message."""
    return [button for row in message["components"] for button in row["components"]]


async def settled_answer(person: Person, watch: Watch, record: Json) -> str:
    """What the private answer to a command or a press says once it is no longer "thinking"."""

    def answered(kind: str, data: Json) -> bool:
        return (
            kind == "INTERACTION_RECORD"
            and data["id"] == record["id"]
            and data["message"] is not None
            and data["message"]["content"] != ""
        )

    return str((await watch.until(answered))["message"]["content"])


async def opened_form(watch: Watch, record: Json) -> Json:
    """The command's record, once its form is shown."""
    found: Json = await watch.until(
        lambda kind, data: (
            kind == "INTERACTION_RECORD" and data["id"] == record["id"] and bool(data.get("modal"))
        )
    )
    return found


async def remove(person: Person, watch: Watch, video: Json, fields: Json | None = None) -> str:
    """Press Remove, which stands under More, and send a moderator's form; what is said to that."""
    pressed = await press_remove(person, watch, video)

    def is_answered(kind: str, data: Json) -> bool:
        if kind != "INTERACTION_RECORD" or data["id"] != pressed["id"]:
            return False
        return bool(data.get("modal") or (data["message"] or {}).get("content"))

    answered = await watch.until(is_answered)
    if answered.get("modal"):
        pressed = await person.submit(answered, fields or {})
    return await settled_answer(person, watch, pressed)


async def press_remove(person: Person, watch: Watch, video: Json) -> Json:
    """The record of the press."""
    more = await person.press(video, buttons_of(video)[-1]["custom_id"])
    await settled_answer(person, watch, more)
    shown = (await person.interaction(more))["message"] | {"channel_id": video["channel_id"]}
    record: Json = await person.press(shown, buttons_of(shown)[-1]["custom_id"])
    return record
