"""What a run of the killing tells: a table in Markdown, and where to look when something is wrong."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.killing.crowd import SEQUELS
from tests.killing.judging import Verdict
from tests.killing.killing import Outcome

WRONG = {
    "lost": "Lost",
    "submitted twice": "Submitted twice",
    "charged twice": "Charged twice",
    "posted twice": "Posted twice",
    "made twice": "Two jobs of one request",
    "untrue": "A card that tells another story",
    "money": "Money of members that went astray",
    "unbalanced": "Books out of balance",
    "ended": "Bots that ended by themselves",
    "unforeseen": "Presses that met an unforeseen error",
}
RULE_OF_THREE = 3  # none in n trials: with 95 % certainty at most three in n


def is_fine(outcomes: Sequence[Outcome]) -> bool:
    return not any(outcome.verdict.wrong for outcome in outcomes)


def markdown(outcomes: Sequence[Outcome], *, title: str) -> str:
    """All runs in one table."""
    rows = [*_done(outcomes), *_wrong(outcomes), *_took(outcomes)]
    table = "\n".join(f"| {name} | {value} |" for name, value in rows)
    return f"### {title}\n\n| | |\n| --- | ---: |\n{table}\n"


def _done(outcomes: Sequence[Outcome]) -> list[tuple[str, str]]:
    verdicts = [outcome.verdict for outcome in outcomes]
    counted = {
        "Kills (SIGKILL)": sum(outcome.kills for outcome in outcomes),
        "Suspensions (SIGSTOP)": sum(outcome.suspensions for outcome in outcomes),
        "Clocks of one bot set wrong": sum(outcome.wrong_clocks for outcome in outcomes),
        "Stops of the database's server": sum(outcome.stops for outcome in outcomes),
        "Requests": sum(verdict.requests for verdict in verdicts),
        "of these promised in a private answer": sum(verdict.promised for verdict in verdicts),
        "Jobs": sum(verdict.jobs for verdict in verdicts),
        "Storyboards with a job for each shot": sum(verdict.storyboards for verdict in verdicts),
        "Made again, extended, one shot re-made": _sequels(verdicts),
        "Shots looked for in posted files": sum(verdict.held for verdict in verdicts),
        "Videos posted": sum(verdict.videos for verdict in verdicts),
        "Words that there is none": sum(verdict.words for verdict in verdicts),
        "of these because an answer was lost": sum(verdict.unknown for verdict in verdicts),
        "Cancelled": sum(verdict.cancelled for verdict in verdicts),
    }
    return [(name, str(count)) for name, count in counted.items()]


def _sequels(verdicts: Sequence[Verdict]) -> str:
    kinds = sum((verdict.kinds for verdict in verdicts), Counter[str]())
    return ", ".join(str(kinds[how]) for how in SEQUELS)


def _wrong(outcomes: Sequence[Outcome]) -> list[tuple[str, str]]:
    return [
        (f"**{name}**", f"**{sum(outcome.verdict.count(kind) for outcome in outcomes)}**")
        for kind, name in WRONG.items()
    ]


def _took(outcomes: Sequence[Outcome]) -> list[tuple[str, str]]:
    kills = sum(outcome.kills for outcome in outcomes)
    slowest = max(outcome.seconds for outcome in outcomes)
    settling = max(outcome.settling_seconds for outcome in outcomes)
    return [
        ("Upper bound for each of these per kill, 95 %", f"{RULE_OF_THREE / max(kills, 1):.2%}"),
        ("Seconds of killing", f"{slowest:.0f}"),
        ("Kills a minute", f"{kills / max(slowest, 1e-9) * 60:.0f}"),
        ("Seconds from the last kill until all had ended", f"{settling:.0f}"),
        *_spent(outcomes, kills),
    ]


def _spent(outcomes: Sequence[Outcome], kills: int) -> list[tuple[str, str]]:
    """What a kill waits for, most of all first."""
    total: Counter[str] = Counter()
    for outcome in outcomes:
        total.update(outcome.spent)
    return [
        (f"Seconds of a kill {what}", f"{seconds / max(kills, 1):.1f}")
        for what, seconds in total.most_common()
    ]


def findings(outcome: Outcome, folder: Path) -> str:
    """Everything that is wrong in one run, and where its logs are."""
    lines = [f"Seed {outcome.seed}; logs and database in {folder}:"]
    for kind, found in outcome.verdict.wrong.items():
        lines += [f"  {kind}: {sentence}" for sentence in found]
    return "\n".join(lines)


def logged(outcomes: Sequence[Outcome]) -> str:
    """What the bots logged as errors, most often first."""
    total = sum((outcome.errors for outcome in outcomes), outcomes[0].errors.__class__())
    lines = [f"{count:6} x {name}" for name, count in total.most_common()]
    return "\n".join(["Errors in the bots' logs:", *(lines or ["  none"])])
