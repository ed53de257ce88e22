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
from tests.soaking.samples import Sample, mb_an_hour
from tests.soaking.soak import Outcome, Soak

GROWTH_MB_AN_HOUR = 1.0
WARM_AFTER = 0.25  # of the run; until then caches fill
SHOWN = 12  # of the samples, one as far from the next
FEWEST_SAMPLES = 120  # twenty minutes; of fewer no line can be drawn


async def soak_in_a_town(
    folder: Path, seed: int, *, seconds: float, wishes_a_minute: float
) -> Outcome:
    """One town from its beginning to the judgement."""
    async with open_town(folder, seed) as town:
        return await Soak(town, wishes_a_minute).run(seconds)


def warm(samples: Sequence[Sample]) -> Sequence[Sample]:
    """Those by which growth is measured."""
    return samples[int(len(samples) * WARM_AFTER) :]


def told(outcome: Outcome) -> str:
    """The figures as a table in Markdown, and below it all that is wrong."""
    verdict, steady = outcome.verdict, warm(outcome.samples)
    memory = [one.memory_mb for one in steady]
    rows = {
        "Wishes": verdict.wishes,
        "Films posted": verdict.films,
        "Memory, least and most (MB)": f"{min(memory):.1f} to {max(memory):.1f}",
        "Memory along the way (MB)": ", ".join(f"{one:.0f}" for one in memory[:: _step(memory)]),
        "**Memory grown in an hour (MB)**": f"**{mb_an_hour(steady):.2f}**",
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


def is_fine(outcome: Outcome) -> bool:
    is_long = len(outcome.samples) >= FEWEST_SAMPLES
    grows = is_long and mb_an_hour(warm(outcome.samples)) > GROWTH_MB_AN_HOUR
    return not (grows or outcome.leaks or outcome.verdict.wrong)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.soaking", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--wishes", type=float, default=20, help="in a minute")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="showreel-soaking-"))
    outcome = asyncio.run(
        soak_in_a_town(
            folder / "town", asked.seed, seconds=asked.minutes * 60, wishes_a_minute=asked.wishes
        )
    )
    sys.stdout.write(told(outcome) + "\n")
    if not is_fine(outcome):
        sys.stdout.write(f"Logs and database: {folder}\n")
        sys.exit(1)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
