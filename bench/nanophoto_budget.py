"""How soon a finished NanoPhoto video is seen with 100 requests an hour: ours, and fixed intervals.

`python -m bench.nanophoto_budget` plays days of requests in virtual time, the same ones for every way
of looking, and prints a table; `--hours`, `--seeds`, `--median` (seconds) and `--spread` change
what is played. It takes about half a minute.
"""

import argparse
import logging
import statistics
from collections.abc import Callable, Sequence
from functools import partial

from bench.nanophoto_hours import Outcome, Request, play, play_fixed, requests_of

LOADS = (1, 4, 10, 20, 45)  # requests an hour
WAYS: dict[str, Callable[[list[Request]], Outcome]] = {
    "Showreel": play,
    "every 5 s": partial(play_fixed, every=5.0),
    "every 10 s": partial(play_fixed, every=10.0),
}
HEAD = (
    "videos an hour",
    "looked at",
    "mean delay (s)",
    "95 % within (s)",
    "most requests in an hour",
    "submissions refused",
    "looks refused",
    "longest wait to submit (s)",
    "not seen an hour later",
)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of them does not exceed."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def row(an_hour: int, way: str, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """One line of the table; delays are of videos that were seen."""
    delays = [delay for outcome in outcomes for delay in outcome.delays] or [float("nan")]
    waits = [wait for outcome in outcomes for wait in outcome.waits]
    return (
        str(an_hour),
        way,
        f"{statistics.fmean(delays):.1f}",
        f"{percentile(delays, 0.95):.0f}",
        str(max(outcome.busiest_hour() for outcome in outcomes)),
        str(sum(outcome.refused_submissions for outcome in outcomes)),
        str(sum(outcome.refused_looks for outcome in outcomes)),
        f"{max(waits, default=0.0):.0f}",
        str(sum(outcome.unseen for outcome in outcomes)),
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--hours", type=float, default=6.0)
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--median", type=float, default=150.0)
    parser.add_argument("--spread", type=float, default=0.3)
    told = parser.parse_args()
    logging.disable(logging.CRITICAL)
    print(f"| {' | '.join(HEAD)} |")
    print(f"|{' --: |' * len(HEAD)}")
    for an_hour in LOADS:
        days = [
            requests_of(
                seed, an_hour=an_hour, hours=told.hours, median=told.median, spread=told.spread
            )
            for seed in range(told.seeds)
        ]
        for name, way in WAYS.items():
            print(f"| {' | '.join(row(an_hour, name, [way(day) for day in days]))} |")


if __name__ == "__main__":
    main()
