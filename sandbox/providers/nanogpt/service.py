"""NanoGPT itself: accepts videos, charges for them, renders them, and refunds failures."""

import asyncio
import secrets
import string
from pathlib import Path
from typing import Any

from sandbox.clock import SandboxClock
from sandbox.providers.faults import Fault
from sandbox.providers.nanogpt import catalog, prices
from sandbox.providers.nanogpt.accepting import (
    END_IMAGE_FIELDS,
    IMAGE_FIELDS,
    NSFW_WORDS,
    address_of_image,
    decoded,
    ensure_acceptable,
)
from sandbox.providers.nanogpt.extending import ensure_nothing_else, is_extension, source_of
from sandbox.providers.nanogpt.limits import Limits, ensure_affordable, midnight
from sandbox.providers.nanogpt.overrides import Overrides
from sandbox.providers.nanogpt.refusals import Refusal
from sandbox.providers.nanogpt.runs import ENDS, MICROS, Books, Run, due
from sandbox.providers.pictures import fetched
from sandbox.tasks import TaskOwner
from sandbox.videos.rendering import Renderer, RenderingError, RenderRequest
from sandbox.videos.sources import GivenVideo, followed

Json = dict[str, Any]

_ALPHABET = string.ascii_lowercase + string.digits


class NanoGpt:
    """One service with its accounts; `folder` holds its videos, `origin` is its store's address."""

    def __init__(
        self,
        clock: SandboxClock,
        tasks: TaskOwner,
        renderer: Renderer,
        folder: Path,
        overrides: Overrides,
    ) -> None:
        self.books = Books()
        self.overrides = overrides
        self.limits = Limits()
        self.faults: list[Fault] = []
        self.folder = folder
        self.storage_origin = ""
        self.keys_seen_by_storage: list[str] = []
        self.making: dict[str, asyncio.Task[None]] = {}  # to be awaited by who wants to
        self.clock = clock
        self._tasks = tasks
        self._renderer = renderer
        folder.mkdir(parents=True, exist_ok=True)

    def models(self) -> list[Json]:
        """The list as it stands."""
        gone = self.overrides.withdrawn
        return [model for name, model in catalog.models().items() if name not in gone]

    async def source_of(self, body: Json) -> GivenVideo | None:
        """The video that a submission continues, if that is what it asks for. Raises Refusal."""
        model = self._model(body)
        if not is_extension(model):
            return None
        ensure_acceptable(body, model, self.overrides.upload_counts)
        ensure_nothing_else(body, model)
        return await source_of(body, model, self._renderer, self.overrides.upload_counts)

    def quote_micros(self, body: Json, source: GivenVideo | None = None) -> int:
        """What a submission would cost. Raises Refusal if it would not be accepted."""
        model = self._model(body)
        ensure_acceptable(body, model, self.overrides.upload_counts)
        if self.overrides.odd_durations == "refuse" and catalog.is_odd_duration(model, body):
            text = (
                "Invalid request parameter: duration. You have not been charged for this request."
            )
            raise Refusal(422, text, "validation_error", param="duration")
        return prices.cost_micros(model, body, 0.0 if source is None else source.seconds)

    def accept(self, key: str, body: Json, source: GivenVideo | None = None) -> Run:
        """Charge a submission and start its video. Raises Refusal."""
        cost, now = self.quote_micros(body, source), self.clock.now()
        self.settle()
        if self.overrides.daily_usd is not None:
            spent = self.books.spent_micros(key, midnight(now))
            ensure_affordable(spent, cost, self.overrides.daily_usd, now)
        if cost > self.books.balances[key]:
            raise Refusal(402, "Insufficient balance", requiredBalance=cost / MICROS)
        due_at = due(now, self.overrides.generation_seconds)
        run = Run(self._new_id(), key, str(body["model"]), body, cost, now, due_at)
        self.books.runs[run.id] = run
        self.books.charge(run)
        made = self._make(run, source)
        self.making[run.id] = self._tasks.start(made, name=f"video:{run.id}")
        return run

    def settle(self) -> None:
        """Let everything happen that is due by the sandbox's clock."""
        now = self.clock.now()
        for run in self.books.runs.values():
            if run.state in ENDS:
                continue
            if run.rendered_at is not None and run.due_at <= now:
                self._end(run)
            else:
                run.state = run.step(now, delivering=self.overrides.delivering)
        self.books.settle(now)

    def _model(self, body: Json) -> Json:
        name = body.get("model")
        if not isinstance(name, str) or not name:
            text = "Missing required parameter: model"
            raise Refusal(400, text, "missing_required_parameter", param="model")
        model = catalog.found(name, old_slugs=self.overrides.old_slugs)
        if model is None or model["id"] in self.overrides.withdrawn:
            raise Refusal(400, "Model not found", "model_not_found", param="model")
        return model

    def _new_id(self) -> str:
        name = "".join(secrets.choice(_ALPHABET) for _ in range(18))
        return f"fal-request-{name}" if self.overrides.submission == "seed" else f"vid_{name}"

    async def _make(self, run: Run, source: GivenVideo | None) -> None:
        """Render at once; the video is done when its time has come."""
        try:
            await (self._render(run) if source is None else self._continue(run, source))
        except (RenderingError, Refusal) as error:
            run.error = f"Video generation failed: {error}"
        run.rendered_at = self.clock.now()
        await self.clock.sleep(max(0.0, (run.due_at - self.clock.now()).total_seconds()))
        if run.state not in ENDS:
            self._end(run)
            self.books.settle(self.clock.now())

    def _end(self, run: Run) -> None:
        """What becomes of a video whose time has come."""
        prompt, fail = str(run.body.get("prompt", "")).lower(), self.overrides.fail
        run.ended_at = max(run.due_at, run.rendered_at or run.due_at)
        if run.error is not None:
            self._fail(run, run.error)
        elif fail == "policy" or any(word in prompt for word in NSFW_WORDS):
            run.is_nsfw = True
            self._fail(run, "Content policy violation")
        elif fail != "no":
            self._fail(
                run, "Request was cancelled" if fail == "cancel" else "Video generation failed"
            )
        else:
            run.video, run.state = _video_of(run), "COMPLETED"
            factor = self.overrides.final_cost_factor
            self.books.correct(run, round(run.cost_micros * factor), run.ended_at)

    def _fail(self, run: Run, error: str) -> None:
        run.state = "CANCELED" if self.overrides.fail == "cancel" else "FAILED"
        run.error = self.overrides.fail_message or error
        if self.overrides.refund and run.ended_at is not None:
            self.books.refund_later(run, due(run.ended_at, self.overrides.refund_seconds))

    async def _render(self, run: Run) -> None:
        body, model = run.body, self._model(run.body)
        address = address_of_image(body)
        image = decoded(body, *IMAGE_FIELDS)
        orientation = "9:16" if body.get("orientation") == "portrait" else "16:9"
        shape = catalog.setting(model, body, "aspect_ratio")
        request = RenderRequest(
            prompt=str(body.get("prompt", "")),
            seconds=catalog.seconds_of(model, body),
            resolution=str(catalog.setting(model, body, "resolution") or "720p"),
            aspect_ratio=str(shape or orientation),
            audio=catalog.has_sound(model, body),
            image=image if image is not None or address is None else await fetched(address),
            end_image=decoded(body, *END_IMAGE_FIELDS),
        )
        await self._renderer.render(request, self.folder / _video_of(run))

    async def _continue(self, run: Run, source: GivenVideo) -> None:
        """Start where the source ends; the documents do not say whether it is handed out again."""
        body, model = run.body, self._model(run.body)
        always = model["capabilities"]["audio_generation"] and not catalog.has_sound_switch(model)
        usual = f"{min(source.width, source.height)}p"
        request = RenderRequest(
            prompt=str(body.get("prompt", "")),
            seconds=catalog.seconds_of(model, body),
            resolution=str(catalog.setting(model, body, "resolution") or usual),
            aspect_ratio=f"{source.width}:{source.height}",
            audio=always or catalog.has_sound(model, body),
            image=source.last_frame,
        )
        target = self.folder / _video_of(run)
        if self.overrides.extension == "new":
            await self._renderer.render(request, target)
            return
        given, new = target.with_suffix(".source"), target.with_suffix(".new")
        await asyncio.to_thread(given.write_bytes, source.content)
        await self._renderer.render(request, new)
        await followed(given, new, target, self._renderer)


def _video_of(run: Run) -> str:
    """The name of its file, which begins alike whatever shape its id has."""
    return f"{run.id}.mp4" if run.id.startswith("vid_") else f"vid_{run.id}.mp4"
