"""What must hold of storyboards whose shots are jobs of their own."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.database import WitnessedSqlite

ENDS = frozenset({"succeeded", "failed", "cancelled", "expired"})
MAX_SHOTS_AT_ONCE = 4  # of one storyboard


@dataclass
class ShotRules:
    """Part of the watch, which says when they are to be checked."""

    engine: WitnessedSqlite
    demand: Callable[[object, str, str], None]
    broke: set[str] = field(default_factory=set)  # tags whose service showed that it failed
    again: Counter[str] = field(default_factory=Counter)  # back into the queue, by job

    def list_of(self, job_id: str) -> list[str]:
        """The shots of a storyboard; none of any other job."""
        query = "SELECT id FROM jobs WHERE storyboard_id = ? AND id <> ?"
        return [row["id"] for row in self.engine.ask(query, job_id, job_id)]

    def may_be_retried(self, job: Any) -> None:
        """Only a shot, once, whose service has shown that it failed."""
        [row] = self.engine.ask(
            "SELECT tag FROM submissions WHERE job_id = ? ORDER BY attempt DESC LIMIT 1", job["id"]
        )
        may = job["shot_number"] is not None and self.again[job["id"]] == 0
        self.again[job["id"]] += 1
        text = f"{job['id']} is made again, and did not fail"
        self.demand(may and row["tag"] in self.broke, "shots", text)

    def may_end(self, job: Any, state: str) -> None:
        """A storyboard ends once all of its shots have ended, with what was made for it."""
        query = "SELECT state, reuses FROM jobs WHERE storyboard_id = ? AND id <> ?"
        shots = self.engine.ask(query, job["id"], job["id"])
        still = sorted({row["state"] for row in shots} - ENDS)
        self.demand(not still, "shots", f"{job['id']} is {state}, and shots are {still}")
        made = any(row["state"] == "succeeded" for row in shots if row["reuses"] is None)
        if state == "succeeded":
            self.demand(made, "shots", f"{job['id']} succeeded without a new shot")
            self._demand_all_copies(job)
        if state == "failed":
            given_up = job["failure_kind"] == "interrupted"
            self.demand(not made or given_up, "shots", f"{job['id']} failed, and has shots")

    def _demand_all_copies(self, job: Any) -> None:
        """A shot that is re-made costs its member none of the others."""
        query = (
            "SELECT copy.id FROM jobs AS copy JOIN jobs AS source ON source.id = copy.reuses"
            " WHERE copy.storyboard_id = ? AND source.state = 'succeeded'"
            " AND copy.state <> 'succeeded'"
        )
        lost = [row["id"] for row in self.engine.ask(query, job["id"])]
        self.demand(not lost, "shots", f"{job['id']} succeeded without {lost}")

    def demand_turn(self, job: Any) -> None:
        """A shot is sent in its turn; in a chain, with the last frame of the one before."""
        if job["shot_number"] is None:
            return
        job_id = job["id"]
        shots = self.engine.ask(
            "SELECT * FROM jobs WHERE storyboard_id = ? AND shot_number IS NOT NULL ORDER BY shot_number",
            job["storyboard_id"],
        )
        running = sum(shot["state"] not in ENDS and not shot["is_held"] for shot in shots)
        self.demand(running <= MAX_SHOTS_AT_ONCE, "shots", f"{running} of {job['storyboard_id']}")
        self.demand(not job["is_held"], "shots", f"{job_id} is sent, and was held")
        self._demand_copies(job, shots)
        [whole] = self.engine.ask("SELECT request FROM jobs WHERE id = ?", job["storyboard_id"])
        if '"continuous": true' not in whole["request"]:
            return
        before = [shot for shot in shots if shot["shot_number"] < job["shot_number"]]
        ended = all(shot["state"] in ENDS for shot in before)
        self.demand(ended, "shots", f"{job_id} is sent before those that it continues")
        good = [shot["id"] for shot in before if shot["state"] == "succeeded"]
        starts = not good or f"{good[-1]}.last.png" in job["request"]
        self.demand(starts, "shots", f"{job_id} does not start from the last frame")

    def _demand_copies(self, job: Any, shots: list[Any]) -> None:
        """What is there already is never sent; and what is new, only beside all of it."""
        self.demand(job["reuses"] is None, "shots", f"{job['id']} is sent, and was there already")
        copies = [shot["state"] for shot in shots if shot["reuses"] is not None]
        is_there = all(state in ENDS for state in copies)
        self.demand(is_there, "shots", f"{job['id']} is sent before the others are there")
        self.demand("failed" not in copies, "shots", f"{job['id']} is sent, and another is gone")
