"""What it costs to bring 1,000 videos home: our worker, a loop without a memory, and peers.

`python -m bench.worker` hands all videos over at once, to each engine in a process of its own, on
the same service with the same videos, in turns. `--peers` adds other engines, installed into a
virtual environment of their own; pip takes them from wherever this machine takes its packages.
"""

import argparse
import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import redis_server
from bench.host import described, percentile, spread, table
from bench.video_service import figures_of, running_service
from tests.postgres import WHY_NOT, find_program, running_postgres

VIDEOS = 1_000
TIMES = 3
FLOOR_SECONDS = 0.5  # half of the time between two looks
PEER_PACKAGES = ("aiohttp", "uvloop", "saq[postgres,redis]", "arq", "procrastinate", "dbos")
MAX_SECONDS = 120.0  # for one run; an engine that takes longer has failed
NOT_RUN = (
    "Not run: Temporal, which needs its own server program, and no package index has it. Videos are polled once a second; below half of that no mean"
    " delay can fall. Ours has seen 40 such videos before, as a bot has that ran for an hour, and skips polls that"
    " would show nothing; `polls` says how many there were. Its own caution, eight videos at a service"
    " and 50 steps in progress, is lifted here. It writes what it found ten times a second,"
    " which is most of its delay above the floor. All engines run on uvloop. What"
    " the processes of PostgreSQL and Redis spend is not counted, what SQLite does in ours is. Submitting is"
    " not counted, but for DBOS, where starting a workflow is what writes it down. `with money` also reserves, books and settles"
    " every video in the ledger, which no other engine does."
)


@dataclass(frozen=True)
class Engine:
    """One contender: `module` runs it, on `database` (sqlite, postgres, redis or none)."""

    title: str
    name: str
    database: str = ""
    module: str = "bench.contenders"


OURS = (
    Engine("a bare loop, nothing durable", "bare"),
    Engine("**Showreel, SQLite**", "showreel", "sqlite"),
    Engine("**Showreel, PostgreSQL**", "showreel", "postgres"),
    Engine("Showreel with money, SQLite", "showreel_with_money", "sqlite"),
    Engine("Showreel with money, PostgreSQL", "showreel_with_money", "postgres"),
)
PEERS = (
    Engine("saq, PostgreSQL", "saq", "postgres", "bench.peers"),
    Engine("saq, Redis", "saq", "redis", "bench.peers"),
    Engine("arq, Redis", "arq", "redis", "bench.peers"),
    Engine("procrastinate, PostgreSQL", "procrastinate", "postgres", "bench.peers"),
    Engine("DBOS, SQLite", "dbos", "sqlite", "bench.peers"),
    Engine("DBOS, PostgreSQL", "dbos", "postgres", "bench.peers"),
)


@dataclass(frozen=True)
class Outcome:
    """One run of one engine."""

    cpu_ms: float  # of the engine's own process, a video
    mean_delay: float  # seconds from ready to seen
    late_delay: float  # which 95 % stay within
    looks: float  # a video
    rss_mb: float


@contextlib.contextmanager
def database_for(engine: Engine, server: str) -> Iterator[str]:
    """An empty one."""
    if engine.database == "sqlite":
        with tempfile.TemporaryDirectory(prefix="showreel-bench-") as name:
            yield f"sqlite:///{name}/bench.db"
    elif engine.database == "postgres":
        with running_postgres(fsync=True) as fresh:
            yield f"{fresh}/postgres"
    elif engine.database == "redis":
        with redis_server.running_redis() as fresh:
            yield fresh
    else:
        yield server


def run_once(engine: Engine, python: Path, videos: int, seed: int) -> Outcome:
    """One run. Raises CalledProcessError and TimeoutExpired where the engine fails."""
    with database_for(engine, "") as database, running_service(seed) as origin:
        command = [str(python), "-m", engine.module, engine.name, origin, str(videos), database]
        told = subprocess.run(  # noqa: S603 - our own module
            command,
            capture_output=True,
            text=True,
            check=True,
            timeout=MAX_SECONDS,
        ).stdout
        seen = figures_of(origin)
    used = json.loads(told.splitlines()[-1])
    delays = seen["delays"]
    if len(delays) < videos:
        msg = f"{engine.title} brought {len(delays)} of {videos} videos"
        raise AssertionError(msg)
    return Outcome(
        used["cpu"] * 1000 / videos,
        statistics.fmean(delays),
        percentile(delays, 0.95),
        seen["looks"] / videos,
        used["rss_mb"],
    )


