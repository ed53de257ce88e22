"""What must hold once everything has come to its end."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.ids import IdempotencyKey
from bot.jobs.job import Cancellation
from tests.simulation.people import People
from tests.simulation.processes import Surroundings
from tests.simulation.services import Video
from tests.simulation.shots import ENDS
from tests.simulation.watch import Watch

SURVIVED_SECONDS = 120.0  # after an answer; long enough to write it whatever the database does


@dataclass
class Judgement:
    """Compares what stands in the database with what the world saw."""

    adapters: Surroundings
    people: People
    watch: Watch
    jumps: Sequence[tuple[float, float]]

    def judge(self) -> Counter[str]:
        """How the jobs ended. What is wrong, the watch hears of."""
        self.watch.audit()
        jobs = self.watch.engine.ask("SELECT * FROM jobs ORDER BY accepted_at, id")
        videos = {video.tag.rpartition("-")[0]: video for video in self._videos()}
        for key in sorted(self.people.accepted):
            known = any(job["idempotency_key"] == key for job in jobs)
            self.watch.demand(known, "I0", f"{key} was accepted, and there is no such job")
        for job in jobs:
            self._judge_job(job)
            self._judge_messages(job)
            self._judge_money(job, videos.get(job["id"]))
            self._judge_accounts(job)
        for video in self._videos():
            self._judge_answer(video)
        self._judge_events()
        self._replay()
        return Counter(job["state"] for job in jobs)

    def _videos(self) -> list[Video]:
        return [video for one in self.adapters.providers.values() for video in one.videos.values()]

    def _judge_job(self, job: Any) -> None:
        self.watch.demand(job["state"] in ENDS, "I7", f"{job['id']} is {job['state']}")
        logged = self.watch.states[job["id"]]
        self.watch.demand(logged == job["state"], "I10", f"{job['id']}: the log says {logged}")
        told = self.people.told.get(IdempotencyKey(job["idempotency_key"]))
        if told is Cancellation.CANCELLED:
            shots = self.watch.shots.list_of(job["id"])
            # a shot that had failed before, its answer lost, may have run: no one paid for it
            mine = (job["id"], *(one for one in shots if self.watch.states[one] != "failed"))
            held = job["state"] == "cancelled" and not any(self.watch.runs[one] for one in mine)
            self.watch.demand(held, "I5", f"{job['id']} was cancelled, and is {job['state']}")
        if told is Cancellation.NOT_WATCHED:
            self.watch.demand(job["state"] != "succeeded", "I6", f"{job['id']} was not stopped")

    def _judge_messages(self, job: Any) -> None:
        is_open = job["channel_id"] not in self.adapters.messenger.gone_channels
        missed = job["state"] in {"failed", "expired"} and not job["cancel_requested"]
        late = missed and job["failure_kind"] in {None, "uncertain", "interrupted"}
        done = job["state"] == "succeeded"
        wanted = {"card": (0, 1), "video": (done, done or late), "failure": (missed, missed)}
        if job["shot_number"] is not None:
            is_open, wanted = False, dict.fromkeys(wanted, (0, 0))
        for kind, (fewest, most) in wanted.items():
            posted = self.watch.posts[job["id"], kind]
            right = (fewest if is_open else 0) <= posted <= most
            self.watch.demand(right, "I6", f"{job['id']} {job['state']}: {posted} {kind}")
        left = [message.kind.value for message in self.adapters.messenger.standing(job["id"])]
        fewest = 1 if is_open and job["id"] not in self.people.taken_down else 0
        right = fewest <= len(left) <= 1 or not is_open  # with its channel, they all went
        self.watch.demand(right, "I11", f"{job['id']} {job['state']}: left are {left}")

    def _judge_money(self, job: Any, video: Video | None) -> None:
        """A member pays for a video what it cost, and for a video that is none nothing."""
        member, pool = self._spent(job["id"])
        if job["storyboard_id"] == job["id"]:
            self.watch.demand(member == pool == 0, "I4", self._words(job, member))
            return
        if job["reuses"] is not None:
            is_free = member == pool == self.watch.runs[job["id"]] == 0
            self.watch.demand(is_free, "I4", self._words(job, member))
            return
        paid = self._possible(job, video)
        if job["state"] == "succeeded":
            self.watch.demand(member in paid and pool == member, "I4", self._words(job, member))
        elif job["state"] == "cancelled":
            self.watch.demand(
                member in paid | ({0} if not video or job["was_retried"] else set()),
                "I4",
                self._words(job, member),
            )
        else:
            self.watch.demand(member == 0, "I4", self._words(job, member))
        if job["failure_kind"] == "uncertain":
            self.watch.demand(pool == job["cost_micros"], "I4", self._words(job, pool))

    def _words(self, job: Any, micros: int) -> str:
        return f"{job['id']} {job['state']} came to {micros}"

    def _possible(self, job: Any, video: Video | None) -> set[int]:
        """What may be taken for its cost: the last word of its service, or what was quoted."""
        if video is None:
            return set()
        last = video.verdict.charged_micros
        if last is not None and job["state"] == "succeeded":
            return {last}
        return {
            one for one in (last, video.precharged_micros, job["cost_micros"]) if one is not None
        }

    def _spent(self, job_id: str) -> tuple[int, int]:
        """From the member's accounts and from the pool."""
        query = (
            "SELECT a.kind, e.micros FROM ledger_transactions AS t"
            " JOIN ledger_entries AS e ON e.transaction_id = t.id"
            " JOIN accounts AS a ON a.id = e.account_id"
            " WHERE t.job_id = ? AND t.kind IN ('settle', 'release')"
        )
        found = {row["kind"]: row["micros"] for row in self.watch.engine.ask(query, job_id)}
        return found.get("spent", 0), found.get("pool_spent", 0)

    def _judge_accounts(self, job: Any) -> None:
        """What left an account for a job was spent on it, or came back: once, and from there."""
        query = (
            "SELECT a.kind, SUM(e.micros) AS micros FROM ledger_transactions AS t"
            " JOIN ledger_entries AS e ON e.transaction_id = t.id"
            " JOIN accounts AS a ON a.id = e.account_id WHERE t.job_id = ? GROUP BY a.kind"
        )
        moved = Counter[str]()
        for row in self.watch.engine.ask(query, job["id"]):
            moved[row["kind"]] = row["micros"]
        member = -sum(moved[kind] for kind in ("allowance", "grant", "event"))
        right = member == moved["spent"] >= 0 and -moved["pool"] == moved["pool_spent"] >= 0
        self.watch.demand(right, "I4", f"{job['id']} {job['state']} moved {dict(moved)}")

    def _judge_answer(self, video: Video) -> None:
        """An answer that reached a process which lived on is never lost."""
        if video.answered is None:
            return
        life, at = video.answered
        slept = any(at - 130 <= jump <= at + SURVIVED_SECONDS for jump, _ in self.jumps)
        lived = life.ended_at is None or life.ended_at - at >= SURVIVED_SECONDS
        slept = slept or life.suspended_seconds(at - 130) > 0
        query = "SELECT handle FROM submissions WHERE tag = ?"
        [row] = self.watch.engine.ask(query, video.tag)
        kept = row["handle"] == video.handle
        self.watch.demand(kept or slept or not lived, "I5", f"the handle of {video.tag} was lost")

    def _judge_events(self) -> None:
        """An event counts the videos that it paid something for, and no others."""
        query = (
            "SELECT e.account_id FROM ledger_entries AS e"
            " JOIN ledger_transactions AS t ON t.id = e.transaction_id"
            " JOIN jobs AS j ON j.id = t.job_id"
            " GROUP BY e.account_id, COALESCE(j.storyboard_id, j.id) HAVING SUM(e.micros) < 0"
        )
        paid = Counter(row["account_id"] for row in self.watch.engine.ask(query))
        for row in self.watch.engine.ask("SELECT account_id, videos_used FROM events"):
            counted, found = row["videos_used"], paid[row["account_id"]]
            text = f"{row['account_id']} counts {counted} videos, and paid for {found}"
            self.watch.demand(counted == found, "I12", text)

    def _replay(self) -> None:
        """The entries, added up from nothing, are what the accounts hold."""
        sums: Counter[str] = Counter()
        for row in self.watch.engine.ask("SELECT account_id, micros FROM ledger_entries"):
            sums[row["account_id"]] += row["micros"]
        for row in self.watch.engine.ask("SELECT id, kind, balance_micros FROM accounts"):
            right = sums[row["id"]] == row["balance_micros"]
            self.watch.demand(right, "I10", f"{row['id']} holds {row['balance_micros']}")
            empty = row["kind"] not in {"held", "pool_held"} or row["balance_micros"] == 0
            self.watch.demand(empty, "I3", f"{row['id']} still holds {row['balance_micros']}")
        self.watch.demand(sum(sums.values()) == 0, "I1", "the books do not come to nothing")
