"""Several films as one, in order.

Shots of one service have one format, and are joined without being encoded again; where that fails
or gives a film of the wrong length, each is first brought to the first one's size, rate and sound.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.errors import ArtifactUnusableError
from bot.media.ffmpeg import THREADS, Ffmpeg, input_of
from bot.media.probing import Probe, probe

TOLERANCE_SECONDS = 0.3  # of each shot's length
FRAMES_PER_SECOND = 24
SAMPLES_PER_SECOND = 48_000


@dataclass(frozen=True, slots=True)
class Joiner:
    """Works in one folder, on files that nobody else touches meanwhile."""

    ffmpeg: Ffmpeg
    folder: Path

    async def join(self, parts: Sequence[Path], target: Path) -> None:
        """Raises ArtifactUnusableError where a part is no film, or they cannot be joined."""
        probes = [await self._probed(part) for part in parts]
        first = probes[0]
        is_alike = all(found.is_like(first) for found in probes)
        wanted = sum(found.duration_seconds for found in probes)
        for how in (_copied, _encoded) if is_alike else (_encoded,):
            cuts = [how(part, found, first) for part, found in zip(parts, probes, strict=True)]
            if await self._chained([part.with_suffix(".ts") for part in parts], cuts, target):
                made = await probe(self.ffmpeg, target, self.folder)
                tolerance = TOLERANCE_SECONDS * len(parts)
                if made is not None and abs(made.duration_seconds - wanted) <= tolerance:
                    return
        msg = f"{len(parts)} shots cannot be joined"
        raise ArtifactUnusableError(msg)

    async def _probed(self, part: Path) -> Probe:
        found = await probe(self.ffmpeg, part, self.folder)
        if found is None:
            msg = f"{part.name} holds no moving picture"
            raise ArtifactUnusableError(msg)
        return found

    async def _chained(
        self, pieces: Sequence[Path], cuts: Sequence[Sequence[str]], target: Path
    ) -> bool:
        """Each as a stream that another can be put behind, and all of them as one film."""
        try:
            for piece, cut in zip(pieces, cuts, strict=True):
                arguments = (*cut, "-f", "mpegts", str(piece))
                if (await self.ffmpeg.run(*arguments, folder=self.folder)).code != 0:
                    return False
            names = "|".join(piece.name for piece in pieces)
            done = await self.ffmpeg.run(
                *("-protocol_whitelist", "concat,file", "-f", "mpegts", "-i", f"concat:{names}"),
                *("-c", "copy", "-movflags", "+faststart", "-f", "mp4", str(target)),
                folder=self.folder,
            )
        except TimeoutError:
            return False
        finally:
            await asyncio.to_thread(_remove, pieces)
        return done.code == 0


def _copied(part: Path, _found: Probe, _first: Probe) -> tuple[str, ...]:
    return (*input_of(part), "-c", "copy", "-bsf:v", "h264_mp4toannexb")


def _encoded(part: Path, found: Probe, first: Probe) -> tuple[str, ...]:
    """In the first one's size, at one rate, with sound: its own, or silence."""
    width, height = first.width, first.height
    fitted = (
        f"scale={width}:{height}:force_original_aspect_ratio=decrease,"
        f"pad={width}:{height}:(ow-iw)/2:(oh-ih)/2,fps={FRAMES_PER_SECOND},format=yuv420p"
    )
    silence = ("-f", "lavfi", "-i", f"anullsrc=r={SAMPLES_PER_SECOND}:cl=stereo")
    streams = ("-map", "0:v:0", "-map", "0:a:0" if found.has_sound else "1:a:0")
    return (
        *input_of(part),
        *(() if found.has_sound else silence),
        *(*streams, "-vf", fitted, "-c:v", "libx264", "-preset", "veryfast", "-crf", "18"),
        *("-threads", str(THREADS), "-c:a", "aac", "-ar", str(SAMPLES_PER_SECOND), "-ac", "2"),
        *("-t", f"{found.duration_seconds:.3f}"),
    )


def _remove(paths: Sequence[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
