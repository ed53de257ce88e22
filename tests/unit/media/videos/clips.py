"""Small videos, as ffmpeg makes them; each kind is encoded once in a run."""

import hashlib
import shutil
from pathlib import Path

from bot.media.videos.ffmpeg import Ffmpeg, find_ffmpeg

FFMPEG = Ffmpeg(find_ffmpeg())


async def made(folder: Path, name: str, *recipe: str) -> Path:
    """A video by these arguments, in this folder of a test."""
    suffix = Path(name).suffix
    kept = folder.parent / f"{hashlib.sha256(repr(recipe).encode()).hexdigest()}{suffix}"
    if not kept.exists():
        fresh = folder / f"fresh-{name}"
        finished = await FFMPEG.run(*recipe, str(fresh), folder=folder)
        assert finished.code == 0, finished.output
        fresh.replace(kept)
    target = folder / name
    shutil.copyfile(kept, target)
    return target


def counted(frames: int, *, size: str = "96x64", rate: int = 8) -> tuple[str, ...]:
    """Frames whose grey tells their number: 10 for the first, 20 more for each one after."""
    grey = (
        f"color=black:size={size}:rate={rate}:duration={frames / rate},"
        "geq=lum=10+20*N:cb=128:cr=128,format=yuv420p"
    )
    return ("-f", "lavfi", "-i", grey)


def tone(seconds: float, frequency: int = 440) -> tuple[str, ...]:
    return ("-f", "lavfi", "-i", f"sine={frequency}:sample_rate=48000:duration={seconds}")
