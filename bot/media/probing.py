"""What a film is: its length, its size, and whether it has sound."""

import re
from dataclasses import dataclass
from pathlib import Path

from bot.media.ffmpeg import Ffmpeg, input_of

_DURATION = re.compile(r"Duration: (\d+):(\d+):(\d+(?:\.\d+)?)")
_PICTURE = re.compile(r"Video: (\w+).*?\b(\d{2,5})x(\d{2,5})\b")


@dataclass(frozen=True, slots=True)
class Probe:
    """What ffmpeg says of a film."""

    duration_seconds: float
    codec: str
    width: int
    height: int
    has_sound: bool

    def is_like(self, other: "Probe") -> bool:
        """Whether their pictures and sounds can stand behind one another as they are."""
        mine = (self.codec, self.width, self.height, self.has_sound)
        return mine == (other.codec, other.width, other.height, other.has_sound)


async def probe(ffmpeg: Ffmpeg, path: Path, folder: Path) -> Probe | None:
    """None where there is no moving picture."""
    # without an output ffmpeg describes its input and ends with an error
    told = (await ffmpeg.run(*input_of(path), folder=folder)).told
    duration, picture = _DURATION.search(told), _PICTURE.search(told)
    if duration is None or picture is None:
        return None
    hours, minutes, seconds = (float(part) for part in duration.groups())
    return Probe(
        duration_seconds=hours * 3600 + minutes * 60 + seconds,
        codec=picture[1],
        width=int(picture[2]),
        height=int(picture[3]),
        has_sound="Audio:" in told,
    )
