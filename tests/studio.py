"""The real bot on a real sandbox, in one process, for stories."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from bot.app import run_until
from bot.settings import Settings, load_settings
from bot.wiring import Parts, joined
from sandbox.app import Sandbox, running_sandbox
from sandbox.settings import SandboxSettings
from tests.people import People, Person, Watch

Json = dict[str, Any]

SHORT = {"model": "seedance-lite-video", "duration": 5, "resolution": "480p"}
FOX = {"prompt": "a fox running through snow", **SHORT}


@dataclass
class Studio:
    """A sandbox with its people, and a folder for the bot that may come and go."""

    sandbox: Sandbox
    people: People
    folder: Path

    def settings(self) -> Settings:
        told = self.sandbox.environment()
        told.pop("page")
        named = {name.lower(): value for name, value in told.items()}
        return load_settings(data_dir=self.folder, _env_file=None, **named)

    @contextlib.asynccontextmanager
    async def bot(self) -> AsyncIterator[Parts]:
        """The bot, connected; stopped politely at the end."""
        settings, stopped = self.settings(), asyncio.Event()
        async with joined(settings) as parts, asyncio.TaskGroup() as group:
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

    async def films(self, watch: Watch, count: int = 1) -> list[Json]:
        """Wait until so many films were posted."""

        def is_film(kind: str, data: Json) -> bool:
            return kind == "MESSAGE_CREATE" and any(
                attachment["filename"].endswith(".mp4") for attachment in data["attachments"]
            )

        return [await watch.nth(number, is_film) for number in range(count)]


@contextlib.asynccontextmanager
async def open_studio(
    folder: Path, *, generation_seconds: float = 0.0, judged: bool = True
) -> AsyncIterator[Studio]:
    """A sandbox of its own; `judged` traffic goes to the log that the environment names."""
    settings = SandboxSettings(
        port=0, generation_seconds=generation_seconds, data_dir=folder / "sandbox"
    )
    if not judged:
        settings = settings.model_copy(update={"traffic_log": None})
    async with running_sandbox(settings) as sandbox, aiohttp.ClientSession() as session:
        people = People(session, sandbox.origin)
        await people.look_around()
        yield Studio(sandbox, people, folder / "bot")


def outcome_of(card: Json) -> str:
    """What a card's first field says."""
    return str(card["embeds"][0]["fields"][0]["value"])


def is_card(kind: str, data: Json, *, title: str) -> bool:
    """Whether an event is a card with this word in its title."""
    return kind in {"MESSAGE_CREATE", "MESSAGE_UPDATE"} and any(
        title in embed.get("title", "") for embed in data.get("embeds", [])
    )


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
