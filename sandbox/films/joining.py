"""What ffmpeg is told to make one film of several: copied if they are alike, else fitted."""

from collections.abc import Sequence
from pathlib import Path

_WRITING = ("-movflags", "+faststart", "-f", "mp4")


def arguments_to_join(films: Sequence[Path], target: Path, *, alike: bool) -> list[str]:
    """What ffmpeg is told; it reads the list of films that are `alike` from its input."""
    if alike:
        return [
            *("-v", "error", "-y", "-protocol_whitelist", "file,pipe,fd"),
            *("-f", "concat", "-safe", "0", "-i", "pipe:0", "-c", "copy"),
            *(*_WRITING, str(target)),
        ]
    inputs = [part for film in films for part in ("-i", str(film))]
    return [
        *("-v", "error", "-y", *inputs, "-filter_complex", _fitting(len(films))),
        *("-map", "[v]", "-map", "[a]", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "25"),
        *("-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "64k", "-threads", "2"),
        *(*_WRITING, str(target)),
    ]


def _fitting(count: int) -> str:
    """Every film within 1280 by 720, one after the other; bars beside those that stand upright."""
    fit = (
        "scale=1280:720:force_original_aspect_ratio=decrease,"
        "pad=1280:720:(ow-iw)/2:(oh-ih)/2,setsar=1"
    )
    fitted = "".join(f"[{number}:v]{fit}[v{number}];" for number in range(count))
    order = "".join(f"[v{number}][{number}:a]" for number in range(count))
    return f"{fitted}{order}concat=n={count}:v=1:a=1[v][a]"
