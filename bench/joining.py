"""Joining videos: ours beside one run of ffmpeg that decodes and encodes everything.

`python -m bench.joining` makes clips of one shape, and of four shapes and rates, and joins them both
ways. Processor time is that of the children, which other load on the machine changes little: half
of it, on two idle cores, is what a member waits at most.
"""

import argparse
import asyncio
import resource
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.host import described, rss_mb, table
from bot.media.videos.boxes import pictures_of
from bot.media.videos.ffmpeg import THREADS, Ffmpeg, Finished, find_ffmpeg
from bot.media.videos.joining import Joiner

CLIPS = 8
SECONDS = 8
CORES = 2
ONE_SHAPE = (("1280x720", 24),)
SHAPES = (("1280x720", 24), ("720x1280", 30), ("854x480", 25), ("1920x1080", 24))


@dataclass(frozen=True)
class Joined:
    """One way of joining the same clips."""

    seconds: float
    cpu_seconds: float
    grown_mb: float
    frames: int
    wanted: int


class Patient(Ffmpeg):
    """The real program, which a busy machine may slow down however much."""

    async def run(self, *arguments: str, folder: Path, deadline_seconds: float = 3600) -> Finished:
        """Run to the end, within an hour."""
        return await super().run(
            *arguments, folder=folder, deadline_seconds=max(deadline_seconds, 3600)
        )


async def make_clips(
    folder: Path, shapes: Sequence[tuple[str, int]], clips: int, seconds: int
) -> list[Path]:
    """Make so many clips of these shapes in turns, with noise."""
    kinds = []
    for size, rate in shapes:
        kind = folder / f"kind-{size}-{rate}.mp4"
        await Patient(find_ffmpeg()).run(
            *("-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate},format=yuv420p"),
            *("-f", "lavfi", "-i", "anoisesrc=c=pink:a=0.3:r=48000", "-t", str(seconds)),
            *("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", str(kind)),
            folder=folder,
        )
        kinds.append(kind)
    paths = [folder / f"shot-{number}.mp4" for number in range(clips)]
    for number, path in enumerate(paths):
        await asyncio.to_thread(shutil.copyfile, kinds[number % len(kinds)], path)
    return paths


async def ours(paths: Sequence[Path], target: Path) -> None:
    await Joiner(Patient(find_ffmpeg()), target.parent).join(paths, target)


async def usual(paths: Sequence[Path], target: Path) -> None:
    """The concat filter, as most answers to the question recommend it."""
    fitted = (
        "scale=1280:720:force_original_aspect_ratio=decrease,pad=1280:720:-1:-1,setsar=1,fps=24"
    )
    chains = [f"[{number}:v:0]{fitted}[v{number}]" for number in range(len(paths))]
    pairs = "".join(f"[v{number}][{number}:a:0]" for number in range(len(paths)))
    await Patient(find_ffmpeg()).run(
        *(one for path in paths for one in ("-threads", str(THREADS), "-i", str(path))),
        *("-filter_complex", f"{';'.join(chains)};{pairs}concat=n={len(paths)}:v=1:a=1[v][a]"),
        *("-map", "[v]", "-map", "[a]", "-c:v", "libx264", "-preset", "veryfast", "-crf", "18"),
        *("-threads", str(THREADS), "-c:a", "aac", "-movflags", "+faststart", str(target)),
        folder=target.parent,
    )


async def measure(
    way: Callable[[Sequence[Path], Path], Awaitable[None]], paths: Sequence[Path]
) -> Joined:
    """Join once; the memory is this process's own."""
    target = paths[0].with_name("whole.mp4")
    tracks = [await asyncio.to_thread(pictures_of, path) for path in paths]
    wanted = sum(round(float(track.seconds) * 24) for track in tracks if track is not None)
    held, used, begun = rss_mb(), _children_cpu(), time.perf_counter()
    await way(paths, target)
    took, cpu, grown = time.perf_counter() - begun, _children_cpu() - used, rss_mb() - held
    made = await asyncio.to_thread(pictures_of, target)
    return Joined(took, cpu, grown, 0 if made is None else made.frames, wanted)


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


async def run(clips: int = CLIPS, seconds: int = SECONDS) -> str:
    """The section."""
    lines, ratios = [], []
    for name, shapes in (("one shape", ONE_SHAPE), ("four shapes", SHAPES)):
        with tempfile.TemporaryDirectory(prefix="showreel-bench-") as folder:
            paths = await make_clips(Path(folder), shapes, clips, seconds)
            mine, theirs = await measure(ours, paths), await measure(usual, paths)
        total = clips * seconds
        ratios.append(
            f"{name}: {mine.cpu_seconds / theirs.cpu_seconds:.2f} of the usual way's processor time"
        )
        lines += [
            _line(name, "**copied where alike**", mine, total),
            _line(name, "concat filter", theirs, total),
        ]
    head = ("clips", "way", "took (s)", "CPU (s)", "÷ duration", "frames", "grown (MB)")
    words = (
        f"## Joining {clips} clips of {seconds} s\n\n"
        f"H.264 with AAC, 1280 by 720 first, and three other sizes and rates in between. “÷ duration”"
        f" is the processor time on {CORES} idle cores as a share of the video's length."
        f" In {'; in '.join(ratios)}. Frames: made of wanted."
    )
    return f"{words}\n\n{table(head, lines)}\n"


def _line(name: str, way: str, made: Joined, total: int) -> list[str]:
    return [
        name,
        way,
        f"{made.seconds:.2f}",
        f"{made.cpu_seconds:.2f}",
        f"{made.cpu_seconds / CORES / total:.3f}",
        f"{made.frames} of {made.wanted}",
        f"{made.grown_mb:.1f}",
    ]


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--clips", type=int, default=CLIPS)
    parser.add_argument("--seconds", type=int, default=SECONDS)
    told = parser.parse_args()
    print(described(), end="\n\n")
    print(asyncio.run(run(told.clips, told.seconds)))


if __name__ == "__main__":
    main()
