"""The judge: what was wished held against the sandbox's books. Pure; every finding is a sentence."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.killing.books import ENDED, Books, Told, Wish, mark_in

CAME_LATE = "came after all"  # in the words above a film whose job was given up
NEVER_ANSWERED = "never answered"  # in the word of failure for a lost answer
OPEN_STATES = frozenset({"accepted", "submitting", "uncertain", "in_progress", "collecting"})


@dataclass(slots=True)
class Verdict:
    """The figures, and what is wrong: nothing, or else a sentence for each."""

    wishes: int = 0
    promised: int = 0
    jobs: int = 0
    films: int = 0
    words: int = 0
    called_off: int = 0
    unknown: int = 0  # of the words: nobody can say whether the service took it
    wrong: dict[str, list[str]] = field(default_factory=dict)

    def find(self, kind: str, sentence: str) -> None:
        self.wrong.setdefault(kind, []).append(sentence)

    def count(self, kind: str) -> int:
        return len(self.wrong.get(kind, []))


class Judge:
    """Holds wishes against books; `states` is how each job stands in the bot's own database."""

    def __init__(self, wishes: Sequence[Wish], books: Books, states: Mapping[str, str]) -> None:
        self._wishes = wishes
        self._books = books
        self._states = states
        self._told = books.jobs()
        self._by_mark = {wish.mark: wish for wish in wishes}
        self._by_source = {wish.source: wish for wish in wishes if wish.source is not None}
        self._verdict = Verdict(wishes=len(wishes), promised=sum(w.is_promised for w in wishes))

    def judge(self) -> Verdict:
        """Everything that can be wrong, looked for."""
        jobs_of: Counter[str] = Counter()
        for job, told in self._told.items():
            wish = self._wish(told)
            if wish is not None:
                jobs_of[wish.mark] += 1
            self._judge_job(job, told, wish)
        self._judge_wishes(jobs_of)
        self._judge_database()
        self._judge_nanogpt()
        self._judge_nanophoto()
        return self._verdict

    def _wish(self, told: Told) -> Wish | None:
        if not told.cards:
            return None
        card = told.cards[0]
        mark = mark_in(str(card["embeds"][0].get("description", "")))
        source = (card.get("message_reference") or {}).get("message_id")
        return self._by_mark.get(mark or "") or self._by_source.get(source or "")

    def _judge_job(self, job: str, told: Told, wish: Wish | None) -> None:
        verdict, name = self._verdict, f"job {job} ({wish.mark if wish else 'of no wish'})"
        verdict.jobs += 1
        verdict.films += bool(told.films)
        verdict.words += bool(told.words)
        verdict.called_off += told.title == "Called off"
        verdict.unknown += any(NEVER_ANSWERED in word["content"] for word in told.words)
        for messages, what in ((told.cards, "card"), (told.films, "film"), (told.words, "word")):
            if len(messages) > 1:
                where = ", ".join(str(message["id"]) for message in messages)
                verdict.find("posted twice", f"{name}: {len(messages)} {what}s: {where}")
        late = [CAME_LATE in film["content"] for film in told.films]
        if told.words and not all(late):
            verdict.find("posted twice", f"{name}: a film and a word that there is none")
        elif any(late) and not told.words:
            verdict.find("untrue", f"{name}: a film came after all, and nobody had missed it")
        self._judge_end(name, told, wish)

    def _judge_end(self, name: str, told: Told, wish: Wish | None) -> None:
        """Exactly one end, and the card tells of it."""
        verdict = self._verdict
        if not told.cards:
            verdict.find("lost", f"{name}: no card")
        elif told.title not in ENDED:
            verdict.find("lost", f"{name}: its card still says {told.title!r}")
        elif told.title == "Done" and not told.films:
            verdict.find("lost", f"{name}: done, and no film was posted")
        elif told.title == "No film" and not told.words and not (wish and wish.is_cancelled):
            verdict.find("lost", f"{name}: no film, and nobody was told")
        elif (told.title == "Done") != bool(told.films):
            verdict.find("untrue", f"{name}: a film, and its card says {told.title!r}")
        elif told.title == "Called off" and told.words:
            verdict.find("untrue", f"{name}: called off, and a word of failure")

    def _judge_wishes(self, jobs_of: Counter[str]) -> None:
        for wish in self._wishes:
            count = jobs_of[wish.mark]
            if count > 1:
                self._verdict.find("made twice", f"wish {wish.mark}: {count} jobs")
            if wish.is_promised and count == 0:
                self._verdict.find("lost", f"wish {wish.mark} was promised: {wish.answer!r}")

    def _judge_database(self) -> None:
        """A job that the bot has written down is told of, and ends."""
        for job, state in self._states.items():
            if job not in self._told:
                self._verdict.find("lost", f"job {job} is {state} and was never told of")
            if state in OPEN_STATES:
                self._verdict.find("lost", f"job {job} is still {state}")

    def _judge_nanogpt(self) -> None:
        runs: dict[str, list[str]] = {}
        done: set[str] = set()
        for run in self._books.runs:
            job = str(run["conversationUUID"]).rpartition("-")[0]
            runs.setdefault(job, []).append(run["id"])
            if run["state"] == "COMPLETED":
                done.add(job)
        charges = Counter(
            entry["run"] for entry in self._books.charges if entry["kind"] == "charge"
        )
        for job, ids in runs.items():
            self._judge_order(f"job {job}", ids, charges)
            if job not in self._told:
                self._verdict.find("lost", f"job {job} was paid for, and nobody was told of it")
        self._judge_origin(done)

    def _judge_origin(self, done: set[str]) -> None:
        """A film is of a run that was completed, where the run can be told by the job."""
        marks = {mark_in(shot["prompt"]) for shot in self._books.shots}
        for job, told in self._told.items():
            wish = self._wish(told)
            elsewhere = wish is not None and wish.mark in marks
            if told.films and job not in done and not elsewhere:
                self._verdict.find("untrue", f"job {job}: a film that no service made")

    def _judge_nanophoto(self) -> None:
        """Its shots name no job, and their prompts the wish; a request is charged by the shot."""
        charges = Counter(
            entry["task"] for entry in self._books.credit_charges if entry["kind"] == "charge"
        )
        requests: dict[str, Counter[str]] = {}
        for shot in self._books.shots:
            mark = mark_in(shot["prompt"]) or shot["prompt"]
            most = requests.setdefault(mark, Counter())
            most[shot["request"]] = max(most[shot["request"]], charges[shot["id"]])
        for mark, most in requests.items():
            self._judge_order(f"wish {mark}", list(most), most)

    def _judge_order(self, name: str, ids: Sequence[str], charges: Counter[str]) -> None:
        """One order for one wish, and one charge for one order."""
        if len(ids) > 1:
            where = ", ".join(ids)
            self._verdict.find("submitted twice", f"{name}: {len(ids)} orders: {where}")
        taken = sum(charges[order] for order in ids)
        if taken > 1:
            self._verdict.find("charged twice", f"{name}: {taken} charges")


def judge(wishes: Sequence[Wish], books: Books, states: Mapping[str, str]) -> Verdict:
    """The figures of a run and everything that is wrong in it."""
    return Judge(wishes, books, states).judge()
