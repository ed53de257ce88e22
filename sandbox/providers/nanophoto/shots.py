"""NanoPhoto's records: shots, the accounts that pay for them, and the ledger of both."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

OPENING_CREDITS = 1000


@dataclass(frozen=True, slots=True)
class ShotOrder:
    """One shot as it was asked for."""

    id: str
    prompt: str
    generation_type: str
    aspect_ratio: str
    image_urls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """One request that can be made, if it can be paid."""

    shots: tuple[ShotOrder, ...]
    resolution: str
    credits_per_shot: int

    @property
    def credits(self) -> int:
        return self.credits_per_shot * len(self.shots)


@dataclass(slots=True)
class Shot:
    """One shot being rendered; `state` is the service's own word, `position` counts from zero."""

    task_id: str
    key: str
    request: str  # names the request that it came with; no client sees it
    position: int
    order: ShotOrder
    resolution: str
    credits: int
    created_at: datetime
    state: str = "processing"
    error: str | None = None
    is_told_by_500: bool = False  # a status that names it is answered with HTTP 500
    video: str | None = None  # the name of its file
    generation_time: int = 0  # in seconds

    def describe(self) -> dict[str, Any]:
        """For people and tests."""
        return {
            "id": self.task_id,
            "shot_id": self.order.id,
            "request": self.request,
            "position": self.position,
            "state": self.state,
            "credits": self.credits,
            "key": self.key,
            "prompt": self.order.prompt,
            "generation_type": self.order.generation_type,
            "aspect_ratio": self.order.aspect_ratio,
            "image_urls": list(self.order.image_urls),
            "resolution": self.resolution,
            "created_at": self.created_at.isoformat(),
            "generation_time": self.generation_time,
            "video": self.video,
            "error": self.error,
        }


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement of credits."""

    at: datetime
    key: str
    kind: str  # charge or refund
    credits: int
    task: str

    def describe(self) -> dict[str, Any]:
        return {
            "at": self.at.isoformat(),
            "key": self.key,
            "kind": self.kind,
            "credits": self.credits,
            "task": self.task,
        }


@dataclass(slots=True)
class Books:
    """Balances in credits by key, every movement, and every shot by its task's id."""

    balances: dict[str, int] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    shots: dict[str, Shot] = field(default_factory=dict)

    def open(self, key: str, balance: int = OPENING_CREDITS) -> None:
        self.balances[key] = balance

    def charge(self, shot: Shot) -> None:
        self.shots[shot.task_id] = shot
        self.balances[shot.key] -= shot.credits
        self.entries.append(Entry(shot.created_at, shot.key, "charge", shot.credits, shot.task_id))

    def refund(self, shot: Shot, at: datetime) -> None:
        """Give back what a failed shot was charged; once."""
        if any(entry.task == shot.task_id and entry.kind == "refund" for entry in self.entries):
            return
        self.balances[shot.key] += shot.credits
        self.entries.append(Entry(at, shot.key, "refund", shot.credits, shot.task_id))
