"""The judge: what was requested held against the sandbox's books. Pure; every finding is a sentence."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.killing.books import ENDED, Books, Request, Told, mark_in, words_of
from tests.killing.shots import ShotJudge

CAME_LATE = "finished late"  # in the words above a video whose job was given up
NEVER_ANSWERED = "never answered"  # in the failure notice for a lost answer
OPEN_STATES = frozenset({"queued", "submitting", "uncertain", "rendering", "downloading"})


@dataclass(slots=True)
class Verdict:
    """The figures, and what is wrong: nothing, or else a sentence for each."""

    requests: int = 0
    promised: int = 0
    jobs: int = 0
    videos: int = 0
    words: int = 0
    cancelled: int = 0
    unknown: int = 0  # of the words: no one can say whether the service took it
    storyboards: int = 0  # whose shots are jobs of their own
    held: int = 0  # shots that were looked for in the file of a posted video
    kinds: Counter[str] = field(default_factory=Counter)  # jobs by how they were asked for
    wrong: dict[str, list[str]] = field(default_factory=dict)

    def find(self, kind: str, sentence: str) -> None:
        self.wrong.setdefault(kind, []).append(sentence)

    def count(self, kind: str) -> int:
        return len(self.wrong.get(kind, []))


class Judge:
    """Holds requests against books; `states` is how each job stands in the bot's own database."""

    def __init__(
        self, requests: Sequence[Request], books: Books, states: Mapping[str, str]
    ) -> None:
        self._requests = requests
        self._books = books
        self._states = states
        self._told = books.jobs()
        self._by_mark = {request.mark: request for request in requests}
        self._by_key = {request.key: request for request in requests if request.key}
        self._by_source = {
            request.source: request for request in requests if request.source is not None
        }
        self._verdict = Verdict(
            requests=len(requests), promised=sum(w.is_promised for w in requests)
        )

    def judge(self) -> Verdict:
        """Everything that can be wrong, looked for."""
        jobs_of: Counter[str] = Counter()
        requests: dict[str, Request] = {}
        for job, told in self._told.items():
            request = self._request(job, told)
            if request is not None:
                jobs_of[request.mark] += 1
                requests[job] = request
            self._judge_job(job, told, request)
        self._judge_requests(jobs_of)
        self._judge_database()
        self._judge_nanogpt()
        self._judge_nanophoto()
        verdict = self._verdict
        verdict.kinds.update(request.kind for request in requests.values())
        verdict.storyboards = sum(row.storyboard == job for job, row in self._books.rows.items())
        verdict.held = ShotJudge(self._books, self._told, requests, verdict.find).judge()
        return verdict

    def _whole(self, job: str) -> str:
        return self._books.whole(job)

    def _request(self, job: str, told: Told) -> Request | None:
        """A video made from another one has its words, and is known by the bot's key."""
        row = self._books.rows.get(job)
        if row is not None and row.key in self._by_key:
            return self._by_key[row.key]
        message = told.messages[0]
        mark = mark_in(words_of(message))
        source = (message.get("message_reference") or {}).get("message_id")
        return self._by_mark.get(mark or "") or self._by_source.get(source or "")

    def _judge_job(self, job: str, told: Told, request: Request | None) -> None:
        verdict, name = self._verdict, f"job {job} ({request.mark if request else 'of no request'})"
        verdict.jobs += 1
        verdict.videos += bool(told.videos)
        verdict.words += bool(told.words)
        verdict.cancelled += told.title == "Cancelled"
        verdict.unknown += any(NEVER_ANSWERED in word["content"] for word in told.words)
        for messages, what in ((told.cards, "card"), (told.videos, "video"), (told.words, "word")):
            if len(messages) > 1:
                where = ", ".join(str(message["id"]) for message in messages)
                verdict.find("posted twice", f"{name}: {len(messages)} {what}s: {where}")
        if told.videos and told.words:
            verdict.find("posted twice", f"{name}: a video and a word that there is none")
        elif told.title == "Cancelled" and len(told.messages) > len(told.cards):
            verdict.find("untrue", f"{name}: cancelled, and more was posted")
        elif told.cards and len(told.messages) > len(told.cards):
            verdict.find("left over", f"{name}: its card stands beside what replaces it")
        elif any(CAME_LATE in video["content"] for video in told.videos) and (
            self._states.get(job) == "succeeded"
        ):
            verdict.find("untrue", f"{name}: a video finished late that no one had missed")
        if told.cards:
            self._judge_card(name, told, request)

    def _judge_card(self, name: str, told: Told, request: Request | None) -> None:
        """A card is left alone only of a job that was cancelled, and says so."""
        verdict, was_cancelled = self._verdict, request is None or request.is_cancelled
        if told.title not in ENDED:
            verdict.find("lost", f"{name}: its card still says {told.title!r}")
        elif told.title == "Done" and not told.videos:
            verdict.find("lost", f"{name}: done, and no video was posted")
        elif told.title == "Failed" and not told.words and not was_cancelled:
            verdict.find("lost", f"{name}: no video, and no one was told")
        elif told.title == "Cancelled" and not was_cancelled:
            verdict.find("untrue", f"{name}: cancelled by no one who may")

    def _judge_requests(self, jobs_of: Counter[str]) -> None:
        unheard = Counter(request.root for request in self._requests if request.is_unheard)
        for request in self._requests:
            count = jobs_of[request.mark]
            if count > 1 + unheard[request.mark]:
                self._verdict.find("made twice", f"request {request.mark}: {count} jobs")
            if request.is_promised and count == 0:
                self._verdict.find(
                    "lost", f"request {request.mark} was promised: {request.answer!r}"
                )

    def _judge_database(self) -> None:
        """A job that the bot has written down is told of, and ends."""
        for job, state in self._states.items():
            if self._whole(job) not in self._told:
                self._verdict.find("lost", f"job {job} is {state} and was never told of")
            if state in OPEN_STATES:
                self._verdict.find("lost", f"job {job} is still {state}")

    def _judge_nanogpt(self) -> None:
        runs: dict[str, list[str]] = {}
        done: set[str] = set()
        for run in self._books.runs:
            job = str(run["conversationUUID"]).rpartition("-")[0]
            if run["state"] == "COMPLETED":
                done.add(self._whole(job))
            if run["state"] == "FAILED" and self._books.is_shot(job):
                continue  # a shot is made once more where its service failed: see `shots`
            runs.setdefault(job, []).append(run["id"])
        charges = Counter(
            entry["run"] for entry in self._books.charges if entry["kind"] == "charge"
        )
        for job, ids in runs.items():
            self._judge_order(f"job {job}", ids, charges)
            if self._whole(job) not in self._told:
                self._verdict.find("lost", f"job {job} was paid for, and no one was told of it")
        self._judge_origin(done)

    def _judge_origin(self, done: set[str]) -> None:
        """A video is of a run that was completed, where the run can be told by the job."""
        marks = {mark_in(shot["prompt"]) for shot in self._books.shots}
        for job, told in self._told.items():
            request = self._request(job, told)
            elsewhere = request is not None and request.mark in marks
            if told.videos and job not in done and not elsewhere:
                self._verdict.find("untrue", f"job {job}: a video that no service made")

    def _judge_nanophoto(self) -> None:
        """Its shots name no job, and their prompts the request; a request is charged by the shot."""
        charges = Counter(
            entry["task"] for entry in self._books.credit_charges if entry["kind"] == "charge"
        )
        requests: dict[str, Counter[str]] = {}
        for shot in self._books.shots:
            mark = mark_in(shot["prompt"]) or shot["prompt"]
            most = requests.setdefault(mark, Counter())
            most[shot["request"]] = max(most[shot["request"]], charges[shot["id"]])
        for mark, most in requests.items():
            self._judge_order(f"request {mark}", list(most), most)

    def _judge_order(self, name: str, ids: Sequence[str], charges: Counter[str]) -> None:
        """One order for one request, and one charge for one order."""
        if len(ids) > 1:
            where = ", ".join(ids)
            self._verdict.find("submitted twice", f"{name}: {len(ids)} orders: {where}")
        taken = sum(charges[order] for order in ids)
        if taken > 1:
            self._verdict.find("charged twice", f"{name}: {taken} charges")


def judge(requests: Sequence[Request], books: Books, states: Mapping[str, str]) -> Verdict:
    """The figures of a run and everything that is wrong in it."""
    return Judge(requests, books, states).judge()
