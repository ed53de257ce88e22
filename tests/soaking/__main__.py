"""`python -m tests.soaking --minutes 60`: let a real bot work for an hour, and see what it keeps.

Ends with 1 when memory grows, when tasks, connections or files are left, or when anything was lost
or done twice.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.killing.town import open_town
from tests.soaking.samples import Sample, grown_mb, mb_an_hour
from tests.soaking.soak import Outcome, Soak

MAX_GROWN_MB = 5.0  # since the first ten minutes
WARM_AFTER = 0.25  # of the run; until then caches fill
SHOWN = 12  # of the samples, one as far from the next


async def soak_in_a_town(
    folder: Path, seed: int, *, seconds: float, requests_a_minute: float
) -> Outcome:
    """One town from its beginning to the judgement."""
    async with open_town(folder, seed) as town:
        return await Soak(town, requests_a_minute).run(seconds)


def warm(samples: Sequence[Sample]) -> Sequence[Sample]:
    """Those by which growth is measured."""
    return samples[int(len(samples) * WARM_AFTER) :]


def told(outcome: Outcome) -> str:
    """The figures as a table in Markdown, and below it all that is wrong."""
    verdict, steady = outcome.verdict, warm(outcome.samples)
    memory = [one.memory_mb for one in steady]
    rows = {
        "Requests": verdict.requests,
        "Videos posted": verdict.videos,
        "Memory, least and most (MB)": f"{min(memory):.1f} to {max(memory):.1f}",
        "Memory along the way (MB)": ", ".join(f"{one:.0f}" for one in memory[:: _step(memory)]),
        "Slope of a line through all (MB an hour)": f"{mb_an_hour(steady):.2f}",
        "**Memory grown since the first ten minutes (MB)**": f"**{_grown(outcome)}**",
        "Most open at once": max(one.open_jobs for one in outcome.samples),
        "Tasks at rest, before and after": f"{outcome.before.tasks}, {outcome.after.tasks}",
        "Open files at rest, before and after": f"{outcome.before.files}, {outcome.after.files}",
        "**Left behind**": f"**{len(outcome.leaks)}**",
        "**Lost, or done twice**": f"**{sum(map(len, verdict.wrong.values()))}**",
    }
    table = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    wrong = [*outcome.leaks, *(one for some in verdict.wrong.values() for one in some)]
    wrong += [f"{count} x {name}" for name, count in outcome.errors.items()]
    return "\n".join([f"| | |\n| --- | ---: |\n{table}\n", *wrong, outcome.audit])


def _step(samples: Sequence[float]) -> int:
    return max(len(samples) // SHOWN, 1)


def _grown(outcome: Outcome) -> str:
    grown = grown_mb(outcome.samples)
    return "too short to tell" if grown is None else f"{grown:.1f}"


def is_fine(outcome: Outcome) -> bool:
    grown = grown_mb(outcome.samples)
    grows = grown is not None and grown > MAX_GROWN_MB
    return not (grows or outcome.leaks or outcome.verdict.wrong)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.soaking", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--requests", type=float, default=20, help="in a minute")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="showreel-soaking-"))
    outcome = asyncio.run(
        soak_in_a_town(
            folder / "town",
            asked.seed,
            seconds=asked.minutes * 60,
            requests_a_minute=asked.requests,
        )
    )
    sys.stdout.write(told(outcome) + "\n")
    if not is_fine(outcome):
        sys.stdout.write(f"Logs and database: {folder}\n")
        sys.exit(1)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
