"""What a bot holds, sampled while it works, and what is left of its work on its disk. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

MB = 1024 * 1024
SECONDS_AN_HOUR = 3600.0
WARM_SECONDS = 600.0  # until then caches fill, and cards are looked after for ten minutes
LOOKED_AT_SECONDS = 120.0
UNFINISHED = (".part", ".whole", ".shot-")  # in names of files that someone is still writing


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at a bot's own metrics."""

    seconds: float  # since the run began
    memory_mb: float
    files: int  # that it has open, connections too
    tasks: int
    open_jobs: int


def sample_from(text: str, seconds: float) -> Sample:
    """From what `/metrics` says."""
    told = dict(_figures(text.splitlines()))
    return Sample(
        seconds,
        told["process_resident_memory_bytes"] / MB,
        int(told["process_open_fds"]),
        int(told["showreel_tasks"]),
        int(told["showreel_open_jobs"]),
    )


def _figures(lines: Iterable[str]) -> Iterable[tuple[str, float]]:
    for line in lines:
        if line and not line.startswith("#"):
            name, _, figure = line.rpartition(" ")
            yield name, float(figure)


def mb_an_hour(samples: Sequence[Sample]) -> float:
    """By how much memory grows: the slope of a straight line through all samples."""
    middle = sum(one.seconds for one in samples) / len(samples)
    spread = sum((one.seconds - middle) ** 2 for one in samples)
    along = sum((one.seconds - middle) * one.memory_mb for one in samples)
    return along / spread * SECONDS_AN_HOUR if spread else 0.0


def grown_mb(samples: Sequence[Sample]) -> float | None:
    """By how much more memory it holds in the end than after the first minutes.

    The middle of the samples of a minute on either side; None for a run that was too short.
    """
    early = [
        one.memory_mb for one in samples if 0 <= one.seconds - WARM_SECONDS <= LOOKED_AT_SECONDS
    ]
    if not early or samples[-1].seconds < WARM_SECONDS + 3 * LOOKED_AT_SECONDS:
        return None
    since = samples[-1].seconds - LOOKED_AT_SECONDS
    return median(one.memory_mb for one in samples if one.seconds >= since) - median(early)


@dataclass(frozen=True, slots=True)
class Leak:
    """Something that a bot at rest holds more of than before its work."""

    what: str
    before: float
    after: float

    def __str__(self) -> str:
        return f"{self.what}: {self.before:g} before, {self.after:g} after"


def leaks(before: Sample, after: Sample, names: Iterable[str]) -> list[str]:
    """What a bot at rest did not give back; `names` are the files in its folder."""
    held: Mapping[str, tuple[int, int]] = {
        "tasks": (before.tasks, after.tasks),
        "open files": (before.files, after.files),
    }
    found = [str(Leak(what, *pair)) for what, pair in held.items() if pair[1] > pair[0]]
    left = sorted(name for name in names if any(mark in name for mark in UNFINISHED))
    return found + [f"left over: {name}" for name in left]
