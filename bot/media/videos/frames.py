"""Takes the first or the last frame of a video, as it is shown: within its edit list, upright.

The last frame is the last that can be decoded, whatever the container says about lengths. First
the end alone is decoded; sound that outlasts the pictures leaves no frame there, and then all of it
is decoded.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from bot.media.videos.ffmpeg import Ffmpeg, Probe, input_of, probe

END_SECONDS = 1
HD_HEIGHT = 720  # players take unmarked colours from here on for BT.709; ffmpeg never does
_MATRICES = ("bt709", "bt470bg", "smpte170m", "smpte240m", "bt2020", "fcc", "gbr")


@dataclass(frozen=True, slots=True)
class Frames:
    """Works in one folder; `target` becomes a PNG. Each returns False if nothing is decoded."""

    ffmpeg: Ffmpeg
    folder: Path

    async def first(self, path: Path, target: Path) -> bool:
        found = await probe(self.ffmpeg, path, self.folder)
        if found is None:
            return False
        return await self._taken(path, found, target, last=("-frames:v", "1"))

    async def last(self, path: Path, target: Path) -> bool:
        found = await probe(self.ffmpeg, path, self.folder)
        if found is None:
            return False
        for begin in (("-sseof", str(-END_SECONDS)), ()):
            if await self._taken(path, found, target, begin=begin, last=("-update", "1")):
                return True
        return False

    async def _taken(
        self,
        path: Path,
        found: Probe,
        target: Path,
        *,
        last: tuple[str, ...],
        begin: tuple[str, ...] = (),
    ) -> bool:
        """Write frames over one another, each a tick after the one before: none is left out."""
        source = (*begin, *input_of(path, found.container))
        picture = ("-map", f"0:{found.picture_index}", "-vf", _shown(found), "-r", "25")
        coded = ("-c:v", "png", "-compression_level", "1", "-f", "image2")
        await asyncio.to_thread(target.unlink, missing_ok=True)
        try:
            await self.ffmpeg.run(
                *(*source, *picture, *last, *coded, str(target)), folder=self.folder
            )
        except TimeoutError:
            return False
        return await asyncio.to_thread(_is_written, target)


def _shown(found: Probe) -> str:
    """Filters to what players show: square pixels, and the colours that they assume."""
    unmarked = found.height >= HD_HEIGHT and not any(one in found.colours for one in _MATRICES)
    colours = ":in_color_matrix=bt709" if unmarked else ""
    sides = "w=max(1\\,round(iw*if(sar\\,sar\\,1))):h=ih"
    return f"settb=1/25,setpts=N,scale={sides}{colours},setsar=1,format=rgb24"


def _is_written(target: Path) -> bool:
    return target.exists() and target.stat().st_size > 0
