"""Running ffmpeg, and its arguments for joining videos: copied if they are alike, else fitted."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

Feed = Callable[[asyncio.StreamWriter], Awaitable[None]]

DEADLINE_SECONDS = 120.0
_MOST_WORDS = 300
_WRITING = ("-movflags", "+faststart", "-f", "mp4")


async def run(program: str, arguments: Sequence[str], feed: Feed) -> str | None:
    """What it complained of if it failed, else None. Raises TimeoutError."""
    child = await asyncio.create_subprocess_exec(
        program,
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={"PATH": os.defpath},
    )
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            await _feed(child, feed)
            errors = await child.stderr.read() if child.stderr else b""
            code = await child.wait()
    except BaseException:  # cancelled as well: no child outlives its waiter
        child.kill()
        await child.wait()
        raise
    return None if code == 0 else errors.decode(errors="replace")[-_MOST_WORDS:]


async def _feed(child: asyncio.subprocess.Process, feed: Feed) -> None:
    stream = child.stdin
    if stream is None:
        return
    try:
        await feed(stream)
    except (BrokenPipeError, ConnectionResetError):
        return  # ffmpeg ended early; its code and words say why
    finally:
        stream.close()


def arguments_to_join(videos: Sequence[Path], target: Path, *, alike: bool) -> list[str]:
    """The arguments; ffmpeg reads the list of videos that are `alike` from its input."""
    if alike:
        return [
            *("-v", "error", "-y", "-protocol_whitelist", "file,pipe,fd"),
            *("-f", "concat", "-safe", "0", "-i", "pipe:0", "-c", "copy"),
            *(*_WRITING, str(target)),
        ]
    inputs = [part for video in videos for part in ("-i", str(video))]
    return [
        *("-v", "error", "-y", *inputs, "-filter_complex", _fitting(len(videos))),
        *("-map", "[v]", "-map", "[a]", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "25"),
        *("-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "64k", "-threads", "2"),
        *(*_WRITING, str(target)),
    ]


def _fitting(count: int) -> str:
    """Every video within 1280 by 720, one after the other; bars beside those that stand upright."""
    fit = (
        "scale=1280:720:force_original_aspect_ratio=decrease,"
        "pad=1280:720:(ow-iw)/2:(oh-ih)/2,setsar=1"
    )
    fitted = "".join(f"[{number}:v]{fit}[v{number}];" for number in range(count))
    order = "".join(f"[v{number}][{number}:a]" for number in range(count))
    return f"{fitted}{order}concat=n={count}:v=1:a=1[v][a]"