Found = dict[Engine, list[Outcome]]


def measure(videos: int, times: int, peers: Path | None) -> tuple[Found, list[str]]:
    """Every engine so many times, in turns, and what is to be said of it; `peers` is their Python."""
    pairs = [(one, Path(sys.executable)) for one in OURS]
    pairs += [(one, peers) for one in PEERS] if peers else []
    missing = {} if find_program("initdb") else {"postgres": WHY_NOT}
    if peers and not redis_server.is_installed():
        missing["redis"] = redis_server.WHY_NOT
    notes = list(missing.values())
    pairs = [pair for pair in pairs if pair[0].database not in missing]
    found: Found = {engine: [] for engine, _ in pairs}
    for seed in range(times):
        for engine, python in pairs:
            try:
                found[engine].append(run_once(engine, python, videos, seed))
            except (subprocess.SubprocessError, AssertionError) as error:
                notes.append(f"{engine.title} failed: {_said(error)}.")
    return found, notes


def _said(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        return str(error.stderr).strip().splitlines()[-1][:200]
    return f"{type(error).__name__} {error}"[:200]


HEAD = (
    "engine",
    "CPU per video (ms)",
    "of the bare loop",
    "mean delay (s)",
    "above the floor (ms)",
    "95 % within (s)",
    "polls per video",
    "peak memory (MB)",
)


def report(videos: int, times: int, found: Found, notes: Sequence[str]) -> str:
    """What was measured, as Markdown."""
    bare = statistics.median(one.cpu_ms for one in found[OURS[0]])
    lines = [_line(engine, outcomes, bare) for engine, outcomes in found.items() if outcomes]
    words = (
        f"{videos:,} videos submitted at once to a service that takes 3 to 6 s for each; medians of"
        f" {times} runs in turns (least to most). CPU is that of the engine's process alone."
        " Targets: at most twice the bare loop's, and below every peer's."
    )
    parts = [f"## {videos:,} videos at once", words, table(HEAD, lines), NOT_RUN, *notes]
    return "\n\n".join(parts) + "\n"


def _line(engine: Engine, outcomes: Sequence[Outcome], bare: float) -> list[str]:
    cpu = [one.cpu_ms for one in outcomes]
    delays = [one.mean_delay for one in outcomes]
    return [
        engine.title,
        spread(cpu),
        f"{statistics.median(cpu) / bare:.2f}",
        spread(delays),
        spread([(one - FLOOR_SECONDS) * 1000 for one in delays], 0),
        spread([one.late_delay for one in outcomes]),
        spread([one.looks for one in outcomes], 1),
        spread([one.rss_mb for one in outcomes], 0),
    ]


def installed_peers() -> Path:
    """Their Python, in an environment in a temporary folder that is used again."""
    folder = Path(tempfile.gettempdir()) / "showreel-bench-peers"
    python = folder / "bin" / "python"
    ready, wanted = folder / "ready", " ".join(PEER_PACKAGES)
    if not ready.exists() or ready.read_text("utf-8") != wanted:
        for command in (
            [sys.executable, "-m", "venv", "--clear", str(folder)],
            [str(python), "-m", "pip", "install", "-qq", *PEER_PACKAGES],
        ):
            subprocess.run(command, check=True)  # noqa: S603 - venv and pip
        ready.write_text(wanted, "utf-8")
    return python


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--videos", type=int, default=VIDEOS)
    parser.add_argument("--times", type=int, default=TIMES)
    parser.add_argument("--peers", action="store_true")
    told = parser.parse_args()
    print(described(), end="\n\n")
    found, notes = measure(told.videos, told.times, installed_peers() if told.peers else None)
    print(report(told.videos, told.times, found, notes))


if __name__ == "__main__":
    main()
