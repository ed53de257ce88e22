"""All benchmarks one after the other: `python -m bench` writes docs/bench.md and its pictures.

It takes less than ten minutes; `--peers` adds other engines, and some minutes. Whatever else runs
on the machine falls on the figures: the load is written beside them, before and after.
"""

import argparse
import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from bench import answering, dispatcher, fitting, joining, waiting, words, worker
from bench.host import described
from bench.pictures import bars

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "docs" / "bench.md"
PICTURES = ROOT / "docs" / "pictures"
HEAD = (
    "# Benchmarks\n\n"
    "Written by `make bench`; `make bench PEERS=1` adds the other engines, which are installed into"
    " an environment of their own. Every comparison ran in one go, its contenders in turns, so that"
    " ratios hold where absolute figures depend on the machine and on what else it did.\n\n"
)


def run(*, peers: bool) -> str:
    """Everything, as one document."""
    parts = [f"{HEAD}{described()}\n"]
    sections: tuple[tuple[str, Callable[[], str]], ...] = (
        ("worker", lambda: _worker(peers=peers)),
        ("waiting", lambda: asyncio.run(waiting.run(100_000, 3))),
        ("dispatcher", _dispatcher),
        ("fitting", lambda: asyncio.run(fitting.run(list(fitting.VIDEOS)))),
        ("joining", lambda: asyncio.run(joining.run())),
        ("words", lambda: words.run(words.TIMES)),
        ("answering", lambda: asyncio.run(answering.run(answering.TIMES))),
    )
    for name, section in sections:
        print(f"{name} …", flush=True)
        parts.append(f"{section()}\n`python -m bench.{name}` measures this alone.\n")
        TARGET.write_text("\n".join(parts), "utf-8")  # what is measured is not lost
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return "\n".join([*parts, f"Load average at the end: {load}.\n"])


def _worker(*, peers: bool) -> str:
    python = worker.installed_peers() if peers else None
    found, notes = worker.measure(worker.VIDEOS, worker.TIMES, python)
    values = {
        engine.title.strip("*"): [one.cpu_ms for one in outcomes]
        for engine, outcomes in found.items()
        if outcomes
    }
    ours = [engine.title.strip("*") for engine in worker.OURS[1:]]
    bars(
        PICTURES / "bench-tracker.png",
        f"What {worker.VIDEOS:,} videos at once cost",
        "CPU per video (ms)",
        values,
        ours,
    )
    text = worker.report(worker.VIDEOS, worker.TIMES, found, notes)
    return f"{text}\n![CPU of each engine](pictures/bench-tracker.png)\n"


def _dispatcher() -> str:
    found = dispatcher.compare(dispatcher.TIMES)
    names = {"ours": "Showreel", "naive": "await response.read()"}
    bars(
        PICTURES / "bench-delivering.png",
        f"Memory for {dispatcher.VIDEOS} videos of {dispatcher.VIDEO_MB} MB at once",
        "MB above what it held before",
        {names[way]: [one["grown"] for one in figures] for way, figures in found.items()},
        ["Showreel"],
    )
    text = dispatcher.report(dispatcher.TIMES, found)
    return f"{text}\n![Memory of both ways](pictures/bench-delivering.png)\n"


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--peers", action="store_true")
    text = run(peers=parser.parse_args().peers)
    TARGET.write_text(text, "utf-8")
    print(text)


if __name__ == "__main__":
    main()
