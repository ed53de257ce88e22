"""Runs ffmpeg: gives it its input piece by piece, and ends it if it takes too long."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence

Feed = Callable[[asyncio.StreamWriter], Awaitable[None]]

DEADLINE_SECONDS = 120.0
_MOST_WORDS = 300


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
            told = await child.stderr.read() if child.stderr else b""
            code = await child.wait()
    except BaseException:  # cancelled as well: no child outlives whoever waits for it
        child.kill()
        await child.wait()
        raise
    return None if code == 0 else told.decode(errors="replace")[-_MOST_WORDS:]


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
