"""NanoPhoto itself: accepts requests, charges credits, renders shots in turn, refunds credits."""

import asyncio
import secrets
import string
from pathlib import Path
from typing import Any

from sandbox.clock import SandboxClock
from sandbox.providers.faults import Fault
from sandbox.providers.nanophoto.answers import Refusal
from sandbox.providers.nanophoto.making import Studio
from sandbox.providers.nanophoto.orders import read_order
from sandbox.providers.nanophoto.overrides import Overrides
from sandbox.providers.nanophoto.shots import Books, Order, Shot
from sandbox.tasks import TaskOwner
from sandbox.videos.rendering import Renderer, RenderingError

Json = dict[str, Any]

BLOCKED_WORD = "blockedword"  # refused at once; docs/sandbox.md names both
NSFW_WORD = "nsfwlater"  # accepted, and failed afterwards
FAILED = "Video generation failed"
_ALPHABET = string.ascii_lowercase + string.digits
HOUR_SECONDS = 3600.0


class NanoPhoto:
    """One service with its accounts; `folder` holds its videos, `storage_origin` hands them out."""

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
        self.faults: list[Fault] = []
        self.storage_origin = ""
        self.keys_seen_by_storage: list[str] = []
        self.making: dict[str, asyncio.Task[None]] = {}  # by task id, to be awaited
        self.clock = clock
        self.requests = HourlyRequests(clock)
        self.studio = Studio(renderer, folder)
        self._tasks = tasks

    def accept(self, key: str, body: Json) -> list[Shot]:
        """Charge a request and start its shots; they have failed already if so switched.

        Raises Refusal: GENERATION_FAILED only when all has been charged, and given back if so
        switched.
        """
        order = read_order(body)
        needed = order.credits
        if needed > self.books.balances[key]:
            raise Refusal("INSUFFICIENT_CREDITS", "Insufficient credits", requiredCredits=needed)
        shots = self._charged(key, order)
        if any(BLOCKED_WORD in shot.prompt.lower() for shot in order.shots):
            self._refuse(shots, "The prompt was rejected by the safety filter.")
        if self.overrides.fail == "generate_500":
            self._refuse(shots, FAILED)
        if self.overrides.fail == "generate_200_failed":
            self._fail_all(shots, FAILED)
            return shots
        making = self._tasks.start(
            self._make(shots, joined=self.overrides.joined), name=f"shots:{shots[0].request}"
        )
        self.making |= {shot.task_id: making for shot in shots}
        return shots

    def _charged(self, key: str, order: Order) -> list[Shot]:
        request, now = _name(12), self.clock.now()
        shots = [
            Shot(
                task_id=f"task_{_name(20)}",
                key=key,
                request=request,
                position=position,
                order=shot,
                resolution=order.resolution,
                credits=order.credits_per_shot,
                created_at=now,
            )
            for position, shot in enumerate(order.shots)
        ]
        for shot in shots:
            self.books.charge(shot)
        return shots

    def _refuse(self, shots: list[Shot], reason: str) -> None:
        self._fail_all(shots, reason)
        raise Refusal("GENERATION_FAILED", reason)

    def _fail_all(self, shots: list[Shot], reason: str) -> None:
        for shot in shots:
            self._fail(shot, reason)

    def _fail(self, shot: Shot, reason: str) -> None:
        shot.state, shot.error = "failed", reason
        if self.overrides.refund:
            self.books.refund(shot, self.clock.now())

    async def _make(self, shots: list[Shot], *, joined: bool) -> None:
        """Make the shots one after the other; those of a joined video are completed with it."""
        for shot in shots:
            await self._make_one(shot)
            if not joined and shot.video is not None:
                shot.state = "completed"
        made = [shot for shot in shots if shot.video is not None]
        if joined and made:
            await self._join(made)

    async def _make_one(self, shot: Shot) -> None:
        started = self.clock.now()
        try:
            video = await self.studio.make(shot)
        except (RenderingError, OSError) as error:
            self._fail(shot, f"{FAILED}: {error}")
            return
        passed = (self.clock.now() - started).total_seconds()
        await self.clock.sleep(max(0.0, self.overrides.generation_seconds - passed))
        shot.generation_time = round((self.clock.now() - started).total_seconds())
        reason = self._misfortune_of(shot)
        if reason is None:
            shot.video = video
        else:
            shot.is_told_by_500 = self.overrides.fail == "status_500"
            self._fail(shot, reason)

    def _misfortune_of(self, shot: Shot) -> str | None:
        if NSFW_WORD in shot.order.prompt.lower():
            return f"{FAILED}: the result may show unsafe content. Try a different prompt."
        is_chosen = self.overrides.fail == "shot" and shot.position in self.overrides.fail_shots
        return FAILED if is_chosen or self.overrides.fail in {"all", "status_500"} else None

    async def _join(self, made: list[Shot]) -> None:
        try:
            video = await self.studio.join(made) if len(made) > 1 else made[0].video
        except (RenderingError, OSError) as error:
            self._fail_all(made, f"{FAILED}: {error}")
            return
        for shot in made:
            shot.video, shot.state = video, "completed"


def _name(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


class HourlyRequests:
    """When each key asked, for one hour; the documents do not say whether the hour is a sliding one."""

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self._times: dict[str, list[float]] = {}

    def take(self, key: str, most: int) -> None:
        """Count a request. Raises Refusal for one too many, which is not counted."""
        times = self._recent(key)
        if len(times) >= most:
            text = (
                "API key rate limit exceeded. Default: 100 requests/hour. "
                "Contact support@nanophoto.ai for higher limits."
            )
            raise Refusal("API_KEY_RATE_LIMIT_EXCEEDED", text)
        self._times[key] = [*times, self._clock.now().timestamp()]

    def count(self, key: str) -> int:
        return len(self._recent(key))

    def _recent(self, key: str) -> list[float]:
        since = self._clock.now().timestamp() - HOUR_SECONDS
        return [at for at in self._times.get(key, []) if at > since]
