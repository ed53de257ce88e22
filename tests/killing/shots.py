"""Judges shots, and what members paid: held against the services' books and the posted files.

A shot is paid for at most once. What its member paid for it is in the video that was posted, as its
length shows, or came back once; what is used from another video costs nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.killing.books import Books, Request, Row, Told
from tests.people import Json
from tests.studio import SHORT

SHOT_SECONDS = float(str(SHORT["duration"]))  # of all that the crowd asks NanoGPT for
TOLERANCE_SECONDS = SHOT_SECONDS / 4
MAX_ORDERS = 2  # of a shot: one more where its service failed
PAID_NOTHING = ("failed", "expired")
ENDS = ("succeeded", "cancelled", *PAID_NOTHING)

Find = Callable[[str, str], None]


@dataclass
class ShotJudge:
    """`requests` are those that lead to a job, by job; `find` takes what is wrong."""

    books: Books
    told: Mapping[str, Told]
    requests: Mapping[str, Request]
    find: Find
    runs: defaultdict[str, list[Json]] = field(default_factory=lambda: defaultdict(list))

    def judge(self) -> int:
        """How many shots were held against the file of a posted video."""
        for run in self.books.runs:
            self.runs[str(run["conversationUUID"]).rpartition("-")[0]].append(run)
        held = 0
        for job, row in self.books.rows.items():
            if row.number is not None:
                self._judge_orders(job, row)
            elif row.storyboard == job:
                held += self._judge_storyboard(job, row)
            else:
                self._judge_single(job, row)
        return held

    def _judge_orders(self, job: str, row: Row) -> None:
        runs = self.runs[job]
        failed = [run for run in runs if run["state"] == "FAILED"]
        if row.reuses is not None and runs:
            self.find("charged twice", f"shot {job} was there already, and was ordered")
        elif len(runs) > MAX_ORDERS or len(runs) - len(failed) > 1:
            ids = ", ".join(str(run["id"]) for run in runs)
            self.find("submitted twice", f"shot {job}: {len(runs)} orders: {ids}")
        if row.taken_micros < 0:
            self.find("money", f"shot {job}: {-row.taken_micros} more came back than was paid")
        if row.reuses is not None and row.taken_micros:
            self.find("money", f"shot {job} was there already, and cost {row.taken_micros}")
        if job in self.told:
            self.find("posted twice", f"shot {job} was posted alone")

    def _judge_storyboard(self, job: str, row: Row) -> int:
        shots = [
            (name, one)
            for name, one in self.books.rows.items()
            if one.storyboard == job and one.number is not None
        ]
        if row.taken_micros:
            self.find("money", f"storyboard {job} itself cost {row.taken_micros}")
        self._judge_remake(job, [name for name, _ in shots])
        for name, shot in shots if row.state in ENDS else ():
            if shot.taken_micros > 0 and not self._may_cost(name, shot, row):
                self.find("money", f"shot {name} of {job}, {row.state}: {shot.taken_micros} kept")
        if row.state != "succeeded":
            return 0
        free = [name for name, shot in shots if self._is_free(name, shot)]
        for name in free:
            self.find("money", f"shot {name} of {job} was made, and cost its member nothing")
        inside = sum(_is_inside(shot) for _, shot in shots)
        return inside if self._is_as_long(job, inside * SHOT_SECONDS) else 0

    def _may_cost(self, job: str, shot: Row, storyboard: Row) -> bool:
        """A shot costs something if its service took money for it, and its member got it.

        Or pressed Cancel when that money was spent already.
        """
        has_run = any(run["state"] != "FAILED" for run in self.runs[job])
        if storyboard.state == "succeeded":
            return shot.state == "succeeded" and has_run
        return storyboard.state not in PAID_NOTHING and bool(self.runs[job])

    def _is_free(self, job: str, shot: Row) -> bool:
        made = any(run["state"] == "COMPLETED" for run in self.runs[job])
        is_new = shot.state == "succeeded" and shot.reuses is None
        return is_new and made and shot.taken_micros == 0

    def _judge_remake(self, job: str, shots: Sequence[str]) -> None:
        request = self.requests.get(job)
        ordered = [shot for shot in shots if self.runs[shot]]
        if request is not None and request.kind == "remake" and len(ordered) > 1:
            listed = ", ".join(ordered)
            self.find("charged twice", f"{request.mark}, one shot of {job}: ordered {listed}")

    def _judge_single(self, job: str, row: Row) -> None:
        told = self.told.get(job, Told())
        if row.taken_micros < 0:
            self.find("money", f"job {job}: {-row.taken_micros} more came back than was paid")
        if row.state in PAID_NOTHING and row.taken_micros > 0:
            self.find("money", f"job {job} is {row.state}, and cost {row.taken_micros}")
        if row.state == "succeeded" and told.videos and row.taken_micros == 0:
            self.find("money", f"job {job} was posted, and cost its member nothing")
        request = self.requests.get(job)
        if request is not None and request.kind == "extend" and row.state == "succeeded":
            source = self.books.lengths.get(request.source_job)
            if source is not None:
                self._is_as_long(job, source + SHOT_SECONDS)

    def _is_as_long(self, job: str, seconds: float) -> bool:
        """Whether its posted file holds all that its member paid for, and nothing twice."""
        found = self.books.lengths.get(job)
        if found is None:  # a link, or it is not posted yet
            return False
        if abs(found - seconds) > TOLERANCE_SECONDS:
            self.find("money", f"job {job}: {found:.1f} s were posted, and {seconds:.1f} s paid")
        return True


def _is_inside(shot: Row) -> bool:
    return shot.taken_micros > 0 or (shot.reuses is not None and shot.state == "succeeded")
