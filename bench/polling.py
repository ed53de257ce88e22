"""How near the plan of looks comes to what is possible, beside the usual ways of polling.

`python -m bench.polling` prints tables in Markdown: the plan against the provable bound
(bench/polling_bounds.py) for videos of several distributions, known, learnt from so many videos, or
changed in the meantime, and a key's hundred requests an hour under several loads. `--plot FILE` draws
what the first shows as a picture. It takes about a minute; all but the times come of fixed seeds.
"""

import argparse
import logging
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random

from bench.nanophoto_budget import percentile
from bench.nanophoto_hours import Outcome as Day, past_of, play, requests_of
from bench.polling_bounds import Bound, Hill, Truth, bound_of
from bench.polling_picture import draw
from bench.polling_ways import PRICES, SAID_SECONDS, TRUTHS, WAYS, Outcome, judged, ours
from bot.polling.estimator import learn
from bot.polling.schedule import Rendering, seconds_to_next_poll

LOADS = (1, 4, 10, 20, 30, 45)
HOURS, DAYS, FIRST_DAY = 6.0, 48, 1000  # seeds with which no price was chosen
MEDIAN, SPREAD = 190.0, 0.28  # 120 to 300 s for nine videos in ten, as NanoPhoto's page says
PASTS = {"its first videos": 0, "after 50 videos": 50}


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in (head, *rows)]
    return "\n".join([lines[0], f"| :-- |{' --: |' * (len(head) - 1)}", *lines[1:]])


def words(outcome: Outcome) -> str:
    return f"{outcome.efficiency:.2f} ({outcome.delay:.1f} s, {outcome.looks:.1f})"


def efficiencies(bounds: dict[str, Bound]) -> str:
    """Share of the bound, and what it stands for, at three prices."""
    head = ("videos", "schedule", *(f"price {price:g} s" for price in PRICES[1:]))
    stages: tuple[tuple[str, int | None], ...] = (
        ("Showreel, distribution known", None),
        ("Showreel, after 50 videos", 50),
        ("Showreel, after 20 videos", 20),
        ("Showreel, after 5 videos", 5),
        ("Showreel, no video yet", 0),
    )
    rows = []
    for name, truth in TRUTHS.items():
        for stage, videos in stages:
            found = [ours(truth, bounds[name], price, videos) for price in PRICES[1:]]
            rows.append((name, stage, *(words(one) for one in found)))
        for way, plan in WAYS.items():
            one = judged(truth, bounds[name], [plan()])
            rows.append((name, way, words(one), *[""] * (len(head) - 3)))
    return table(head, rows)


def drift(bounds: dict[str, Bound]) -> str:
    """After fifty narrow videos of 60 s, videos take 120 s."""
    name = next(iter(TRUTHS))
    truth, before = TRUTHS[name], Truth((Hill(60, 0.2),))
    rows = []
    for videos in (0, 1, 3, 5, 10, 20, 50):
        found = ours(truth, bounds[name], 3.0, videos, before)
        fresh = ours(truth, bounds[name], 3.0, videos)
        rows.append((str(videos), words(found), words(fresh)))
    return table(("videos since the change", "after fifty others", "without a past"), rows)


def loads() -> str:
    """A key's hundred requests an hour, through the bot's own services."""
    head = (
        "videos an hour",
        "known",
        "mean delay (s)",
        "95 % within (s)",
        "longest wait to submit (s)",
    )
    rows = []
    with ProcessPoolExecutor() as pool:
        for an_hour in LOADS:
            for known, videos in PASTS.items():
                play_one = partial(_day, an_hour, videos)
                played = list(pool.map(play_one, range(FIRST_DAY, FIRST_DAY + DAYS)))
                rows.append((str(an_hour), known, *_of_days(played)))
    return table((*head, "most requests in an hour", "refused"), rows)


def _day(an_hour: int, videos: int, seed: int) -> Day:
    requests = requests_of(seed, an_hour=an_hour, hours=HOURS, median=MEDIAN, spread=SPREAD)
    return play(requests, past_of(videos, median=MEDIAN, spread=SPREAD))


def _of_days(played: Sequence[Day]) -> tuple[str, ...]:
    delays = [delay for day in played for delay in day.delays]
    waits = [wait for day in played for wait in day.waits]
    return (
        f"{statistics.fmean(delays):.1f}",
        f"{percentile(delays, 0.95):.0f}",
        f"{max(waits):.0f}",
        str(max(day.busiest_hour() for day in played)),
        str(sum(day.refused_looks + day.refused_submissions for day in played)),
    )


def work() -> str:
    """What planning costs this machine."""
    truth, random = TRUTHS["wide: 120 s, spread 0.4"], Random(1)  # noqa: S311 - no secret
    seen = [truth.draw(random) for _ in range(100)]
    render_times = learn(seen, SAID_SECONDS)
    videos = [Rendering(render_times, 20.0 * number) for number in range(8)]
    rows = [
        ("one video", f"{_microseconds(lambda: seconds_to_next_poll(videos[:1], 3.0)):.0f}"),
        (
            "eight videos together",
            f"{_microseconds(lambda: seconds_to_next_poll(videos, 3.0)):.0f}",
        ),
        (
            "learning from a hundred videos, once for each that is finished",
            f"{_microseconds(lambda: learn([random.uniform(90, 100), *seen], SAID_SECONDS)):.0f}",
        ),
    ]
    return table(("a plan for", "microseconds (median of 50)"), rows)


def _microseconds(run: Callable[[], object]) -> float:
    found = []
    for _ in range(50):
        began = time.perf_counter()
        run()
        found.append((time.perf_counter() - began) * 1e6)
    return statistics.median(found)


def main() -> None:
    """Print the tables, and draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--plot", type=Path)
    told = parser.parse_args()
    logging.disable(logging.CRITICAL)
    bounds = {name: bound_of(replace(truth, step=0.25)) for name, truth in TRUTHS.items()}
    print(f"CPython {platform.python_version()}, {platform.machine()}\n")
    for title, text in (
        (
            "Share of the provable bound (mean delay, looks at a video)",
            partial(efficiencies, bounds),
        ),
        ("When videos change, at a price of 3 s", partial(drift, bounds)),
        ("A hundred requests an hour", loads),
        ("Work", work),
    ):
        print(f"## {title}\n\n{text()}\n", flush=True)
    if told.plot:
        draw(told.plot, bounds)


if __name__ == "__main__":
    main()
