"""NanoGPT itself: accepts films, charges for them, makes them, and gives money back for failures."""

import asyncio
import secrets
import string
from pathlib import Path
from typing import Any

import aiohttp

from sandbox.clock import SandboxClock
from sandbox.films.rendering import FilmRequest, Renderer, RenderingError
from sandbox.providers.nanogpt import catalogue
from sandbox.providers.nanogpt.accepting import (
    END_IMAGE_FIELDS,
    IMAGE_FIELDS,
    NSFW_WORDS,
    address_of_image,
    decoded_image,
    ensure_acceptable,
)
from sandbox.providers.nanogpt.answers import Refusal
from sandbox.providers.nanogpt.runs import Books, Run
from sandbox.providers.nanogpt.switches import Fault, Switches
from sandbox.tasks import TaskOwner

Json = dict[str, Any]

QUEUE_SHARE = 0.25  # of the time a film takes
MINUTE_SECONDS = 60.0
_ALPHABET = string.ascii_lowercase + string.digits


class NanoGpt:
    """One service with its accounts; `folder` holds its films, `origin` is its store's address."""

    def __init__(
        self,
        clock: SandboxClock,
        tasks: TaskOwner,
        renderer: Renderer,
        folder: Path,
        switches: Switches,
    ) -> None:
        self.books = Books()
        self.switches = switches
        self.faults: list[Fault] = []
        self.folder = folder
        self.storage_origin = ""
        self.keys_seen_by_storage: list[str] = []
        self.making: dict[str, asyncio.Task[None]] = {}  # to be awaited by who wants to
        self.clock = clock
        self._tasks = tasks
        self._renderer = renderer
        self._submissions: list[float] = []
        folder.mkdir(parents=True, exist_ok=True)

    def accept(self, key: str, body: Json) -> Run:
        """Charge a submission and start its film. Raises Refusal."""
        self._ensure_not_too_often()
        model = ensure_acceptable(body)
        cost = catalogue.cost_micros(model, body)
        if cost > self.books.balances[key]:
            required = cost / catalogue.MICROS
            raise Refusal(402, "Insufficient balance", requiredBalance=required)
        name = "".join(secrets.choice(_ALPHABET) for _ in range(18))
        run = Run(f"vid_{name}", key, body["model"], body, cost, self.clock.now())
        self.books.runs[run.id] = run
        self.books.charge(run)
        self.making[run.id] = self._tasks.start(self._make(run, model), name=f"film:{run.id}")
        return run

    def _ensure_not_too_often(self) -> None:
        now = self.clock.now().timestamp()
        self._submissions = [at for at in self._submissions if at > now - MINUTE_SECONDS]
        if len(self._submissions) >= self.switches.submissions_per_minute:
            text = "Rate limit exceeded. Please wait before generating another video."
            raise Refusal(429, text, retry_after=60)
        self._submissions.append(now)

    async def _make(self, run: Run, model: Json) -> None:
        seconds = self.switches.generation_seconds
        await self.clock.sleep(seconds * QUEUE_SHARE)
        run.state = "IN_PROGRESS"
        try:
            await asyncio.gather(
                self._render(run, model), self.clock.sleep(seconds * (1 - QUEUE_SHARE))
            )
        except (RenderingError, aiohttp.ClientError, TimeoutError, Refusal) as error:
            self._fail(run, f"Video generation failed: {error}")
            return
        prompt = str(run.body.get("prompt", "")).lower()
        if self.switches.fail == "policy" or any(word in prompt for word in NSFW_WORDS):
            run.is_nsfw = True
            self._fail(run, "Content policy violation")
        elif self.switches.fail == "error":
            self._fail(run, "Video generation failed")
        else:
            run.film = f"{run.id}.mp4"
            run.state = "COMPLETED"

    def _fail(self, run: Run, error: str) -> None:
        run.state, run.error = "FAILED", error
        if self.switches.refund:
            self.books.refund(run, self.clock.now())

    async def _render(self, run: Run, model: Json) -> None:
        body = run.body
        image = decoded_image(body, *IMAGE_FIELDS) or await _fetched(address_of_image(body))
        orientation = "9:16" if body.get("orientation") == "portrait" else "16:9"
        shape = catalogue.setting(model, body, "aspect_ratio")
        request = FilmRequest(
            prompt=str(body.get("prompt", "")),
            seconds=catalogue.seconds_of(model, body),
            resolution=str(catalogue.setting(model, body, "resolution") or "720p"),
            aspect_ratio=str(shape or orientation),
            audio=catalogue.has_sound(model, body),
            image=image,
            end_image=decoded_image(body, *END_IMAGE_FIELDS),
        )
        await self._renderer.render(request, self.folder / f"{run.id}.mp4")


async def _fetched(address: str | None) -> bytes | None:
    """The picture at an address, which the service fetches itself."""
    if address is None:
        return None
    limits = aiohttp.ClientTimeout(total=20)
    async with aiohttp.ClientSession(timeout=limits) as session, session.get(address) as response:
        response.raise_for_status()
        return await response.read()
