"""What NanoGPT has in hand: runs, the accounts that pay for them, and the ledger of both."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.providers.nanogpt.catalogue import MICROS

OPENING_BALANCE_MICROS = 50 * MICROS


@dataclass(slots=True)
class Run:
    """One film in the making; `state` is the service's own word."""

    id: str
    key: str
    model: str
    body: dict[str, Any]
    cost_micros: int
    created_at: datetime
    state: str = "IN_QUEUE"
    error: str | None = None
    is_nsfw: bool = False
    film: str | None = None  # the name of its file

    def describe(self) -> dict[str, Any]:
        """For whoever plays the people; no pictures."""
        return {
            "id": self.id,
            "model": self.model,
            "state": self.state,
            "cost": self.cost_micros / MICROS,
            "key": self.key,
            "prompt": self.body.get("prompt"),
            "conversationUUID": self.body.get("conversationUUID"),
            "created_at": self.created_at.isoformat(),
            "error": self.error,
        }


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement of money, in micros of a dollar."""

    at: datetime
    key: str
    kind: str  # charge or refund
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

    def open(self, key: str, balance_micros: int = OPENING_BALANCE_MICROS) -> None:
        self.balances[key] = balance_micros

    def charge(self, run: Run) -> None:
        self.balances[run.key] -= run.cost_micros
        self.entries.append(Entry(run.created_at, run.key, "charge", run.cost_micros, run.id))

    def refund(self, run: Run, at: datetime) -> None:
        """Give back what a failed run was charged; once."""
        if any(entry.run == run.id and entry.kind == "refund" for entry in self.entries):
            return
        self.balances[run.key] += run.cost_micros
        self.entries.append(Entry(at, run.key, "refund", run.cost_micros, run.id))
