"""Makes one file playable everywhere, in place: converted if needed, its index in front."""

import asyncio
import logging
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from bot.containers import WEBP
from bot.errors import ArtifactUnusableError
from bot.media.videos.converting import Converter, unpack_webp
from bot.media.videos.ffmpeg import Ffmpeg, Probe, container_in, has_fast_start, input_of, probe

_log = logging.getLogger(__name__)

NOT_CONVERTED = "Its format doesn't play everywhere, and I couldn't convert it."


@dataclass(frozen=True, slots=True)
class Playable:
    """Works in one folder; encodes one video at a time."""

    ffmpeg: Ffmpeg
    folder: Path
    one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def ensure(self, path: Path) -> tuple[Probe, str | None]:
        """Convert to a playable video; return the result and a remark if that fails.

        The video is paid for: one that ffmpeg can read but not convert is kept as it is. Raises
        ArtifactUnusableError.
        """
        converter = Converter(self.ffmpeg, self.folder)
        found = await probe(self.ffmpeg, path, self.folder)
        if found is None and await asyncio.to_thread(container_in, path) == WEBP:
            found = await self._unpacked(path)
        if found is None or not await converter.shows(path, found):
            msg = "what was fetched holds no moving picture"
            raise ArtifactUnusableError(msg)
        if await converter.is_played(path, found):
            return found, None
        part = aside(path)
        try:
            async with self.one_at_a_time:
                made = await converter.convert(path, found, part)
            if made is None:
                _log.warning("video_not_converted", extra={"file": path.name, "codec": found.codec})
                return found, NOT_CONVERTED
            _log.info("video_converted", extra={"file": path.name, "codec": found.codec})
            await asyncio.to_thread(part.replace, path)
        finally:
            await asyncio.to_thread(part.unlink, missing_ok=True)
        return made, None

    async def _unpacked(self, path: Path) -> Probe | None:
        """Unpack an animated WebP to raw pictures for ffmpeg before version 8."""
        part = aside(path)
        try:
            if not await asyncio.to_thread(unpack_webp, path, part):
                return None
            await asyncio.to_thread(part.replace, path)
        finally:
            await asyncio.to_thread(part.unlink, missing_ok=True)
        return await probe(self.ffmpeg, path, self.folder)

    async def start_fast(self, path: Path) -> None:
        """Move the index to the front so that it plays at once; unchanged on failure."""
        if await asyncio.to_thread(has_fast_start, path):
            return
        part = aside(path)
        arguments = (*input_of(path), "-c", "copy", "-map", "0", "-dn")
        arguments = (*arguments, "-movflags", "+faststart", "-f", "mp4", str(part))
        try:
            finished = await self.ffmpeg.run(*arguments, folder=self.folder)
            if finished.code == 0:
                await asyncio.to_thread(part.replace, path)
        except TimeoutError:
            return
        finally:
            await asyncio.to_thread(part.unlink, missing_ok=True)


def aside(target: Path) -> Path:
    """A unique name for an unfinished file; another process may work on the same one."""
    return target.with_name(f"{target.stem}.{secrets.token_hex(4)}.part")
