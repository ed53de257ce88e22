"""`python -m tests.simulation`: play many seeds, or one with all that happens in it."""

import argparse
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterable
from functools import partial
from typing import Any

from tests.simulation.day import Outcome, play, play_briefly
from tests.simulation.kinds import DRAWN, Kind
from tests.simulation.mutants import MUTANTS, kinds_for, planted

MAX_SEEDS_FOR_A_MUTANT = 200
TOLD_EVERY_SECONDS = 10.0


def main() -> int:
    """Zero if no rule was broken."""
    options = _options()
    possible = frozenset(options.only) if options.only else DRAWN
    if options.replay is not None:
        return _replay(options.replay, options.mutant, possible)
    if options.mutants:
        return _catch_all()
    seeds = range(options.first, options.first + options.seeds)
    return _play_all(seeds, options.jobs, possible)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many (1000)")
    parser.add_argument("--first", type=int, default=0, help="the first of them (0)")
    parser.add_argument("--jobs", type=int, default=1, help="processes to play them in (1)")
    parser.add_argument("--replay", type=int, metavar="SEED", help="one seed, line by line")
    parser.add_argument("--mutant", choices=sorted(MUTANTS), help="replay with this bug planted")
    parser.add_argument("--mutants", action="store_true", help="plant each bug and catch it")
    kinds: dict[str, Any] = {"action": "append", "type": Kind, "choices": list(Kind), "default": []}
    parser.add_argument("--only", help="of the kinds of trouble only this, on each day", **kinds)
    return parser.parse_args()


def _replay(seed: int, mutant: str | None, possible: frozenset[Kind]) -> int:
    with planted(mutant):
        outcome = play(seed, possible)
    say("\n".join(outcome.trace))
    say(f"seed {seed}: {outcome.broken or 'no rule was broken'}; {dict(outcome.states)}")
    return 1 if outcome.broken else 0


def _catch_all() -> int:
    escaped = 0
    for name in sorted(MUTANTS):
        caught = catch(name)
        escaped += caught is None
        say(f"{name}: {'NOT CAUGHT' if caught is None else _in_words(caught)}")
    return 1 if escaped else 0


def _in_words(caught: Outcome) -> str:
    return f"{caught.seed + 1} seeds, {caught.broken}"


def catch(name: str) -> Outcome | None:
    """The first day on which this bug breaks a rule."""
    for seed in range(MAX_SEEDS_FOR_A_MUTANT):
        with planted(name):
            outcome = play(seed, kinds_for(name))
        if outcome.broken is not None:
            return outcome
    return None


def _play_all(seeds: range, jobs: int, possible: frozenset[Kind]) -> int:
    brief = partial(play_briefly, possible=possible)
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        outcomes = pool.imap_unordered(brief, seeds, chunksize=8)
        return _follow(outcomes, len(seeds), possible)


def _follow(outcomes: Iterable[Outcome], total: int, possible: frozenset[Kind]) -> int:
    start = told = time.monotonic()
    played = broken = kills = 0
    states, ways, killed, seconds = Counter[str](), Counter[str](), Counter[str](), 0.0
    for outcome in outcomes:
        played += 1
        kills += outcome.kills
        states += outcome.states
        ways += outcome.ways
        killed += outcome.killed
        seconds += outcome.virtual_seconds
        if outcome.broken:
            broken += 1
            say(f"{outcome.broken}\n  {how_to_replay(outcome.seed, possible=possible)}")
        if time.monotonic() - told > TOLD_EVERY_SECONDS:
            told = time.monotonic()
            say(f"{played} of {total}, {broken} broken, {played / (told - start):.1f} a second")
    wall = time.monotonic() - start
    say(f"{played} seeds in {wall:.0f} s: {broken} broken; {kills} ends of processes")
    say(f"{seconds / 3600:.0f} virtual hours; jobs: {dict(states.most_common())}")
    say(f"jobs whose process ended in: {dict(killed.most_common())}")
    say(f"moves of jobs: {dict(ways.most_common())}")
    return 1 if broken else 0


def how_to_replay(seed: int, mutant: str | None = None, possible: frozenset[Kind] = DRAWN) -> str:
    """The one command that plays exactly this seed."""
    more = f" --mutant {mutant}" if mutant else ""
    named = frozenset() if possible == DRAWN else possible
    more += "".join(f" --only {kind}" for kind in sorted(named))
    return f"python -m tests.simulation --replay {seed}{more}"


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
