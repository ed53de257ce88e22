"""Videos that are given: how long and large they are, and the frame that they end with."""

import asyncio
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sandbox.videos.rendering import Renderer, RenderingError

_DURATION = re.compile(r"Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)")
_SIZE = re.compile(r"Video: .*?\b(\d{2,5})x(\d{2,5})\b")
_NEAR_THE_END = "-1"  # seconds: every frame from there is read, the last one is kept


@dataclass(frozen=True, slots=True)
class GivenVideo:
    """A video as it was sent; `last_frame` is a PNG."""

    content: bytes
    seconds: float
    width: int
    height: int
    last_frame: bytes


async def measured(content: bytes, renderer: Renderer) -> GivenVideo:
    """Raises RenderingError for what is no video."""
    with tempfile.TemporaryDirectory() as name:
        path, frame = Path(name) / "given", Path(name) / "frame.png"
        await asyncio.to_thread(path.write_bytes, content)
        words = await _said(renderer.program, "-i", str(path))
        duration, size = _DURATION.search(words), _SIZE.search(words)
        if duration is None or size is None:
            msg = "what was sent is no video"
            raise RenderingError(msg)
        hours, minutes, seconds = duration.groups()
        arguments = ("-sseof", _NEAR_THE_END, "-i", str(path), "-an", "-update", "1")
        await _said(renderer.program, "-y", *arguments, str(frame))
        if not await asyncio.to_thread(frame.is_file):
            msg = "the video has no picture that can be read"
            raise RenderingError(msg)
        return GivenVideo(
            content=content,
            seconds=int(hours) * 3600 + int(minutes) * 60 + float(seconds),
            width=int(size[1]),
            height=int(size[2]),
            last_frame=await asyncio.to_thread(frame.read_bytes),
        )


async def followed(first: Path, second: Path, target: Path, renderer: Renderer) -> None:
    """One silent video of two, as large as the first. Raises RenderingError."""
    graph = (
        "[1:v][0:v]scale2ref[two][one];[one]fps=24,setsar=1[a];[two]fps=24,setsar=1[b];"
        "[a][b]concat=n=2:v=1:a=0[v]"
    )
    part = target.with_suffix(".part")
    arguments = (
        *("-y", "-i", str(first), "-i", str(second), "-filter_complex", graph, "-map", "[v]"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-threads", "2"),
        *("-movflags", "+faststart", "-f", "mp4", str(part)),
    )
    words = await _said(renderer.program, *arguments)
    if not await asyncio.to_thread(part.is_file):
        raise RenderingError(words[-300:])
    await asyncio.to_thread(part.replace, target)


async def _said(program: str, *arguments: str) -> str:
    """What ffmpeg tells of its inputs and of its work."""
    child = await asyncio.create_subprocess_exec(
        program,
        *("-hide_banner", "-nostdin", *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={"PATH": os.defpath},
    )
    try:
        _, errors = await child.communicate()
    except BaseException:  # cancelled as well: no child outlives its waiter
        child.kill()
        await child.wait()
        raise
    return errors.decode(errors="replace")
