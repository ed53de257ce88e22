"""Making videos fit 10 MB: our two passes beside the usual single one at the same average bitrate.

`python -m bench.fitting` makes videos that no encoder likes (fractals, moving patterns, noise), lets
the bot's own video store make them fit, encodes the same with one pass, and judges both with VMAF
where an ffmpeg that has it is there.
"""

import argparse
import asyncio
import re
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg

from bench.host import MB, described, table
from bot.errors import FileTooLargeError
from bot.ids import JobId
from bot.jobs.job import Artifact
from bot.media.videos.ffmpeg import THREADS, Ffmpeg, find_ffmpeg, input_of
from bot.media.videos.store import (
    AUDIO_BITS,
    SHARE,
    DiskVideoStore,
    plan_for,
)

LIMIT = 10 * MB
VIDEOS = {
    "a fractal under noise, 720p, 6 s": (
        "mandelbrot=size=1280x720:rate=24,noise=alls=30:allf=t",
        6,
    ),
    "patterns under noise, 1080p, 6 s": (
        "testsrc2=size=1920x1080:rate=24,noise=alls=14:allf=t",
        6,
    ),
    "patterns under light noise, 720p, 10 s": (
        "testsrc2=size=1280x720:rate=24,noise=alls=6:allf=t",
        10,
    ),
}
_SCORE = re.compile(r"VMAF score: ([\d.]+)")
_PLAYER = "scale=1920:1080:flags=bicubic,format=yuv420p"  # as large as VMAF's model has seen


@dataclass(frozen=True)
class Made:
    """One encoding; no size where it was given up."""

    seconds: float
    size_bytes: int | None
    vmaf: float | None


def _call(*arguments: str) -> str:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-y", *arguments]
    finished = subprocess.run(  # noqa: S603 - our own arguments
        command, capture_output=True, text=True, check=True
    )
    return finished.stderr


def make_source(path: Path, pattern: str, seconds: int) -> None:
    """Nearly lossless, and with a tone, so that there is something to be lost."""
    tone = ("-f", "lavfi", "-i", "sine=frequency=440", "-c:a", "aac")
    look = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "10", "-pix_fmt", "yuv420p")
    _call("-f", "lavfi", "-i", pattern, *tone, *look, "-t", str(seconds), str(path))


def vmaf_of(made: Path, source: Path) -> float | None:
    """How alike they look, 0 to 100; None where this ffmpeg has no such judge."""
    graph = f"[0:v]{_PLAYER}[a];[1:v]{_PLAYER}[b];[a][b]libvmaf=n_threads=4:n_subsample=2"
    try:
        told = _call("-i", str(made), "-i", str(source), "-lavfi", graph, "-f", "null", "-")
    except subprocess.CalledProcessError:
        return None
    found = _SCORE.search(told)
    return float(found[1]) if found else None


async def two_passes(store: DiskVideoStore, artifact: Artifact, source: Path) -> Made:
    """What the bot does."""
    begun = time.perf_counter()
    try:
        fitted = await store.fit(artifact, max_bytes=LIMIT)
    except FileTooLargeError:
        return Made(time.perf_counter() - begun, None, None)
    took = time.perf_counter() - begun
    return Made(took, fitted.size_bytes, await asyncio.to_thread(vmaf_of, fitted.path, source))


async def one_pass(artifact: Artifact, source: Path) -> Made:
    """The same plan with one pass, which must guess what is still to come."""
    plan = plan_for(artifact, int(LIMIT * SHARE))
    if plan is None:
        msg = "these videos can be made to fit"
        raise AssertionError(msg)
    target = source.with_suffix(".once")
    scale = () if plan.height is None else ("-vf", f"scale=-2:{plan.height}")
    video = ("-c:v", "libx264", "-preset", "medium", "-pix_fmt", "yuv420p", *scale)
    rate = ("-b:v", str(plan.video_bits), "-threads", str(THREADS), "-c:a", "aac")
    begun = time.perf_counter()
    await Ffmpeg(find_ffmpeg()).run(
        *input_of(source),
        *(*video, *rate, "-b:a", str(AUDIO_BITS), "-f", "mp4", str(target)),
        folder=source.parent,
    )
    took, size = time.perf_counter() - begun, target.stat().st_size
    return Made(took, size, await asyncio.to_thread(vmaf_of, target, source))


async def measure(folder: Path, pattern: str, seconds: int) -> tuple[Artifact, Made, Made]:
    """Both ways of one video."""
    store, job_id = DiskVideoStore(folder, Ffmpeg(find_ffmpeg())), JobId("video")
    source = store.path(job_id)
    await asyncio.to_thread(make_source, source, pattern, seconds)
    artifact = await store.inspect(job_id)
    return artifact, await two_passes(store, artifact, source), await one_pass(artifact, source)


async def run(videos: Sequence[str]) -> str:
    """The section."""
    lines = []
    fits = {"two passes": 0, "one pass": 0}
    for name in videos:
        with tempfile.TemporaryDirectory(prefix="showreel-bench-") as folder:
            artifact, twice, once = await measure(Path(folder), *VIDEOS[name])
        for way, made in (("two passes", twice), ("one pass", once)):
            fits[way] += made.size_bytes is not None and made.size_bytes <= LIMIT
            lines.append(_line(name, way, artifact, made))
    head = ("video", "way", "before (MB)", "after (MB)", "fits", "VMAF", "took (s)")
    rates = ", ".join(f"{way} {count} of {len(videos)}" for way, count in fits.items())
    words = (
        f"## Videos made to fit {LIMIT // MB} MB\n\n"
        f"x264 at preset medium with {THREADS} threads and nice 10, at the same average bitrate."
        f" Fit: {rates}. What does not fit at first is encoded again at 95 %."
    )
    if not all(line[5] != "no judge" for line in lines):
        words += " VMAF: this ffmpeg has no libvmaf or no model."
    return f"{words}\n\n{table(head, lines)}\n"


def _line(name: str, way: str, artifact: Artifact, made: Made) -> list[str]:
    size = made.size_bytes
    return [
        name,
        f"**{way}**" if way == "two passes" else way,
        f"{artifact.size_bytes / MB:.1f}",
        "given up" if size is None else f"{size / MB:.2f}",
        "yes" if size is not None and size <= LIMIT else "**no**",
        "no judge" if made.vmaf is None else f"{made.vmaf:.1f}",
        f"{made.seconds:.1f}",
    ]


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--videos", type=int, default=len(VIDEOS), help="only the first so many")
    told = parser.parse_args()
    print(described(), end="\n\n")
    print(asyncio.run(run(list(VIDEOS)[: told.videos])))


if __name__ == "__main__":
    main()
