"""NanoGPT's records: runs, the accounts that pay for them, and the ledger of both."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

MICROS = 1_000_000
OPENING_BALANCE_MICROS = 50 * MICROS
QUEUE_SHARE = 0.25  # of the time a video takes
DELIVERY_SHARE = 0.1  # at its end
ENDS = ("COMPLETED", "FAILED", "CANCELED")


@dataclass(slots=True)
class Run:
    """One video being rendered; `state` is the service's own word, money is in micros of a dollar."""

    id: str
    key: str
    model: str
    body: dict[str, Any]
    cost_micros: int  # as precharged
    created_at: datetime
    due_at: datetime
    state: str = "IN_QUEUE"
    error: str | None = None
    is_nsfw: bool = False
    rendered_at: datetime | None = None
    video: str | None = None  # the name of its file
    final_micros: int = 0  # as charged in the end
    ended_at: datetime | None = None
    refund_at: datetime | None = None  # when its money is to come back

    def step(self, now: datetime, *, delivering: bool) -> str:
        """The word for a run that has not ended."""
        whole = (self.due_at - self.created_at).total_seconds()
        left = (self.due_at - now).total_seconds()
        if left > whole * (1 - QUEUE_SHARE):
            return "IN_QUEUE"
        is_late = delivering and left <= whole * DELIVERY_SHARE
        return "delivering" if is_late else "IN_PROGRESS"

    def describe(self) -> dict[str, Any]:
        """For people and tests; no pictures."""
        return {
            "id": self.id,
            "model": self.model,
            "state": self.state,
            "cost": self.cost_micros / MICROS,
            "final_cost": self.final_micros / MICROS,
            "key": self.key,
            "prompt": self.body.get("prompt"),
            "conversationUUID": self.body.get("conversationUUID"),
            "created_at": self.created_at.isoformat(),
            "error": self.error,
        }


@dataclass(frozen=True, slots=True)
class Completion:
    """An answer of a text model, charged once it is written."""

    id: str
    key: str
    model: str
    prompt: str
    cost_micros: int
    at: datetime
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement of money, in micros of a dollar.

    A charge takes the amount and a refund gives it; a correction takes it, and gives a negative one.
    """

    at: datetime
    key: str
    kind: str
    amount_micros: int
    run: str

    def describe(self) -> dict[str, Any]:
        return {
            "at": self.at.isoformat(),
            "key": self.key,
            "kind": self.kind,
            "amount": self.amount_micros / MICROS,
            "run": self.run,
        }


@dataclass(slots=True)
class Books:
    """Balances by key, and every movement."""

    balances: dict[str, int] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    runs: dict[str, Run] = field(default_factory=dict)
    completions: dict[str, Completion] = field(default_factory=dict)

    def open(self, key: str, balance_micros: int = OPENING_BALANCE_MICROS) -> None:
        """Open a key, or set what it has."""
        self.balances[key] = balance_micros

    def charge(self, run: Run) -> None:
        run.final_micros = run.cost_micros
        self._book(run, "charge", run.cost_micros, run.created_at)

    def complete(self, done: Completion) -> None:
        self.completions[done.id] = done
        self.balances[done.key] -= done.cost_micros
        self.entries.append(Entry(done.at, done.key, "charge", done.cost_micros, done.id))

    def correct(self, run: Run, final_micros: int, at: datetime) -> None:
        """Make up for a video that cost another sum in the end than was charged at first."""
        if final_micros != run.final_micros:
            self._book(run, "correction", final_micros - run.final_micros, at)
            run.final_micros = final_micros

    def refund_later(self, run: Run, at: datetime) -> None:
        run.refund_at = at

    def settle(self, now: datetime) -> None:
        """Give back what is due; once."""
        for run in self.runs.values():
            if run.refund_at is not None and run.refund_at <= now:
                self._book(run, "refund", run.final_micros, run.refund_at)
                run.refund_at = None

    def spent_micros(self, key: str, since: datetime) -> int:
        """What a key was charged since then, refunds not counted."""
        taken = (entry for entry in self.entries if entry.key == key and entry.at >= since)
        return sum(entry.amount_micros for entry in taken if entry.kind != "refund")

    def _book(self, run: Run, kind: str, amount_micros: int, at: datetime) -> None:
        self.balances[run.key] += amount_micros if kind == "refund" else -amount_micros
        self.entries.append(Entry(at, run.key, kind, amount_micros, run.id))


def due(created_at: datetime, seconds: float) -> datetime:
    return created_at + timedelta(seconds=seconds)
